"""Running cases and open work."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from engine.store.metadata import id_column, metadata
from engine.store.types import JsonColumn, UtcDateTime

instance = Table(
    "instance",
    metadata,
    id_column(),
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
# The indexes of the lists (engine.inbox_queries) hold all that a page is chosen by, so that not even a rare
# procedure among a hundred thousand tasks needs their rows.
user_task = Table(
    "user_task",
    metadata,
    id_column(),
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
        "process_key",
        "assignee_id",
        "step_id",
        sqlite_where=_unassigned,
        postgresql_where=_unassigned,
    ),
    Index(
        "ix_user_task_assigned",
        "assignee_id",
        "rank",
        "due_sort",
        "id",
        "process_key",
        "group_code",
        "scope_id",
        "step_id",
        sqlite_where=_assigned,
        postgresql_where=_assigned,
    ),
    Index("ix_user_task_team", "group_code", "scope_id", "rank", "due_sort", "id", "process_key", "step_id"),
    Index(
        "ix_user_task_team_due",
        "group_code",
        "scope_id",
        "due_sort",
        "id",
        "process_key",
        "step_id",
        "rank",
        "assignee_id",
    ),
    Index("ix_user_task_due_sort", "due_sort", "id"),
    # Marking tasks late changes no indexed column; with room in its page the row's new version needs no new
    # index entries (HOT).
    postgresql_with={"fillfactor": 50},
)

# Further candidate groups of an open task: several candidateGroups in the diagram, or widened by a rung.
task_candidate = Table(
    "task_candidate",
    metadata,
    Column("task_id", ForeignKey("user_task.id", ondelete="CASCADE"), primary_key=True),
    Column("group_code", String(32), primary_key=True),
    Column("scope_id", BigInteger, primary_key=True),
    # As in user_task, for the same reason.
    Column("process_key", String(100), nullable=False),
    Column("step_id", String(100), nullable=False),
    Column("assignee_id", BigInteger),
    Column("rank", Integer, nullable=False),
    Column("due_sort", UtcDateTime, nullable=False),
    Index(
        "ix_task_candidate_claimable",
        "group_code",
        "scope_id",
        "rank",
        "due_sort",
        "task_id",
        "process_key",
        "assignee_id",
        "step_id",
        sqlite_where=_unassigned,
        postgresql_where=_unassigned,
    ),
    Index(
        "ix_task_candidate_due",
        "group_code",
        "scope_id",
        "due_sort",
        "task_id",
        "process_key",
        "assignee_id",
        "step_id",
        "rank",
        sqlite_where=_unassigned,
        postgresql_where=_unassigned,
    ),
)

# Outlives its task: what somebody was still typing when another closed it is given back to them.
task_draft = Table(
    "task_draft",
    metadata,
    id_column(),
    Column("task_id", BigInteger, nullable=False),
    Column("actor_id", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # sealed JSON
    Column("saved_at", UtcDateTime, nullable=False),
    UniqueConstraint("task_id", "actor_id"),
    Index("ix_task_draft_saved_at", "saved_at"),
)

# When somebody wants to be reminded of an open task; it changes no limit.
task_reminder = Table(
    "task_reminder",
    metadata,
    Column("task_id", ForeignKey("user_task.id", ondelete="CASCADE"), primary_key=True),
    Column("actor_id", BigInteger, primary_key=True),
    Column("remind_at", UtcDateTime, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
    Column("fired_at", UtcDateTime),  # when the message about it was written
    Index("ix_task_reminder_actor_id", "actor_id", "remind_at"),
    Index(
        "ix_task_reminder_waiting",
        "remind_at",
        sqlite_where=text("fired_at IS NULL"),
        postgresql_where=text("fired_at IS NULL"),
    ),
)

# What somebody narrows the inbox to: saved under a name, or the last few that were not.
inbox_filter = Table(
    "inbox_filter",
    metadata,
    id_column(),
    Column("actor_id", BigInteger, nullable=False),
    Column("is_named", Boolean, nullable=False),
    Column("body", Text, nullable=False),  # sealed JSON: its name and what it asks for
    Column("saved_at", UtcDateTime, nullable=False),
    Index("ix_inbox_filter_actor_id", "actor_id", "id"),
)

# By which pairs of characters, houses and numbers a case is found, in the order of its key; see
# engine.case_texts.
case_gram = Table(
    "case_gram",
    metadata,
    Column("gram", String(40), primary_key=True),
    Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Somebody who wants to see a case in "followed".
case_follower = Table(
    "case_follower",
    metadata,
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("actor_id", BigInteger, primary_key=True),
    Index("ix_case_follower_actor_id", "actor_id", "instance_id"),
)

case_comment = Table(
    "case_comment",
    metadata,
    id_column(),
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
    id_column(),
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
    id_column(),
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
