"""Tables of accounts, posts, shifts, substitution, sessions and failed sign-ins."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from engine.store.tables import metadata
from engine.store.types import UtcDateTime
from handlers.shared.sealed import sealed_column


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


# A person, or a program, that signs in. An account is never deleted or given to somebody else.
account = Table(
    "account",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),  # staff | resident | service
    Column("state", String(16), nullable=False),  # active | disabled | dormant
    Column("person_id", ForeignKey("estate_person.id"), unique=True),  # of residents
    sealed_column("name", nullable=False),
    sealed_column("login_name"),
    sealed_column("phone"),
    sealed_column("mail"),
    sealed_column("wechat_id"),
    sealed_column("old_phone"),  # until it was told of the new one
    Column("phone_index", String(64)),
    Column("phone_changed_at", UtcDateTime),  # by administration; a day without first passwords follows
    Column("phone_changed_by", BigInteger),
    Column("department", String(100), nullable=False, default=""),
    Column("language", String(8), nullable=False, default="zh"),
    Column("password_hash", Text),
    Column("password_seal", String(64)),  # of the hash, keyed; see password_seals.py
    sealed_column("first_password"),  # until it is delivered
    Column("password_set_at", UtcDateTime),
    Column("password_expires_at", UtcDateTime),  # of a password that the system made
    Column("reset_at", UtcDateTime),  # by another way than the old password; see trust.py
    Column("must_change_password", Boolean, nullable=False, default=False),
    Column("responsibility_accepted_at", UtcDateTime),
    Column("responsibility_version", String(32)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", BigInteger, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_by", BigInteger),
    Index("ix_account_phone_index", "phone_index"),
)

# What an account may be found by when signing in: a login name or a mobile number, as a blind index.
account_login = Table(
    "account_login",
    metadata,
    Column("login_index", String(64), primary_key=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # name | mobile | id_number
    Index("ix_account_login_account_id", "account_id"),
)

account_old_password = Table(
    "account_old_password",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Index("ix_account_old_password_account_id", "account_id", "id"),
)

# A post in one community, or everywhere when community_id is null.
account_post = Table(
    "account_post",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("post", String(16), nullable=False),
    Column("community_id", ForeignKey("estate_community.id")),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("granted_by", BigInteger, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", BigInteger),
    Index("ix_account_post_account_id", "account_id"),
    Index("ix_account_post_post", "post", "community_id"),
)

# A post beside another one sums up rights: it waits for somebody else's approval before it is granted.
account_post_request = Table(
    "account_post_request",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("post", String(16), nullable=False),
    Column("community_id", ForeignKey("estate_community.id")),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", BigInteger, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by", BigInteger),
    Column("decision", String(16), nullable=False, server_default=""),  # approved | refused
    Index("ix_account_post_request_account_id", "account_id"),
)

account_skill = Table(
    "account_skill",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("skill", String(32), primary_key=True),
    Index("ix_account_skill_skill", "skill"),
)

account_team = Table(
    "account_team",
    metadata,
    _id(),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("name", String(100), nullable=False),
    UniqueConstraint("community_id", "name"),
)

account_team_member = Table(
    "account_team_member",
    metadata,
    Column("team_id", ForeignKey("account_team.id"), primary_key=True),
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("is_lead", Boolean, nullable=False, default=False),
    Index("ix_account_team_member_account_id", "account_id"),
)

account_shift = Table(
    "account_shift",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),  # moved forward by whoever goes off shift early
    Column("is_lead", Boolean, nullable=False, default=False),
    Column("is_planned", Boolean, nullable=False, server_default=true()),  # not just begun by the person
    Column("planned_by", BigInteger, nullable=False),
    Index("ix_account_shift_community_id", "community_id", "ends_at"),
    Index("ix_account_shift_account_id", "account_id", "ends_at"),
)

# The shifts that a community works in; while it has none of its own, those of the company.
account_shift_template = Table(
    "account_shift_template",
    metadata,
    _id(),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("name", String(20), nullable=False),
    Column("starts_minute", Integer, nullable=False),  # of the day
    Column("minutes", Integer, nullable=False),
    Column("is_lead", Boolean, nullable=False, default=False),
    UniqueConstraint("community_id", "name"),
)

# What has to be manned from when to when; while a community has none of its own, what the company asks for.
account_cover = Table(
    "account_cover",
    metadata,
    _id(),
    Column("community_id", ForeignKey("estate_community.id"), nullable=False),
    Column("kind", String(8), nullable=False),  # desk | lead | skill
    Column("skill", String(32), nullable=False, default=""),
    Column("starts_minute", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    UniqueConstraint("community_id", "kind", "skill"),
)

# Somebody is away and nobody stands in; why is nobody's business here. No shift lies within it.
account_leave = Table(
    "account_leave",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("set_by", BigInteger, nullable=False),
    Index("ix_account_leave_account_id", "account_id", "ends_at"),
)

account_substitution = Table(
    "account_substitution",
    metadata,
    _id(),
    Column("absent_id", ForeignKey("account.id"), nullable=False),
    Column("substitute_id", ForeignKey("account.id"), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("set_by", BigInteger, nullable=False),
    Column("is_waiting", Boolean, nullable=False, server_default=false()),  # for approval; gives nothing
    Column("decided_at", UtcDateTime),
    Column("decided_by", BigInteger),  # who approved it; only then are posts lent that ask for approval
    Index("ix_account_substitution_substitute_id", "substitute_id", "ends_at"),
    Index("ix_account_substitution_absent_id", "absent_id", "ends_at"),
)

account_session = Table(
    "account_session",
    metadata,
    _id(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("proved_at", UtcDateTime, nullable=False),  # when the password was last given
    Column("device_index", String(64)),  # blind index of the browser's long-lived cookie
    Column("place_index", String(64)),  # blind index of the neighbourhood of the address
    Column("second_factor_at", UtcDateTime),  # when a code of the authenticator was given
    Column("ended_at", UtcDateTime),
    sealed_column("address"),
    Index("ix_account_session_account_id", "account_id"),
)

# The authenticator of an account; it counts once a code of it was given.
account_totp = Table(
    "account_totp",
    metadata,
    Column("id", ForeignKey("account.id"), primary_key=True),  # of the account
    sealed_column("secret", nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("last_step", BigInteger, nullable=False),  # of the last code taken; it and older ones are used up
    Column("reset_asked_by", BigInteger),
    Column("reset_asked_at", UtcDateTime),
)

account_recovery_code = Table(
    "account_recovery_code",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("code_hash", String(64), nullable=False, unique=True),
    Column("used_at", UtcDateTime),
    Index("ix_account_recovery_code_account_id", "account_id"),
)

account_token = Table(
    "account_token",
    metadata,
    _id(),
    Column("account_id", ForeignKey("account.id"), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", BigInteger, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Index("ix_account_token_account_id", "account_id"),
)

# Attempts that failed, by blind index of the login or of the network address.
account_throttle = Table(
    "account_throttle",
    metadata,
    Column("subject_index", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("blocked_until", UtcDateTime),
    Index("ix_account_throttle_last_at", "last_at"),
)
