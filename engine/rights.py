"""Who may act on a task and look at a case: asked at the moment of reading and of completing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from engine import definitions
from engine.bilingual import named
from engine.errors import AlreadyDone, NotPermitted, TaskGone, TaskHidden, TaskNotFound
from engine.ports import Grants
from engine.store.tables import history_event, instance, task_candidate, task_history, user_task
from engine.work import Work

Case = Row[Any]
Task = Row[Any]
Place = tuple[str, int]  # a post, and where somebody has to hold it

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


def would_check_own(
    doers: Collection[int | None], groups: Collection[Place], actor_id: int, grants: Grants
) -> bool:
    """Tell whether somebody would check with a task what they did themselves, once it is theirs.

    Args:
        doers: who did what it checks.
        groups: its posts.
    """
    if actor_id in doers:
        return True
    held = _held(groups, grants, actor_id) if doers else set()
    return bool(held) and held <= set(doers)


def doers_before(work: Work, task: Task, case: Case) -> set[int | None]:
    """Return who did what a task checks, and for whom; nobody where it checks nothing."""
    return doers_before_each(work, [(case, task)])[task.id]


def doers_before_each(work: Work, steps: Sequence[tuple[Case, Task]]) -> dict[int, set[int | None]]:
    """Return for each of some tasks, by its id, who did what it checks; with one statement for all."""
    checked: dict[int, Collection[str]] = {}
    doers: dict[int, set[int | None]] = {task.id: set() for _, task in steps}
    for case, task in steps:
        known = definitions.program_of(work, case).steps
        checked[task.id] = known[task.called_process, task.step_id].not_same_as
        if any(known[task.called_process, one].kind == "start" for one in checked[task.id]):
            doers[task.id].add(case.starter_id)
    for case_id, step_id, *people in _completed(work, steps, checked):
        for _, task in steps:
            if task.instance_id == case_id and step_id in checked[task.id]:
                doers[task.id].update(one for one in people if one is not None)
    return doers


def _completed(
    work: Work, steps: Sequence[tuple[Case, Task]], checked: Mapping[int, Collection[str]]
) -> Sequence[Row[int, str, int | None, int | None]]:
    """Return case, step, who completed it and for whom, of all that some tasks check."""
    cases = {case.id for case, task in steps if checked[task.id]}
    if not cases:
        return ()
    past = task_history.c
    query = select(past.instance_id, past.step_id, past.actor_id, past.on_behalf_of).where(
        past.instance_id.in_(cases),
        past.step_id.in_({one for found in checked.values() for one in found}),
        past.end_kind == "completed",
    )
    return work.connection.execute(query).all()


def _capacities(work: Work, task: Task, grants: Grants, assignee_id: int | None) -> set[int | None]:
    """Return in whose place somebody could do a task; None among them is the own right."""
    return _held(groups_of(work, task), grants, assignee_id) if grants.stands_in_for else set()


def _held(groups: Collection[Place], grants: Grants, assignee_id: int | None) -> set[int | None]:
    if not grants.stands_in_for:
        return set()
    held = {one.on_behalf_of for one in grants.memberships if (one.group, one.scope_id) in groups}
    return held | ({assignee_id} & set(grants.stands_in_for))


def groups_of(work: Work, task: Task) -> set[Place]:
    """Return the posts of a task, each with the place where somebody has to hold it."""
    return groups_of_each(work, [task])[task.id]


def groups_of_each(work: Work, tasks: Sequence[Task]) -> dict[int, set[Place]]:
    """Return the posts of each of some tasks, by its id; with one statement for all."""
    groups = {task.id: {(task.group_code, task.scope_id)} for task in tasks}
    query = select(task_candidate.c.task_id, task_candidate.c.group_code, task_candidate.c.scope_id)
    for row in work.connection.execute(query.where(task_candidate.c.task_id.in_(groups))):
        groups[row.task_id].add((row.group_code, row.scope_id))
    return groups


def holds(grants: Grants, groups: Collection[Place]) -> bool:
    """Tell whether somebody holds one of some posts, each where it has to be held."""
    return any((member.group, member.scope_id) in groups for member in grants.memberships)


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
