"""What repair staff see first: their jobs by time or building, what they can take, what waits for others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel.speaklater import LazyString

from engine import inbox
from engine.inbox import Page, View
from engine.work import Work
from handlers.repair import jobs, pricing
from handlers.repair.jobs import Spot
from handlers.repair.records import OrderState
from web.lists import Row, rows_of
from web.repair_words import STATES
from web.shift_screen import ShiftScreen, shift_screen
from web.texts import gettext, lazy_gettext
from web.words import either, money

_NOWHERE = Spot("", "", "", None, None)
_SOON = timedelta(hours=1)
_MOST = 200
_CLAIMABLE = 20

NOW, TODAY, LATER = lazy_gettext("现在"), lazy_gettext("今天"), lazy_gettext("以后")


@dataclass(frozen=True)
class Job:
    """One open step in the hands of the person.

    Attributes:
        at: when they are expected, or else must be done by; None where neither is known.
    """

    row: Row
    spot: Spot
    at: datetime | None


@dataclass(frozen=True)
class Group:
    """Jobs under one heading."""

    label: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Waiting:
    """An order that somebody else has to move on."""

    number: str
    title: str
    place: str
    state: str


@dataclass(frozen=True)
class CrewScreen:
    """The page.

    Attributes:
        count: of the person's own jobs.
        more_claimable: there are more than are shown.
    """

    shown_at: datetime
    shift: ShiftScreen
    is_by_building: bool
    count: int
    groups: tuple[Group, ...]
    claimable: tuple[Row, ...]
    more_claimable: bool
    waiting: tuple[Waiting, ...]


def crew_screen(work: Work, *, is_by_building: bool) -> CrewScreen:
    """Read the page of somebody who repairs."""
    own = inbox.page(work, View.MINE, limit=_MOST)
    open_ones = inbox.page(work, View.CLAIMABLE, limit=_CLAIMABLE)
    numbers = {row.business_key for row in own.rows}
    listed = _jobs(work, own)
    return CrewScreen(
        shown_at=work.now,
        shift=shift_screen(work, work.now + timedelta(days=1)),
        is_by_building=is_by_building,
        count=len(listed),
        groups=tuple(_by_building(listed) if is_by_building else _by_time(work, listed)),
        claimable=rows_of(work, open_ones.rows),
        more_claimable=open_ones.next is not None,
        waiting=tuple(
            Waiting(
                line.number,
                either(line.fault, line.fault_en),
                line.place,
                str(STATES[OrderState(line.state)]),
            )
            for line in jobs.waiting_for_others(work, numbers)
        ),
    )


def _jobs(work: Work, page: Page) -> list[Job]:
    spots = jobs.spots(work, {row.business_key for row in page.rows})
    found = []
    for task, row in zip(page.rows, rows_of(work, page.rows), strict=True):
        spot = spots.get(row.number, _NOWHERE)
        found.append(Job(row, spot, spot.window_from or task.due_at))
    return found


def _by_time(work: Work, listed: Iterable[Job]) -> Iterable[Group]:
    """Say what is for now, for today and for later; what is urgent is always for now."""
    midnight = (work.now.astimezone(work.engine.zone) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    groups: dict[LazyString, list[Job]] = {NOW: [], TODAY: [], LATER: []}
    for job in listed:
        if job.row.rank == 0 or job.row.left.state == "late" or (job.at and job.at <= work.now + _SOON):
            groups[NOW].append(job)
        else:
            groups[TODAY if job.at and job.at < midnight else LATER].append(job)
    return [Group(str(label), tuple(jobs_of)) for label, jobs_of in groups.items() if jobs_of]


def _by_building(listed: Iterable[Job]) -> Iterable[Group]:
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in listed:
        groups.setdefault((job.spot.community, job.spot.building), []).append(job)
    several = len({community for community, _ in groups}) > 1
    return [
        Group(_called(community, building, several=several), tuple(jobs_of))
        for (community, building), jobs_of in sorted(groups.items())
    ]


def _called(community: str, building: str, *, several: bool) -> str:
    name = gettext("%(name)s栋", name=building) if building else gettext("公共部位及其他")
    return f"{community} {name}" if several and community else name


@dataclass(frozen=True)
class Price:
    """A line of the public price list."""

    code: str
    name: str
    unit: str
    price: str


def prices(work: Work) -> list[Price]:
    """Read today's public price list."""
    return [
        Price(row.code, either(row.name, row.name_en), either(row.unit, row.unit_en), money(row.price_fen))
        for row in pricing.prices_of_today(work)
    ]
