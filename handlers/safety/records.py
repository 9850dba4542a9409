"""Tables of security incidents: what was reported, what each step wrote, and what is to be done about it."""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table

from engine.store.tables import metadata
from engine.store.types import UtcDateTime
from handlers.shared.sealed import sealed_column


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


safety_incident = Table(
    "safety_incident",
    metadata,
    _id(),
    Column("number", String(32), nullable=False, unique=True),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # of KINDS
    sealed_column("description", nullable=False),
    Column("about_admin", Boolean, nullable=False),
    Column("reported_at", UtcDateTime, nullable=False),
    Column("reported_by", ForeignKey("account.id")),  # null: nobody is to know, or the platform itself
    Column("state", String(16), nullable=False),  # open | false_alarm | closed
    Column("origin", String(16), nullable=False, default=""),
    Column("grade", Integer),  # 1 is the worst, 4 ordinary
    Column("persons", Integer),  # possibly concerned
    Column("closed_at", UtcDateTime),
    Index("ix_safety_incident_reported_at", "reported_at"),
)

# What a step wrote, by the id of the step.
safety_note = Table(
    "safety_note",
    metadata,
    _id(),
    Column("incident_id", ForeignKey("safety_incident.id"), nullable=False),
    Column("step", String(64), nullable=False),
    Column("outcome", String(32), nullable=False, default=""),
    sealed_column("text", nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("written_by", BigInteger, nullable=False),
    Index("ix_safety_note_incident_id", "incident_id", "id"),
)

safety_measure = Table(
    "safety_measure",
    metadata,
    _id(),
    Column("incident_id", ForeignKey("safety_incident.id"), nullable=False),
    sealed_column("measure", nullable=False),
    sealed_column("owner", nullable=False),
    Column("due_on", Date, nullable=False),
    Index("ix_safety_measure_incident_id", "incident_id", "id"),
)
