"""What safety offers to the installation: steps, tables and messages."""

from types import ModuleType

from handlers.safety import incidents, records
from handlers.safety.texts import TEMPLATES

TOPIC_MODULES: tuple[ModuleType, ...] = (incidents,)
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["RECORDS", "TEMPLATES", "TOPIC_MODULES"]
