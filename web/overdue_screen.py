"""What is late now: how much in each procedure, step, post and with each person, and the steps themselves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from flask import url_for

from engine import definitions, incidents, overdue, reports
from engine.bpmn.program import Program
from engine.overdue import NOBODY, By, LateCount, LateStep, State
from engine.reports import Only
from engine.work import Work
from handlers.estate import communities
from handlers.shared.permissions import Permission
from web.lists import post_name
from web.numbers import end_of_page, ids
from web.receivers import Receivers, receivers
from web.story import PAUSE_REASONS, posts_said
from web.texts import gettext, lazy_gettext
from web.words import (
    either,
    late_words,
    left_words,
    length_words,
    local_date,
    moment_short,
    person_names,
)

SOON = timedelta(hours=24)
WEEK = timedelta(days=7)
STATES = {
    State.LATE: lazy_gettext("超时中"),
    State.SOON: lazy_gettext("将超时"),
    State.EXCUSED: lazy_gettext("因暂停未计超时"),
}
GROUPINGS = {
    By.PROCESS: lazy_gettext("按流程"),
    By.STEP: lazy_gettext("按步骤"),
    By.GROUP: lazy_gettext("按岗位"),
    By.PERSON: lazy_gettext("按人员"),
}
_FIELDS = {
    By.PROCESS: ("process_key",),
    By.STEP: ("process_key", "called_process", "step_id"),
    By.GROUP: ("group_code",),
    By.PERSON: ("person_id",),
}


@dataclass(frozen=True)
class Cell:
    """A count, and the address that shows only what it counts."""

    count: int
    address: str


@dataclass(frozen=True)
class CountRow:
    """One line of a table of counts; `address` shows only these."""

    name: str
    address: str
    cells: tuple[Cell, ...]
    worst: str


@dataclass(frozen=True)
class CountTable:
    """How much is late by one of the groupings."""

    name: str
    rows: tuple[CountRow, ...]


@dataclass(frozen=True)
class StepRow:
    """One step of the list.

    Attributes:
        left: how late it is, or how much time it has left, in words.
        told: who was told of it, by its ladder.
        excuse: why it does not count as late though its first limit is past.
    """

    task_id: int
    number: str
    title: str
    place: str
    step: str
    who: str
    due_at: datetime
    state: str
    left: str
    level: int
    told: str
    excuse: str


@dataclass(frozen=True)
class StepGroup:
    """The steps of one procedure that are on the page.

    Attributes:
        name: of the procedure.
        address: shows every step of it; empty where the page shows no other procedure.
        late, soon: how many there are, on this page and the following ones.
    """

    name: str
    address: str
    late: int
    soon: int
    steps: tuple[StepRow, ...]


@dataclass(frozen=True)
class Filter:
    """Something the list is narrowed to; `without` is the address that takes it away."""

    name: str
    without: str


@dataclass(frozen=True)
class Kept:
    """Share of the steps finished in time within a week; `change` is against the week before, in points."""

    percent: int | None
    change: int | None


@dataclass(frozen=True)
class OverdueScreen:
    """The page.

    Attributes:
        receivers: to whom its steps can be handed; None where the actor hands over nothing.
        stuck: how many cases stand still because of an incident; the steps they stand at are not late.
    """

    totals: tuple[Cell, ...]
    worst: str
    kept: Kept
    tables: tuple[CountTable, ...]
    groups: tuple[StepGroup, ...]
    state: str
    filters: tuple[Filter, ...]
    after: str
    address: str
    receivers: Receivers | None
    may_act: bool
    stuck: int


def overdue_screen(work: Work, arguments: Mapping[str, str]) -> OverdueScreen:
    """Read what is late now.

    Args:
        arguments: of the address: what it is narrowed to, and where the page begins.
    """
    only, state = _only(arguments), _state(arguments)
    counts = {by: overdue.overdue_counts(work, by, only, soon=SOON) for by in GROUPINGS}
    held_by = {row.key[0] for row in counts[By.PERSON]} | {only.person_id}
    names = _Names(work, {int(one) for one in held_by if one})
    page = overdue.overdue_now(work, only, soon=SOON, after=_after(arguments.get("after", "")), state=state)
    worst = max((row.worst for row in counts[By.PROCESS] if row.late), default=None)
    may_act = work.may(Permission.TASK_REASSIGN) or bool(
        communities.with_permission(work, Permission.TASK_REASSIGN)
    )
    return OverdueScreen(
        totals=_cells(counts[By.PROCESS], only),
        worst=length_words(worst) if worst else "",
        kept=_kept(work, only),
        tables=tuple(
            CountTable(str(label), tuple(_count(names, by, row, only) for row in counts[by]))
            for by, label in GROUPINGS.items()
        ),
        groups=_groups(work, page.steps, counts[By.PROCESS], _View(names, only, state)),
        state=state.value if state else "",
        filters=tuple(names.filters(only, state)),
        after=f"{page.next[0].isoformat()}~{page.next[1]}" if page.next else "",
        address=_address(only, state),
        receivers=receivers(work, [row.task_id for row in page.steps]) if may_act else None,
        may_act=may_act,
        stuck=incidents.cases_stuck(work),
    )


class _Names:
    """Says procedures, steps, posts and people, each read once."""

    def __init__(self, work: Work, people: Collection[int]) -> None:
        self._work = work
        self._people = person_names(work, people) if people else {}
        self._programs: dict[str, Program] = {}

    def program(self, key: str) -> Program:
        """Return the current version of a procedure."""
        if key not in self._programs:
            bundle_id = definitions.current_bundle(self._work.connection, key)
            self._programs[key] = definitions.program(self._work.engine, self._work.connection, bundle_id)
        return self._programs[key]

    def process(self, key: str) -> str:
        """Say a procedure."""
        program = self.program(key)
        return either(program.name, program.name_en)

    def step(self, key: str, sheet: str | None, element: str) -> str:
        """Say a step; one that a newer version no longer has keeps its id."""
        found = self.program(key).steps.get((sheet or key, element))
        return either(found.name, found.name_en) if found else element

    def person(self, account_id: int | None) -> str:
        """Say who holds a step."""
        if not account_id:
            return gettext("无人领取")
        return self._people.get(account_id, "")

    def key(self, by: By, row: LateCount) -> str:
        """Say what a line counts."""
        if by is By.PROCESS:
            return self.process(str(row.key[0]))
        if by is By.STEP:
            return self.step(*map(str, row.key))
        if by is By.GROUP:
            return post_name(str(row.key[0]))
        return self.person(int(row.key[0]) if row.key[0] is not None else None)

    def filters(self, only: Only, state: State | None) -> list[Filter]:
        """Say what the list is narrowed to."""
        found = []
        if state is not None:
            found.append(Filter(str(STATES[state]), _address(only, None)))
        if only.process_key:
            without = replace(only, process_key=None, called_process=None, step_id=None)
            found.append(Filter(self.process(only.process_key), _address(without, state)))
            if only.step_id:
                name = self.step(only.process_key, only.called_process, only.step_id)
                whole = replace(only, called_process=None, step_id=None)
                found.append(Filter(name, _address(whole, state)))
        if only.group_code:
            found.append(Filter(post_name(only.group_code), _address(replace(only, group_code=None), state)))
        if only.person_id is not None:
            found.append(Filter(self.person(only.person_id), _address(replace(only, person_id=None), state)))
        return found


@dataclass(frozen=True)
class _View:
    """What the page is narrowed to, and how things are called on it."""

    names: _Names
    only: Only
    state: State | None


def _count(names: _Names, by: By, row: LateCount, only: Only) -> CountRow:
    key = [NOBODY if part is None else part for part in row.key]
    narrower = replace(only, **dict(zip(_FIELDS[by], key, strict=True)))  # type: ignore[arg-type]  # by its columns
    return CountRow(
        name=names.key(by, row),
        address=_address(narrower, None),
        cells=_cells([row], narrower),
        worst=length_words(row.worst) if row.late else "",
    )


def _cells(rows: list[LateCount], only: Only) -> tuple[Cell, ...]:
    return tuple(
        Cell(sum(getattr(row, state.value) for row in rows), _address(only, state)) for state in STATES
    )


def _groups(
    work: Work, steps: Sequence[LateStep], counted: Sequence[LateCount], view: _View
) -> tuple[StepGroup, ...]:
    """Group the steps of the page by procedure, the latest first; one procedure alone needs no group."""
    rows: dict[str, list[StepRow]] = {}
    for row in steps:
        rows.setdefault(row.process_key, []).append(_step(work, row))
    if view.only.process_key:
        return tuple(StepGroup("", "", 0, 0, tuple(found)) for found in rows.values())
    counts = {str(row.key[0]): row for row in counted}
    return tuple(
        StepGroup(
            name=view.names.process(key),
            address=_address(replace(view.only, process_key=key), view.state),
            late=counts[key].late if view.state in (None, State.LATE) else 0,
            soon=counts[key].soon if view.state in (None, State.SOON) else 0,
            steps=tuple(found),
        )
        for key, found in rows.items()
    )


def _kept(work: Work, only: Only) -> Kept:
    """Compare the last seven days with the seven before; figures by day know no posts and no people."""
    if only.group_code is not None or only.person_id is not None:
        return Kept(None, None)
    today = local_date(work.now)
    days = reports.kept_by_day(work, today - 2 * WEEK + timedelta(days=1), today, only)
    shares: list[float | None] = []
    for is_recent in (True, False):
        found = [one for one in days if (one.day > today - WEEK) is is_recent]
        finished = sum(one.finished for one in found)
        shares.append(100 * (1 - sum(one.late for one in found) / finished) if finished else None)
    now, before = shares
    change = round(now) - round(before) if now is not None and before is not None else None
    return Kept(None if now is None else round(now), change)


def _address(only: Only, state: State | None) -> str:
    wanted = {field.name: getattr(only, field.name) for field in fields(only)}
    wanted["state"] = state.value if state else None
    return url_for("overdue.index", **{key: value for key, value in wanted.items() if value is not None})


def _only(arguments: Mapping[str, str]) -> Only:
    scope, person = ids([arguments.get("scope_id")]), ids([arguments.get("person_id")])
    return Only(
        process_key=arguments.get("process_key") or None,
        called_process=arguments.get("called_process") or None,
        step_id=arguments.get("step_id") or None,
        group_code=arguments.get("group_code") or None,
        scope_id=scope[0] if scope else None,
        person_id=person[0] if person else None,
    )


def _state(arguments: Mapping[str, str]) -> State | None:
    wish = arguments.get("state", "")
    return State(wish) if wish in set(STATES) else None


def _after(text: str) -> tuple[datetime, int] | None:
    moment, _, number = text.partition("~")
    return end_of_page(moment, number)


def _step(work: Work, row: LateStep) -> StepRow:
    return StepRow(
        task_id=row.task_id,
        number=row.business_key,
        title=either(row.title, row.title_en),
        place=row.place,
        step=either(row.name, row.name_en),
        who=row.person or gettext("%(team)s（无人领取）", team=post_name(row.group_code)),
        due_at=row.due_at,
        state=row.state.value,
        left=late_words(row.late_by) if row.state is State.LATE else left_words(abs(row.late_by)),
        level=row.level,
        told=posts_said(row.told),
        excuse=_excuse(work, row) if row.state is State.EXCUSED else "",
    )


def _excuse(work: Work, row: LateStep) -> str:
    at = moment_short(row.original_due_at, work.now)
    if row.pause_reason is not None and row.paused_until is not None:
        reason = str(PAUSE_REASONS.get(row.pause_reason, row.pause_reason))
        until = moment_short(row.paused_until, work.now)
        return gettext("原时限 %(at)s；%(reason)s，到 %(until)s", at=at, reason=reason, until=until)
    return gettext("原时限 %(at)s，已调整", at=at)
