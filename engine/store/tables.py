"""All tables of the engine, by name."""

from engine.store.case_tables import (
    case_comment,
    case_follower,
    case_gram,
    external_task,
    inbox_filter,
    instance,
    message_subscription,
    task_candidate,
    task_draft,
    task_reminder,
    user_task,
)
from engine.store.deployed_tables import (
    bundle,
    definition,
    deployment,
    proposal,
    proposal_file,
    resource,
)
from engine.store.history_tables import (
    history_event,
    idempotency,
    incident,
    step_day,
    step_delta,
    step_month,
    task_history,
)
from engine.store.metadata import metadata
from engine.store.time_tables import (
    due_change,
    escalation,
    job,
    work_calendar,
)

__all__ = [
    "bundle",
    "case_comment",
    "case_follower",
    "case_gram",
    "definition",
    "deployment",
    "due_change",
    "escalation",
    "external_task",
    "history_event",
    "idempotency",
    "inbox_filter",
    "incident",
    "instance",
    "job",
    "message_subscription",
    "metadata",
    "proposal",
    "proposal_file",
    "resource",
    "step_day",
    "step_delta",
    "step_month",
    "task_candidate",
    "task_draft",
    "task_history",
    "task_reminder",
    "user_task",
    "work_calendar",
]
