"""What moving offers to the installation: steps, tables and messages."""

from types import ModuleType

from handlers.moving import (
    handing_over,
    move_in,
    move_in_entry,
    move_in_facts,
    records,
    reversal,
    special,
    switching,
    tenancy,
    tenancy_facts,
    transfer,
    transfer_entry,
    transfer_facts,
)
from handlers.moving.templates import TEMPLATES

TOPIC_MODULES: tuple[ModuleType, ...] = (
    handing_over,
    move_in,
    move_in_entry,
    move_in_facts,
    reversal,
    special,
    switching,
    tenancy,
    tenancy_facts,
    transfer,
    transfer_entry,
    transfer_facts,
)
RECORDS: tuple[ModuleType, ...] = (records,)

__all__ = ["RECORDS", "TEMPLATES", "TOPIC_MODULES"]
