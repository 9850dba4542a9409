"""What is late now: how much in each procedure, step, post and with each person, and the steps themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from flask import url_for

from engine import definitions, reports
from engine.bpmn.program import Program
from engine.reports import By, LateCount, LateStep, Only
from engine.work import Work
from web.lists import post_name
from web.numbers import end_of_page, ids
from web.texts import gettext, lazy_gettext
from web.words import either, person_names, span

SOON = timedelta(hours=24)
GROUPINGS = {
    By.PROCESS: lazy_gettext("按流程"),
    By.STEP: lazy_gettext("按步骤"),
    By.GROUP: lazy_gettext("按岗位"),
    By.PERSON: lazy_gettext("按人员"),
}
_FIELDS = {By.PROCESS: ("process_key",), By.STEP: ("process_key", "step_id"), By.GROUP: ("group_code",)}


@dataclass(frozen=True)
class CountRow:
    """One line of a table of counts; `address` shows only these."""

    name: str
    late: int
    soon: int
    worst: str
    address: str


@dataclass(frozen=True)
class StepRow:
    """One step that is late or soon will be."""

    task_id: int
    number: str
    title: str
    place: str
    step: str
    who: str
    due_at: datetime
    is_late: bool
    by: str
    level: int


@dataclass(frozen=True)
class OverdueScreen:
    """The page."""

    late: int
    soon: int
    worst: str
    by: By
    counts: tuple[CountRow, ...]
    steps: tuple[StepRow, ...]
    narrowed: str
    after: str
    address: str


def overdue_screen(work: Work, by: By, arguments: Mapping[str, str]) -> OverdueScreen:
    """Read what is late now.

    Args:
        arguments: of the address: what it is narrowed to, and where the page begins.
    """
    only = _only(arguments)
    total = reports.overdue_counts(work, By.PROCESS, only, soon=SOON)
    names = _Names(work)
    page = reports.overdue_now(work, only, soon=SOON, after=_after(arguments.get("after", "")))
    late = sum(row.late for row in total)
    return OverdueScreen(
        late=late,
        soon=sum(row.soon for row in total),
        worst=span(max((row.worst for row in total), default=timedelta(0))) if late else "",
        by=by,
        counts=tuple(
            _count(names, by, row, only) for row in reports.overdue_counts(work, by, only, soon=SOON)
        ),
        steps=tuple(_step(row) for row in page.steps),
        narrowed=names.narrowed(only),
        after=f"{page.next[0].isoformat()}~{page.next[1]}" if page.next else "",
        address=_address(by, only),
    )


class _Names:
    """Says procedures, steps, posts and people, each read once."""

    def __init__(self, work: Work) -> None:
        self._work = work
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

    def step(self, key: str, element: str) -> str:
        """Say a step; one that a newer version no longer has keeps its id."""
        steps = self.program(key).steps
        found = next((step for (_, known), step in steps.items() if known == element), None)
        return either(found.name, found.name_en) if found else element

    def person(self, account_id: int | None) -> str:
        """Say who holds a step."""
        if account_id is None:
            return gettext("无人领取")
        return person_names(self._work, [account_id]).get(account_id, "")

    def key(self, by: By, row: LateCount) -> str:
        """Say what a line counts."""
        if by is By.PROCESS:
            return self.process(str(row.key[0]))
        if by is By.STEP:
            return f"{self.process(str(row.key[0]))} · {self.step(str(row.key[0]), str(row.key[1]))}"
        if by is By.GROUP:
            return post_name(str(row.key[0]))
        return self.person(int(row.key[0]) if row.key[0] is not None else None)

    def narrowed(self, only: Only) -> str:
        """Say what the list is narrowed to; "" when it shows everything."""
        parts = []
        if only.process_key:
            parts.append(self.process(only.process_key))
        if only.process_key and only.step_id:
            parts.append(self.step(only.process_key, only.step_id))
        if only.group_code:
            parts.append(post_name(only.group_code))
        if only.person_id is not None:
            parts.append(self.person(only.person_id))
        return " · ".join(parts)


def _count(names: _Names, by: By, row: LateCount, only: Only) -> CountRow:
    return CountRow(
        name=names.key(by, row),
        late=row.late,
        soon=row.soon,
        worst=span(row.worst) if row.late else "",
        address=_address(by, _narrower(by, row, only)),
    )


def _narrower(by: By, row: LateCount, only: Only) -> Only:
    values = {field.name: getattr(only, field.name) for field in fields(only)}
    if by is By.PERSON:
        values["person_id"] = row.key[0]
    else:
        values.update(zip(_FIELDS[by], row.key, strict=True))
    return Only(**values)


def _address(by: By, only: Only) -> str:
    wanted = {field.name: getattr(only, field.name) for field in fields(only)}
    return url_for(
        "overdue.index", by=by.value, **{key: value for key, value in wanted.items() if value is not None}
    )


def _only(arguments: Mapping[str, str]) -> Only:
    scope, person = ids([arguments.get("scope_id")]), ids([arguments.get("person_id")])
    return Only(
        process_key=arguments.get("process_key") or None,
        step_id=arguments.get("step_id") or None,
        group_code=arguments.get("group_code") or None,
        scope_id=scope[0] if scope else None,
        person_id=person[0] if person else None,
    )


def _after(text: str) -> tuple[datetime, int] | None:
    moment, _, number = text.partition("~")
    return end_of_page(moment, number)


def _step(row: LateStep) -> StepRow:
    return StepRow(
        task_id=row.task_id,
        number=row.business_key,
        title=either(row.title, row.title_en),
        place=row.place,
        step=either(row.name, row.name_en),
        who=row.person or gettext("%(team)s（无人领取）", team=post_name(row.group_code)),
        due_at=row.due_at,
        is_late=row.late_by >= timedelta(0),
        by=span(abs(row.late_by)),
        level=row.level,
    )
