"""Who an owner enters as family counts once the desk has checked it, and else leaves no trace."""

import pytest
from sqlalchemy import func, select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import trust
from handlers.checking import corrections
from handlers.checking.fields import Field
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate.records import RelationKind, estate_person, estate_relation
from handlers.owning import household, members
from tests.handlers.checking.conftest import database
from tests.handlers.checking.correction_world import Counter
from tests.handlers.stock import Stock

__all__ = ["database"]


@pytest.fixture
def counter(stock: Stock, engine: Engine, clock: SettableClock) -> Counter:
    """The desk at ten in the morning of a working Monday."""
    return stock.begin(Counter, engine, clock)


def add(counter: Counter, name: str = "李雷", phone: str = "13700000001", by: Actor | None = None) -> str:
    return counter.engine.run(
        by or counter.owner, lambda work: members.add_member(work, counter.house, name, phone)
    )


def family(counter: Counter) -> list[tuple[str, bool]]:
    with counter.engine.reading(counter.owner) as work:
        return [(one.name, one.counts) for one in household.household(work, counter.house).members]


def people(counter: Counter) -> int:
    with counter.engine.reading(SYSTEM) as work:
        return int(work.connection.execute(select(func.count()).select_from(estate_person)).scalar_one())


@pytest.mark.both_stores
def test_a_member_counts_after_the_desk_has_checked_it(counter: Counter) -> None:
    number = add(counter)
    assert family(counter) == [("李*", False)]
    assert counter.steps(number) == ["check_by_clerk"]
    counter.do(number, "check_by_clerk", counter.clerk, outcome="confirm")
    assert family(counter) == [("李*", True)]
    with counter.engine.reading(SYSTEM) as work:
        row = work.connection.execute(
            select(estate_relation).where(estate_relation.c.kind == RelationKind.FAMILY)
        ).one()
    assert (row.through_person_id, row.counts_since) == (counter.owner_person, counter.clock.now())


@pytest.mark.parametrize("way", ["refused", "withdrawn"])
def test_a_member_who_is_not_accepted_is_gone_with_the_person(counter: Counter, way: str) -> None:
    before = people(counter)
    number = add(counter)
    assert people(counter) == before + 1
    if way == "refused":
        counter.do(number, "check_by_clerk", counter.clerk, outcome="reject", reason="业主说不是家人")
    else:
        counter.withdraw(number, counter.owner)
    assert (family(counter), people(counter)) == ([], before)
    assert counter.correction(number).state == way


def test_nobody_is_entered_twice_or_with_a_number_that_cannot_be_one(counter: Counter) -> None:
    add(counter)
    with pytest.raises(RecordConflict):
        add(counter)
    with pytest.raises(FieldsInvalid) as refused:
        add(counter, " ", "12")
    assert set(refused.value.fields) == {"name", "phone"}


def test_only_who_keeps_the_home_adds_to_it(counter: Counter) -> None:
    daughter = counter.resident(counter.family("李梅"))
    with pytest.raises(NotPermitted):
        add(counter, by=daughter)
    with pytest.raises(RecordNotFound):
        add(counter, by=counter.stranger)


@pytest.mark.parametrize("field", [Field.FAMILY, Field.PHONE, Field.OTHER_PHONE])
def test_whoever_has_a_record_of_their_own_is_not_the_owners_to_correct(
    counter: Counter, field: Field
) -> None:
    known = counter.person("董磊", "13700000009")
    counter.relate(known, counter.neighbour)
    number = add(counter, "董磊", "13700000009")
    for _ in ("waiting", "checked"):
        with counter.engine.reading(counter.owner) as work:
            assert corrections.offered(work, counter.house, known) == ()
        with pytest.raises(RecordNotFound):
            value = "王改名" if field is Field.FAMILY else "13700000010"
            counter.ask_only(counter.owner, field, value, person=known)
        if counter.steps(number):
            counter.do(number, "check_by_clerk", counter.clerk, outcome="confirm")


def test_what_is_offered_of_a_member_who_waits_for_the_check_tells_nothing(counter: Counter) -> None:
    add(counter)
    with counter.engine.reading(SYSTEM) as work:
        fresh = work.connection.execute(
            select(estate_relation.c.person_id).where(estate_relation.c.kind == RelationKind.FAMILY)
        ).scalar_one()
    with counter.engine.reading(counter.owner) as work:
        assert corrections.offered(work, counter.house, fresh) == ()


def vehicles(counter: Counter) -> list[tuple[str, bool]]:
    with counter.engine.reading(counter.owner) as work:
        found = household.household(work, counter.house).vehicles
    return [(plate, is_checked) for _, plate, is_checked in found]


def add_vehicle(counter: Counter) -> str:
    return counter.engine.run(
        counter.owner, lambda work: household.add_vehicle(work, counter.house, "粤b·12345")
    )


def test_a_vehicle_counts_after_the_desk_has_typed_its_plate_too(counter: Counter) -> None:
    number = add_vehicle(counter)
    [(plate, is_checked)] = vehicles(counter)
    assert (plate != "粤B12345", is_checked) == (True, False)
    counter.do(number, "check_by_clerk", counter.clerk, outcome="confirm", again="粤B99999")
    assert vehicles(counter) == [(plate, False)]
    counter.do(number, "check_by_clerk", counter.clerk, outcome="confirm", again="粤B12345")
    assert vehicles(counter) == [(plate, True)]


@pytest.mark.parametrize("way", ["refused", "withdrawn"])
def test_a_vehicle_that_is_not_accepted_is_gone(counter: Counter, way: str) -> None:
    number = add_vehicle(counter)
    with pytest.raises(RecordConflict):
        add_vehicle(counter)
    if way == "refused":
        counter.do(number, "check_by_clerk", counter.clerk, outcome="reject", reason="不是业主的车")
    else:
        counter.withdraw(number, counter.owner)
    assert vehicles(counter) == []
    assert counter.correction(number).state == way


def test_nothing_of_the_home_is_changed_for_a_day_after_a_reset(counter: Counter) -> None:
    with counter.engine.work(SYSTEM) as work:
        trust.begin_cool_off(work, counter.owner.id)
    with pytest.raises(trust.StillCooling):
        add(counter)
    with pytest.raises(trust.StillCooling):
        counter.engine.run(counter.owner, lambda work: household.add_vehicle(work, counter.house, "京A12345"))
