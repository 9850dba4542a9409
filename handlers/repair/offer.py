"""What repair offers to the installation: steps, tables, messages, addresses and who may see photos."""

from types import ModuleType

from handlers.repair import (
    accepting,
    barring,
    closing,
    complaining,
    confirming,
    dispatching,
    facts_desk,
    facts_field,
    outsourcing,
    parts,
    phone,
    quoting,
    records,
    repairing_again,
    urgent,
    visiting,
    working,
)
from handlers.repair.media import READERS
from handlers.repair.templates import ADDRESSES, TEMPLATES

TOPIC_MODULES: tuple[ModuleType, ...] = (
    accepting,
    barring,
    closing,
    complaining,
    confirming,
    dispatching,
    facts_desk,
    facts_field,
    outsourcing,
    parts,
    phone,
    quoting,
    repairing_again,
    urgent,
    visiting,
    working,
)
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["ADDRESSES", "READERS", "RECORDS", "TEMPLATES", "TOPIC_MODULES"]
