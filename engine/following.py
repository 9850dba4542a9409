"""Lets people follow cases, and lists what they follow: the open steps of each, and the cases without one."""

from sqlalchemy import bindparam, func, literal, select

from engine import rights, stepping
from engine.errors import InstanceNotFound, RuleBroken
from engine.inbox import TaskRow
from engine.store.dialects import insert_new
from engine.store.tables import case_follower, instance, user_task
from engine.work import Work

MOST = 200
_COUNTED = select(func.count()).where(case_follower.c.actor_id == bindparam("actor_id"))


def follow(work: Work, instance_id: int) -> None:
    """Follow a case that one may see; again changes nothing.

    Raises:
        InstanceNotFound: there is none, or it is none of the actor's business.
        RuleBroken: one follows too many already.
    """
    _require_seen(work, instance_id)
    if not is_followed(work, instance_id) and count(work) >= MOST:
        raise RuleBroken("too_many_followed", "最多关注 {most} 件，请先取消一些", most=MOST)
    row = {"instance_id": instance_id, "actor_id": work.actor.id}
    insert_new(work.connection, case_follower, [row])


def unfollow(work: Work, instance_id: int) -> None:
    """Follow a case no longer; again changes nothing, and whoever may not see it any more can leave it.

    Raises:
        InstanceNotFound: there is none, or it is none of the actor's business.
    """
    if not is_followed(work, instance_id):
        _require_seen(work, instance_id)
    work.connection.execute(
        case_follower.delete().where(
            case_follower.c.instance_id == instance_id, case_follower.c.actor_id == work.actor.id
        )
    )


def _require_seen(work: Work, instance_id: int) -> None:
    case = stepping.locked(work, instance_id)
    if not rights.may_see(work, case) and not work.may("case.read", case.scope_id):
        raise InstanceNotFound("instance_not_found", "没有编号为 {id} 的流程", id=str(instance_id))


def is_followed(work: Work, instance_id: int) -> bool:
    """Tell whether the actor follows a case."""
    own = select(literal(1)).where(
        case_follower.c.instance_id == instance_id, case_follower.c.actor_id == work.actor.id
    )
    return work.connection.execute(own).first() is not None


def count(work: Work) -> int:
    """Count the cases that the actor follows."""
    number: int = work.connection.execute(_COUNTED, {"actor_id": work.actor.id}).scalar_one()
    return number


def rows(work: Work) -> tuple[TaskRow, ...]:
    """List what the actor follows and may still see: open steps first, then cases without one, newest first.

    Nobody follows more than MOST, so this is one page.
    """
    followed = work.connection.execute(
        select(instance)
        .join(case_follower, case_follower.c.instance_id == instance.c.id)
        .where(case_follower.c.actor_id == work.actor.id)
        .order_by(instance.c.id.desc())
    ).all()
    cases = {case.id: case for case in followed if rights.may_see(work, case)}
    if not cases:
        return ()
    steps = work.connection.execute(
        select(user_task)
        .where(user_task.c.instance_id.in_(cases))
        .order_by(user_task.c.rank, user_task.c.due_sort, user_task.c.id)
    ).all()
    waiting = {step.instance_id for step in steps}
    listed = [step_row(cases[step.instance_id], step) for step in steps]
    return (*listed, *(_over(case) for number, case in cases.items() if number not in waiting))


def step_row(case: rights.Task, step: rights.Task) -> TaskRow:
    """Return the line of an open step of a case."""
    return TaskRow(
        id=step.id,
        instance_id=case.id,
        business_key=case.business_key,
        process_key=case.process_key,
        title=case.title,
        title_en=case.title_en,
        place=case.place,
        step_id=step.step_id,
        name=step.name,
        name_en=step.name_en,
        group_code=step.group_code,
        scope_id=step.scope_id,
        assignee_id=step.assignee_id,
        rank=step.rank,
        opened_at=step.opened_at,
        due_at=step.due_at,
        level=step.level,
        paused_until=step.paused_until,
    )


def _over(case: rights.Task) -> TaskRow:
    return TaskRow(
        id=case.id,
        instance_id=case.id,
        business_key=case.business_key,
        process_key=case.process_key,
        title=case.title,
        title_en=case.title_en,
        place=case.place,
        step_id="",
        name="",
        name_en="",
        group_code="",
        scope_id=case.scope_id,
        assignee_id=None,
        rank=9,
        opened_at=case.started_at,
        due_at=None,
        level=0,
        paused_until=None,
        ended_at=case.ended_at or case.started_at,
    )
