"""The form of a shift: who, when, and whether they lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from engine.work import Work
from handlers.accounts import shift_templates, workforce
from handlers.accounts.roster import Shift
from handlers.accounts.shift_templates import Template
from handlers.accounts.workforce import Worker
from handlers.estate import communities
from handlers.shared.permissions import Permission
from web.days import read_day
from web.numbers import ids


@dataclass(frozen=True)
class ShiftForm:
    """The form, with what was typed into it before.

    Attributes:
        people: whose shifts the reader plans.
        chosen: ids of people that are ticked.
        starts_at, ends_at: local, as a browser's field holds them.
        has_begun: only the end can change.
        may_lead: the reader may plan the lead.
    """

    community_id: int
    people: tuple[Worker, ...]
    chosen: frozenset[int]
    day: date
    templates: tuple[Template, ...]
    typed: Mapping[str, str]
    starts_at: str
    ends_at: str
    is_lead: bool
    has_begun: bool
    may_lead: bool


def shift_form(
    work: Work, community_id: int, values: Mapping[str, str], shift: Shift | None = None
) -> ShiftForm:
    """Fill the form from an address, from what was typed, or from a shift."""
    zone = communities.zone_of(work, community_id)
    people = tuple(one for one in workforce.workers(work, community_id) if one.is_mine)
    may_lead = work.may(Permission.ROSTER_EDIT, community_id)
    if not people:
        work.require(Permission.ROSTER_EDIT, community_id)

    def local(moment: datetime | None) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else ""

    was_typed = "csrf_token" in values
    return ShiftForm(
        community_id=community_id,
        people=people,
        chosen=frozenset(ids(_list(values, "account_id"))) or frozenset([shift.account_id] if shift else []),
        day=read_day(values.get("day")) or (shift.starts_at if shift else work.now).astimezone(zone).date(),
        templates=shift_templates.templates(work, community_id),
        typed=values,
        starts_at=values.get("starts_at") or local(shift.starts_at if shift else None),
        ends_at=values.get("ends_at") or local(shift.ends_at if shift else None),
        is_lead="is_lead" in values if was_typed else bool(shift and shift.is_lead),
        has_begun=shift is not None and shift.starts_at <= work.now,
        may_lead=may_lead,
    )


def _list(values: Mapping[str, str], name: str) -> list[str]:
    several = getattr(values, "getlist", None)
    return list(several(name)) if several else [values[name]] if name in values else []
