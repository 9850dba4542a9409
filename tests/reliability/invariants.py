"""What must be true of a database at every moment, whatever was killed: one function for all tests."""

from collections import Counter
from typing import Any

from sqlalchemy import select

from engine import definitions
from engine.bpmn.runtime import Run
from engine.ports import SYSTEM
from engine.store.tables import (
    external_task,
    history_event,
    incident,
    instance,
    job,
    message_subscription,
    task_history,
    user_task,
)
from engine.work import Engine, Work

_SHOWN_IN: dict[str, Any] = {
    "user": user_task,
    "timer": job,
    "retry": job,
    "held": incident,
    "external": external_task,
    "message": message_subscription,
}


def violations(engine: Engine) -> list[str]:
    """Name everything that contradicts itself; an empty list is the only good answer."""
    with engine.reading(SYSTEM) as work:
        return [*_cases(work), *_leftovers(work), *_tasks(work), *_completions(work)]


def _cases(work: Work) -> list[str]:
    found = []
    ids = {kind: set(work.connection.scalars(select(table.c.id))) for kind, table in _SHOWN_IN.items()}
    given_up = set(work.connection.scalars(select(incident.c.token).where(incident.c.closed_at.is_(None))))
    for case in work.connection.execute(select(instance)):
        if case.state not in {"active", "suspended"}:
            if case.waits or case.snapshot is not None:
                found.append(f"{case.business_key} is over and still waits")
            continue
        program = definitions.program(work.engine, work.connection, case.bundle_id)
        tokens = {wait.token: wait.kind for wait in Run.load(program, case.snapshot).waits()}
        if tokens != {token: known["k"] for token, known in case.waits.items()}:
            found.append(f"{case.business_key}: tokens {tokens} but waits {case.waits}")
        missing = {
            token
            for token, known in case.waits.items()
            if known["k"] == "held" or known["id"] not in ids[known["k"]]
        }
        if missing - given_up:  # a job that failed too often makes room for its incident
            found.append(f"{case.business_key}: rows of {missing} are missing")
        if not tokens:
            found.append(f"{case.business_key} is stuck: nothing waits")
    return found


def _leftovers(work: Work) -> list[str]:
    """Name what still asks for attention though its case is over."""
    found = []
    for table in (user_task, job, external_task, message_subscription, incident):
        query = select(table.c.id).join(instance, instance.c.id == table.c.instance_id)
        over = query.where(instance.c.state.in_(("completed", "cancelled")))
        if table is incident:
            over = over.where(incident.c.closed_at.is_(None))
        found += [f"{table.name} {row_id} outlived its case" for row_id in work.connection.scalars(over)]
    return found


def _tasks(work: Work) -> list[str]:
    found = []
    waits: dict[int, set[int]] = {}
    for case in work.connection.execute(select(instance.c.id, instance.c.waits)):
        waits[case.id] = {known["id"] for known in case.waits.values() if known["k"] == "user"}
    past = set(work.connection.scalars(select(task_history.c.id)))
    for task in work.connection.execute(select(user_task.c.id, user_task.c.instance_id)):
        if task.id not in waits[task.instance_id]:
            found.append(f"task {task.id} is open without a token")
        if task.id in past:
            found.append(f"task {task.id} is open and over")
    return found


def _completions(work: Work) -> list[str]:
    told = Counter(
        work.connection.scalars(select(history_event.c.task_id).where(history_event.c.kind == "completed"))
    )
    done = set(
        work.connection.scalars(select(task_history.c.id).where(task_history.c.end_kind == "completed"))
    )
    found = [f"task {task_id} was completed {count} times" for task_id, count in told.items() if count != 1]
    found += [f"task {task_id} has no completion in history" for task_id in done - set(told)]
    found += [f"task {task_id} was told completed and is not" for task_id in set(told) - done]
    return found
