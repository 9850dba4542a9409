"""The steps of a security incident: what each writes, what it refuses, and who may read it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select

from engine.bilingual import joined
from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context, completion, form_data, service_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.errors import FieldsInvalid, RecordNotFound, RuleRefused
from handlers.safety.records import safety_incident, safety_measure, safety_note
from handlers.safety.words import GRADES, KINDS, MUST_REPORT, OUTCOMES, STATES, STEPS
from handlers.shared import limits
from handlers.shared.answers import Answers
from handlers.shared.facts import Pairs, local, names, pairs
from handlers.shared.permissions import Permission

_READERS = (
    Permission.SECURITY_LOG_READ,
    Permission.TECH_LOG_READ,
    Permission.AUDIT_READ,
    Permission.ACCESS_LOG_READ,
)
# Who still reads what was said about an administrator.
_INDEPENDENT = (Permission.AUDIT_READ, Permission.ACCESS_LOG_READ)


@dataclass(frozen=True)
class Listed:
    """A line of the list of incidents."""

    number: str
    kind: str
    state: str
    grade: int | None
    reported_at: datetime


def incidents(work: Work) -> list[Listed]:
    """List the incidents of the last year, newest first; for those who watch over security."""
    _require_reader(work)
    rows = work.connection.execute(
        select(safety_incident)
        .where(safety_incident.c.reported_at > work.now - limits.INCIDENTS_LISTED_FOR)
        .order_by(safety_incident.c.reported_at.desc(), safety_incident.c.id.desc())
        .limit(limits.PAGE_ROWS)
    )
    return [Listed(row.number, row.kind, row.state, row.grade, row.reported_at) for row in rows]


def told(work: Work, number: str) -> Pairs:
    """Say what is known of an incident.

    Raises:
        RecordNotFound: there is none, or it is none of the actor's business.
    """
    row = _by_number(work, number)
    if not _may_read(work, row):
        raise RecordNotFound("incident_not_found", "没有这起安全事件")
    return _said(work, row)


@form_data("safety.incident_facts")
def incident_facts(context: Context) -> dict[str, Json]:
    """Say what was reported and what each step wrote so far."""
    row = _by_number(context.work, context.business_key)
    lines = _said(context.work, row) if _may_read(context.work, row) else _outline(row)
    return {"facts": lines}


@service_task("safety.keep_open")
def keep_open(_context: Context, reason: str) -> None:  # noqa: ARG001  # given by name
    """Refuse to cancel: a false alarm is ended by two roles, in the steps of its procedure.

    Raises:
        RuleRefused: always.
    """
    raise RuleRefused("incident_by_steps", "安全事件不能取消；误报请在“研判止损”中写明，由另一岗位复核后结束")


@completion("safety.triage")
def triage(context: Context, answers: dict[str, Json]) -> None:
    """Note what was done at once."""
    given = Answers(answers)
    _set(context, origin=given.text("origin"))
    _write(context, given)


@completion("safety.confirm_false")
def confirm_false(context: Context, answers: dict[str, Json]) -> None:
    """Note a second opinion; where both say so it was a false alarm."""
    given = Answers(answers)
    _write(context, given)
    if given.outcome == "false":
        _set(context, state="false_alarm", closed_at=context.now)


@completion("safety.grade")
def grade(context: Context, answers: dict[str, Json]) -> None:
    """Set how bad it is, which decides whether the authority must know."""
    given = Answers(answers)
    _set(context, grade=int(given.text("grade")), persons=given.count("persons"))
    _write(context, given)


@completion("safety.note")
def note(context: Context, answers: dict[str, Json]) -> None:
    """Keep what a step wrote."""
    _write(context, Answers(answers))


@completion("safety.investigate")
def investigate(context: Context, answers: dict[str, Json]) -> None:
    """Keep cause and course, found in logs that are kept."""
    _write(context, Answers(answers))


@completion("safety.notify_persons")
def notify_persons(context: Context, answers: dict[str, Json]) -> None:
    """Keep how the persons concerned were told, or why no harm can come to them."""
    _write(context, Answers(answers))


@completion("safety.recover")
def recover(context: Context, answers: dict[str, Json]) -> None:
    """Keep what was recovered and compared."""
    _write(context, Answers(answers))


@completion("safety.report_authority")
def report_authority(context: Context, answers: dict[str, Json]) -> None:
    """Note the report to the authority, or why none is due.

    Raises:
        RuleRefused: an incident of this grade must be reported.
    """
    given = Answers(answers)
    row = _by_number(context.work, context.business_key)
    if given.outcome == "not_required" and row.grade is not None and row.grade <= MUST_REPORT:
        raise RuleRefused("must_report", "定级为“{grade}”的事件必须报告主管部门", grade=GRADES[row.grade])
    _write(context, given, given.text("reference"))


@completion("safety.lessons")
def lessons(context: Context, answers: dict[str, Json]) -> None:
    """Keep the measures with who and by when, and close the incident."""
    work = context.work
    row = _by_number(work, context.business_key)
    for line in Answers(answers).lines("lines"):
        measure_id, due_on = new_id(), line.day("due_on")
        if due_on is None:
            raise FieldsInvalid({"lines": ("每项整改都要写明何时完成", {})})
        seal = work.engine.vault.seal
        work.connection.execute(
            safety_measure.insert().values(
                id=measure_id,
                incident_id=row.id,
                measure=seal("safety_measure", "measure", measure_id, line.text("measure")),
                owner=seal("safety_measure", "owner", measure_id, line.text("owner")),
                due_on=due_on,
            )
        )
    _set(context, state="closed", closed_at=context.now)


def _by_number(work: Work, number: str) -> Row[tuple[object, ...]]:
    row = work.connection.execute(
        select(safety_incident).where(safety_incident.c.number == number)
    ).one_or_none()
    if row is None:
        raise RecordNotFound("incident_not_found", "没有这起安全事件")
    return row


def _set(context: Context, **values: object) -> None:
    context.connection.execute(
        safety_incident.update().where(safety_incident.c.number == context.business_key).values(**values)
    )


def _write(context: Context, given: Answers, before: str = "") -> None:
    row = _by_number(context.work, context.business_key)
    note_id = new_id()
    text = "；".join(filter(None, (before, given.text("text"))))
    context.connection.execute(
        safety_note.insert().values(
            id=note_id,
            incident_id=row.id,
            step=context.step,
            outcome=given.outcome,
            text=context.work.engine.vault.seal("safety_note", "text", note_id, text),
            written_at=context.now,
            written_by=context.actor.id,
        )
    )


def _require_reader(work: Work) -> None:
    if not any(work.may(permission) for permission in _READERS):
        work.require(Permission.SECURITY_LOG_READ)


def _may_read(work: Work, row: Row[tuple[object, ...]]) -> bool:
    wanted = _INDEPENDENT if row.about_admin else _READERS
    is_chief = any(mine.group == Post.PM and mine.scope_id == row.community_id for mine in work.memberships)
    return is_chief or any(work.may(permission, row.community_id) for permission in wanted)


def _outline(row: Row[tuple[object, ...]]) -> Pairs:
    return pairs(("编号", row.number), ("异常情况", KINDS[row.kind]))


def _said(work: Work, row: Row[tuple[object, ...]]) -> Pairs:
    unseal = work.engine.vault.open
    reporter = names(work, [row.reported_by]) if row.reported_by is not None else ("不具名", "No name given")
    found = pairs(
        ("编号", row.number),
        ("异常情况", KINDS[row.kind]),
        ("状态", STATES[row.state]),
        ("级别", GRADES[row.grade] if row.grade else ""),
        ("涉及人数", str(row.persons) if row.persons is not None else ""),
        ("报告时间", local(work, row.reported_at)),
        ("报告人", reporter),
        ("描述", unseal("safety_incident", "description", row.id, row.description)),
    )
    notes = work.connection.execute(
        select(safety_note).where(safety_note.c.incident_id == row.id).order_by(safety_note.c.id)
    )
    for one in notes:
        text = unseal("safety_note", "text", one.id, one.text)
        said = joined(filter(any, (OUTCOMES.get(one.outcome, ""), text)), ("。", ". "))
        found += pairs((STEPS[one.step], said))
    measures = work.connection.execute(
        select(safety_measure).where(safety_measure.c.incident_id == row.id).order_by(safety_measure.c.id)
    )
    for one in measures:
        what = unseal("safety_measure", "measure", one.id, one.measure)
        who = unseal("safety_measure", "owner", one.id, one.owner)
        found += pairs((("整改", "Measure"), f"{what} · {who} · {one.due_on}"))
    return found
