"""Who may act on a task and look at a case: asked at the moment of reading and of completing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from engine import stepping
from engine.bilingual import named
from engine.errors import AlreadyDone, NotPermitted, TaskGone, TaskHidden, TaskNotFound
from engine.ports import Actor, Grants
from engine.stepping import Case
from engine.store.tables import history_event, instance, task_candidate, task_history, user_task
from engine.work import Work

Task = Row[Any]

# So long after its end a case still tells where it was to who only worked on it.
SHOWN_AFTER_END = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Right:
    """Why an actor may act on a task.

    Attributes:
        on_behalf_of: the absent person for whom, or None.
    """

    on_behalf_of: int | None = None


def right_to(work: Work, task: Task) -> Right | None:
    """Tell why the actor may act on an open task, or None.

    An assigned task belongs to its assignee and whoever stands in for them; an unassigned one to every
    member of its candidate groups.
    """
    if task.assignee_id is not None:
        if task.assignee_id == work.actor.id:
            return Right()
        if task.assignee_id in work.grants.stands_in_for:
            return Right(task.assignee_id)
        return None
    return candidate_right(work, task)


def candidate_right(work: Work, task: Task) -> Right | None:
    """Tell why the actor is a candidate for a task, whoever holds it now, or None."""
    groups = {(task.group_code, task.scope_id)}
    for member in work.memberships:
        if (member.group, member.scope_id) in groups:
            return Right(member.on_behalf_of)
    query = select(task_candidate.c.group_code, task_candidate.c.scope_id)
    extra = {tuple(row) for row in work.connection.execute(query.where(task_candidate.c.task_id == task.id))}
    for member in work.memberships:
        if (member.group, member.scope_id) in extra:
            return Right(member.on_behalf_of)
    return None


def require_known(work: Work, task: Task, case: Case) -> None:
    """Tell whoever has nothing to do with an open task and may not see its case that there is none.

    Raises:
        TaskHidden: which says the same as for a task that never was.
    """
    if not (
        right_to(work, task) is not None
        or candidate_right(work, task) is not None
        or any(work.may(permission, task.scope_id) for permission in _OVER_TASKS)
        or may_see(work, case)
    ):
        raise TaskHidden(*_NO_TASK, id=str(task.id))


_NO_TASK = ("task_not_found", "没有编号为 {id} 的任务")
_OVER_TASKS = ("task.reassign", "task.move_due", "task.approve_pause", "instance.operate")


def acts_for(work: Work, task: Task, right: Right) -> int | None:
    """Return the absent person for whom the actor does a task, also where they took it before."""
    if right.on_behalf_of is not None or not work.grants.stands_in_for:
        return right.on_behalf_of
    candidate = candidate_right(work, task)
    return candidate.on_behalf_of if candidate is not None else None


def require_right(work: Work, task: Task) -> Right:
    right = right_to(work, task)
    if right is not None:
        return right
    require_free(work, task)
    raise NotPermitted("not_a_candidate", "任务“{name}”不属于您的岗位或范围", name=named(task))


def require_free(work: Work, task: Task) -> None:
    """Tell a candidate who comes too late who holds a task now.

    Raises:
        TaskGone: somebody else holds it.
    """
    if task.assignee_id is not None and candidate_right(work, task) is not None:
        raise taken(work, task)


def taken(work: Work, task: Task) -> TaskGone:
    """Say who holds a task and since when: who took it themselves, or had it handed to them."""
    facts = {
        "name": named(task),
        "who": name_of(work, task.assignee_id),
        "at": local(work, task.claimed_at),
    }
    last = work.connection.execute(
        select(history_event.c.kind, history_event.c.actor_id)
        .where(
            history_event.c.instance_id == task.instance_id,
            history_event.c.task_id == task.id,
            history_event.c.kind.in_(("claimed", "reassigned", "released")),
        )
        .order_by(history_event.c.id.desc())
        .limit(1)
    ).first()
    if last is not None and last.kind == "reassigned":
        by = name_of(work, last.actor_id)
        return TaskGone("task_claimed", "任务“{name}”已由{by}于 {at} 转交给{who}", by=by, **facts)
    return TaskGone("task_claimed", "任务“{name}”已由{who}于 {at} 领取", **facts)


def require_other_eyes(work: Work, task: Task, case: Case) -> None:
    """Refuse a person who did the step that this one checks, or began what it checks (policy C1).

    So is whoever could check only in the place of such a person, and for whom such a person did it: naming a
    substitute makes nobody a second pair of eyes.
    """
    if checks_own(work, task, case):
        raise NotPermitted("four_eyes", "您办理过前面的步骤，“{name}”须由另一人办理", name=named(task))


def checks_own(work: Work, task: Task, case: Case) -> bool:
    """Tell whether the actor would check with a task what they did themselves, or in somebody's place."""
    doers = doers_before(work, task, case)
    if work.actor.id in doers:
        return True
    held = _capacities(work, task, work.grants, task.assignee_id) if doers else set()
    return bool(held) and held <= doers


def would_check_own(work: Work, task: Task, case: Case, actor_id: int) -> bool:
    """Tell whether somebody would check with a task what they did themselves, once it is theirs."""
    doers = doers_before(work, task, case)
    if actor_id in doers:
        return True
    held = _capacities(work, task, _grants(work, actor_id), actor_id) if doers else set()
    return bool(held) and held <= doers


def doers_before(work: Work, task: Task, case: Case) -> set[int | None]:
    """Return who did what a task checks, and for whom; nobody where it checks nothing."""
    steps = stepping.program_of(work, case).steps
    done_before = steps[task.called_process, task.step_id].not_same_as
    if not done_before:
        return set()
    doers = _doers(work, case, done_before)
    if any(steps[task.called_process, one].kind == "start" for one in done_before):
        doers.add(case.starter_id)
    return doers


def _doers(work: Work, case: Case, steps: Collection[str]) -> set[int | None]:
    """Return who completed steps of a case, and for whom."""
    rows = work.connection.execute(
        select(task_history.c.actor_id, task_history.c.on_behalf_of).where(
            task_history.c.instance_id == case.id,
            task_history.c.step_id.in_(steps),
            task_history.c.end_kind == "completed",
        )
    )
    return {one for row in rows for one in row if one is not None}


def _capacities(work: Work, task: Task, grants: Grants, assignee_id: int | None) -> set[int | None]:
    """Return in whose place somebody could do a task; None among them is the own right."""
    if not grants.stands_in_for:
        return set()
    groups = groups_of(work, task)
    held = {one.on_behalf_of for one in grants.memberships if (one.group, one.scope_id) in groups}
    return held | ({assignee_id} & set(grants.stands_in_for))


def groups_of(work: Work, task: Task) -> set[tuple[str, int]]:
    """Return the posts of a task, each with the place where somebody has to hold it."""
    query = select(task_candidate.c.group_code, task_candidate.c.scope_id)
    rows = work.connection.execute(query.where(task_candidate.c.task_id == task.id))
    return {(task.group_code, task.scope_id), *((row.group_code, row.scope_id) for row in rows)}


def is_candidate(work: Work, task: Task, actor_id: int) -> bool:
    """Tell whether a person could claim a task."""
    return holds(work, actor_id, groups_of(work, task))


def holds(work: Work, actor_id: int, groups: Collection[tuple[str, int]]) -> bool:
    """Tell whether a person holds one of some posts, each where it has to be held."""
    return any((member.group, member.scope_id) in groups for member in _grants(work, actor_id).memberships)


def _grants(work: Work, actor_id: int) -> Grants:
    return work.engine.directory.grants(work.connection, Actor(actor_id, "staff"), work.now)


def may_see(work: Work, case: Case) -> bool:
    """Tell whether the actor may look at a case: by permission, by task, or as resident of its house.

    Staff who have nothing but a task of it see it until a day after its end, where it tells an address;
    of a step that is open to their post they see it while nobody has taken the step.
    """
    if work.may("case.read", case.scope_id):
        return True
    mine = {(member.group, member.scope_id) for member in work.memberships}
    if case.resident_scope_id is not None and ("resident", case.resident_scope_id) in mine:
        return True
    if work.actor.kind == "staff" and is_long_over(work, case.place, case.ended_at):
        return False
    concerned = (
        select(instance.c.id)
        .where(instance.c.id == case.id)
        .where(
            select(user_task.c.id)
            .where(user_task.c.instance_id == case.id, user_task.c.assignee_id == work.actor.id)
            .exists()
            | select(task_history.c.id)
            .where(task_history.c.instance_id == case.id, task_history.c.actor_id == work.actor.id)
            .exists()
        )
    )
    return work.connection.execute(concerned).first() is not None or _is_offered(work, case)


def _is_offered(work: Work, case: Case) -> bool:
    """Tell whether a step of a case waits for whoever takes it, the actor among them."""
    untaken = (user_task.c.instance_id == case.id) & user_task.c.assignee_id.is_(None)
    offered = work.connection.execute(select(user_task).where(untaken))
    return any(candidate_right(work, task) is not None for task in offered.all())


def is_long_over(work: Work, place: str, ended_at: datetime | None) -> bool:
    """Tell whether a case with an address ended so long ago that who only worked on it need not know it."""
    return bool(place) and ended_at is not None and work.now >= ended_at + SHOWN_AFTER_END


def gone(work: Work, task_id: int) -> TaskGone | TaskNotFound:
    """Explain why a task is not open; only to those who might have worked on it, or may see its case."""
    past = work.connection.execute(select(task_history).where(task_history.c.id == task_id)).one_or_none()
    concerned = past is not None and (
        work.actor.id in {past.actor_id, past.assignee_id}
        or any((m.group, m.scope_id) == (past.group_code, past.scope_id) for m in work.memberships)
    )
    case = _case_of(work, past) if past is not None else None
    if past is None or case is None or not (concerned or _is_overseen(work, case)):
        return TaskNotFound(*_NO_TASK, id=str(task_id))
    facts = {
        "name": named(past),
        "who": name_of(work, past.actor_id) or "系统",
        "at": local(work, past.ended_at),
    }
    if past.end_kind == "completed":
        return TaskGone("task_completed", "任务“{name}”已由{who}于 {at} 办结，请刷新收件箱", **facts)
    if case.state == "cancelled" and case.ended_at == past.ended_at:
        return TaskGone("task_withdrawn", "{who}已于 {at} 取消流程，任务“{name}”无需再办理", **facts)
    return TaskGone("task_withdrawn", "任务“{name}”已于 {at} 撤回，无需再办理", **facts)


def over(work: Work, case: Case) -> AlreadyDone:
    """Say that a case is over; to those who may see it also who ended it, how and when."""
    kind = "cancelled" if case.state == "cancelled" else "finished"
    last = work.connection.execute(
        select(history_event.c.actor_id, history_event.c.at)
        .where(history_event.c.instance_id == case.id, history_event.c.kind == kind)
        .order_by(history_event.c.id.desc())
        .limit(1)
    ).first()
    if last is None or not may_see(work, case):
        return AlreadyDone("case_over", "流程 {key} 已结束", key=case.business_key)
    facts = {
        "key": case.business_key,
        "who": name_of(work, last.actor_id) or "系统",
        "at": local(work, last.at),
    }
    if kind == "cancelled":
        return AlreadyDone("case_over", "{key} 已由{who}于 {at} 取消", **facts)
    return AlreadyDone("case_over", "{key} 已由{who}于 {at} 办结", **facts)


def _is_overseen(work: Work, case: Case) -> bool:
    return work.actor.kind == "staff" and may_see(work, case)


def _case_of(work: Work, past: Row[Any]) -> Row[Any]:
    return work.connection.execute(select(instance).where(instance.c.id == past.instance_id)).one()


def name_of(work: Work, actor_id: int | None) -> str:
    """Return the display name of an account."""
    if actor_id is None:
        return ""
    return work.engine.directory.names(work.connection, [actor_id]).get(actor_id, str(actor_id))


def local(work: Work, moment: datetime | None) -> str:
    """Show a moment in the installation's zone, to the minute."""
    return moment.astimezone(work.engine.zone).strftime("%m-%d %H:%M") if moment else ""
