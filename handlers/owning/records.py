"""Tables of codes by text message, of how often they were asked for, and of accepted privacy notices."""

from enum import StrEnum

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime
from handlers.shared.sealed import sealed_column


class HelpState(StrEnum):
    """How far the help with a password is."""

    OPEN = "open"
    ISSUED = "issued"  # a code went to the new phone
    USED = "used"
    FAILED = "failed"
    LOCKED = "locked"
    DROPPED = "dropped"


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


# A code that somebody asked for. Where nobody on record matched it looks the same, and no code is sent.
owner_code = Table(
    "owner_code",
    metadata,
    _id(),
    Column("purpose", String(16), nullable=False),  # register | reset | phone_old | phone_new
    Column("token_hash", String(64), nullable=False, unique=True),  # of the browser that asked
    Column("nonce", String(64), nullable=False),  # the code is derived from it and kept nowhere
    Column("person_id", ForeignKey("estate_person.id")),
    Column("account_id", ForeignKey("account.id")),  # whose password is reset, or who has an account already
    Column("correction_id", BigInteger),  # whose old or new number answers
    Column("tries", Integer, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("proved_at", UtcDateTime),  # the right code was given
    Column("used_at", UtcDateTime),  # what it was for is done
    Index("ix_owner_code_asked_at", "asked_at"),
    Index("ix_owner_code_correction_id", "correction_id"),
)

# How often codes were asked for in a window of time, by blind index of a number or a network address.
owner_quota = Table(
    "owner_quota",
    metadata,
    Column("subject_index", String(64), primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Index("ix_owner_quota_last_at", "last_at"),
)

# Which text of the privacy notice an account's holder accepted when registering.
owner_acceptance = Table(
    "owner_acceptance",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("text_version", String(32), nullable=False),
    Column("channel", String(16), nullable=False),  # online
    Column("accepted_at", UtcDateTime, nullable=False),
    Index("ix_owner_acceptance_account_id", "account_id"),
)

# When an owner was last asked whether everything on record is still right.
owner_reminder = Table(
    "owner_reminder",
    metadata,
    Column("person_id", ForeignKey("estate_person.id"), primary_key=True, autoincrement=False),
    Column("sent_at", UtcDateTime, nullable=False),
)

# An owner whose phone is lost is helped at the counter: the proofs that were seen, the code to the new one.
owner_help = Table(
    "owner_help",
    metadata,
    _id(),
    Column("number", String(32), nullable=False, unique=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("person_id", ForeignKey("estate_person.id"), nullable=False),
    Column("house_id", ForeignKey("estate_house.id"), nullable=False),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("proofs", JsonColumn, nullable=False),  # codes of what was seen
    sealed_column("new_phone"),  # until it is settled
    Column("failures", Integer, nullable=False),
    Column("nonce", String(64)),  # the code is derived from it and kept nowhere
    Column("tries", Integer, nullable=False),
    Column("code_until", UtcDateTime),
    Column("asked_by", BigInteger, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Index("ix_owner_help_account_id", "account_id", "asked_at"),
)
