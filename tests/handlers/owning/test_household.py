"""Owners keep vehicles and family of their own home; nobody else of it does, and no neighbour."""

import pytest
from sqlalchemy import select

from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.errors import FieldsInvalid, RecordNotFound
from handlers.estate import entry
from handlers.estate.records import RelationKind, estate_person
from handlers.owning import household
from tests.handlers.estate_world import World

PLATE = "粤B12345"


@pytest.fixture
def owner(world: World) -> Actor:
    person = world.person("张三丰", "13812345678")
    world.relate(person, world.house)
    return world.resident(person)


@pytest.fixture
def family(world: World) -> tuple[int, Actor]:
    person = world.person("张翠山", "13812345670", id_number="110101199003070118")
    return world.relate(person, world.house, RelationKind.FAMILY), world.resident(person)


def vehicle(world: World) -> None:
    """Enter a vehicle at the desk."""
    with world.engine.work(SYSTEM) as work:
        person = work.connection.execute(select(estate_person.c.id).limit(1)).scalar_one()
        entry.add_vehicle(work, world.house, person, PLATE)


@pytest.mark.both_stores
def test_an_owner_ends_a_vehicle(engine: Engine, world: World, owner: Actor) -> None:
    vehicle(world)
    with engine.reading(owner) as work:
        [(vehicle_id, shown, is_checked)] = household.household(work, world.house).vehicles
    assert (shown != PLATE, is_checked) == (True, True)
    engine.run(owner, lambda work: household.end_vehicle(work, world.house, vehicle_id))
    with engine.reading(owner) as work:
        assert household.household(work, world.house).vehicles == ()


def test_a_plate_that_is_none_is_said_beside_its_field(engine: Engine, world: World, owner: Actor) -> None:
    with pytest.raises(FieldsInvalid) as invalid:
        engine.run(owner, lambda work: household.add_vehicle(work, world.house, "B1"))
    assert set(invalid.value.fields) == {"plate"}


def test_a_family_member_who_is_taken_out_has_no_access_any_more(
    engine: Engine, world: World, owner: Actor, family: tuple[int, Actor]
) -> None:
    relation_id, member = family
    with engine.reading(owner) as work:
        [shown] = household.household(work, world.house).members
    assert (shown.relation_id, shown.phone) == (relation_id, "138****5670")
    engine.run(owner, lambda work: household.end_member(work, world.house, relation_id))
    with engine.reading(member) as work:
        assert work.memberships == ()


def test_family_keeps_nothing_and_sees_none_of_it(
    engine: Engine, world: World, owner: Actor, family: tuple[int, Actor]
) -> None:
    relation_id, member = family
    with engine.reading(member) as work, pytest.raises(NotPermitted):
        household.household(work, world.house)
    with engine.work(member) as work, pytest.raises(NotPermitted):
        household.end_member(work, world.house, relation_id)


def test_a_resident_of_another_house_changes_nothing(
    engine: Engine, world: World, owner: Actor, family: tuple[int, Actor]
) -> None:
    vehicle(world)
    with engine.reading(owner) as work:
        [(vehicle_id, _, _)] = household.household(work, world.house).vehicles
    person = world.person("吴敏", "13900000002")
    world.relate(person, world.neighbour)
    stranger = world.resident(person)
    for house_id in (world.house, world.neighbour):
        with engine.work(stranger) as work, pytest.raises(RecordNotFound):
            household.end_vehicle(work, house_id, vehicle_id)
        with engine.work(stranger) as work, pytest.raises(RecordNotFound):
            household.end_member(work, house_id, family[0])


def test_an_owner_says_that_everything_is_still_right(engine: Engine, world: World, owner: Actor) -> None:
    engine.run(owner, lambda work: household.confirm(work, world.house))
    with engine.reading(owner) as work:
        assert household.household(work, world.house).checked_at == work.now
