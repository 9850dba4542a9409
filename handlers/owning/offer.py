"""What owning offers to the installation: tables, messages and jobs."""

from collections.abc import Mapping
from types import ModuleType

from handlers.owning import codes, phone_proof, records
from handlers.owning.templates import TEMPLATES
from handlers.shared.outbox import JobFunction

TOPIC_MODULES: tuple[ModuleType, ...] = (phone_proof,)
RECORDS: tuple[ModuleType, ...] = (records,)
JOBS: Mapping[str, JobFunction] = {codes.CODE_JOB: codes.deliver}

__all__ = ["JOBS", "RECORDS", "TEMPLATES", "TOPIC_MODULES"]
