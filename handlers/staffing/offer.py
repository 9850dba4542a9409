"""What staffing offers to the installation: steps and tables."""

from types import ModuleType

from handlers.staffing import cases, forgotten, joining, leaving, records, reviewing

TOPIC_MODULES: tuple[ModuleType, ...] = (cases, forgotten, joining, leaving, reviewing)
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["RECORDS", "TOPIC_MODULES"]
