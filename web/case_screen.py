"""What a case's page shows: its story, its diagrams with what is done and open, and a table of its steps."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import cases, instances
from engine.bpmn.program import Program
from engine.cases import CaseDetail, CaseStep, Sheet
from engine.durations import Duration, DurationError
from engine.work import Work
from web.lists import post_name
from web.story import Sentence, Storyteller, outcome_label
from web.subjects import Subject, subject_of
from web.texts import gettext, lazy_gettext
from web.words import TimeLeft, duration_words, either, person_names, span, time_left

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
    """One diagram of the case, as a tab."""

    path: str
    process: str
    name: str
    is_current: bool


@dataclass(frozen=True)
class CaseScreen:
    """A case in the reader's language."""

    id: int
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
    story: tuple[Sentence, ...]
    steps: tuple[StepRow, ...]
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
    teller = Storyteller(work, detail)
    sheet = next((sheet for sheet in detail.sheets if sheet.path == path), detail.sheets[0])
    return CaseScreen(
        id=case.id,
        number=case.business_key,
        title=either(case.title, case.title_en),
        place=case.place,
        procedure=either(detail.program.name, detail.program.name_en),
        state=case.state,
        state_name=str(STATES[case.state]),
        started_at=case.started_at,
        ended_at=case.ended_at,
        due_at=case.due_at,
        left=time_left(work.now, case.due_at, case.started_at)
        if case.ended_at is None and case.due_at
        else None,
        story=tuple(reversed(teller.tell())),
        steps=tuple(_row(work, detail, step) for step in detail.steps),
        tabs=tuple(
            SheetTab(one.path, one.process, either(one.name, one.name_en), one is sheet)
            for one in detail.sheets
        ),
        sheet=sheet,
        marks=_marks(detail.program, sheet),
        subject=subject_of(work, case.process_key, case.business_key),
        may_cancel=instances.may_cancel(work, case),
        may_operate=work.may("instance.operate", case.scope_id),
    )


def _row(work: Work, detail: CaseDetail, step: CaseStep) -> StepRow:
    who = step.actor_id if step.end_kind == "completed" else step.assignee_id
    names = person_names(work, [who] if who else [])
    sheet = next((one for one in detail.sheets if one.path == step.path), detail.sheets[0])
    is_open = step.end_kind is None
    return StepRow(
        name=either(step.name, step.name_en),
        sheet=either(sheet.name, sheet.name_en) if step.path else "",
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
    if step.due_at is None:
        return gettext("已办结")
    if step.is_late:
        return gettext("超时 0").replace("0", span(step.ended_at - step.due_at), 1)
    return gettext("按时")


def _marks(program: Program, sheet: Sheet) -> str:
    """Write for the viewer what is done, open and late, and each step's limit."""
    facts: dict[str, dict[str, Any]] = {}
    for element in sheet.done:
        facts[element] = {"state": "done"}
    for element in sheet.open:
        facts[element] = {"state": "late" if element in sheet.late else "open"}
    return json.dumps(with_limits(program, sheet.process, facts), ensure_ascii=False)


def with_limits(
    program: Program, process: str, facts: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Add to each human step of a diagram the limit that the diagram states."""
    for (owner, element), step in program.steps.items():
        limit = fixed_limit(step.limit_text) if step.kind == "user" else ""
        if program.owners.get(owner, owner) == process and limit:
            facts.setdefault(element, {})["limit"] = limit
    return facts


def limit_words(text: str | None) -> str:
    """Say a limit as the diagram states it; one that a table decides is said to be so."""
    return fixed_limit(text) or (gettext("按规则表") if text else "")


def fixed_limit(text: str | None) -> str:
    """Say a limit that stands in the diagram itself; "" for one that is computed."""
    try:
        return duration_words(Duration.parse((text or "").strip('"')))
    except DurationError:
        return ""
