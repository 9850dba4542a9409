"""What happened: events, finished steps, incidents, answers given, and figures by day."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from engine.store.metadata import id_column, metadata
from engine.store.types import JsonColumn, UtcDateTime

history_event = Table(
    "history_event",
    metadata,
    id_column(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("path", String(400), nullable=False, default=""),
    Column("step_id", String(100), nullable=False, default=""),
    Column("task_id", BigInteger),
    Column("actor_id", BigInteger, nullable=False),
    Column("on_behalf_of", BigInteger),
    Column("due_at", UtcDateTime),
    Column("detail", JsonColumn),  # ids, codes and moments only
    Index("ix_history_event_instance_id", "instance_id", "id"),
)

_late = text("late")

task_history = Table(
    "task_history",
    metadata,
    id_column(),  # the id the task had while it was open
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("process_key", String(100), nullable=False),
    Column("path", String(400), nullable=False, default=""),
    Column("called_process", String(100), nullable=False),
    Column("step_id", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("name_en", String(200), nullable=False, default=""),
    Column("group_code", String(32), nullable=False),
    Column("scope_id", BigInteger, nullable=False),
    Column("assignee_id", BigInteger),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("due_at", UtcDateTime),
    Column("original_due_at", UtcDateTime),
    Column("level", Integer, nullable=False, default=0),
    Column("paused_seconds", Integer, nullable=False, default=0),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("end_kind", String(16), nullable=False),  # completed | withdrawn | cancelled
    Column("late", Boolean, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("on_behalf_of", BigInteger),
    Column("outcome", String(64)),
    Column("extra", Text),  # sealed JSON of fields that no command knows
    Index("ix_task_history_instance_id", "instance_id", "id"),
    Index("ix_task_history_actor_id", "actor_id", "ended_at", "id"),
    Index(
        "ix_task_history_late",
        "due_at",
        "process_key",
        "step_id",
        "ended_at",
        sqlite_where=_late,
        postgresql_where=_late,
    ),
)

incident = Table(
    "incident",
    metadata,
    id_column(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("kind", String(32), nullable=False),  # handler | timer | step | external
    Column("path", String(400), nullable=False, default=""),
    Column("step_id", String(100), nullable=False),
    Column("token", String(32)),
    Column("job_id", BigInteger),
    Column("message", Text, nullable=False),
    Column("said", JsonColumn),  # the message, sayable in either language
    Column("cause", Text, nullable=False, default=""),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", BigInteger),
    Column("close_kind", String(16)),  # retried | cancelled | resolved
    Column("close_reason", Text),
    Index("ix_incident_instance_id", "instance_id"),
    Index(
        "ix_incident_open",
        "opened_at",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# The answer already given to a request that may be sent twice.
idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("actor_id", BigInteger, primary_key=True),
    Column("command", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("answer", JsonColumn, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_idempotency_created_at", "created_at"),
)

# One row per finished step, folded into step_day and step_month by the tick and then deleted.
step_delta = Table(
    "step_delta",
    metadata,
    id_column(),
    Column("day", Date, nullable=False),
    Column("scope_id", BigInteger, nullable=False),  # community
    Column("process_key", String(100), nullable=False),  # of the root case
    Column("called_process", String(100), nullable=False),  # the process that holds the step
    Column("step_id", String(100), nullable=False),
    Column("late", Boolean, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("late_seconds", Integer, nullable=False),
)

step_day = Table(
    "step_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("scope_id", BigInteger, primary_key=True, autoincrement=False),
    Column("process_key", String(100), primary_key=True),
    Column("called_process", String(100), primary_key=True),
    Column("step_id", String(100), primary_key=True),
    Column("finished", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("late_seconds", BigInteger, nullable=False),
)

# The same by the first day of the month: a year is read from some thousand rows, not a million.
step_month = Table(
    "step_month",
    metadata,
    Column("month", Date, primary_key=True),
    Column("scope_id", BigInteger, primary_key=True, autoincrement=False),
    Column("process_key", String(100), primary_key=True),
    Column("called_process", String(100), primary_key=True),
    Column("step_id", String(100), primary_key=True),
    Column("finished", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("late_seconds", BigInteger, nullable=False),
)
