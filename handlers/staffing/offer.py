"""What staffing offers to the installation: steps, tables and messages."""

from types import ModuleType

from handlers.staffing import cases, forgotten, joining, leaving, records, reviewing
from handlers.staffing.templates import TEMPLATES

TOPIC_MODULES: tuple[ModuleType, ...] = (cases, forgotten, joining, leaving, reviewing)
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["RECORDS", "TEMPLATES", "TOPIC_MODULES"]
