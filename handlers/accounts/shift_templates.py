"""The shifts that a community works in: by day, in the evening, at night, and who leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.records import account_shift_template
from handlers.errors import RuleRefused
from handlers.shared.permissions import Permission

DAY_MINUTES = 24 * 60
MOST = 12
LONGEST_NAME = 20


@dataclass(frozen=True)
class Template:
    """A shift without person and day.

    Attributes:
        starts_minute: of the day; 480 is eight in the morning.
        minutes: how long it lasts, at most a day.
    """

    name: str
    starts_minute: int
    minutes: int
    is_lead: bool = False

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return when it begins and ends on a day."""
        begin = datetime.combine(day, time(), zone) + timedelta(minutes=self.starts_minute)
        end = begin + timedelta(minutes=self.minutes)  # by the clock on the wall
        return begin, end


COMPANY = (
    Template("白班", 8 * 60, 8 * 60),
    Template("晚班", 16 * 60, 8 * 60),
    Template("夜班", 0, 8 * 60),
    Template("值班长", 22 * 60, 10 * 60, is_lead=True),
)


def templates(work: Work, community_id: int) -> tuple[Template, ...]:
    """Return the shifts of a community, those of the company while it has none of its own."""
    rows = work.connection.execute(
        select(account_shift_template)
        .where(account_shift_template.c.community_id == community_id)
        .order_by(account_shift_template.c.id)
    )
    own = tuple(Template(row.name, row.starts_minute, row.minutes, row.is_lead) for row in rows)
    return own or COMPANY


def set_templates(work: Work, community_id: int, chosen: Sequence[Template]) -> None:
    """Say which shifts a community works in; none means those of the company. Planned shifts stay.

    Raises:
        RuleRefused: a name is missing or comes twice, or times make no sense.
    """
    work.require(Permission.ROSTER_EDIT, community_id)
    _require_sensible(chosen)
    of_community = account_shift_template.c.community_id == community_id
    work.connection.execute(account_shift_template.delete().where(of_community))
    rows = [
        {
            "id": new_id(),
            "community_id": community_id,
            "name": one.name.strip(),
            "starts_minute": one.starts_minute,
            "minutes": one.minutes,
            "is_lead": one.is_lead,
        }
        for one in chosen
    ]
    if rows:
        work.connection.execute(account_shift_template.insert(), rows)


def _require_sensible(chosen: Sequence[Template]) -> None:
    if len(chosen) > MOST:
        raise RuleRefused("too_many_templates", "班次模板最多 {count} 个", count=MOST)
    names = [one.name.strip() for one in chosen]
    for one, name in zip(chosen, names, strict=True):
        if not name or len(name) > LONGEST_NAME or names.count(name) > 1:
            raise RuleRefused(
                "template_name", "每个班次要有不同的名称，不超过 {count} 个字", count=LONGEST_NAME
            )
        if not 0 <= one.starts_minute < DAY_MINUTES or not 0 < one.minutes <= DAY_MINUTES:
            raise RuleRefused("template_times", "“{name}”的起止时间不对，请填写如 08:00", name=name)
