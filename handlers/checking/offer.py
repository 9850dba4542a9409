"""What the second check offers to the installation: steps, tables, messages and who may see evidence."""

from collections.abc import Mapping
from types import ModuleType

from handlers.checking import correction_records, correction_steps, imports, records
from handlers.checking.corrections import PHOTOS, may_see_evidence
from handlers.checking.imports import JOBS
from handlers.checking.templates import ADDRESSES, TEMPLATES
from handlers.shared.attachments import Reader

TOPIC_MODULES: tuple[ModuleType, ...] = (correction_steps, imports)
RECORDS: tuple[ModuleType, ...] = (records, correction_records)
READERS: Mapping[str, Reader] = {PHOTOS: may_see_evidence}

__all__ = ["ADDRESSES", "JOBS", "READERS", "RECORDS", "TEMPLATES", "TOPIC_MODULES"]
