"""What residents see: their reports, how far each is, and what they are asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine import cases, inbox, instances
from engine.bilingual import Text
from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.estate import communities
from handlers.estate.communities import OwnHouse
from handlers.repair import queries, story
from handlers.repair.queries import OrderLine, OrderView
from handlers.repair.records import OVER, OrderState
from handlers.repair.writing import first_look
from handlers.shared.attachments import Attachment
from web.filling import Filling, fill
from web.repair_words import NEXT, STATES, URGENCIES, order_facts
from web.story import Sentence
from web.texts import gettext, lazy_gettext
from web.words import either, filled, said, written

_STAGES = (
    lazy_gettext("已报修"),
    lazy_gettext("已受理"),
    lazy_gettext("上门"),
    lazy_gettext("维修"),
    lazy_gettext("完成"),
)


@dataclass(frozen=True)
class Stage:
    """One part of the status strip."""

    label: str
    state: str


@dataclass(frozen=True)
class Report:
    """One report in the list."""

    number: str
    title: str
    place: str
    at: datetime
    state: str
    is_over: bool
    asks: bool
    strip: tuple[Stage, ...]


@dataclass(frozen=True)
class HomeScreen:
    """The resident's front page."""

    houses: tuple[OwnHouse, ...]
    reports: tuple[Report, ...]


@dataclass(frozen=True)
class Ask:
    """A step that waits for the resident."""

    id: int
    step: str
    due_at: datetime | None
    facts: list[tuple[str, str]]
    filling: Filling
    key: str


@dataclass(frozen=True)
class ReportedScreen:
    """One report."""

    number: str
    title: str
    place: str
    strip: tuple[Stage, ...]
    facts: list[tuple[str, str]]
    photos: tuple[Attachment, ...]
    asks: tuple[Ask, ...]
    story: tuple[Sentence, ...]
    is_danger: bool
    may_withdraw: bool
    may_reopen: bool


def home_screen(work: Work) -> HomeScreen:
    """Read a resident's reports."""
    asking = {row.business_key for row in inbox.page(work, inbox.View.WORK, limit=200).rows}
    return HomeScreen(
        tuple(communities.own_houses(work)),
        tuple(_report(line, asking) for line in queries.own_reports(work)),
    )


def _report(line: OrderLine, asking: set[str]) -> Report:
    return Report(
        number=line.number,
        title=_title(line),
        place=line.place,
        at=line.called_at,
        state=str(STATES[OrderState(line.state)]),
        is_over=line.state in OVER,
        asks=line.number in asking,
        strip=strip(line, asks=line.number in asking),
    )


def _title(line: OrderLine) -> str:
    return either(line.fault, line.fault_en) or gettext("来电报修")


def strip(line: OrderLine, *, asks: bool) -> tuple[Stage, ...]:
    """Say how far a report is: five stages, the present one marked, waiting where the resident is asked."""
    here = NEXT[OrderState(line.state)]
    stages = []
    for index, label in enumerate(_STAGES):
        state = "done" if index < here else "now" if index == here else ""
        stages.append(Stage(str(label), "wait" if state == "now" and asks else state))
    return tuple(stages)


def reported_screen(
    work: Work, number: str, typed: tuple[int, Mapping[str, Json]] | None, errors: Mapping[str, str]
) -> ReportedScreen:
    """Read one report with what the resident is asked.

    Args:
        typed: the step that was answered and refused, with what was typed.
    """
    order = queries.order(work, number)
    asks = tuple(
        _ask(work, step.task_id, typed[1] if typed and typed[0] == step.task_id else None, errors)
        for step in _waiting(work, number)
    )
    line = order.line
    case = cases.find(work, number)
    return ReportedScreen(
        number=number,
        title=_title(line),
        place=line.place,
        strip=strip(line, asks=bool(asks)),
        facts=order_facts(order),
        photos=order.media,
        asks=asks,
        story=_story(work, number),
        is_danger=first_look(work, order.description, line.fault_code or "").danger is not None
        and line.state not in OVER,
        may_withdraw=instances.may_cancel(work, case),
        may_reopen=_may_reopen(order, work.now),
    )


def _may_reopen(order: OrderView, now: datetime) -> bool:
    is_in_time = order.reopen_until is not None and now <= order.reopen_until
    return order.line.state == OrderState.CLOSED and is_in_time


def _waiting(work: Work, number: str) -> list[cases.CaseStep]:
    detail = cases.detail(work, number)
    return [step for step in detail.steps if step.end_kind is None and step.group_code == "resident"]


def _ask(work: Work, task_id: int, typed: Mapping[str, Json] | None, errors: Mapping[str, str]) -> Ask:
    detail = inbox.detail(work, task_id)
    opened, task = detail.opened, detail.task
    assert opened.form is not None, "every step of residents has a form"
    values = {**opened.values, **(typed or {})}
    wrong = errors if typed is not None else {}
    return Ask(
        id=task.id,
        step=either(task.name, task.name_en),
        due_at=task.due_at,
        facts=[(said(label), written(text)) for label, text in opened.facts],
        filling=fill(opened.form, values, opened.options, wrong, work.engine.zone),
        key=str(new_id()),
    )


def _story(work: Work, number: str) -> tuple[Sentence, ...]:
    told = [
        Sentence(one.at, filled(one.text, {key: _word(value) for key, value in one.params.items()}), "done")
        for one in story.story(work, number)
    ]
    return tuple(reversed(told))


def _word(value: Text) -> Text:
    return str(URGENCIES[value]) if isinstance(value, str) and value in URGENCIES else value
