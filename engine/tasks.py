"""What people do with a step: claim, release, hand over, complete."""

from collections.abc import Mapping

from sqlalchemy import bindparam, delete, select, update

from engine import form_steps, handing, history, idempotency, instances, rights, stepping, successors
from engine.bilingual import named
from engine.differences import Closing
from engine.errors import Refused, TaskGone, TaskNotFound
from engine.forms import Option
from engine.history import Event
from engine.ports import Json
from engine.rights import Case, Task, require_other_eyes, require_right, right_to
from engine.store.tables import instance, task_candidate, task_draft, task_history, user_task
from engine.work import Work

COMPLETE = "complete"  # the command's name among the answers that are remembered

# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_TASK = select(user_task).where(user_task.c.id == bindparam("task_id"))
_CASE_OF_TASK = (
    select(instance)
    .where(instance.c.id == _TASK.with_only_columns(user_task.c.instance_id).scalar_subquery())
    .with_for_update()
)
_FORGET_DRAFT = delete(task_draft).where(
    task_draft.c.task_id == bindparam("task_id"), task_draft.c.actor_id == bindparam("actor_id")
)


def locked(work: Work, task_id: int) -> tuple[Case, Task]:
    """Lock the case of an open task.

    Raises:
        TaskGone: it was completed, withdrawn or cancelled; says by whom and when.
        TaskNotFound: there never was such a task, or it is none of the actor's business.
    """
    case, task = _locked_by_any(work, task_id)
    rights.require_known(work, task, case)
    stepping.require_active(case)
    return case, task


def _locked_by_any(work: Work, task_id: int) -> tuple[Case, Task]:
    """Lock the case of an open task, whoever acts."""
    wanted = {"task_id": task_id}
    case = work.connection.execute(_CASE_OF_TASK, wanted).one_or_none()
    if case is None:
        raise rights.gone(work, task_id)
    # Read only after the lock: somebody may have completed it while we waited.
    task = work.connection.execute(_TASK, wanted).one_or_none()
    if task is None:
        raise rights.gone(work, task_id)
    return case, task


def claim(work: Work, task_id: int) -> None:
    """Take an unassigned task; claiming one's own again changes nothing.

    Raises:
        TaskGone: somebody else was faster; says who and when.
    """
    case, task = locked(work, task_id)
    right = require_right(work, task)
    if task.assignee_id is not None:
        return
    require_other_eyes(work, task, case)
    handing.require_not_barred(work, case, task)
    _assign(work, task, work.actor.id)
    successors.follow(work, case, task, work.actor.id)
    history.record(
        work,
        case.id,
        [Event("claimed", task.step_id, task.path, task.id, right.on_behalf_of, task.due_at)],
    )


def release(work: Work, task_id: int) -> None:
    """Give a task back to its candidate groups."""
    case, task = locked(work, task_id)
    if task.assignee_id is None:
        return
    right = right_to(work, task)
    if right is None:
        work.require("task.reassign", task.scope_id)
    if not task.group_code:
        raise Refused("no_group", "任务“{name}”没有候选岗位，只能转交给另一人", name=named(task))
    _assign(work, task, None)
    handing.let_go(work, case, task)
    on_behalf_of = right.on_behalf_of if right else None
    history.record(
        work, case.id, [Event("released", task.step_id, task.path, task.id, on_behalf_of, task.due_at)]
    )


def reassign(work: Work, task_id: int, to: int, reason: str) -> None:
    """Hand a task to another candidate: by its assignee, or by whoever may reassign in its scope.

    Raises:
        Refused("not_a_candidate"): the other person holds none of the task's posts.
        Refused("barred"): completing it would refuse the other person.
        TaskGone: somebody handed it on, or took it, before.
    """
    case, task = locked(work, task_id)
    right = right_to(work, task) if task.assignee_id is not None else None
    if right is None and not work.may("task.reassign", task.scope_id):
        rights.require_free(work, task)
        work.require("task.reassign", task.scope_id)
    if task.assignee_id == to:
        raise rights.taken(work, task)
    reason = reason.strip()
    if not reason:
        raise Refused("reason_missing", "请填写转交原因")
    handing.require_able(work, case, task, to)
    _assign(work, task, to)
    successors.follow(work, case, task, to)
    detail: dict[str, Json] = {"to": str(to), "reason": reason[:500]}
    on_behalf_of = right.on_behalf_of if right else None
    history.record(
        work,
        case.id,
        [Event("reassigned", task.step_id, task.path, task.id, on_behalf_of, task.due_at, detail)],
    )


def hand_over(work: Work, of: int, to: int | None) -> list[tuple[Case, Task]]:
    """Hand every open task of somebody who leaves to another candidate, or back to its posts.

    For commands that have asked who may. A task without posts, or that the other one may not do, goes back to
    whoever may reassign.

    Returns:
        What went back though the other one may do it, with its case: they are expected elsewhere then.
    """
    refused = []
    ids = work.connection.execute(
        select(user_task.c.id).where(user_task.c.assignee_id == of).order_by(user_task.c.instance_id)
    ).scalars()
    for task_id in ids.all():
        # Administration ends an account whose tasks are none of its business to read, in cases that wait too.
        case, task = _locked_by_any(work, task_id)
        next_id = to if to is not None and handing.is_able(work, case, task, to) else None
        if next_id is not None and not _follows(work, case, task, next_id):
            refused.append((case, task))
            next_id = None
        _assign(work, task, next_id)
        if next_id is None:
            handing.let_others(work, case, task)
        kind = "released" if next_id is None else "reassigned"
        detail: dict[str, Json] | None = (
            None if next_id is None else {"to": str(next_id), "reason": "leaving"}
        )
        history.record(
            work, case.id, [Event(kind, task.step_id, task.path, task.id, None, task.due_at, detail)]
        )
    return refused


def _follows(work: Work, case: Case, task: Task, actor_id: int) -> bool:
    """Let a case follow a step to somebody, and tell whether it did; a refusal has changed nothing."""
    try:
        successors.follow(work, case, task, actor_id)
    except Refused:
        return False
    return True


def _assign(work: Work, task: Task, actor_id: int | None) -> None:
    claimed_at = work.now if actor_id is not None else None
    work.connection.execute(
        update(user_task).where(user_task.c.id == task.id).values(assignee_id=actor_id, claimed_at=claimed_at)
    )
    work.connection.execute(
        update(task_candidate).where(task_candidate.c.task_id == task.id).values(assignee_id=actor_id)
    )


def complete(
    work: Work,
    task_id: int,
    answers: Mapping[str, Json],
    *,
    idempotency_key: str | None = None,
    digest: str | None = None,
) -> Option | None:
    """Complete a user task with the answers to its form, and run the case to its next wait states.

    The case's interrupting timers that are due by now fire first; if that closes this task, the firing is
    kept and the person gets a TaskGone after the commit.

    Args:
        idempotency_key: the same key and answers do nothing the second time.
        digest: what makes two requests the same; of the answers unless the caller knows better, because
            files that are sent twice are stored under another id each time.
    Returns:
        what came of it, where that is not the outcome that was chosen.
    Raises:
        TaskGone, TaskNotFound, NotPermitted, Invalid (answers do not fit; nothing is changed), Refused.
    """
    digest = digest or idempotency.fingerprint(str(task_id), dict(answers))
    if idempotency.recall(work, idempotency_key, COMPLETE, digest) is not None:
        return None
    case, task = locked(work, task_id)
    right = require_right(work, task)
    require_other_eyes(work, task, case)
    moved = _after_due_timers(work, case, task)
    if moved is None:
        idempotency.give_back(work, idempotency_key)
        work.raise_after_commit(timed_out(task))
        return None
    absent_id = rights.acts_for(work, task, right)
    with work.acting_for(absent_id):
        answered = form_steps.answered(work, moved, task, answers)
        closing = Closing(task, answered.outcome, absent_id, answered.extra)
        stepping.move(
            work, moved, lambda run, host: run.complete(host, task.token, answered.variables), closing
        )
    work.connection.execute(_FORGET_DRAFT, {"task_id": task.id, "actor_id": work.actor.id})
    return answered.found


def timed_out(task: Task) -> TaskGone:
    """Tell who comes too late that a timer has ended the step."""
    return TaskGone("task_timed_out", "任务“{name}”的时限已到，流程已转入下一步", name=named(task))


def _after_due_timers(work: Work, case: Case, task: Task) -> Case | None:
    """Fire interrupting timers due by now; return the case as it is then, or None when the task is gone."""
    now = work.now.isoformat()
    due = [token for token, known in case.waits.items() if known.get("i") and known["d"] <= now]
    if not due:
        return case
    for token in due:
        instances.fire_timer(work, case.id, token)
    still_open = work.connection.execute(
        select(user_task.c.id).where(user_task.c.id == task.id)
    ).one_or_none()
    return stepping.locked(work, case.id) if still_open is not None else None


def instance_of(work: Work, task_id: int) -> int:
    """Return the instance of an open or finished task.

    Raises:
        TaskNotFound: there never was such a task.
    """
    for table in (user_task, task_history):
        found = work.connection.execute(
            select(table.c.instance_id).where(table.c.id == task_id)
        ).scalar_one_or_none()
        if found is not None:
            return int(found)
    raise TaskNotFound("task_not_found", "没有编号为 {id} 的任务", id=str(task_id))
