"""Who may see and act for a house, now and on any date: every kind of relation, every boundary."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts.permissions import Post
from handlers.errors import RecordNotFound
from handlers.estate import entry, queries
from handlers.estate.queries import Period
from handlers.estate.records import ACTING_KINDS, RelationKind
from tests.handlers.estate_world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")


def enter(world: World, person: int, kind: RelationKind, valid_from: datetime | None = None) -> int:
    with world.engine.work(SYSTEM) as work:
        return entry.add_relation(work, entry.RelationEntry(world.house, person, kind, valid_from=valid_from))


def check(world: World, relation: int) -> None:
    with world.engine.work(SYSTEM) as work:
        entry.mark_relation_checked(work, relation)


def end(world: World, relation: int) -> None:
    with world.engine.work(SYSTEM) as work:
        entry.end_relation(work, relation)


def now(engine: Engine, world: World) -> list[int]:
    with engine.reading(SYSTEM) as work:
        return [one.person_id for one in queries.who_may_act(work, world.house)]


def on(engine: Engine, world: World, day: date, actor: Actor = SYSTEM) -> list[int]:
    with engine.reading(actor) as work:
        during = Period.of_day(day, SHANGHAI)
        return [one.person_id for one in queries.who_might_act(work, world.house, during)]


@pytest.mark.parametrize("kind", list(RelationKind))
@pytest.mark.both_stores
def test_each_relation_lets_act_from_its_check_to_its_end_and_an_emergency_contact_never(
    engine: Engine, world: World, clock: SettableClock, kind: RelationKind
) -> None:
    person = world.person("李四光", "13912345678")
    expected = [person] if kind in ACTING_KINDS else []
    entered = clock.now().astimezone(SHANGHAI).date()
    relation = enter(world, person, kind)
    assert now(engine, world) == []
    clock.advance(days=2)
    check(world, relation)
    assert now(engine, world) == expected
    clock.advance(days=3)
    end(world, relation)
    assert now(engine, world) == []
    days = {offset: on(engine, world, entered + timedelta(days=offset)) for offset in range(-1, 8)}
    assert days == {offset: expected if 2 <= offset <= 5 else [] for offset in range(-1, 8)}


def test_a_relation_counts_in_its_first_moment_and_no_longer_in_its_last(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    person = world.person("李四光", "13912345678")
    begins = clock.now() + timedelta(hours=1)
    relation = enter(world, person, RelationKind.OWNER, begins)
    check(world, relation)
    clock.set(begins - timedelta(microseconds=1))
    assert now(engine, world) == []
    clock.set(begins)
    assert now(engine, world) == [person]
    ends = begins + timedelta(days=1)
    clock.set(ends)
    end(world, relation)
    assert now(engine, world) == []
    with engine.reading(SYSTEM) as work:
        just_before = Period(ends - timedelta(microseconds=1), ends)
        at_the_end = Period(ends, ends + timedelta(microseconds=1))
        assert [one.person_id for one in queries.who_might_act(work, world.house, just_before)] == [person]
        assert queries.who_might_act(work, world.house, at_the_end) == []


def test_a_day_is_one_of_the_community(engine: Engine, world: World, clock: SettableClock) -> None:
    """A tenant who moved in at half past midnight in Shanghai did so on that day, not on the one before."""
    moved_in = datetime(2027, 3, 1, 16, 30, tzinfo=UTC)
    clock.set(moved_in)
    tenant = world.person("李四光", "13912345678")
    check(world, enter(world, tenant, RelationKind.TENANT))
    assert on(engine, world, date(2027, 3, 1)) == []
    assert on(engine, world, date(2027, 3, 2)) == [tenant]


def test_buyer_and_seller_share_the_day_of_the_transfer_but_no_moment(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    seller, buyer = world.person("张三丰", "13812345678"), world.person("李四光", "13912345678")
    sold = world.relate(seller, world.house)
    clock.advance(days=10)
    today = clock.now().astimezone(SHANGHAI).date()
    with engine.work(SYSTEM) as work:
        entry.end_relation(work, sold)
        bought = entry.add_relation(work, entry.RelationEntry(world.house, buyer, RelationKind.OWNER))
        entry.mark_relation_checked(work, bought)
    assert now(engine, world) == [buyer]
    assert on(engine, world, today) == [seller, buyer]
    assert on(engine, world, today - timedelta(days=1)) == [seller]
    assert on(engine, world, today + timedelta(days=1)) == [buyer]
    with engine.reading(SYSTEM) as work:
        during = Period.of_day(today, SHANGHAI)
        out, into = queries.who_might_act(work, world.house, during)
        assert out.acts_until == into.acts_from


def test_what_was_ended_before_it_was_checked_never_counted(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    relation = enter(world, world.person("李四光", "13912345678"), RelationKind.TENANT)
    today = clock.now().astimezone(SHANGHAI).date()
    clock.advance(hours=1)
    end(world, relation)
    clock.advance(hours=1)
    check(world, relation)
    assert on(engine, world, today) == []


def test_other_dates_are_asked_for_by_staff_of_the_community_only(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    owner = world.person("张三丰", "13812345678")
    world.relate(owner, world.house)
    today = clock.now().astimezone(SHANGHAI).date()
    assert on(engine, world, today, world.staff(Post.CS)) == [owner]
    with pytest.raises(NotPermitted):
        on(engine, world, today, world.resident(owner))
    with pytest.raises(RecordNotFound):
        on(engine, world, today, world.staff(Post.CS, world.other_community))
    with pytest.raises(NotPermitted):
        on(engine, world, today, world.staff(Post.RP))
