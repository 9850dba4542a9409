"""What a case's page shows: now and next, its story, its diagrams, and a table of its steps."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import url_for

from engine import cases, instances
from engine.bpmn.program import Program
from engine.cases import CaseDetail, CaseStep, Sheet
from engine.ids import new_id
from engine.work import Work
from web.case_ahead import Ahead, NextStep, ahead_of, fixed_limit, limit_words, sheet_name
from web.lists import post_name
from web.story import Sentence, Storyteller, kept, outcome_label
from web.subjects import Subject, subject_of
from web.texts import gettext, lazy_gettext
from web.words import TimeLeft, day, either, local_date, moment_short, person_names, span, time_left

STATES = {
    "active": lazy_gettext("进行中"),
    "suspended": lazy_gettext("已中止"),
    "completed": lazy_gettext("已办结"),
    "cancelled": lazy_gettext("已取消"),
}


@dataclass(frozen=True)
class StepRow:
    """One line of the table of steps.

    Attributes:
        kept: how it stood against its limit, in words; "" where it has none.
        look: fine, late, open.
    """

    name: str
    sheet: str
    who: str
    team: str
    opened_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    left: TimeLeft | None
    kept: str
    look: str
    outcome: str
    task_id: int


@dataclass(frozen=True)
class SheetTab:
    """One diagram of the case, as a tab; `is_ahead` when the case has not come to it."""

    path: str
    name: str
    is_current: bool
    is_ahead: bool = False


@dataclass(frozen=True)
class Day:
    """What happened on one day, the newest first."""

    name: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Tally:
    """How the limits of the finished steps were kept, and how long the case took or has taken."""

    kept: int
    late: int
    length: str


@dataclass(frozen=True)
class CaseScreen:
    """A case in the reader's language.

    Attributes:
        key: under which the page sends its remark, so that it is taken once.
    """

    id: int
    key: str
    number: str
    title: str
    place: str
    procedure: str
    state: str
    state_name: str
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    left: TimeLeft | None
    ahead: Ahead
    possible: tuple[NextStep, ...]
    days: tuple[Day, ...]
    steps: tuple[StepRow, ...]
    tally: Tally
    tabs: tuple[SheetTab, ...]
    sheet: Sheet
    marks: str
    subject: Subject
    may_cancel: bool
    may_operate: bool


def case_screen(work: Work, number: str, path: str) -> CaseScreen:
    """Read a case for its page.

    Args:
        path: which of its diagrams is looked at; anything unknown shows the procedure itself.
    """
    detail = cases.detail(work, number)
    case = detail.case
    subject = subject_of(work, case.process_key, case.business_key)
    sheet = detail.sheet(path)
    ahead = ahead_of(work, detail)
    is_open = case.ended_at is None
    return CaseScreen(
        id=case.id,
        key=str(new_id()),
        number=case.business_key,
        title=either(case.title, case.title_en),
        place=case.place,
        procedure=either(detail.program.name, detail.program.name_en),
        state=case.state,
        state_name=str(STATES[case.state]),
        started_at=case.started_at,
        ended_at=case.ended_at,
        due_at=case.due_at,
        left=time_left(work.now, case.due_at, case.started_at) if is_open and case.due_at else None,
        ahead=ahead,
        possible=tuple(dict.fromkeys(step for now in ahead.now for step in now.next)),
        days=_days(work, Storyteller(work, detail).tell(subject.entered, subject.photos)),
        steps=tuple(_row(work, detail, step) for step in detail.steps),
        tally=_tally(work, detail),
        tabs=_tabs(detail, sheet),
        sheet=sheet,
        marks=_marks(detail, sheet, ahead, work.now),
        subject=subject,
        may_cancel=instances.may_cancel(work, case),
        may_operate=work.may("instance.operate", case.scope_id),
    )


def _days(work: Work, told: Sequence[Sentence]) -> tuple[Day, ...]:
    return tuple(
        Day(day(together[0].at, work.now), tuple(together))
        for _, found in groupby(reversed(told), key=lambda one: local_date(one.at))
        if (together := list(found))
    )


def _tally(work: Work, detail: CaseDetail) -> Tally:
    ended = [step for step in detail.steps if step.end_kind == "completed" and step.due_at is not None]
    late = sum(step.is_late for step in ended)
    end = detail.case.ended_at or work.now
    return Tally(len(ended) - late, late, span(end - detail.case.started_at))


def _row(work: Work, detail: CaseDetail, step: CaseStep) -> StepRow:
    who = step.actor_id if step.end_kind == "completed" else step.assignee_id
    names = person_names(work, [who] if who else [])
    is_open = step.end_kind is None
    return StepRow(
        name=either(step.name, step.name_en),
        sheet=sheet_name(detail, step.path),
        who=names.get(who, "") if who else "",
        team=post_name(step.group_code),
        opened_at=step.opened_at,
        ended_at=step.ended_at,
        due_at=step.due_at,
        left=time_left(work.now, step.due_at, step.opened_at, paused=step.is_paused) if is_open else None,
        kept=_kept(step),
        look="late" if step.is_late else "open" if is_open else "fine",
        outcome=outcome_label(work, detail, step),
        task_id=step.task_id,
    )


def _kept(step: CaseStep) -> str:
    if step.ended_at is None:
        return ""
    if step.end_kind == "withdrawn":
        return gettext("已撤回")
    if step.end_kind == "cancelled":
        return gettext("已取消")
    return kept(step) or gettext("已办结")


def _tabs(detail: CaseDetail, shown: Sheet) -> tuple[SheetTab, ...]:
    known = [*detail.sheets, *([shown] if shown not in detail.sheets else [])]
    return tuple(
        SheetTab(one.path, either(one.name, one.name_en), one is shown, one not in detail.sheets)
        for one in known
    )


def _marks(detail: CaseDetail, sheet: Sheet, ahead: Ahead, now: datetime) -> str:
    """Write for the viewer what is done, open, late and possible next, limits, and called diagrams."""
    facts: dict[str, dict[str, Any]] = {}
    for element in sheet.done:
        facts[element] = {"state": "done"}
    for element in sheet.open:
        facts[element] = {"state": "late" if element in sheet.late else "open"}
    for path, element in ahead.possible:
        if path == sheet.path:
            facts.setdefault(element, {})["next"] = True
    for (owner, element), step in detail.program.steps.items():
        if owner == sheet.process and step.called:
            inner = f"{sheet.path}/{element}" if sheet.path else element
            address = url_for("cases.show", number=detail.case.business_key, sheet=inner, _anchor="diagram")
            facts.setdefault(element, {})["leads"] = address
    with_limits(detail.program, sheet.process, facts)
    for row in detail.steps:
        known = detail.program.steps.get((row.process, row.step_id))
        if row.path == sheet.path and row.due_at and not fixed_limit(known.limit_text if known else None):
            facts.setdefault(row.step_id, {})["limit"] = gettext(
                "限 %(at)s", at=moment_short(row.due_at, now)
            )
    return json.dumps(facts, ensure_ascii=False)


def with_limits(
    program: Program, process: str, facts: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Add to each human step of a diagram its limit as the diagram states it."""
    for (owner, element), step in program.steps.items():
        limit = limit_words(step.limit_text) if step.kind == "user" else ""
        if program.owners.get(owner, owner) == process and limit:
            facts.setdefault(element, {})["limit"] = limit
    return facts
