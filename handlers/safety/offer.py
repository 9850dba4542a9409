"""What safety offers to the installation: steps, tables and messages."""

from types import ModuleType

from handlers.safety import incidents, more_looks, records
from handlers.safety.texts import TEMPLATES

TOPIC_MODULES: tuple[ModuleType, ...] = (incidents, more_looks)
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["RECORDS", "TEMPLATES", "TOPIC_MODULES"]
