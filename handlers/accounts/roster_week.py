"""Plans many shifts at once: a template for ticked cells, a week like another; tells what was left out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine.errors import Problem
from engine.work import Work
from handlers.accounts import roster
from handlers.accounts.booking import PlannedShift
from handlers.accounts.records import account_shift
from handlers.accounts.roster import Shift
from handlers.accounts.shift_templates import Template
from handlers.accounts.workforce import require_overview
from handlers.errors import DomainError, RuleRefused
from handlers.estate import communities

WEEK = timedelta(days=7)
MOST_CELLS = 1000


@dataclass(frozen=True)
class Cell:
    """Somebody's day."""

    account_id: int
    day: date


@dataclass(frozen=True)
class LeftOut:
    """A cell that stayed as it was, with the reason."""

    name: str
    day: date
    reason: Problem


@dataclass
class Outcome:
    """What became of many cells.

    Attributes:
        done: how many shifts were planned, or removed.
        same: how many had been that way already.
    """

    done: int = 0
    same: int = 0
    left_out: list[LeftOut] = field(default_factory=list)


def plan_cells(work: Work, community_id: int, template: Template, cells: Iterable[Cell]) -> Outcome:
    """Plan a template's shift for each cell; the others are planned where one cannot be."""
    require_overview(work, community_id)
    zone = communities.zone_of(work, community_id)
    outcome = Outcome()
    for cell in _checked(cells):
        begin, end = template.on(cell.day, zone)
        _plan(work, community_id, PlannedShift(cell.account_id, begin, end, template.is_lead), outcome, zone)
    return outcome


def clear_cells(work: Work, community_id: int, cells: Iterable[Cell]) -> Outcome:
    """Take the shifts that begin on these days off the roster, but none that has begun."""
    require_overview(work, community_id)
    zone = communities.zone_of(work, community_id)
    outcome = Outcome()
    for cell in _checked(cells):
        rows = work.connection.execute(
            select(account_shift.c.id, account_shift.c.starts_at).where(
                account_shift.c.community_id == community_id,
                account_shift.c.account_id == cell.account_id,
                account_shift.c.starts_at >= datetime.combine(cell.day, time(), zone),
                account_shift.c.starts_at < datetime.combine(cell.day + timedelta(days=1), time(), zone),
            )
        ).all()
        for row in rows:
            _try(work, outcome, cell, _removal(work, row.id))
    return outcome


def copy_week(work: Work, community_id: int, source: date, target: date) -> Outcome:
    """Plan a week like another one: the same people at the same hours of the same weekdays.

    Args:
        source, target: any day of the weeks.
    Raises:
        RuleRefused: the two are one week.
    """
    require_overview(work, community_id)
    zone = communities.zone_of(work, community_id)
    source, target = monday(source), monday(target)
    if source == target:
        raise RuleRefused("same_week", "不能把一周复制到它自己，请选择另一周")
    begin = datetime.combine(source, time(), zone)
    until = datetime.combine(source + WEEK, time(), zone)
    outcome = Outcome()
    for one in roster.shifts(work, community_id, begin, until):
        if one.is_planned and begin <= one.starts_at < until:
            moved = _moved(one, target - source, zone)
            _plan(work, community_id, moved, outcome, zone)
    return outcome


def monday(day: date) -> date:
    """Return the first day of a week."""
    return day - timedelta(days=day.weekday())


def _moved(shift: Shift, by: timedelta, zone: ZoneInfo) -> PlannedShift:
    """Move a shift by days; wall clocks stay, whatever the zone does between."""
    begin, end = shift.starts_at.astimezone(zone) + by, shift.ends_at.astimezone(zone) + by
    return PlannedShift(shift.account_id, begin, end, shift.is_lead)


def _plan(work: Work, community_id: int, shift: PlannedShift, outcome: Outcome, zone: ZoneInfo) -> None:
    if _is_planned(work, community_id, shift):
        outcome.same += 1
        return
    cell = Cell(shift.account_id, shift.starts_at.astimezone(zone).date())
    _try(work, outcome, cell, lambda: roster.plan_shift(work, community_id, shift))


def _is_planned(work: Work, community_id: int, shift: PlannedShift) -> bool:
    return (
        work.connection.execute(
            select(account_shift.c.id).where(
                account_shift.c.community_id == community_id,
                account_shift.c.account_id == shift.account_id,
                account_shift.c.starts_at == shift.starts_at,
                account_shift.c.ends_at == shift.ends_at,
                account_shift.c.is_lead == shift.is_lead,
            )
        ).first()
        is not None
    )


def _removal(work: Work, shift_id: int) -> Callable[[], object]:
    return lambda: roster.remove_shift(work, shift_id)


def _try(work: Work, outcome: Outcome, cell: Cell, call: Callable[[], object]) -> None:
    try:
        call()
    except DomainError as reason:  # refused before anything was written
        name = work.engine.directory.names(work.connection, [cell.account_id]).get(cell.account_id, "")
        outcome.left_out.append(LeftOut(name, cell.day, reason))
    else:
        outcome.done += 1


def _checked(cells: Iterable[Cell]) -> list[Cell]:
    wanted = sorted(set(cells), key=lambda cell: (cell.day, cell.account_id))
    if not wanted:
        raise RuleRefused("no_cells", "请先勾选要排的人和日期")
    if len(wanted) > MOST_CELLS:
        raise RuleRefused("too_many_cells", "一次最多排 {count} 格", count=MOST_CELLS)
    return wanted
