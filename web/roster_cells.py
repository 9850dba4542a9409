"""A week of a community in cells: who works when, who is away, and when nobody is there for something."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from engine.work import Work
from handlers.accounts import cover, leave, roster, shift_templates, substitution, workforce
from handlers.accounts.cover import Cover
from handlers.accounts.presence import presences
from handlers.accounts.roster_week import Cell
from handlers.accounts.shift_templates import Template
from handlers.accounts.workforce import Worker
from web.days import clock_text, read_day
from web.numbers import ids
from web.roster_words import cover_name
from web.texts import gettext
from web.words import said

DAYS = 7
_ONE_DAY = timedelta(days=1)
_NIGHT_UNTIL, _DAY_UNTIL = 6 * 60, 14 * 60


@dataclass(frozen=True)
class Chip:
    """One shift in a cell.

    Attributes:
        look: day, evening, night or lead.
        by: who stands in while the person is away.
        instead_of: whose shift it is, in the substitute's cell.
        shift_id: of a shift that the reader may change, else None.
    """

    name: str
    times: str
    look: str
    is_lead: bool
    by: str = ""
    instead_of: str = ""
    shift_id: int | None = None


@dataclass
class DayCell:
    """Somebody's day; `value` names it in a form."""

    day: date
    value: str
    chips: list[Chip] = field(default_factory=list)
    away: str = ""


@dataclass(frozen=True)
class CoverRow:
    """What has to be manned, with the times of each day at which nobody is there."""

    name: str
    vacant: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class DayList:
    """A day as a phone lists it: each shift with the people in it."""

    day: date
    shifts: tuple[tuple[Chip, tuple[tuple[str, Chip], ...]], ...]
    away: tuple[tuple[str, str], ...]
    vacant: tuple[str, ...]


def cells_of(values: Iterable[str]) -> list[Cell]:
    """Read the ticked cells of a form, and leave out what cannot be one."""
    cells = []
    for value in values:
        number, _, text = value.partition("~")
        found, day = ids([number]), read_day(text)
        if found and day:
            cells.append(Cell(found[0], day))
    return cells


class Week:
    """A week of a community, read once.

    Attributes:
        workers: everybody whom the reader may see.
    """

    def __init__(self, work: Work, community_id: int, first: date, zone: ZoneInfo) -> None:
        self._work = work
        self._zone = zone
        self._community_id = community_id
        self.days = tuple(first + timedelta(days=number) for number in range(DAYS))
        self._begin = datetime.combine(first, time(), zone)
        self._end = datetime.combine(first + timedelta(days=DAYS), time(), zone)
        self.workers: list[Worker] = workforce.workers(work, community_id)
        self.templates: tuple[Template, ...] = shift_templates.templates(work, community_id)
        self._cells = {
            (one.id, day): DayCell(day, f"{one.id}~{day.isoformat()}")
            for one in self.workers
            for day in self.days
        }
        self._note_absences()
        self._note_shifts()

    def cells(self, worker: Worker) -> tuple[DayCell, ...]:
        """Return somebody's seven days."""
        return tuple(self._cells[worker.id, day] for day in self.days)

    @cached_property
    def covers(self) -> tuple[CoverRow, ...]:
        """What has to be manned, for those who plan or dispatch."""
        vacant: dict[tuple[Cover, date], list[str]] = {}
        begin = max(self._begin, self._work.now)
        for gap in cover.gaps(self._work, self._community_id, begin, self._end):
            for day in self.days:
                first, last = self._part_on(day, gap.starts_at, gap.ends_at)
                if first < last:
                    vacant.setdefault((gap.cover, day), []).append(self._times(first, last))
        return tuple(
            CoverRow(cover_name(one), tuple(tuple(vacant.get((one, day), ())) for day in self.days))
            for one in cover.covers(self._work, self._community_id)
        )

    def list_of(self, day: date, shown: Sequence[Worker], covers: Sequence[CoverRow]) -> DayList:
        """Return a day, shift by shift."""
        grouped: dict[tuple[str, str], list[tuple[str, Chip]]] = {}
        for one in shown:
            for chip in self._cells[one.id, day].chips:
                grouped.setdefault((chip.times, chip.name), []).append((one.name, chip))
        away = [(one.name, cell.away) for one in shown if (cell := self._cells[one.id, day]).away]
        place = self.days.index(day)
        return DayList(
            day,
            tuple((grouped[key][0][1], tuple(grouped[key])) for key in sorted(grouped)),
            tuple(away),
            tuple(f"{row.name} {times}" for row in covers for times in row.vacant[place]),
        )

    def _note_absences(self) -> None:
        span = (self._work, self._community_id, self._begin, self._end)
        spans = [(one.account_id, one.starts_at, one.ends_at, gettext("请假")) for one in leave.leaves(*span)]
        for one in substitution.substitutions(*span):
            name = one.substitute_name
            words = (
                gettext("由%(name)s替，待安全管理员核准", name=name)
                if one.is_waiting
                else gettext("不在岗，由%(name)s替", name=name)
            )
            spans.append((one.absent_id, one.starts_at, one.ends_at, words))
        for account_id, begin, end, words in spans:
            for day in self.days:
                first, last = self._part_on(day, begin, end)
                if first < last:
                    self._cells[account_id, day].away = words

    def _note_shifts(self) -> None:
        names = {one.id: one.name for one in self.workers}
        mine = {one.id for one in self.workers if one.is_mine}
        listed = roster.shifts(self._work, self._community_id, self._begin, self._end)
        known = {one.id: one for one in listed}
        there = presences(self._work.connection, self._community_id, self._begin, self._end)
        lent = [one for one in there if one.instead_of is not None and one.shift_id in known]
        others = {one.account_id for one in lent}.difference(names)
        names |= self._work.engine.directory.names(self._work.connection, others)
        by = {one.shift_id: names[one.account_id] for one in lent}
        for shift in listed:
            shift_id = shift.id if shift.account_id in mine else None
            chip = self._chip(shift, shift.starts_at, shift.ends_at)
            shown = Chip(*chip, by=by.get(shift.id, ""), shift_id=shift_id)
            self._put(shift.account_id, shift.starts_at, shown)
        for one in lent:
            shift = known[one.shift_id]
            chip = self._chip(shift, one.starts_at, one.ends_at)
            self._put(one.account_id, one.starts_at, Chip(*chip, instead_of=names[shift.account_id]))

    def _put(self, account_id: int, starts_at: datetime, chip: Chip) -> None:
        # What began before the week stands on its first day.
        day = max(starts_at.astimezone(self._zone).date(), self.days[0])
        if (account_id, day) in self._cells:
            self._cells[account_id, day].chips.append(chip)

    def _chip(self, shift: roster.Shift, begin: datetime, end: datetime) -> tuple[str, str, str, bool]:
        first = shift.starts_at.astimezone(self._zone)
        minute = first.hour * 60 + first.minute
        length = int((shift.ends_at - shift.starts_at).total_seconds() // 60)
        shape = (minute, length, shift.is_lead)
        names = [one.name for one in self.templates if (one.starts_minute, one.minutes, one.is_lead) == shape]
        name = said(names[0]) if names else gettext("临时上班") if not shift.is_planned else ""
        return name, self._times(begin, end), "lead" if shift.is_lead else _look(minute), shift.is_lead

    def _part_on(self, day: date, begin: datetime, end: datetime) -> tuple[datetime, datetime]:
        first = datetime.combine(day, time(), self._zone)
        return max(begin, first), min(end, datetime.combine(day + _ONE_DAY, time(), self._zone))

    def _times(self, begin: datetime, end: datetime) -> str:
        first, last = begin.astimezone(self._zone), end.astimezone(self._zone)
        until = clock_text(last.hour * 60 + last.minute)
        if until == "00:00" and last.date() > first.date():
            until = "24:00"
        elif end - begin >= _ONE_DAY:
            until = gettext("次日 %(time)s", time=until)
        return f"{clock_text(first.hour * 60 + first.minute)}–{until}"


def _look(minute: int) -> str:
    if minute < _NIGHT_UNTIL:
        return "night"
    return "day" if minute < _DAY_UNTIL else "evening"
