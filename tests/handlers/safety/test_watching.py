"""Who looked at how much: by day, beside what is usual, with the entries behind it, for watchers only."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts.permissions import Post
from handlers.errors import RuleRefused
from handlers.estate import finding, looking
from handlers.estate.authorisation import Purpose
from handlers.estate.revealing import RevealRequest, reveal
from handlers.repair import searching
from handlers.safety import watching
from handlers.safety.watching import PersonDay
from handlers.shared import alarms, limits, tally
from tests.handlers.estate_world import World


def at(clock: SettableClock, day: int, hour: int) -> date:
    """Put the clock to an hour of the company's day in December, and return the day."""
    clock.set(datetime(2030, 12, day, hour - 8, tzinfo=UTC))
    return date(2030, 12, day)


def look(engine: Engine, actor: Actor, kind: str, amount: int) -> None:
    with engine.work(actor) as work:
        tally.add(work, kind, amount)


def seen(engine: Engine, world: World, day: date) -> dict[int, PersonDay]:
    with engine.reading(world.staff(Post.SEC, everywhere=True)) as work:
        return {one.account_id: one for one in watching.people_of(work, day)}


def test_three_times_the_usual_is_odd_and_the_usual_stands_beside_it(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    curious, steady = world.staff(Post.CS), world.staff(Post.CS)
    for day in (9, 10):
        at(clock, day, 10)
        look(engine, curious, "reveals", 5)
        look(engine, steady, "reveals", 14)
    today = at(clock, 11, 10)
    for actor in (curious, steady):
        look(engine, actor, "reveals", 15)
    people = seen(engine, world, today)
    assert [(one.count, one.usual) for one in people[curious.id].amounts.values()] == [(15, 5)]
    assert people[curious.id].is_odd
    assert not people[steady.id].is_odd


def test_looking_at_night_without_a_shift_is_odd(engine: Engine, world: World, clock: SettableClock) -> None:
    owl, watchman = world.staff(Post.CS), world.staff(Post.CS)
    night = at(clock, 11, 23)
    world.shift(watchman, clock.now() - timedelta(hours=3), clock.now() + timedelta(hours=3))
    for actor in (owl, watchman):
        look(engine, actor, "houses", 1)
    people = seen(engine, world, night)
    assert (people[owl.id].at_night, people[owl.id].is_odd) == (1, True)
    assert (people[watchman.id].on_shift, people[watchman.id].is_odd) == (True, False)


def test_the_entries_behind_a_count_are_told_with_purpose_and_reason(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    day = at(clock, 11, 10)
    person = world.person("李明", "13612340987")
    world.relate(person, world.house)
    clerk = world.staff(Post.CS)
    with engine.work(clerk) as work:
        looking.note_opened(work, world.house)
        looking.note_opened(work, world.house)
    reveal(engine, clerk, RevealRequest(person, world.house, Purpose.EMERGENCY, "楼上漏水严重"))
    with engine.reading(world.staff(Post.AUD, everywhere=True)) as work:
        entries = watching.looks_of(work, clerk.id, day)
    assert [(one.action, one.house_id, one.reason) for one in entries] == [
        ("reveal_phone", world.house, "楼上漏水严重"),
        ("open_house", world.house, ""),
    ]
    counts = {kind: one.count for kind, one in seen(engine, world, day)[clerk.id].amounts.items()}
    assert counts == {"houses": 1, "reveals": 1}


def test_what_was_done_in_somebody_s_place_says_in_whose(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    day = at(clock, 11, 10)
    clerk, absent = world.staff(Post.CS), world.staff(Post.CS)
    with engine.work(clerk) as work, work.acting_for(absent.id):
        looking.note_opened(work, world.house)
    with engine.work(clerk) as work:
        looking.note_opened(work, world.neighbour)
    with engine.reading(world.staff(Post.SEC, everywhere=True)) as work:
        name = work.engine.directory.names(work.connection, [absent.id])[absent.id]
        entries = watching.looks_of(work, clerk.id, day)
    assert [(one.house_id, one.for_whom) for one in entries] == [(world.neighbour, ""), (world.house, name)]


def test_who_pages_through_owners_raises_an_alarm_once(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    for _ in range(limits.OWNER_ROWS_PER_DAY // limits.PAGE_ROWS):
        look(engine, clerk, "rows", limits.PAGE_ROWS)
    with engine.reading(SYSTEM) as work:
        assert alarms.open_alarms(work) == []
    look(engine, clerk, "rows", 1)
    look(engine, clerk, "rows", 1)
    with engine.reading(SYSTEM) as work:
        assert [(one.kind, one.subject_id) for one in alarms.open_alarms(work)] == [
            (tally.ROWS_ALARM, clerk.id)
        ]


def test_who_guesses_at_masked_numbers_is_told_of_and_then_stopped_wherever_they_look(
    engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SEARCHES_TOLD", 2)
    monkeypatch.setattr(limits, "SEARCHES_PER_DAY", 4)
    clerk, other = world.staff(Post.CS), world.staff(Post.CS)
    ways = (finding.begin, searching.begin)
    for number in range(4):
        with engine.reading(SYSTEM) as work:
            raised = [(one.kind, one.subject_id) for one in alarms.open_alarms(work)]
        assert raised == ([(tally.SEARCHES_ALARM, clerk.id)] if number > 2 else [])
        with engine.work(clerk) as work:
            ways[number % 2](work, f"1361234098{number}")
    for way in ways:
        with pytest.raises(RuleRefused, match="不能再查"), engine.work(clerk) as work:
            way(work, "13612340985")
        with engine.work(other) as work:
            way(work, "13612340985")
    with engine.work(clerk) as work:
        searching.begin(work, "漏水")


def test_the_page_costs_as_many_statements_for_many_people(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    day = at(clock, 11, 10)
    watcher = world.staff(Post.SEC, everywhere=True)
    costs = []
    for _ in range(2):
        for _ in range(3):
            look(engine, world.staff(Post.CS), "houses", 2)
        statements: list[str] = []
        with engine.reading(watcher) as work:
            event.listen(
                work.connection, "before_cursor_execute", lambda *args, to=statements: to.append(args[2])
            )
            watching.people_of(work, day)
        costs.append(len(statements))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("post", [Post.CS, Post.CSL, Post.PM, Post.SYS, Post.ADM])
def test_nobody_else_sees_who_looked_at_what(engine: Engine, world: World, post: Post) -> None:
    actor = world.staff(post, everywhere=True)
    with engine.reading(actor) as work:
        with pytest.raises(NotPermitted):
            watching.people_of(work, date(2030, 12, 1))
        with pytest.raises(NotPermitted):
            watching.looks_of(work, actor.id, date(2030, 12, 1))
