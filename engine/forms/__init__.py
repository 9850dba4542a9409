"""Forms of user tasks: form-js files read, bounded, and used to validate answers on the server."""

from engine.forms.form import Answers, Form, read_form
from engine.forms.model import Component, ComponentType, Option

__all__ = ["Answers", "Component", "ComponentType", "Form", "Option", "read_form"]
