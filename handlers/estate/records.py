"""Tables of houses and people; everything that names a person is sealed."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    text,
)

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime
from handlers.shared.sealed import sealed_column


class RelationKind(StrEnum):
    """How a person stands to a house."""

    OWNER = "owner"
    CO_OWNER = "co_owner"
    TENANT = "tenant"
    FAMILY = "family"
    EMERGENCY_CONTACT = "emergency_contact"
    AGENT = "agent"


# These may act for the house; an emergency contact is called, nothing more.
ACTING_KINDS = (
    RelationKind.OWNER,
    RelationKind.CO_OWNER,
    RelationKind.TENANT,
    RelationKind.FAMILY,
    RelationKind.AGENT,
)


# Whom a house belongs to or who lives there by contract: basic data. The other kinds are related data (D2).
BASIC_KINDS = (RelationKind.OWNER, RelationKind.CO_OWNER, RelationKind.TENANT, RelationKind.AGENT)


class CheckState(StrEnum):
    """Whether a second person has checked an entry; unchecked ones bind no account and drive no bill."""

    PENDING = "pending_check"
    CHECKED = "checked"


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


estate_community = Table(
    "estate_community",
    metadata,
    _id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("zone", String(64), nullable=False, default="Asia/Shanghai"),
    Column("desk_phone", String(32), nullable=False, default=""),
    Column("address", String(200), nullable=False, default=""),  # as maps know it
)

estate_building = Table(
    "estate_building",
    metadata,
    _id(),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("name", String(50), nullable=False),
    UniqueConstraint("community_id", "name"),
)

# A building without units has one whose name is empty.
estate_unit = Table(
    "estate_unit",
    metadata,
    _id(),
    Column("building_id", ForeignKey("estate_building.id"), nullable=False),
    Column("name", String(50), nullable=False, default=""),
    UniqueConstraint("building_id", "name"),
)

estate_house = Table(
    "estate_house",
    metadata,
    _id(),
    Column("unit_id", ForeignKey("estate_unit.id"), nullable=False),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("room", String(50), nullable=False),
    Column("address", String(200), nullable=False),  # as people read it: 3栋2单元502
    Column("kind", String(50), nullable=False, default=""),  # 户型
    Column("area_m2", Numeric(10, 2)),
    Column("handed_over_on", Date),
    Column("check_state", String(16), nullable=False),
    Column("import_id", BigInteger),
    UniqueConstraint("unit_id", "room"),
    Index("ix_estate_house_community_id", "community_id", "address"),
    Index("ix_estate_house_import_id", "import_id"),
)

estate_person = Table(
    "estate_person",
    metadata,
    _id(),
    sealed_column("name", nullable=False),
    Column("name_index", String(64), nullable=False),
    Column("sex", String(8), nullable=False, default=""),  # male | female | "" where unknown
    Column("birth_decade", Integer),  # 1980: all that statistics need
    Column("id_type", String(32), nullable=False, default=""),
    sealed_column("id_number"),
    Column("id_index", String(64)),
    sealed_column("phone"),
    Column("phone_index", String(64)),
    Column("phone_tail_index", String(64)),
    sealed_column("other_phone"),
    Column("other_phone_index", String(64)),
    sealed_column("postal_address"),
    sealed_column("mail"),
    sealed_column("remark"),
    Column("checked_at", UtcDateTime),  # when the person last said that the data are right
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_estate_person_name_index", "name_index"),
    Index("ix_estate_person_id_index", "id_index"),
    Index("ix_estate_person_phone_index", "phone_index"),
    Index("ix_estate_person_phone_tail_index", "phone_tail_index"),
    Index("ix_estate_person_other_phone_index", "other_phone_index"),
)

_open = text("valid_to IS NULL")

# A person's relation to a house from valid_from until before valid_to; at most one open one of a kind.
estate_relation = Table(
    "estate_relation",
    metadata,
    _id(),
    Column("house_id", ForeignKey("estate_house.id"), nullable=False),
    Column("person_id", ForeignKey("estate_person.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("share", String(16)),  # "1/2"
    Column("is_payer", Boolean, nullable=False, default=False),
    Column("through_person_id", ForeignKey("estate_person.id")),  # whose family, agent or tenant
    Column("lease_ends_on", Date),  # a reminder only: access ends when moving out is confirmed
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_to", UtcDateTime),
    Column("check_state", String(16), nullable=False),
    Column("counts_since", UtcDateTime),  # when it was checked; null where it counted from the beginning
    Column("entered_by", BigInteger, nullable=False),
    Column("import_id", BigInteger),
    Index("ix_estate_relation_house_id", "house_id"),
    Index("ix_estate_relation_person_id", "person_id"),
    Index("ix_estate_relation_import_id", "import_id"),
    Index(
        "uq_estate_relation_open",
        "house_id",
        "person_id",
        "kind",
        unique=True,
        sqlite_where=_open,
        postgresql_where=_open,
    ),
)

estate_vehicle = Table(
    "estate_vehicle",
    metadata,
    _id(),
    Column("house_id", ForeignKey("estate_house.id"), nullable=False),
    Column("person_id", ForeignKey("estate_person.id"), nullable=False),
    sealed_column("plate", nullable=False),
    Column("plate_index", String(64), nullable=False),
    Column("check_state", String(16), nullable=False, server_default="checked"),  # pending | checked
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_to", UtcDateTime),
    Index("ix_estate_vehicle_house_id", "house_id"),
    Index("ix_estate_vehicle_plate_index", "plate_index"),
)

# A parking place of a house, owned or rented.
estate_parking = Table(
    "estate_parking",
    metadata,
    _id(),
    Column("house_id", ForeignKey("estate_house.id"), nullable=False),
    Column("place", String(50), nullable=False),  # as it is marked on the ground: B1-023
    Column("is_rented", Boolean, nullable=False, default=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_to", UtcDateTime),
    Index("ix_estate_parking_house_id", "house_id"),
)

# What a person agreed to their contacts being used for; imported owners have agreed to nothing yet.
estate_authorisation = Table(
    "estate_authorisation",
    metadata,
    _id(),
    Column("person_id", ForeignKey("estate_person.id"), nullable=False),
    Column("scope", String(16), nullable=False),  # repair | notice | fee | emergency
    Column("text_version", String(32), nullable=False),
    Column("channel", String(16), nullable=False),  # counter | paper | call
    Column("recorded_by", BigInteger),  # account of who took the word down
    Column("granted_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Index("ix_estate_authorisation_person_id", "person_id"),
)


# Whom the statistics of owners count; without a person where whoever is still counted was erased.
estate_counted_owner = Table(
    "estate_counted_owner",
    metadata,
    _id(),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("person_id", BigInteger),
    Column("decade", Integer, nullable=False),
    UniqueConstraint("community_id", "person_id"),
    Index("ix_estate_counted_owner_person_id", "person_id"),
)


# More looks than the quota: until decided it is asked for, and it counts until `until`.
estate_more_looks = Table(
    "estate_more_looks",
    metadata,
    _id(),
    Column("number", String(32), nullable=False, unique=True),
    Column("account_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),  # reveals | units
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    sealed_column("reason", nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", BigInteger),
    Column("until", UtcDateTime),
    Index("ix_estate_more_looks_account_id", "account_id", "kind"),
)


class ImportState(StrEnum):
    """How far an import is; only a released one drives anything."""

    READING = "reading"
    WAITING = "waiting"  # for a second person
    RELEASED = "released"
    UNDOING = "undoing"
    UNDONE = "undone"


# One file that was taken over; a second person releases what it brought.
estate_import = Table(
    "estate_import",
    metadata,
    _id(),
    Column("checksum", String(64), nullable=False),
    Column("state", String(16), nullable=False, server_default=ImportState.WAITING.value),
    sealed_column("file_name"),
    Column("work_id", BigInteger),  # of the long work that takes it over
    Column("imported_at", UtcDateTime, nullable=False),
    Column("imported_by", BigInteger, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("released_at", UtcDateTime),
    Column("released_by", BigInteger),
    sealed_column("release_note"),  # why, although not all of the list was taken over
    Column("undone_at", UtcDateTime),
    Column("undone_by", BigInteger),
    Column("totals", JsonColumn, nullable=False),
)

# A row of the file that was left out, and why; values are masked.
estate_import_problem = Table(
    "estate_import_problem",
    metadata,
    _id(),
    Column("import_id", BigInteger, nullable=False),
    Column("sheet", String(100), nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("column_name", String(50), nullable=False),
    Column("value", String(200), nullable=False),
    Column("message", String(200), nullable=False),  # a Chinese template, the key of its translation
    Column("params", JsonColumn, nullable=False),
    Index("ix_estate_import_problem_import_id", "import_id", "sheet", "row_number", "id"),
)


class ImportChange(StrEnum):
    """What an import did to a row."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    PROPOSED = "proposed"  # to complete a checked row when the import is released
    ADOPTED = "adopted"  # it is this import's to release now
    DESCRIBED = "described"  # a person of whom the list said nothing new


# What an import changed, in order, until it can no longer be taken back.
estate_import_change = Table(
    "estate_import_change",
    metadata,
    _id(),
    Column("import_id", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("record", String(32), nullable=False),  # name of the table
    Column("record_id", BigInteger, nullable=False),
    sealed_column("before"),  # the row as it was, or what is proposed, as JSON
    Column("after", String(64)),  # fingerprint of the row as the import left it
    Index("ix_estate_import_change_record", "record", "record_id", "import_id"),
    Index("ix_estate_import_change_import_id", "import_id", "id"),
)
