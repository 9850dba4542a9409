"""Moves one locked case: loads it, lets it act, and writes what changed, all in the caller's Work."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select

from engine import definitions, differences, history
from engine.bpmn.runtime import Run, StepFailed, Thrown
from engine.differences import Closing, Moved
from engine.errors import AlreadyDone, InstanceNotFound, RuleBroken, TransactionLost
from engine.history import Event
from engine.hosting import CaseHost
from engine.ports import Json
from engine.rights import Case
from engine.store.tables import instance, message_subscription
from engine.work import Work

Action = Callable[[Run, CaseHost], None]

_MOST_DELIVERIES = 50  # messages between cases in one Work: two cases could answer each other for ever
_MOST_HELD = 20  # steps that may fail in one transaction before the whole thing is given up


def locked(work: Work, instance_id: int) -> Case:
    """Lock a case until the end of the Work, whatever its state.

    Raises:
        InstanceNotFound: no such case.
    """
    row = work.connection.execute(
        select(instance).where(instance.c.id == instance_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise InstanceNotFound("instance_not_found", "没有编号为 {id} 的流程", id=str(instance_id))
    return row


def require_active(case: Case) -> None:
    """Refuse a case that is over or suspended.

    Raises:
        AlreadyDone: saying which.
    """
    if case.state == "suspended":
        raise AlreadyDone("suspended", "流程 {key} 已暂停，请等待恢复后再处理", key=case.business_key)
    if case.state != "active":
        raise AlreadyDone("case_over", "流程 {key} 已结束", key=case.business_key)


def move(work: Work, case: Case, action: Action, closing: Closing | None = None) -> Run:
    """Let a locked, active case act, and write the difference.

    A step that cannot run (a condition that is neither true nor false, a spent budget) is left waiting with
    an incident, and everything else of this move is kept.

    Args:
        closing: the user task that a person completes by this.
    Raises:
        TransactionLost: a handler's effects would have to be undone too; run the Work again.
    """
    program = definitions.program_of(work, case)

    def act(host: CaseHost) -> Run:
        run = Run.load(program, case.snapshot)
        action(run, host)
        return run

    return _move(work, case, act, closing)


def begin(work: Work, case: Case, message: str, variables: dict[str, Any]) -> Run:
    """Start a case whose row was just written, and write the difference."""
    program = definitions.program_of(work, case)
    return _move(
        work, case, lambda host: Run.start(program, host, message=message, variables=variables), None
    )


def _move(work: Work, case: Case, act: Callable[[CaseHost], Run], closing: Closing | None) -> Run:
    hold: dict[tuple[tuple[str, ...], str], BaseException] = dict(work.held)
    while True:
        host = CaseHost(work, case, hold)
        try:
            run = act(host)
            snapshot = run.dump()
            break
        except StepFailed as failure:
            step = (failure.path, failure.element)
            if step in hold or len(hold) >= _MOST_HELD:
                raise
            hold[step] = failure
            if host.has_run_handlers:
                raise TransactionLost(
                    "transaction_lost", "正在重新执行，请稍候", held=dict(hold)
                ) from failure
    differences.write(work, case, Moved(run, host, snapshot, closing))
    if run.thrown:
        _deliver(work, case, run.thrown)
    return run


# --- what cases say to each other --------------------------------------------------------------------------


def awaiting(message: str, business_key: str) -> Select[Any]:
    """Select the cases of a business key that wait for a message, the longest waiting first."""
    return (
        select(message_subscription.c.instance_id)
        .join(instance, instance.c.id == message_subscription.c.instance_id)
        .where(message_subscription.c.message == message, message_subscription.c.business_key == business_key)
        .order_by(message_subscription.c.id)
    )


def give(work: Work, instance_id: int, message: str, variables: Mapping[str, Json]) -> bool:
    """Give a message to a case; return False when it does not wait for it any more."""
    case = locked(work, instance_id)
    require_active(case)
    # Under the lock: somebody may have been faster.
    if not any(known.get("m") == message for known in case.waits.values()):
        return False
    move(work, case, lambda run, host: run.correlate(host, message, variables))
    return True


def _deliver(work: Work, case: Case, thrown: Sequence[Thrown]) -> None:
    """Bring what a case has just said to another case of its business key; else its history tells."""
    work.deliveries += len(thrown)
    if work.deliveries > _MOST_DELIVERIES:
        raise RuleBroken("too_many_messages", "流程 {key} 一次发出过多消息", key=case.business_key)
    for said in thrown:
        taken = False
        if said.kind == "message":
            waiting = awaiting(said.name, case.business_key).where(instance.c.id != case.id)
            other = work.connection.execute(waiting).scalars().first()
            taken = other is not None and give(work, other, said.name, said.variables)
        told = Event(f"{said.kind}_{'sent' if taken else 'unheard'}", said.element, "/".join(said.path))
        history.record(work, case.id, [told._replace(detail={"name": said.name})])
