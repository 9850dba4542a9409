"""The table of entries that a second person has to check."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, text

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime
from handlers.shared.sealed import sealed_column


class Risk(StrEnum):
    """What depends on an entry being right."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class CheckOutcome(StrEnum):
    """How far a second check is."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


_waiting = text("state = 'waiting'")

# One group of fields of one record, entered by one person and checked by another; one waits at a time.
second_check = Table(
    "second_check",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject_kind", String(32), nullable=False),  # relation | person | house | vehicle | import | ...
    Column("subject_id", BigInteger, nullable=False),
    Column("field_group", String(32), nullable=False),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("house_id", ForeignKey("estate_house.id")),
    Column("risk", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("entered_by", BigInteger, nullable=False),
    Column("entered_for", BigInteger),  # the absent person whose substitute entered it
    Column("entered_at", UtcDateTime, nullable=False),
    sealed_column("entered"),  # field -> value as JSON; forgotten once somebody has decided
    Column("fields", JsonColumn, nullable=False),  # codes of what was entered
    Column("typed_again", JsonColumn, nullable=False),  # codes of those that are typed again without a look
    Column("mismatches", Integer, nullable=False, default=0),
    Column("instance_id", BigInteger),  # the case in which the check is a step, and that step
    Column("step_id", String(64)),
    Column("checked_by", BigInteger),
    Column("checked_for", BigInteger),
    Column("checked_at", UtcDateTime),
    sealed_column("reason"),
    Index(
        "uq_second_check_waiting",
        "subject_kind",
        "subject_id",
        "field_group",
        unique=True,
        sqlite_where=_waiting,
        postgresql_where=_waiting,
    ),
    Index(
        "ix_second_check_waiting",
        "community_id",
        "entered_at",
        sqlite_where=_waiting,
        postgresql_where=_waiting,
    ),
    Index("ix_second_check_instance_id", "instance_id"),
    Index("ix_second_check_checked_at", "checked_at"),
)

# A confirmed check that was drawn for the auditor to look at again.
check_sample = Table(
    "check_sample",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("month", Date, nullable=False),  # its first day
    Column("check_id", ForeignKey("second_check.id"), nullable=False, unique=True),
    Column("verdict", String(8), nullable=False),  # fine | wrong, or "" until the auditor said
    sealed_column("note"),
    Column("marked_at", UtcDateTime),
    Column("marked_by", BigInteger),
    Index("ix_check_sample_month", "month"),
)
