"""The engine's tables: definitions, running cases, open work, time, and history."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from engine.store.types import JsonColumn, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


# --- what was deployed -------------------------------------------------------------------------------------

deployment = Table(
    "deployment",
    metadata,
    _id(),
    Column("name", String(200), nullable=False),
    Column("source", String(200), nullable=False, default=""),
    Column("deployed_at", UtcDateTime, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
)

# One version of one file. A bundle points at versions, so a file is stored once however many bundles use it.
resource = Table(
    "resource",
    metadata,
    _id(),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("checksum", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    UniqueConstraint("name", "version"),
)

# A process, decision or form inside a resource.
definition = Table(
    "definition",
    metadata,
    _id(),
    Column("kind", String(16), nullable=False),  # process | decision | form
    Column("key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", String(200), nullable=False, default=""),
    Column("resource_id", ForeignKey("resource.id"), nullable=False),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    UniqueConstraint("kind", "key", "version"),
)

# The exact set of files a procedure runs on; instances keep the bundle they began with.
bundle = Table(
    "bundle",
    metadata,
    _id(),
    Column("process_key", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("resources", JsonColumn, nullable=False),  # resource name -> resource id
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    UniqueConstraint("process_key", "version"),
)

# --- running cases -----------------------------------------------------------------------------------------

instance = Table(
    "instance",
    metadata,
    _id(),
    Column("bundle_id", ForeignKey("bundle.id"), nullable=False),
    Column("process_key", String(100), nullable=False),
    Column("business_key", String(100), nullable=False),
    Column("scope_id", BigInteger, nullable=False),
    Column("resident_scope_id", BigInteger),
    Column("state", String(16), nullable=False),  # active | suspended | completed | cancelled
    Column("title", String(200), nullable=False, default=""),
    Column("title_en", String(200), nullable=False, default=""),
    Column("place", String(200), nullable=False, default=""),
    Column("started_at", UtcDateTime, nullable=False),
    Column("starter_id", BigInteger, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(200)),
    Column("due_at", UtcDateTime),
    # Derived from the snapshot so that a step needs no further reads: token -> {kind, id, due, ...}.
    Column("waits", JsonColumn, nullable=False),
    Column("snapshot", LargeBinary),
    Column("revision", Integer, nullable=False, default=0),
    Index(
        "uq_instance_open_business_key",
        "process_key",
        "business_key",
        unique=True,
        sqlite_where=text("state IN ('active', 'suspended')"),
        postgresql_where=text("state IN ('active', 'suspended')"),
    ),
    Index("ix_instance_business_key", "business_key"),
    Index("ix_instance_resident_scope_id", "resident_scope_id", "id"),
    Index(
        "ix_instance_open_due",
        "due_at",
        sqlite_where=text("state = 'active' AND due_at IS NOT NULL"),
        postgresql_where=text("state = 'active' AND due_at IS NOT NULL"),
    ),
)

_unassigned = text("assignee_id IS NULL")
_assigned = text("assignee_id IS NOT NULL")

# One row for each open human step; closing it moves the row to task_history in the same transaction.
user_task = Table(
    "user_task",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("token", String(32), nullable=False),
    Column("process_key", String(100), nullable=False),  # of the root case
    Column("path", String(400), nullable=False, default=""),  # call activities from the root, "/"-joined
    Column("called_process", String(100), nullable=False),  # the process that holds the step
    Column("step_id", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("name_en", String(200), nullable=False, default=""),
    Column("form_key", String(100)),
    Column("group_code", String(32), nullable=False),
    Column("scope_id", BigInteger, nullable=False),
    Column("assignee_id", BigInteger),
    Column("rank", Integer, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("limit_text", String(500)),  # as the diagram says it: PT30M, or an expression
    Column("clock", String(32), nullable=False),
    Column("ladder", String(64)),
    Column("due_at", UtcDateTime),
    Column("original_due_at", UtcDateTime),
    Column("due_sort", UtcDateTime, nullable=False),  # due_at, or the end of time
    Column("follow_up_at", UtcDateTime),
    Column("overdue_at", UtcDateTime),  # when the sweep marked it late
    Column("level", Integer, nullable=False, default=0),  # highest rung fired
    Column("pausable", Boolean, nullable=False, default=False),
    Column("paused_at", UtcDateTime),
    Column("pause_reason", String(32)),
    Column("paused_until", UtcDateTime),
    Column("paused_seconds", Integer, nullable=False, default=0),
    Column("pause_count", Integer, nullable=False, default=0),
    Column("suspended", Boolean, nullable=False, default=False),
    Index("ix_user_task_instance_id", "instance_id"),
    Index(
        "ix_user_task_claimable",
        "group_code",
        "scope_id",
        "rank",
        "due_sort",
        "id",
        sqlite_where=_unassigned,
        postgresql_where=_unassigned,
    ),
    Index(
        "ix_user_task_assigned",
        "assignee_id",
        "rank",
        "due_sort",
        "id",
        sqlite_where=_assigned,
        postgresql_where=_assigned,
    ),
    Index("ix_user_task_team", "group_code", "scope_id", "rank", "due_sort", "id"),
    Index("ix_user_task_team_due", "group_code", "scope_id", "due_sort", "id"),
    Index("ix_user_task_due_sort", "due_sort", "id"),
)

# Further candidate groups of an open task: several candidateGroups in the diagram, or widened by a rung.
task_candidate = Table(
    "task_candidate",
    metadata,
    Column("task_id", ForeignKey("user_task.id", ondelete="CASCADE"), primary_key=True),
    Column("group_code", String(32), primary_key=True),
    Column("scope_id", BigInteger, primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("due_sort", UtcDateTime, nullable=False),
    Index("ix_task_candidate_inbox", "group_code", "scope_id", "rank", "due_sort", "task_id"),
)

task_draft = Table(
    "task_draft",
    metadata,
    _id(),
    Column("task_id", ForeignKey("user_task.id", ondelete="CASCADE"), nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # sealed JSON
    Column("saved_at", UtcDateTime, nullable=False),
    UniqueConstraint("task_id", "actor_id"),
)

# Somebody who wants to see a case in "followed".
case_follower = Table(
    "case_follower",
    metadata,
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("actor_id", BigInteger, primary_key=True),
)

case_comment = Table(
    "case_comment",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("task_id", BigInteger),
    Column("actor_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),  # sealed
    Index("ix_case_comment_instance_id", "instance_id", "id"),
)

message_subscription = Table(
    "message_subscription",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("token", String(32), nullable=False),
    Column("message", String(100), nullable=False),
    Column("business_key", String(100), nullable=False),
    Index("ix_message_subscription_message", "message", "business_key"),
    Index("ix_message_subscription_instance_id", "instance_id"),
)

external_task = Table(
    "external_task",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("token", String(32), nullable=False),
    Column("topic", String(100), nullable=False),
    Column("process_key", String(100), nullable=False),
    Column("business_key", String(100), nullable=False),
    Column("step_id", String(100), nullable=False),
    Column("path", String(400), nullable=False, default=""),
    Column("created_at", UtcDateTime, nullable=False),
    Column("priority", Integer, nullable=False, default=0),
    Column("inputs", JsonColumn, nullable=False),
    Column("worker_id", String(200)),
    Column("locked_until", UtcDateTime),
    Column("retries", Integer),
    Column("error_message", String(2000)),
    Index("ix_external_task_topic", "topic", "id"),
    Index("ix_external_task_instance_id", "instance_id"),
)

# --- time --------------------------------------------------------------------------------------------------

# deadline: the earliest of warning, next rung and due date of one task; timer: a BPMN timer event;
# retry: a failed handler; unpause: the planned end of a pause.
job = Table(
    "job",
    metadata,
    _id(),
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
    _id(),
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
    _id(),
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

# --- what happened -----------------------------------------------------------------------------------------

history_event = Table(
    "history_event",
    metadata,
    _id(),
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
    _id(),  # the id the task had while it was open
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
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("kind", String(32), nullable=False),  # handler | timer | step | external
    Column("path", String(400), nullable=False, default=""),
    Column("step_id", String(100), nullable=False),
    Column("token", String(32)),
    Column("job_id", BigInteger),
    Column("message", Text, nullable=False),
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

# One row per finished step, folded into step_day by the tick and then deleted.
step_delta = Table(
    "step_delta",
    metadata,
    _id(),
    Column("day", Date, nullable=False),
    Column("scope_id", BigInteger, nullable=False),  # community
    Column("process_key", String(100), nullable=False),
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
    Column("step_id", String(100), primary_key=True),
    Column("finished", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("late_seconds", BigInteger, nullable=False),
)
