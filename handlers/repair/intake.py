"""What the desk knows at once about who calls: houses, how old the data are, open orders, known outages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select

from engine.bilingual import Text, beside
from engine.store.tables import instance, user_task
from engine.work import Work
from handlers.estate import communities, finding, looking
from handlers.estate.communities import Community
from handlers.estate.people import masked_person, phone_index, unsealed
from handlers.estate.records import (
    ACTING_KINDS,
    estate_building,
    estate_house,
    estate_person,
    estate_relation,
)
from handlers.repair import catalogue
from handlers.repair.phone_numbers import digits_of, require_shown
from handlers.repair.records import OVER, Area, OrderState, repair_order
from handlers.shared import access_log
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of

DESK_CALL = "desk_call"  # for what a number was looked up
_CALL_FORM = "repair_call"
_OUTAGES_WITHIN = timedelta(hours=24)


@dataclass(frozen=True)
class OpenOrder:
    """A repair that is not finished yet, as the desk tells a caller about it."""

    number: str
    fault: Text
    place: str
    state: OrderState
    called_at: datetime


@dataclass(frozen=True)
class Caller:
    """Somebody whose number is known, at one of their houses.

    Attributes:
        name, phone: masked.
        kind: of the relation: owner, tenant, ...
        months: since the data were last checked; None when they never were.
    """

    person_id: int
    house_id: int
    address: str
    name: str
    phone: str
    kind: str
    months: int | None
    open_orders: tuple[OpenOrder, ...]

    @property
    def checked(self) -> Text:
        """Say how far the data can be trusted."""
        if self.months is None:
            return "资料从未核对，请核对", "Data never checked, please check"
        if self.months < 12:
            return ""
        return f"{self.months} 个月前核对，请核对", f"Checked {self.months} months ago, please check"


def look_up(work: Work, number: str) -> list[Caller]:
    """Find who calls, for the desk; that somebody looked is noted and counted, known number or not.

    Raises:
        NotPermitted: the actor works at no desk.
        FieldsInvalid: what was typed is no number that a telephone shows.
    """
    places = desks(work)
    if not places:
        work.require(Permission.REPAIR_DISPATCH)
        work.require(Permission.RELATED_READ)
    digits = require_shown(number)
    if not digits:
        return []
    entry = access_log.Entry(finding.SEARCH_PERSON, "house", 0, DESK_CALL, {"kind": "phone"})
    access_log.append(work, entry)
    found = [one for place in places for one in by_phone(work, place.id, digits)]
    looking.note_rows(work, max(1, len({one.person_id for one in found})))
    return found


def desks(work: Work) -> list[Community]:
    """Return where the actor answers the phone: a caller may be of the family, so this tells of relations."""
    related = {one.id for one in communities.with_permission(work, Permission.RELATED_READ)}
    return [one for one in communities.with_permission(work, Permission.REPAIR_DISPATCH) if one.id in related]


def by_phone(work: Work, community_id: int, number: str) -> list[Caller]:
    """Find the people of a community who have a phone number; for steps that have checked who asks."""
    digits = digits_of(number)
    if not digits:
        return []
    index = phone_index(vault_of(work.engine), digits)
    rows = work.connection.execute(
        select(
            estate_person, estate_house.c.id.label("house_id"), estate_house.c.address, estate_relation.c.kind
        )
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(
            or_(estate_person.c.phone_index == index, estate_person.c.other_phone_index == index),
            estate_house.c.community_id == community_id,
            estate_relation.c.kind.in_(ACTING_KINDS),
            estate_relation.c.valid_from <= work.now,
            or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > work.now),
        )
        .order_by(estate_house.c.address)
        .limit(20)
    ).all()
    found = []
    for row in rows:
        shown = masked_person(work.engine.vault, row)
        age = None if row.checked_at is None else (work.now - row.checked_at) // timedelta(days=30)
        found.append(
            Caller(
                row.id,
                row.house_id,
                row.address,
                shown.name,
                shown.phone,
                row.kind,
                age,
                tuple(open_orders(work, row.house_id)),
            )
        )
    return found


def open_orders(work: Work, house_id: int) -> list[OpenOrder]:
    """Return what is not finished yet at a house, the newest first."""
    rows = work.connection.execute(
        select(repair_order)
        .where(repair_order.c.house_id == house_id, repair_order.c.state.not_in(OVER))
        .order_by(repair_order.c.called_at.desc())
        .limit(20)
    )
    return [
        OpenOrder(
            row.number,
            catalogue.name_of(work, row.fault_code),
            row.place,
            OrderState(row.state),
            row.called_at,
        )
        for row in rows
    ]


def outages(work: Work, community_id: int) -> list[Text]:
    """Name common faults that were reported within a day and are not repaired: many will call about them."""
    rows = work.connection.execute(
        select(repair_order.c.fault_code, repair_order.c.place, func.count().label("reports"))
        .where(
            repair_order.c.community_id == community_id,
            repair_order.c.area == Area.COMMON,
            repair_order.c.state.not_in(OVER),
            repair_order.c.fault_code.is_not(None),
            repair_order.c.called_at > work.now - _OUTAGES_WITHIN,
        )
        .group_by(repair_order.c.fault_code, repair_order.c.place)
        .order_by(func.count().desc())
        .limit(5)
    )
    return [
        beside(
            row.place, catalogue.name_of(work, row.fault_code), f"×{row.reports}" if row.reports > 1 else ""
        )
        for row in rows
    ]


@dataclass(frozen=True)
class CallInHand:
    """A call that the actor picked up and has not entered yet."""

    task_id: int
    number: str
    called_at: datetime
    due_at: datetime


def calls_in_hand(work: Work) -> list[CallInHand]:
    """Return the calls that the actor still has to enter, the oldest first."""
    rows = work.connection.execute(
        select(user_task.c.id, instance.c.business_key, user_task.c.opened_at, user_task.c.due_at)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .where(user_task.c.assignee_id == work.actor.id, user_task.c.form_key == _CALL_FORM)
        .order_by(user_task.c.due_at)
        .limit(20)
    )
    return [CallInHand(*row) for row in rows]


@dataclass(frozen=True)
class Outage:
    """An open report of a common fault of the last day; the first one where several are open."""

    number: str
    text: Text


def open_outages(work: Work, community_id: int) -> list[Outage]:
    """Return what a caller may mean as well, for the desk.

    Raises:
        NotPermitted: the actor does not work at the desk of this community.
    """
    work.require(Permission.REPAIR_DISPATCH, community_id)
    rows = work.connection.execute(
        select(repair_order.c.number, repair_order.c.fault_code, repair_order.c.place)
        .where(
            repair_order.c.community_id == community_id,
            repair_order.c.area == Area.COMMON,
            repair_order.c.state.not_in((*OVER, OrderState.MERGED)),
            repair_order.c.fault_code.is_not(None),
            repair_order.c.called_at > work.now - _OUTAGES_WITHIN,
        )
        .order_by(repair_order.c.called_at)
        .limit(20)
    )
    first: dict[tuple[str, str], Outage] = {}
    for row in rows:
        text = beside(row.place, catalogue.name_of(work, row.fault_code))
        first.setdefault((row.fault_code, row.place), Outage(row.number, text))
    return list(first.values())


def name_of(work: Work, person_id: int) -> str:
    """Return the full name of somebody on record; for steps that keep it sealed and show it to nobody."""
    row = work.connection.execute(select(estate_person).where(estate_person.c.id == person_id)).one()
    return unsealed(work.engine.vault, row, "name")


def buildings(work: Work, community_id: int) -> list[tuple[int, str]]:
    """List the buildings of a community, for what is broken in one of them."""
    rows = work.connection.execute(
        select(estate_building.c.id, estate_building.c.name)
        .where(estate_building.c.community_id == community_id)
        .order_by(func.length(estate_building.c.name), estate_building.c.name)
    )
    return [(row.id, row.name) for row in rows]


def handed_over(work: Work, house_id: int | None) -> str:
    """Say when a house was handed over, which decides on the developer's warranty."""
    if house_id is None:
        return ""
    day = work.connection.execute(
        select(estate_house.c.handed_over_on).where(estate_house.c.id == house_id)
    ).scalar_one_or_none()
    return str(day or "")
