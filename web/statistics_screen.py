"""What the statistics of a community show: bands in words, counts or that they are hidden."""

from dataclasses import dataclass

from engine.work import Work
from handlers.estate import communities
from handlers.estate.communities import Community
from handlers.estate.counted import UNKNOWN
from handlers.estate.statistics import estate_statistics
from handlers.shared.permissions import Permission
from web.texts import gettext
from web.words import local_date


@dataclass(frozen=True)
class Line:
    """A band or type with its count.

    Attributes:
        count: None where it is hidden.
        largest: of the table, for the length of the bar.
    """

    label: str
    count: int | None
    largest: int


@dataclass(frozen=True)
class StatisticsScreen:
    """The page; `place` is None while no community was chosen."""

    places: tuple[Community, ...]
    place: Community | None
    owners: tuple[Line, ...]
    owners_total: int | None
    houses: tuple[Line, ...]
    houses_total: int | None


def statistics_screen(work: Work, community_id: int) -> StatisticsScreen:
    """Read the statistics of a community; the only one where there is one."""
    places = tuple(communities.with_permission(work, Permission.STATISTICS_READ))
    place = next((one for one in places if one.id == community_id), places[0] if len(places) == 1 else None)
    if place is None:
        return StatisticsScreen(places, None, (), None, (), None)
    found = estate_statistics(work, place.id)
    year = local_date(work.now).year
    owners = [(_band(decade, year), count) for decade, count in found.owners.cells]
    houses = [(kind or gettext("未登记"), count) for kind, count in found.houses.cells]
    return StatisticsScreen(
        places,
        place,
        _lines(owners),
        found.owners.total,
        _lines(houses),
        found.houses.total,
    )


def _band(decade: int, year: int) -> str:
    if decade == UNKNOWN:
        return gettext("没有身份证登记")
    youngest, oldest = max(0, year - decade - 9), year - decade
    return gettext(
        "%(begin)s–%(end)s 年出生（约 %(youngest)s–%(oldest)s 岁）",
        begin=decade,
        end=decade + 9,
        youngest=youngest,
        oldest=oldest,
    )


def _lines(cells: list[tuple[str, int | None]]) -> tuple[Line, ...]:
    largest = max((count for _, count in cells if count is not None), default=1)
    return tuple(Line(label, count, largest) for label, count in cells)
