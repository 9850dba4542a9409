"""Jobs of the clock, escalations, moved due dates, and calendars."""

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
    UniqueConstraint,
    text,
)

from engine.store.metadata import id_column, metadata
from engine.store.types import UtcDateTime

# deadline: the earliest of warning, next rung and due date of one task; timer: a BPMN timer event;
# retry: a failed handler; unpause: the planned end of a pause.
job = Table(
    "job",
    metadata,
    id_column(),
    Column("kind", String(16), nullable=False),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("task_id", BigInteger),
    Column("token", String(32)),
    Column("step_id", String(100), nullable=False, default=""),
    Column("due_at", UtcDateTime, nullable=False),
    Column("scheduled_at", UtcDateTime, nullable=False),  # due_at before any back-off
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Column("held", Boolean, nullable=False, default=False),  # suspended instance, or paused task
    Index(
        "ix_job_due_at",
        "due_at",
        "id",
        sqlite_where=text("held = 0"),
        postgresql_where=text("NOT held"),
    ),
    Index("ix_job_instance_id", "instance_id"),
)

escalation = Table(
    "escalation",
    metadata,
    id_column(),
    Column("task_id", BigInteger, nullable=False),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("ladder", String(64), nullable=False),
    Column("notified", String(200), nullable=False),
    Column("widened_to", String(32)),
    Column("due_at", UtcDateTime, nullable=False),
    Column("fired_at", UtcDateTime, nullable=False),
    UniqueConstraint("task_id", "level"),
    Index("ix_escalation_instance_id", "instance_id"),
)

due_change = Table(
    "due_change",
    metadata,
    id_column(),
    Column("task_id", BigInteger, nullable=False),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # pause | unpause | move
    Column("old_due_at", UtcDateTime),
    Column("new_due_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_due_change_task_id", "task_id"),
    Index("ix_due_change_instance_id", "instance_id"),
)

work_calendar = Table(
    "work_calendar",
    metadata,
    Column("calendar", String(32), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("kind", String(16), nullable=False),  # holiday | makeup_workday
    Column("note", String(200), nullable=False, default=""),
)
