"""What residents see: their reports, how far each is, and what they are asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine import cases, inbox, incidents, instances
from engine.bilingual import Text, chinese
from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.estate import communities
from handlers.estate.communities import OwnHouse
from handlers.moving import requesting
from handlers.repair import adding, appointments, catalogue, orders, queries, story
from handlers.repair.queries import Line, OrderLine, OrderView
from handlers.repair.records import OVER, OrderState
from handlers.repair.writing import first_look
from handlers.shared import attachments
from handlers.shared.attachments import Attachment
from web import drafted
from web.fault_tiles import fault_name
from web.filling import Filling, fill
from web.numbers import ids
from web.repair_words import NEXT, URGENCIES, state_words
from web.resident_words import (
    UNREPAIRED,
    VISIT_AGAIN,
    Standing,
    own_facts,
    visit_day,
    visit_window,
    what_next,
)
from web.story import Sentence
from web.texts import gettext, lazy_gettext
from web.unsent_screen import UnsentAnswer, unsent_answers
from web.words import clock_time, either, filled, said, written

_STAGES = (
    lazy_gettext("已报修"),
    lazy_gettext("受理"),
    lazy_gettext("上门"),
    lazy_gettext("维修"),
    lazy_gettext("完成"),
)


_DONE = len(_STAGES) - 1

# What happens inside the company and tells a resident nothing.
_INTERNAL = frozenset({"urgency_set", "worked", "second_checked", "quote_checked"})
# What a step is called to whoever is asked; the diagram speaks of them to others.
_ASKED = {
    "answer": lazy_gettext("请您答复报价"),
    "rebook": lazy_gettext("请您另约时间"),
    "supply_info": lazy_gettext("请您补充说明"),
}
_RETURN_VISIT = "repair_return_visit"  # the procedure in which somebody calls back
_NOBODY_COMES = (*OVER, OrderState.REWORK)
_COMPLAINT = "repair_complaint"


@dataclass(frozen=True)
class Stage:
    """One part of the status strip."""

    label: str
    state: str


@dataclass(frozen=True)
class Report:
    """One report in the list.

    Attributes:
        visit: who comes and when; empty while nobody knows.
        is_twin: another report of the list has the same title.
    """

    number: str
    title: str
    place: str
    at: datetime
    state: str
    is_over: bool
    asks: bool
    visit: str
    strip: tuple[Stage, ...]
    is_twin: bool = False


@dataclass(frozen=True)
class HomeScreen:
    """The resident's front page.

    Attributes:
        house_id: of the one house whose reports are shown; None for all.
        version: changes whenever something happens to one of the reports.
        is_asked: an owner is to say whether somebody rents or stays.
    """

    houses: tuple[OwnHouse, ...]
    house_id: int | None
    reports: tuple[Report, ...]
    version: str
    is_asked: bool


@dataclass(frozen=True)
class Ask:
    """A step that waits for the resident.

    Attributes:
        lines, total_fen, remark: of the quote that is to be answered.
        is_undecided: the first choice decides what else is asked, and was not made yet.
        is_unsent: it holds what was typed before a session ended.
    """

    id: int
    step: str
    due_at: datetime | None
    facts: list[tuple[str, str]]
    lines: tuple[Line, ...]
    total_fen: int | None
    remark: str
    filling: Filling
    is_undecided: bool
    is_unsent: bool
    key: str


@dataclass(frozen=True)
class ReportedScreen:
    """One report.

    Attributes:
        next: what happens next and by when.
        is_stuck: something went wrong and nobody can say when it goes on.
        days: to when the visit can be moved: a day's name, and its times with the words for them.
        reopen_until: until when it can be taken up again; None where it cannot.
        is_unrepaired: it ended without a repair.
        unsent: what the reader typed for steps that were closed meanwhile.
        version: changes whenever something happens to the report.
    """

    number: str
    title: str
    place: str
    strip: tuple[Stage, ...]
    next: str
    is_stuck: bool
    worker: str
    window: str
    facts: list[tuple[str, str]]
    photos: tuple[Attachment, ...]
    asks: tuple[Ask, ...]
    story: tuple[Sentence, ...]
    days: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    is_danger: bool
    is_complaint: bool
    may_add: bool
    may_withdraw: bool
    reopen_until: datetime | None
    is_unrepaired: bool
    unsent: tuple[UnsentAnswer, ...]
    version: str
    key: str


def home_screen(work: Work, house_id: int | None) -> HomeScreen:
    """Read a resident's reports: what waits for them first, then what is open, then what is over."""
    asking = {row.business_key for row in inbox.page(work, inbox.View.WORK, limit=200).rows}
    houses = tuple(communities.own_houses(work))
    wanted = house_id if house_id in {house.id for house in houses} else None
    reports = [
        _report(line, asking, work.now)
        for line in queries.own_reports(work)
        if wanted is None or line.house_id == wanted
    ]
    titles = Counter(one.title for one in reports)
    reports = [replace(one, is_twin=titles[one.title] > 1) for one in reports]
    reports.sort(key=lambda one: (not one.asks, one.is_over))
    return HomeScreen(houses, wanted, tuple(reports), queries.own_version(work), requesting.is_asked(work))


def _report(line: OrderLine, asking: set[str], now: datetime) -> Report:
    asks = line.number in asking
    visitor = (line.worker, visit_window(line, now)) if line.state not in _NOBODY_COMES else ()
    return Report(
        number=line.number,
        title=title_of(line),
        place=line.place,
        at=line.called_at,
        state=state_words(line),
        is_over=not _goes_on(line),
        asks=asks,
        visit=" ".join(filter(None, visitor)),
        strip=strip(line, asks=asks),
    )


def _goes_on(line: OrderLine) -> bool:
    return line.state not in OVER or line.is_complaint


def title_of(line: OrderLine) -> str:
    """Name a report by its fault."""
    return fault_name(line.fault, line.fault_en) or gettext("来电报修")


def strip(line: OrderLine, *, asks: bool, outcome: str | None = None) -> tuple[Stage, ...]:
    """Say how far a report is: five stages, the present one marked, waiting where the resident is asked.

    Of one that ended without a repair only what was done is marked.
    """
    if outcome in UNREPAIRED or line.state == OrderState.CANCELLED:
        reached = 2 if line.worker else 1
        return tuple(Stage(str(label), "done" if at < reached else "") for at, label in enumerate(_STAGES))
    here = _DONE if line.is_complaint else NEXT[OrderState(line.state)]
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
    steps = _open_steps(work, number)
    line = _with_visitor(work, order.line, steps)
    asks = tuple(
        _ask(work, order, step.task_id, _typed_for(step, typed), errors)
        for step in steps
        if step.group_code == "resident"
    )
    standing = _standing(work, order, line, steps, is_asked=bool(asks))
    return ReportedScreen(
        number=number,
        title=title_of(line),
        place=line.place,
        strip=strip(line, asks=bool(asks), outcome=order.outcome),
        next=what_next(standing),
        is_stuck=standing.is_stuck,
        worker=line.worker,
        window=visit_window(line, work.now),
        facts=own_facts(order),
        photos=order.media,
        asks=asks,
        story=_story(work, number),
        days=_days(appointments.windows(work, number), work.now),
        is_danger=first_look(work, order.description, line.fault_code or "").danger is not None
        and line.state not in OVER,
        is_complaint=line.is_complaint,
        may_add=adding.may_add(work, orders.by_number(work.connection, number)),
        may_withdraw=instances.may_cancel(work, cases.find(work, number)),
        reopen_until=order.reopen_until,
        is_unrepaired=order.outcome in UNREPAIRED,
        unsent=unsent_answers(work, number),
        version=queries.own_version(work, number),
        key=str(new_id()),
    )


def _with_visitor(work: Work, line: OrderLine, steps: Sequence[cases.CaseStep]) -> OrderLine:
    """Name who comes next instead of who was sent last; nobody while somebody is still to be sent."""
    if not line.is_complaint:
        return line if line.state != OrderState.REWORK else replace(line, worker="")
    again = next((step.assignee_id for step in steps if step.step_id == VISIT_AGAIN), None)
    if again is None:
        return replace(line, worker="", window_from=None, window_to=None)
    return replace(line, worker=work.engine.directory.names(work.connection, [again]).get(again, ""))


def _standing(
    work: Work, order: OrderView, line: OrderLine, steps: Sequence[cases.CaseStep], *, is_asked: bool
) -> Standing:
    return Standing(
        line=line,
        now=work.now,
        due_at=min((step.due_at for step in steps if step.due_at), default=None),
        is_asked=is_asked,
        is_urgent=catalogue.is_urgent(work, line.instance_id, line.urgency),
        outcome=order.outcome,
        reopen_until=order.reopen_until,
        is_stuck=_goes_on(line) and incidents.stands_still(work, line.instance_id),
        pause=next((step.pause for step in steps if step.pause is not None), None),
        called_by=next((step.due_at for step in steps if step.process == _RETURN_VISIT), None),
        is_rated=bool(order.rating),
        is_low_rated=order.is_low_rated,
        complaint=next((step.step_id for step in steps if step.process == _COMPLAINT), None),
        is_reviewed=bool(order.complaint[-1]),
    )


def _open_steps(work: Work, number: str) -> list[cases.CaseStep]:
    return [step for step in cases.detail(work, number).steps if step.end_kind is None]


def _typed_for(
    step: cases.CaseStep, typed: tuple[int, Mapping[str, Json]] | None
) -> Mapping[str, Json] | None:
    return typed[1] if typed and typed[0] == step.task_id else None


def _ask(
    work: Work,
    order: OrderView,
    task_id: int,
    typed: Mapping[str, Json] | None,
    errors: Mapping[str, str],
) -> Ask:
    detail = inbox.detail(work, task_id)
    opened, task = detail.opened, detail.task
    assert opened.form is not None, "every step of residents has a form"
    draft = drafted.draft(work, task_id, opened.form) if typed is None else None
    values = {**opened.values, **(draft.answers if draft else typed or {})}
    filling = fill(opened.form, values, opened.options, errors if typed is not None else {}, work.engine.zone)
    is_quote = order.line.state == OrderState.QUOTED and order.quote_decision is None
    return Ask(
        id=task.id,
        step=str(_ASKED.get(task.step_id, "")) or either(task.name, task.name_en),
        due_at=task.due_at,
        facts=[] if is_quote else _new_facts(order, opened.facts),
        lines=order.quote if is_quote else (),
        total_fen=order.quote_total_fen if is_quote else None,
        remark=order.quote_note if is_quote else "",
        filling=filling,
        is_undecided=filling.has_conditions and not values.get("outcome"),
        is_unsent=draft is not None and bool(draft.answers),
        key=str(new_id()),
    )


def _new_facts(order: OrderView, facts: list[list[Text]]) -> list[tuple[str, str]]:
    """Keep what the page does not say anyway."""
    line = order.line
    known = (line.number, line.fault, line.place, line.worker)
    return [(said(label), written(text)) for label, text in facts if chinese(text) not in known]


def _days(
    windows: Sequence[appointments.Window], now: datetime
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in windows:
        words = f"{clock_time(one.begin)}–{clock_time(one.end)}"
        found.setdefault(visit_day(one.at, now), []).append((one.at.isoformat(), words))
    return tuple((day, tuple(offered)) for day, offered in found.items())


def _story(work: Work, number: str) -> tuple[Sentence, ...]:
    told = [
        Sentence(
            one.at,
            filled(one.text, {key: _word(value) for key, value in one.params.items()}),
            "done",
            one.quote,
        )
        for one in story.story(work, number)
        if one.kind not in _INTERNAL
    ]
    return tuple(reversed(told))


def _word(value: Text) -> Text:
    return str(URGENCIES[value]) if isinstance(value, str) and value in URGENCIES else value


def added_files(work: Work, typed: Mapping[str, Json] | None) -> tuple[Attachment, ...]:
    """Return the files of what was to be added and was refused, as far as they are still there."""
    named = (typed or {}).get("photos")
    wanted = set(ids(named)) if isinstance(named, list) else set()
    return tuple(one for one in attachments.waiting_uploads(work) if one.id in wanted) if wanted else ()
