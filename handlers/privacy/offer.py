"""What privacy offers to the installation: steps, tables, messages and jobs."""

from collections.abc import Mapping
from types import ModuleType

from handlers.privacy import (
    erasing_records,
    export_files,
    export_steps,
    records,
    request_files,
    request_steps,
    requests,
)
from handlers.privacy.texts import TEMPLATES
from handlers.shared.outbox import JobFunction

TOPIC_MODULES: tuple[ModuleType, ...] = (export_steps, request_steps)
LAPSES = requests.LAPSES
RECORDS: tuple[ModuleType, ...] = (records, erasing_records)
JOBS: Mapping[str, JobFunction] = {
    export_files.JOB: export_files.make,
    export_files.FAILED_JOB: export_files.fail,
    request_files.JOB: request_files.make,
    request_files.FAILED_JOB: request_files.make_later,
}

__all__ = ["JOBS", "LAPSES", "RECORDS", "TEMPLATES", "TOPIC_MODULES"]
