"""What moving offers to the installation: steps, tables and messages."""

from types import ModuleType

from handlers.moving import (
    handing_over,
    records,
    reversal,
    special,
    switching,
    transfer,
    transfer_entry,
    transfer_facts,
)
from handlers.moving.templates import TEMPLATES

TOPIC_MODULES: tuple[ModuleType, ...] = (
    handing_over,
    reversal,
    special,
    switching,
    transfer,
    transfer_entry,
    transfer_facts,
)
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["RECORDS", "TEMPLATES", "TOPIC_MODULES"]
