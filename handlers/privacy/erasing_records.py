"""Tables of whose data were erased, and of what the periods of retention had carried out."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime

# Whose data were erased. A backup that is older brings them back: then they are erased again.
privacy_erasure = Table(
    "privacy_erasure",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),  # person | account
    Column("subject_id", BigInteger, nullable=False),
    Column("cause", String(16), nullable=False),  # request | period | restore
    Column("instance_id", BigInteger),  # the case that asked for it
    Column("erased_at", UtcDateTime, nullable=False),
    Column("erased_by", BigInteger, nullable=False),
    Column("counts", JsonColumn, nullable=False),  # how many rows of which table
    Index("ix_privacy_erasure_subject", "kind", "subject_id"),
    Index("ix_privacy_erasure_erased_at", "erased_at"),
)

# What one night did about one class of data.
retention_run = Table(
    "retention_run",
    metadata,
    Column("day", Date, primary_key=True),
    Column("class_id", String(32), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # null: it was cut off, and goes on
    Column("done", Integer, nullable=False),
    Column("held_back", Integer, nullable=False),  # due, but something stands against it
)
