"""What owning offers to the installation: steps, tables, messages and jobs."""

from collections.abc import Mapping
from types import ModuleType

from handlers.owning import codes, help_steps, helping, phone_proof, records
from handlers.owning.templates import TEMPLATES
from handlers.shared.outbox import JobFunction

TOPIC_MODULES: tuple[ModuleType, ...] = (phone_proof, help_steps)
RECORDS: tuple[ModuleType, ...] = (records,)
LAPSES = codes.LAPSES
JOBS: Mapping[str, JobFunction] = {codes.CODE_JOB: codes.deliver, helping.JOB: helping.deliver}

__all__ = ["JOBS", "LAPSES", "RECORDS", "TEMPLATES", "TOPIC_MODULES"]
