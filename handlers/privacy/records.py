"""Tables of exports and of what people ask about their own data."""

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime
from handlers.shared.sealed import sealed_column


class ExportState(StrEnum):
    """How far an export is."""

    OPEN = "open"  # waits for approval
    MAKING = "making"
    FAILED = "failed"  # no file came of it, as when the disk was full; it can be made again
    READY = "ready"
    FETCHED = "fetched"
    DELETED = "deleted"  # whoever fetched it has said so
    LAPSED = "lapsed"  # nobody fetched it
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RequestState(StrEnum):
    """How far a request about one's own data is."""

    OPEN = "open"
    GRANTED = "granted"
    RESTRICTED = "restricted"  # kept because it must be, and used for nothing else
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


# Data of a community or a building for a purpose: who asked, who gets it, and what came of it.
privacy_export = Table(
    "privacy_export",
    metadata,
    _id(),
    Column("number", String(32), nullable=False, unique=True),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("building_id", ForeignKey("estate_building.id")),
    Column("state", String(16), nullable=False),
    Column("content", String(16), nullable=False),  # of CONTENTS
    Column("fields", JsonColumn, nullable=False),
    Column("purpose", String(16), nullable=False),
    sealed_column("reason", nullable=False),
    Column("outside", Boolean, nullable=False),  # for somebody who does not belong to the company
    sealed_column("recipient", nullable=False),
    Column("rows", Integer, nullable=False),  # counted when it was asked for; the file holds no more
    Column("keep_days", Integer, nullable=False),
    Column("asked_by", BigInteger, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    sealed_column("answer"),  # why not
    Column("file_name", String(64)),
    Column("file_rows", Integer),
    Column("link_until", UtcDateTime),
    Column("fetched_at", UtcDateTime),
    Column("delete_until", UtcDateTime),
    Column("deleted_at", UtcDateTime),
    Column("instance_id", BigInteger),
    Index("ix_privacy_export_asked_by", "asked_by", "asked_at"),
    Index("ix_privacy_export_community_id", "community_id", "asked_at"),
)

# Whose data an export holds: what a person is told who asks to whom their data were given.
privacy_export_person = Table(
    "privacy_export_person",
    metadata,
    Column("export_id", ForeignKey("privacy_export.id"), primary_key=True),
    Column("person_id", ForeignKey("estate_person.id"), primary_key=True),
    Index("ix_privacy_export_person_person_id", "person_id"),
)

# What somebody asks about their own data, and what they were answered.
privacy_request = Table(
    "privacy_request",
    metadata,
    _id(),
    Column("number", String(32), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),  # of KINDS
    Column("state", String(16), nullable=False),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("house_id", ForeignKey("estate_house.id")),
    Column("person_id", ForeignKey("estate_person.id"), nullable=False),
    Column("channel", String(16), nullable=False),  # counter | online
    Column("on_behalf", String(16), nullable=False),  # self | relative | agent
    Column("scopes", JsonColumn, nullable=False),  # of a withdrawal: which uses of the contacts
    sealed_column("wish"),
    sealed_column("answer"),
    Column("asked_by", BigInteger, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("answer_by", UtcDateTime, nullable=False),
    Column("hard_stop", UtcDateTime, nullable=False),
    Column("correction", String(32), nullable=False, default=""),  # number of the correction it led to
    Column("file_name", String(64)),
    Column("file_until", UtcDateTime),
    Column("fetched_at", UtcDateTime),
    Column("instance_id", BigInteger),
    Column("settled_at", UtcDateTime),
    Column("settled_by", BigInteger),
    Index("ix_privacy_request_asked_by", "asked_by", "asked_at"),
    Index("ix_privacy_request_person_id", "person_id", "asked_at"),
)
