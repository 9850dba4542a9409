"""Starts, ends, suspends and pushes on cases."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from engine import case_texts, definitions, differences, history, idempotency, rights, stepping
from engine.bilingual import Text, chinese, named
from engine.bpmn.decisions import Decision
from engine.bpmn.program import Program
from engine.bpmn.runtime import Run
from engine.differences import Moved
from engine.errors import AlreadyDone, NotPermitted, Refused, RuleBroken
from engine.history import Event
from engine.hosting import CaseHost, FailedAgain
from engine.ids import new_id
from engine.ports import Json
from engine.rights import Case
from engine.store.dialects import insert_new
from engine.store.tables import instance, job, task_candidate, user_task
from engine.work import Work


@dataclass(frozen=True, slots=True)
class StartedInstance:
    """A case that was started, or had been by the same request.

    Attributes:
        id: of the instance.
        business_key: such as "R20261123-0007".
    """

    id: int
    business_key: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case is about, for lists: codes and places, never a person.

    Attributes:
        scope_id: community; staff act within it.
        resident_scope_id: house; its residents act on tasks of the group "resident".
        starter_id: account for which the platform begins it; that of the actor when None.
    """

    business_key: str
    scope_id: int
    resident_scope_id: int | None = None
    title: str = ""
    title_en: str = ""
    place: str = ""
    starter_id: int | None = None


def start(
    work: Work,
    process_key: str,
    subject: Subject,
    *,
    message: str = "",
    variables: dict[str, Json] | None = None,
    idempotency_key: str | None = None,
) -> StartedInstance:
    """Start a case on the current version of a procedure and run it to its first wait states.

    Args:
        message: name of the message start event, or "" for the none start event.
        variables: facts for the gateways; checked against what the start declares.
        idempotency_key: the same key answers the same case again.
    Raises:
        NotPermitted: the actor's posts may not start this procedure here.
        AlreadyDone("business_key_taken"): an open case has this business key.
    """
    digest = idempotency.fingerprint(process_key, subject.business_key, subject.scope_id, message, variables)
    earlier = idempotency.recall(work, idempotency_key, "start", digest)
    if earlier is not None:
        return StartedInstance(int(str(earlier["id"])), str(earlier["business_key"]))
    bundle_id = definitions.current_bundle(work.connection, process_key)
    program = definitions.program(work.engine, work.connection, bundle_id)
    _require_starter(work, program, subject)
    _require_variables(program, message, variables or {})
    case = _written(work, program, bundle_id, subject)
    history.record(work, case.id, [Event("started", detail={"message": message} if message else None)])
    stepping.begin(work, case, message, variables or {})
    answer: dict[str, Json] = {"id": str(case.id), "business_key": case.business_key}
    idempotency.remember(work, idempotency_key, answer)
    return StartedInstance(case.id, case.business_key)


def _require_starter(work: Work, program: Program, subject: Subject) -> None:
    if work.may("instance.start", subject.scope_id):
        return
    scopes = {subject.scope_id, subject.resident_scope_id}
    if any(mine.group in program.starters and mine.scope_id in scopes for mine in work.memberships):
        return
    raise NotPermitted("may_not_start", "您的岗位不能在此发起“{name}”", name=named(program))


def _require_variables(program: Program, message: str, variables: dict[str, Json]) -> None:
    if message not in program.starts:
        raise RuleBroken(
            "no_such_start", "流程“{name}”没有名为“{start}”的开始", name=named(program), start=message
        )
    declared = program.topics.starts.get(message)
    if declared is None:
        return
    unknown = sorted(set(variables) - set(declared))
    if unknown:
        raise RuleBroken(
            "unknown_variables",
            "开始“{start}”没有声明变量 {names}，请在 topics.toml 中声明",
            start=message,
            names="、".join(unknown),
        )


def _written(work: Work, program: Program, bundle_id: int, subject: Subject) -> Case:
    row = {
        "id": new_id(),
        "bundle_id": bundle_id,
        "process_key": program.key,
        "business_key": subject.business_key,
        "scope_id": subject.scope_id,
        "resident_scope_id": subject.resident_scope_id,
        "state": "active",
        "title": subject.title,
        "title_en": subject.title_en,
        "place": subject.place,
        "started_at": work.now,
        "starter_id": work.actor.id if subject.starter_id is None else subject.starter_id,
        "waits": {},
        "revision": 0,
    }
    try:
        with work.savepoint():
            work.connection.execute(insert(instance).values(row))
    except IntegrityError as error:
        raise AlreadyDone(
            "business_key_taken", "编号 {key} 已有进行中的流程", key=subject.business_key
        ) from error
    _note(work, int(str(row["id"])), subject)
    return work.connection.execute(select(instance).where(instance.c.id == row["id"])).one()


def _note(work: Work, instance_id: int, subject: Subject) -> None:
    case_texts.note(work, instance_id, subject.business_key, subject.title, subject.title_en, subject.place)


def describe(work: Work, instance_id: int, subject: Subject) -> None:
    """Change what a case is about: what lists say, and whose house it is; its key and community stay."""
    _note(work, instance_id, subject)
    work.connection.execute(
        update(instance)
        .where(instance.c.id == instance_id)
        .values(
            title=subject.title,
            title_en=subject.title_en,
            place=subject.place,
            resident_scope_id=subject.resident_scope_id,
        )
    )


def leave_residents(work: Work, instance_id: int, house_id: int | None, stand_in: str) -> None:
    """Give the residents' part of an open case to the people of a house, or to nobody of any house.

    Args:
        house_id: None takes it away from residents; whoever of them held a step holds it no longer.
        stand_in: post of the case's community that may do the residents' open steps instead.
    """
    case = stepping.locked(work, instance_id)
    scope_id = case.scope_id if house_id is None else house_id
    work.connection.execute(
        update(instance).where(instance.c.id == case.id).values(resident_scope_id=house_id)
    )
    theirs = (user_task.c.instance_id == case.id) & (user_task.c.group_code == "resident")
    rows = work.connection.execute(select(user_task).where(theirs)).all()
    work.connection.execute(
        update(user_task).where(theirs).values(scope_id=scope_id, assignee_id=None, claimed_at=None)
    )
    work.connection.execute(
        update(task_candidate)
        .where(task_candidate.c.task_id.in_([row.id for row in rows]))
        .values(assignee_id=None)
    )
    copied = ("process_key", "step_id", "rank", "due_sort")
    offers = [
        {"task_id": row.id, "group_code": stand_in, "scope_id": case.scope_id, "assignee_id": None}
        | {name: getattr(row, name) for name in copied}
        for row in rows
    ]
    if house_id is None and offers:
        insert_new(work.connection, task_candidate, offers)


# --- pushing on --------------------------------------------------------------------------------------------


def fire_timer(work: Work, instance_id: int, token: str) -> None:
    """Fire a BPMN timer that is due and still waits; do nothing when it is gone."""
    case = stepping.locked(work, instance_id)
    if case.state != "active" or case.waits.get(token, {}).get("k") != "timer":
        return
    stepping.move(work, case, lambda run, host: run.fire(host, token))


def retry(work: Work, instance_id: int, token: str) -> None:
    """Run a step again that failed; raise what it raises.

    Raises:
        HandlerFailed: it failed again; roll back and count the attempt.
    """
    case = stepping.locked(work, instance_id)
    stepping.require_active(case)
    if case.waits.get(token, {}).get("k") not in {"retry", "held"}:
        return

    def again(run: Run, host: CaseHost) -> None:
        run.retry(host, token)
        for wait in run.waits():
            if wait.token == token and wait.kind in {"retry", "held"}:
                raise FailedAgain(host.why_failed(wait))

    stepping.move(work, case, again)


def correct(
    work: Work, instance_id: int, variables: dict[str, Json], reason: str, path: tuple[str, ...] = ()
) -> None:
    """Change facts of a stuck case, with a reason that stays in its history.

    Args:
        path: call activities from the root to the called process whose facts they are.
    Raises:
        NotPermitted: without `instance.operate` in the case's community.
    """
    case = stepping.locked(work, instance_id)
    work.require("instance.operate", case.scope_id)
    stepping.require_active(case)
    reason = _reason(reason)
    stepping.move(work, case, lambda run, host: run.correct(host, variables, path))
    history.record(work, case.id, [Event("corrected", detail={"names": sorted(variables), "reason": reason})])


# --- ending and suspending ---------------------------------------------------------------------------------


def may_cancel(work: Work, case: Case) -> bool:
    """Tell whether every open step of a case lists one of the actor's posts under `cancel`."""
    if case.state not in {"active", "suspended"} or case.snapshot is None:
        return False
    if work.may("instance.operate", case.scope_id):
        return True
    program = definitions.program_of(work, case)
    mine = {member.group for member in work.memberships if member.scope_id in _scopes(case)}
    open_waits = [wait for wait in Run.load(program, case.snapshot).waits() if wait.kind != "timer"]
    return bool(open_waits) and all(
        any(mine.intersection(step.cancel) for step in program.around(wait)) for wait in open_waits
    )


def _scopes(case: Case) -> set[int | None]:
    return {case.scope_id, case.resident_scope_id}


def cancel(work: Work, instance_id: int, reason: Text) -> None:
    """End a case early, with a reason; its `on_cancel` handler runs in the same Work.

    Args:
        reason: what a person wrote, or what the product says of it in both languages.
    Raises:
        NotPermitted: some open step does not list a post of the actor.
        Refused: by the handler, with its reason; the case goes on.
    """
    case = stepping.locked(work, instance_id)
    if case.state not in {"active", "suspended"}:
        raise rights.over(work, case)
    if not may_cancel(work, case):
        raise NotPermitted("may_not_cancel", "当前步骤不允许您取消流程 {key}", key=case.business_key)
    if isinstance(reason, str):
        reason = _reason(reason)
    program = definitions.program_of(work, case)
    host = CaseHost(work, case)
    run = Run.load(program, case.snapshot)
    run.cancel()
    if program.on_cancel:
        context = host.context("", "cancel")
        work.engine.library.handlers[program.on_cancel](context, reason=chinese(reason))
    differences.write(work, case, Moved(run, host, b""))
    work.connection.execute(update(instance).where(instance.c.id == case.id).values(state="cancelled"))
    history.record(work, case.id, [Event("cancelled", detail={"reason": reason})])


def suspend(work: Work, instance_id: int, reason: str) -> None:
    """Hold a case: nobody can complete its steps and no timer fires until it is resumed."""
    case = _operable(work, instance_id, "active")
    _hold(work, case, suspended=True)
    history.record(work, case.id, [Event("suspended", detail={"reason": _reason(reason)})])


def resume(work: Work, instance_id: int) -> None:
    """Let a suspended case go on; timers that came due meanwhile fire now, once each."""
    case = _operable(work, instance_id, "suspended")
    _hold(work, case, suspended=False)
    history.record(work, case.id, [Event("resumed")])
    work.job_due(work.now)


def _operable(work: Work, instance_id: int, state: str) -> Case:
    case = stepping.locked(work, instance_id)
    work.require("instance.operate", case.scope_id)
    if case.state != state:
        raise AlreadyDone("wrong_state", "流程 {key} 的状态不允许此操作", key=case.business_key)
    return case


def _hold(work: Work, case: Case, *, suspended: bool) -> None:
    state = "suspended" if suspended else "active"
    work.connection.execute(update(instance).where(instance.c.id == case.id).values(state=state))
    work.connection.execute(
        update(user_task).where(user_task.c.instance_id == case.id).values(suspended=suspended)
    )
    work.connection.execute(update(job).where(job.c.instance_id == case.id).values(held=suspended))


def _reason(text: str) -> str:
    reason = text.strip()
    if not reason:
        raise Refused("reason_missing", "请填写原因")
    if len(reason) > 500:
        raise Refused("reason_too_long", "原因最多 500 字，现有 {count} 字", count=len(reason))
    return reason


def table_of(work: Work, instance_id: int | None, key: str) -> Decision:
    """Return a table as a case began with it, for its handlers and commands.

    A case that does not run yet, or began before there was such a table, has the table in force.
    """
    bundle_id = work.connection.execute(
        select(instance.c.bundle_id).where(instance.c.id == instance_id)
    ).scalar_one_or_none()
    if bundle_id is not None:
        own = definitions.program(work.engine, work.connection, bundle_id).decisions.get(key)
        if own is not None:
            return own
    return definitions.decision(work.engine, work.connection, key)


def tables_of(work: Work, instance_ids: Collection[int], key: str) -> dict[int, Decision]:
    """Return a table as each of some cases began with it; what is asked does not grow with them."""
    rows = work.connection.execute(
        select(instance.c.id, instance.c.bundle_id).where(instance.c.id.in_(instance_ids))
    )
    found = {}
    for row in rows:
        own = definitions.program(work.engine, work.connection, row.bundle_id).decisions.get(key)
        if own is not None:
            found[row.id] = own
    without = set(instance_ids) - found.keys()
    if without:
        found |= dict.fromkeys(without, definitions.decision(work.engine, work.connection, key))
    return found


def variables(work: Work, case: Case) -> dict[str, Any]:
    """Return the facts of a case's root scope, for people who operate it."""
    work.require("instance.operate", case.scope_id)
    if case.snapshot is None:
        return {}
    return dict(Run.load(definitions.program_of(work, case), case.snapshot).variables(()))
