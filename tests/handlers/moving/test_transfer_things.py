"""Vehicles and parking places at a switch: what was the old owner's leaves with them, at one stroke."""

from typing import Any

import pytest
from sqlalchemy import select

from engine import inbox
from engine.bilingual import in_both
from engine.ports import SYSTEM
from handlers.estate import entry
from handlers.estate.records import RelationKind, estate_parking, estate_vehicle
from handlers.moving import starting
from tests.handlers.moving.moving_world import Desk

STORES = ("sqlite", "postgresql")


def plate(desk: Desk, person_id: int, number: str) -> int:
    with desk.engine.work(desk.clerk) as work:
        return entry.add_vehicle(work, desk.house, person_id, number)


def place(desk: Desk, name: str, *, is_rented: bool) -> int:
    with desk.engine.work(desk.clerk) as work:
        return entry.add_parking(work, desk.house, name, is_rented=is_rented)


def kept(desk: Desk, table: Any) -> set[int]:
    """Return what still belongs to the house."""
    with desk.engine.reading(SYSTEM) as work:
        query = select(table.c.id).where(table.c.house_id == desk.house, table.c.valid_to.is_(None))
        return set(work.connection.execute(query).scalars())


@pytest.mark.parametrize("database", STORES, indirect=True)
def test_vehicles_of_the_old_side_leave_with_the_switch_and_the_tenants_stays(desk: Desk) -> None:
    plate(desk, desk.owner_person, "京A12345")
    plate(desk, desk.wife_person, "京A12346")
    tenants = plate(desk, desk.tenant_person, "京A12347")
    number = desk.to_check()
    assert len(kept(desk, estate_vehicle)) == 3
    desk.check(number)
    assert kept(desk, estate_vehicle) == {tenants}


def test_a_rented_place_ends_and_an_owned_one_goes_along_only_where_it_was_sold(desk: Desk) -> None:
    place(desk, "B1-001", is_rented=True)
    sold, unsold = (place(desk, name, is_rented=False) for name in ("B1-002", "B1-003"))
    number = desk.to_entry()
    with desk.engine.reading(desk.clerk) as work:
        opened = inbox.detail(work, desk.task(number, "enter").id).opened
    assert opened.values["places"] == [str(sold), str(unsold)]
    desk.enter(number, places=[str(sold)])
    desk.check(number)
    assert kept(desk, estate_parking) == {sold}
    with desk.engine.reading(desk.clerk) as work:
        facts = inbox.detail(work, desk.task(number, "vehicles").id).opened.facts
    (said,) = [text for label, text in facts if label == "已随切换注销"]
    assert in_both(said) == (
        "车位 B1-001（租用）；车位 B1-003（自有）",
        "parking place B1-001 (rented); parking place B1-003 (owned)",
    )


def test_where_one_of_two_owners_leaves_the_places_stay(desk: Desk) -> None:
    other = desk.person("郑洁", "13844445555")
    leaving = desk.relate(other, desk.house, RelationKind.CO_OWNER)
    stays, goes = plate(desk, desk.owner_person, "京A12345"), plate(desk, other, "京A12346")
    rented = place(desk, "B1-001", is_rented=True)
    number = desk.told_of_transfer()
    desk.register(number, "share")
    desk.papers(number)
    desk.do(number, "shares", desk.clerk, leaving=[str(leaving)], note="妻子转出")
    desk.do(number, "approve", desk.desk_lead, outcome="approve")
    desk.tell_old(number)
    desk.enter(number)
    desk.check(number)
    assert (kept(desk, estate_vehicle), kept(desk, estate_parking)) == ({stays}, {rented})
    assert goes not in kept(desk, estate_vehicle)


@pytest.mark.parametrize("database", STORES, indirect=True)
def test_taking_a_transfer_back_brings_vehicles_and_places_back(desk: Desk) -> None:
    vehicle = plate(desk, desk.owner_person, "京A12345")
    rented = place(desk, "B1-001", is_rented=True)
    number = desk.switched()
    new = [{"plate": "京B12345"}]
    desk.do(number, "vehicles", desk.clerk, plates=new, rented=[{"place": "B1-009"}], cards_stopped=True)
    assert vehicle not in kept(desk, estate_vehicle)
    assert len(kept(desk, estate_parking) | kept(desk, estate_vehicle)) == 2
    with desk.engine.work(desk.clerk) as work:
        wrong = starting.transfer_was_wrong(work, number).number
    desk.do(wrong, "explain", desk.clerk, cause="wrong_house", reason="房号看错")
    desk.do(wrong, "check", desk.desk_lead, outcome="approve")
    desk.do(wrong, "approve", desk.manager, outcome="approve")
    assert (kept(desk, estate_vehicle), kept(desk, estate_parking)) == ({vehicle}, {rented})
