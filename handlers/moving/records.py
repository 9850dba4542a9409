"""Tables of moving in and of changes of owner and tenant: notice, papers, who was entered, what changed."""

from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, false

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime
from handlers.shared.sealed import sealed_column


class Kind(StrEnum):
    """Which procedure a record belongs to; the value is the key of the process."""

    TRANSFER = "ownership_transfer"
    REVERSAL = "transfer_reversal"
    MOVE_IN = "move_in"
    TENANT = "tenant_change"


class State(StrEnum):
    """Where a change stands; the exact step is the engine's to know."""

    NOTICED = "noticed"
    WAITING_PAPERS = "waiting_papers"
    AWAITING_TITLE = "awaiting_title"  # 待过户: a contract alone
    DISPUTED = "disputed"
    EXAMINED = "examined"
    ENTERED = "entered"  # waits for the second check
    DONE = "done"  # in force
    CLOSED = "closed"
    STOPPED = "stopped"
    REVERSED = "reversed"


# Nothing more comes of these.
OVER = (State.CLOSED, State.STOPPED, State.REVERSED)


class Way(StrEnum):
    """Why a house has a new owner."""

    SALE = "sale"
    FIRST_SALE = "first_sale"
    GIFT = "gift"
    INHERITANCE = "inheritance"
    COURT = "court"
    SHARE = "share"


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


def _case() -> Column[int]:
    return Column("case_id", ForeignKey("moving_case.id"), nullable=False)


moving_case = Table(
    "moving_case",
    metadata,
    _id(),
    Column("number", String(32), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("instance_id", BigInteger),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("house_id", ForeignKey("estate_house.id"), nullable=False),
    Column("reverses_id", BigInteger),  # the transfer that this one takes back
    # the notice: the 24 hours of policy C2 run from it
    Column("noticed_at", UtcDateTime, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("registered_by", BigInteger, nullable=False),
    # how far it is
    Column("way", String(16), nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("papers_at", UtcDateTime),  # when the papers were complete
    Column("proof_kind", String(32), nullable=False, default=""),
    sealed_column("proof_number"),
    Column("told_at", UtcDateTime),  # when the old owner was told
    Column("entered_at", UtcDateTime),
    Column("entered_by", BigInteger),
    Column("differed", Integer, nullable=False, default=0),  # second checks that did not agree
    Column("checked_at", UtcDateTime),
    Column("checked_by", BigInteger),
    Column("done_at", UtcDateTime),  # when access changed
    Column("lease_ends_on", Date),
    Column("facts", JsonColumn, nullable=False, default=dict),  # codes, ids, counts and dates only
    Column("closed_at", UtcDateTime),
    Index("ix_moving_case_house_id", "house_id", "id"),
    Index("ix_moving_case_community_id", "community_id", "kind", "noticed_at"),
)

# The last number given out on a day, for each kind of change.
moving_number = Table(
    "moving_number",
    metadata,
    Column("prefix", String(4), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)

# A person whom a case entered, with the relation that waits for the second check.
moving_party = Table(
    "moving_party",
    metadata,
    _id(),
    _case(),
    Column("position", Integer, nullable=False),
    Column("person_id", BigInteger, nullable=False),
    Column("relation_id", BigInteger, nullable=False),
    Column("is_new", Boolean, nullable=False),  # nobody knew the person before
    Column("is_known", Boolean, nullable=False, server_default=false()),  # the relation was on record before
    Column("added", JsonColumn),  # what the person's record lacked: column -> digest of what was written
    Index("ix_moving_party_case_id", "case_id", "position"),
)

# What a case changed at one stroke, so that it can be told, proved and taken back.
moving_change = Table(
    "moving_change",
    metadata,
    _id(),
    _case(),
    Column("record", String(16), nullable=False),  # relation | vehicle | case
    Column("record_id", BigInteger, nullable=False),
    Column("change", String(16), nullable=False),  # begun | ended | detached
    Column("at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime),
    Index("ix_moving_change_case_id", "case_id", "id"),
)

# What a person wrote: a reason, a remark, who told us.
moving_note = Table(
    "moving_note",
    metadata,
    _id(),
    _case(),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    sealed_column("body", nullable=False),
    Index("ix_moving_note_case_id", "case_id", "id"),
)
