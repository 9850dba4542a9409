"""Tables of repair orders: who reported what where, what was done about it, and what it cost."""

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


class Channel(StrEnum):
    """How a report reached the company."""

    ONLINE = "online"
    PHONE = "phone"
    STAFF = "staff"
    ALARM = "alarm"


class Area(StrEnum):
    """Whose part of the building is broken."""

    PRIVATE = "private"
    COMMON = "common"


class Urgency(StrEnum):
    """How soon somebody must come; the limits of each stand in a decision table."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class OrderState(StrEnum):
    """Where an order stands, as the resident is told; the exact step is the engine's to know."""

    REGISTERING = "registering"
    REPORTED = "reported"
    NEEDS_INFO = "needs_info"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    APPOINTED = "appointed"
    ARRIVED = "arrived"
    QUOTED = "quoted"
    WAITING_PARTS = "waiting_parts"
    OBSERVING = "observing"
    OUTSOURCED = "outsourced"
    WORKING = "working"
    FINISHED = "finished"
    REWORK = "rework"
    CONFIRMED = "confirmed"
    MERGED = "merged"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# In these nothing more happens to an order.
OVER = (OrderState.CLOSED, OrderState.CANCELLED)


class SecondCheck(StrEnum):
    """Whether an entry made by a clerk was checked by somebody else (policy C1)."""

    NOT_NEEDED = "not_needed"
    PENDING = "pending"
    CHECKED = "checked"
    READ_BACK = "read_back"


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


def _order() -> Column[int]:
    return Column("order_id", ForeignKey("repair_order.id"), nullable=False)


_open = text("closed_at IS NULL")

repair_order = Table(
    "repair_order",
    metadata,
    _id(),
    Column("number", String(32), nullable=False, unique=True),
    Column("instance_id", BigInteger),
    Column("reopens_id", BigInteger),  # the closed order that the resident was not content with after all
    Column("duplicate_of_id", BigInteger),
    Column("parent_id", BigInteger),  # the order that stands for several reports of one common fault
    # where
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("building_id", ForeignKey("estate_building.id")),
    Column("house_id", ForeignKey("estate_house.id")),
    Column("area", String(16), nullable=False),
    Column("place", String(200), nullable=False, default=""),
    # who
    Column("reporter_person_id", BigInteger),
    Column("reporter_account_id", BigInteger, nullable=False),  # who turned to us, or picked up the phone
    sealed_column("contact_name"),
    sealed_column("contact_phone"),
    Column("phone_index", String(64)),
    Column("phone_tail_index", String(64)),
    # what
    sealed_column("description"),
    Column("search_text", String(2000), nullable=False, default=""),  # description without numbers and names
    Column("fault_code", String(8)),
    Column("skill", String(32)),
    Column("charge", String(16)),
    Column("urgency", String(2)),
    Column("urgency_from", String(16)),  # table | hint | clerk | repairer
    Column("urgency_by", BigInteger),
    # how it came in
    Column("channel", String(16), nullable=False),
    Column("called_at", UtcDateTime, nullable=False),  # when the person turned to us
    Column("entered_at", UtcDateTime),  # when the record was complete
    Column("entered_by", BigInteger),
    Column("is_backdated", Boolean, nullable=False, default=False),  # 补录
    Column("is_late_entry", Boolean, nullable=False, default=False),  # later than policy E1 allows
    Column("second_check", String(16), nullable=False, default=SecondCheck.NOT_NEEDED),
    Column("second_check_by", BigInteger),
    Column("second_check_at", UtcDateTime),
    # where it stands
    Column("state", String(16), nullable=False),
    Column("state_at", UtcDateTime, nullable=False),
    Column("verified_at", UtcDateTime),  # somebody asked whether it is so
    Column("accepted_at", UtcDateTime),
    Column("accepted_by", BigInteger),
    Column("worker_id", BigInteger),
    Column("proposed_at", UtcDateTime),  # the owner would like them to come then
    Column("window_from", UtcDateTime),
    Column("window_to", UtcDateTime),
    Column("taken_at", UtcDateTime),
    Column("arrived_at", UtcDateTime),
    Column("controlled_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("return_count", Integer, nullable=False, default=0),
    Column("absent_count", Integer, nullable=False, default=0),
    Column("rework_count", Integer, nullable=False, default=0),
    # money
    Column("charge_fen", BigInteger, nullable=False, default=0),
    # how it ended
    Column("outcome", String(32)),
    Column("confirmed_at", UtcDateTime),
    Column("confirmed_by", String(8)),  # owner | phone | lead | signed | auto
    Column("is_recorded_by_phone", Boolean, nullable=False, default=False),
    Column("is_auto_confirmed", Boolean, nullable=False, default=False),
    Column("rating_speed", Integer),
    Column("rating_quality", Integer),
    Column("rating_attitude", Integer),
    sealed_column("rating_text"),
    Column("return_visit_grade", String(1)),  # A | B | C
    Column("return_visit_by", BigInteger),
    Column("return_visit_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Index("ix_repair_order_instance_id", "instance_id"),
    Index("ix_repair_order_community_id", "community_id", "called_at"),
    Index("ix_repair_order_house_id", "house_id", "called_at"),
    Index("ix_repair_order_phone_index", "phone_index"),
    Index("ix_repair_order_phone_tail_index", "phone_tail_index"),
    Index("ix_repair_order_parent_id", "parent_id"),
    Index("ix_repair_order_worker_id", "worker_id", "closed_at"),
    Index(
        "ix_repair_order_open_common",
        "building_id",
        "fault_code",
        "called_at",
        sqlite_where=_open,
        postgresql_where=_open,
    ),
)

# The last number given out on a day; one row lock makes numbers unique and without gaps.
repair_number = Table(
    "repair_number",
    metadata,
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)

# What happened to an order, for its story; the token log is the engine's.
repair_event = Table(
    "repair_event",
    metadata,
    _id(),
    _order(),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("params", JsonColumn, nullable=False),  # ids, codes, counts and moments only
    Column("key", String(160), unique=True),  # of the step that wrote it: running again tells it once
    Index("ix_repair_event_order_id", "order_id", "id"),
)

# What a person wrote about an order: a reason, a finding, a remark.
repair_note = Table(
    "repair_note",
    metadata,
    _id(),
    _order(),
    Column("event_id", BigInteger),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    sealed_column("body", nullable=False),
    Index("ix_repair_note_order_id", "order_id", "id"),
)

# Who was sent; at most one open row for an order.
repair_assignment = Table(
    "repair_assignment",
    metadata,
    _id(),
    _order(),
    Column("worker_id", BigInteger, nullable=False),
    Column("assigned_at", UtcDateTime, nullable=False),
    Column("assigned_by", BigInteger, nullable=False),
    Column(
        "mode", String(16), nullable=False
    ),  # automatic | chosen | rework | urgent | transferred | substitute | handed
    Column("key", String(100), nullable=False, unique=True),  # a step that runs again assigns once
    Column("taken_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("end_kind", String(16)),  # finished | returned | transferred | replaced | outsourced | cancelled
    Index("ix_repair_assignment_order_id", "order_id", "id"),
    Index(
        "ix_repair_assignment_open",
        "worker_id",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(
        "uq_repair_assignment_open_order",
        "order_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# The public price list (明码标价); a price that changes gets a new row.
repair_price = Table(
    "repair_price",
    metadata,
    _id(),
    Column("code", String(16), nullable=False),
    Column("name", String(100), nullable=False),
    Column("name_en", String(100), nullable=False, default=""),
    Column("unit", String(16), nullable=False),
    Column("unit_en", String(16), nullable=False, default=""),
    Column("price_fen", BigInteger, nullable=False),
    Column("skill", String(32), nullable=False, default=""),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    UniqueConstraint("code", "valid_from"),
)

# An offer to the resident; its lines keep the prices of that day.
repair_quote = Table(
    "repair_quote",
    metadata,
    _id(),
    _order(),
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", BigInteger, nullable=False),
    Column("total_fen", BigInteger, nullable=False),
    Column("checked_by", BigInteger),
    Column("checked_at", UtcDateTime),
    Column("approved_by", BigInteger),
    Column("approved_at", UtcDateTime),
    Column("decided_at", UtcDateTime),
    Column("decided_by", BigInteger),
    Column("decision", String(16)),  # agreed | declined | returned | expired
    Column("decided_how", String(16)),  # online | phone | on_site
    Index("ix_repair_quote_order_id", "order_id", "id"),
)

repair_quote_line = Table(
    "repair_quote_line",
    metadata,
    _id(),
    Column("quote_id", ForeignKey("repair_quote.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("price_code", String(16)),  # none: not on the list, priced by hand
    Column("name", String(100), nullable=False),
    Column("unit", String(16), nullable=False, default=""),
    Column("quantity", Numeric(10, 2), nullable=False),
    Column("price_fen", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    UniqueConstraint("quote_id", "position"),
)

# What was charged for a finished repair, line by line.
repair_charge_line = Table(
    "repair_charge_line",
    metadata,
    _id(),
    _order(),
    Column("position", Integer, nullable=False),
    Column("price_code", String(16)),  # none: not on the list, priced by hand
    Column("name", String(100), nullable=False),
    Column("unit", String(16), nullable=False, default=""),
    Column("quantity", Numeric(10, 2), nullable=False),
    Column("price_fen", BigInteger, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    UniqueConstraint("order_id", "position"),
)

# Material asked for or used.
repair_part = Table(
    "repair_part",
    metadata,
    _id(),
    _order(),
    Column("name", String(100), nullable=False),
    Column("quantity", Numeric(10, 2), nullable=False),
    Column("unit", String(16), nullable=False, default=""),
    Column("state", String(16), nullable=False),  # wanted | ordered | arrived | used
    Column("expected_on", Date),
    Column("at", UtcDateTime, nullable=False),
    Column("by", BigInteger, nullable=False),
    Index("ix_repair_part_order_id", "order_id", "id"),
)

# A repair handed to a contractor; at most one open row for an order.
repair_engagement = Table(
    "repair_engagement",
    metadata,
    _id(),
    _order(),
    Column("vendor_id", BigInteger),  # none: somebody without an account, such as the developer
    Column("engaged_at", UtcDateTime, nullable=False),
    Column("engaged_by", BigInteger, nullable=False),
    Column("arrive_by", UtcDateTime, nullable=False),
    Column("arrived_at", UtcDateTime),
    Column("finish_by", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index("ix_repair_engagement_order_id", "order_id", "id"),
    Index("ix_repair_engagement_vendor_id", "vendor_id"),
)

# What an owner signed on the repairer's phone: their own confirmation, and evidence for later questions.
repair_signature = Table(
    "repair_signature",
    metadata,
    _id(),
    _order(),
    Column("attachment_id", BigInteger, nullable=False, unique=True),  # the picture of the signature
    Column("signed_at", UtcDateTime, nullable=False),
    Column("taken_by", BigInteger, nullable=False),
    sealed_column("said", nullable=False),  # word for word what stood above the signature
    Column("digest", String(64), nullable=False),  # of text, moment and picture together
    Index("ix_repair_signature_order_id", "order_id", "id"),
)

# A report that somebody has begun and not sent; one for each resident, for a few days.
repair_report_draft = Table(
    "repair_report_draft",
    metadata,
    _id(),
    Column("account_id", BigInteger, nullable=False, unique=True),
    sealed_column("body", nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
)
