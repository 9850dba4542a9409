"""The tables of corrections: what is to become what, who asked, and what came of it."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, text

from engine.store.tables import metadata
from engine.store.types import UtcDateTime
from handlers.shared.sealed import sealed_column


class CorrectionState(StrEnum):
    """How far a correction is."""

    OPEN = "open"
    CORRECTED = "corrected"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_open = text("state = 'open'")

# One field of one record that is to be corrected; of a field at most one correction is open.
data_correction = Table(
    "data_correction",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", String(32), nullable=False, unique=True),
    Column("field", String(16), nullable=False),
    Column("subject_id", BigInteger, nullable=False),  # person, house, relation or vehicle, as the field says
    Column("person_id", ForeignKey("estate_person.id"), nullable=False),  # whose data, and who is told
    Column("house_id", ForeignKey("estate_house.id"), nullable=False),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("requested_by", BigInteger, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    sealed_column("before"),  # what was on record when it was asked for, and then what was replaced
    sealed_column("after", nullable=False),
    sealed_column("reason"),
    sealed_column("answer"),  # what is missing, or why not
    Column("instance_id", BigInteger),
    Column("settled_at", UtcDateTime),
    Column("settled_by", BigInteger),
    Index(
        "uq_data_correction_open",
        "field",
        "subject_id",
        unique=True,
        sqlite_where=_open,
        postgresql_where=_open,
    ),
    Index("ix_data_correction_house_id", "house_id", "requested_at"),
    Index("ix_data_correction_requested_by", "requested_by", "requested_at"),
    Index("ix_data_correction_person_id", "person_id"),
)

# The last number that was drawn on a day.
correction_number = Table(
    "correction_number",
    metadata,
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)
