"""Tables shared by all subjects: outgoing jobs and messages, alarms, attachments, the access log."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, String, Table, Text, text

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime
from handlers.shared.sealed import sealed_column


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


_waiting = text("state IN ('ready', 'running')")

# A job to run after the commit of whoever asked for it. Args are ids and codes, never personal data.
outbox_job = Table(
    "outbox_job",
    metadata,
    _id(),
    Column("name", String(64), nullable=False),
    Column("args", JsonColumn, nullable=False),
    Column("dedup_key", String(200), nullable=False, unique=True),
    Column("state", String(16), nullable=False),  # ready | running | done | dead
    Column("created_at", UtcDateTime, nullable=False),
    Column("run_at", UtcDateTime, nullable=False),  # when running: the end of the lease
    Column("attempts", Integer, nullable=False, default=0),
    Column("claim", String(32)),
    Column("last_error", Text),
    Column("ended_at", UtcDateTime),
    Index("ix_outbox_job_waiting", "run_at", "id", sqlite_where=_waiting, postgresql_where=_waiting),
    Index("ix_outbox_job_ended_at", "ended_at"),
)

# Work that takes longer than somebody waits for: it goes on in turns, and its owner watches it on a page.
long_work = Table(
    "long_work",
    metadata,
    _id(),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # waiting | running | done | failed | stopped
    Column("owner_id", BigInteger, nullable=False),
    Column("owner_kind", String(16), nullable=False),
    Column("args", JsonColumn, nullable=False),  # ids and codes, never personal data
    Column("cursor", JsonColumn),  # where the next turn goes on
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),  # 0 while unknown
    Column("counts", JsonColumn, nullable=False),
    Column("result", JsonColumn),
    Column("failure", JsonColumn),  # why it ended without a result: code, message, params
    Column("turn", Integer, nullable=False, default=0),
    Column("job_key", String(200), nullable=False),  # of the outbox job that runs the next turn
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index("ix_long_work_owner_id", "owner_id", "id"),
    Index("ix_long_work_ended_at", "ended_at"),
)

# What the development channels would have sent, to be read on a page.
outbox_message = Table(
    "outbox_message",
    metadata,
    _id(),
    Column("channel", String(16), nullable=False),
    Column("delivery_key", String(200), nullable=False, unique=True),
    sealed_column("recipient", nullable=False),
    sealed_column("body", nullable=False),
    Column("language", String(8), nullable=False, default="zh"),
    sealed_column("translation"),
    Column("sent_at", UtcDateTime, nullable=False),
)

# An urgent call that rings again until somebody says that they heard it.
outbox_call = Table(
    "outbox_call",
    metadata,
    _id(),
    Column("call_key", String(200), nullable=False, unique=True),
    Column("recipient", String(64), nullable=False),  # such as "account:123"
    Column("template", String(64), nullable=False),
    Column("params", JsonColumn, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("rings", Integer, nullable=False, default=0),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", BigInteger),
    Column("given_up_at", UtcDateTime),  # the phone rings no more, the pages still do
    Index(
        "ix_outbox_call_ringing",
        "recipient",
        sqlite_where=text("acknowledged_at IS NULL"),
        postgresql_where=text("acknowledged_at IS NULL"),
    ),
)

# The last number of a day, by the letter that it begins with.
case_number = Table(
    "case_number",
    metadata,
    Column("letter", String(2), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)

# Something that an administrator has to look at.
alarm = Table(
    "alarm",
    metadata,
    _id(),
    Column("kind", String(32), nullable=False),  # as dead_job, unanswered_call, reveal_quota
    Column("subject_id", BigInteger, nullable=False),
    Column("detail", JsonColumn, nullable=False),  # ids and codes
    Column("raised_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", BigInteger),
    Index(
        "ix_alarm_open",
        "raised_at",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# An uploaded photo or video. It belongs to nobody until it is attached, and then to one record for good.
attachment = Table(
    "attachment",
    metadata,
    _id(),
    Column("file_name", String(64), nullable=False, unique=True),  # random; the sealed file on disk
    Column("has_thumbnail", Boolean, nullable=False),
    Column("content_type", String(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("seconds", Integer),
    Column("uploaded_by", BigInteger, nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("owner_kind", String(32)),  # repair_order | task | ...
    Column("owner_id", BigInteger),
    Column("house_id", BigInteger),
    Column("attached_at", UtcDateTime),
    Index("ix_attachment_owner", "owner_kind", "owner_id"),
    Index("ix_attachment_house_id", "house_id"),
    Index(
        "ix_attachment_orphan",
        "uploaded_at",
        sqlite_where=text("attached_at IS NULL"),
        postgresql_where=text("attached_at IS NULL"),
    ),
)

# One chain for each day; a row's mac covers the row before it.
access_log = Table(
    "access_log",
    metadata,
    Column("day", Date, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject_kind", String(32), nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("purpose", String(64), nullable=False, default=""),
    Column("detail", Text, nullable=False, default=""),  # canonical JSON of ids and codes
    Column("mac", String(64), nullable=False),
    Index("ix_access_log_actor_id", "actor_id", "action", "at"),
    Index("ix_access_log_subject", "subject_kind", "subject_id"),
)

# When the log was verified, and in how many places it did not hold.
access_log_check = Table(
    "access_log_check",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("differences", Integer, nullable=False),
)

# The end of each day's chain; whoever appends holds this row's lock.
access_log_head = Table(
    "access_log_head",
    metadata,
    Column("day", Date, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("mac", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)

# When everything was copied, and when a copy was last proved to come back whole.
backup_run = Table(
    "backup_run",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),  # backup | restore_test
    Column("at", UtcDateTime, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("made_at", UtcDateTime),  # of the backup that was tested
    Column("failures", JsonColumn, nullable=False),  # codes of what did not hold; empty where all did
    Index("ix_backup_run_kind", "kind", "at"),
)

# How much of people's data a member of staff looked at in a day; the log behind it is the access log.
access_tally = Table(
    "access_tally",
    metadata,
    Column("day", Date, primary_key=True),
    Column("actor_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), primary_key=True),  # of tally.KINDS
    Column("amount", Integer, nullable=False),
    Column("at_night", Integer, nullable=False),
    Index("ix_access_tally_actor_id", "actor_id", "day"),
)
