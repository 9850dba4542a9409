"""Makes the rows of tokens that have begun to wait: tasks for people, jobs for the clock, work for others."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table

from engine import limits
from engine.bpmn.runtime import Run, Wait
from engine.history import Event
from engine.hosting import CaseHost
from engine.ids import new_id
from engine.limits import Plan
from engine.store.tables import (
    external_task,
    incident,
    job,
    message_subscription,
    task_candidate,
    user_task,
)
from engine.work import Work

END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
FIRST_RETRY = timedelta(seconds=15)

# Of a task to which nothing has happened yet.
_UNTOUCHED = {"level": 0, "paused_seconds": 0, "pause_count": 0, "suspended": False}

# As kept in instance.waits: what a token waits for, and the row that shows it.
Known = dict[str, Any]


@dataclass
class Writing:
    """What a move will write, gathered by table."""

    work: Work
    case: Any
    run: Run
    host: CaseHost
    case_due_at: datetime | None = None
    waits: dict[str, Known] = field(default_factory=dict)
    rows: dict[Table, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    events: list[Event] = field(default_factory=list)

    def keep(self, wait: Wait, row_id: int, **facts: Any) -> None:
        self.waits[wait.token] = {"k": wait.kind, "id": row_id, **facts}


def iso(moment: datetime | None) -> str | None:
    """Write a moment as instance.waits keeps it."""
    return moment.astimezone(UTC).isoformat() if moment else None


def _open_user(writing: Writing, wait: Wait) -> None:
    work, case, step = writing.work, writing.case, wait.step
    task_id = new_id()
    plan = limits.plan_opened(work, writing.run.program, wait, writing.case_due_at)
    groups = [(group, scope_of(case, group)) for group in step.group] or [("", int(case.scope_id))]
    assignee = int(wait.assignee) if wait.assignee and wait.assignee.isdecimal() else None
    writing.rows[user_task].append(
        {
            "id": task_id,
            "instance_id": case.id,
            "token": wait.token,
            "process_key": case.process_key,
            "path": "/".join(wait.path),
            "called_process": wait.process,
            "step_id": wait.element,
            "name": step.name,
            "name_en": step.name_en,
            "form_key": step.form,
            "group_code": groups[0][0],
            "scope_id": groups[0][1],
            "assignee_id": assignee,
            "rank": wait.rank,
            "opened_at": work.now,
            "claimed_at": work.now if assignee else None,
            "pausable": step.pausable,
            **_UNTOUCHED,
            **_times(wait, plan),
        }
    )
    task = writing.rows[user_task][-1]
    copied = {name: task[name] for name in ("process_key", "step_id", "assignee_id", "rank", "due_sort")}
    for group, scope_id in groups[1:]:
        writing.rows[task_candidate].append(
            {"task_id": task_id, "group_code": group, "scope_id": scope_id, **copied}
        )
    if plan.job_due_at is not None:
        _job(writing, wait, "deadline", plan.job_due_at, task_id=task_id)
    writing.events.append(Event("opened", wait.element, "/".join(wait.path), task_id, due_at=plan.due_at))
    writing.keep(wait, task_id)


def _times(wait: Wait, plan: Plan) -> dict[str, Any]:
    return {
        "limit_text": wait.step.limit_text,
        "clock": wait.step.clock,
        "ladder": wait.step.ladder,
        "due_at": plan.due_at,
        "original_due_at": plan.due_at,
        "due_sort": plan.due_at or END_OF_TIME,
        "follow_up_at": plan.follow_up_at,
    }


def scope_of(case: Any, group: str) -> int:
    """Residents act for a house, staff for a community; a case without a house falls to the community."""
    if group == "resident" and case.resident_scope_id is not None:
        return int(case.resident_scope_id)
    return int(case.scope_id)


def _open_timer(writing: Writing, wait: Wait) -> None:
    assert wait.due_at is not None
    job_id = _job(writing, wait, "timer", wait.due_at)
    pausable = {"of": wait.closes} if wait.step.pausable and wait.closes else {}
    writing.keep(wait, job_id, d=iso(wait.due_at), i=wait.interrupting, **pausable)


def _open_retry(writing: Writing, wait: Wait) -> None:
    failure = writing.host.why_failed(wait)
    job_id = _job(
        writing,
        wait,
        "retry",
        writing.work.now + FIRST_RETRY,
        attempts=1,
        last_error=f"{failure.message}\n{failure.cause}",
    )
    writing.keep(wait, job_id)


def _open_held(writing: Writing, wait: Wait) -> None:
    failure = writing.host.why_failed(wait)
    incident_id = new_id()
    writing.rows[incident].append(
        {
            "id": incident_id,
            "instance_id": writing.case.id,
            "kind": "step",
            "path": "/".join(wait.path),
            "step_id": wait.element,
            "token": wait.token,
            "message": failure.message,
            "said": failure.said,
            "cause": failure.cause,
            "opened_at": writing.work.now,
        }
    )
    writing.events.append(Event("incident", wait.element, "/".join(wait.path)))
    writing.keep(wait, incident_id)


def _open_external(writing: Writing, wait: Wait) -> None:
    task_id = new_id()
    writing.rows[external_task].append(
        {
            "id": task_id,
            "instance_id": writing.case.id,
            "token": wait.token,
            "topic": wait.step.topic,
            "process_key": writing.case.process_key,
            "business_key": writing.case.business_key,
            "step_id": wait.element,
            "path": "/".join(wait.path),
            "created_at": writing.work.now,
            "priority": wait.priority,
            "inputs": wait.inputs,
        }
    )
    writing.keep(wait, task_id)


def _open_message(writing: Writing, wait: Wait) -> None:
    subscription_id = new_id()
    writing.rows[message_subscription].append(
        {
            "id": subscription_id,
            "instance_id": writing.case.id,
            "token": wait.token,
            "message": wait.message,
            "business_key": writing.case.business_key,
        }
    )
    writing.keep(wait, subscription_id, m=wait.message)


OPEN = {
    "user": _open_user,
    "timer": _open_timer,
    "retry": _open_retry,
    "held": _open_held,
    "external": _open_external,
    "message": _open_message,
}


def _job(writing: Writing, wait: Wait, kind: str, due_at: datetime, **facts: Any) -> int:
    job_id = new_id()
    writing.rows[job].append(
        {
            "id": job_id,
            "kind": kind,
            "instance_id": writing.case.id,
            "task_id": facts.get("task_id"),
            "token": wait.token,
            "step_id": wait.element,
            "due_at": due_at,
            "scheduled_at": due_at,
            "attempts": facts.get("attempts", 0),
            "last_error": facts.get("last_error"),
            "held": False,
        }
    )
    writing.work.job_due(due_at)
    return job_id
