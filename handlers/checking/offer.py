"""What the second check offers to the installation: steps, tables and messages."""

from types import ModuleType

from handlers.checking import records

TOPIC_MODULES: tuple[ModuleType, ...] = ()
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["RECORDS", "TOPIC_MODULES"]
