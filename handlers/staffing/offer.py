"""What staffing offers to the installation: steps, tables, messages and jobs."""

from collections.abc import Mapping
from types import ModuleType

from handlers.shared.outbox import JobFunction
from handlers.staffing import cases, forgotten, joining, leaving, records, reviewing
from handlers.staffing.templates import TEMPLATES

TOPIC_MODULES: tuple[ModuleType, ...] = (cases, forgotten, joining, leaving, reviewing)
RECORDS: tuple[ModuleType, ...] = (records,)
JOBS: Mapping[str, JobFunction] = {forgotten.JOB: forgotten.begin}

__all__ = ["JOBS", "RECORDS", "TEMPLATES", "TOPIC_MODULES"]
