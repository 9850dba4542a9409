"""REL-05, REL-08: timers fire once each, whatever the platform's and the machine's clock do meanwhile."""

from datetime import UTC, datetime, timedelta

import pytest

from engine import history
from engine.ports import SYSTEM
from engine.store.tables import history_event, instance
from engine.timers import fire_due
from tests.engine.cases.conftest import Shop
from tests.engine.models import Model
from tests.reliability.invariants import violations

HOUR = timedelta(hours=1)


def _patient(limit: str) -> Model:
    return (
        Model("patient")
        .start()
        .user("answer", due="P400D")
        .timer("time_up", "answer", limit)
        .user("call", due="P400D")
        .end()
        .end("called")
        .flow("start", "answer", "end")
        .flow("time_up", "call", "called")
    )


def _fired(shop: Shop) -> list[datetime]:
    return [row.at for row in shop.rows(history_event) if row.kind == "fired"]


def _outage(shop: Shop, count: int) -> None:
    shop.deploy(_patient("PT30M"))
    begun = shop.clock.now()
    for number in range(count):
        shop.start("patient", f"R{number}")
    shop.clock.advance(hours=1)

    assert fire_due(shop.engine) == count
    assert fire_due(shop.engine) == 0
    assert _fired(shop) == [begun + HOUR] * count
    assert len(shop.open_tasks("call")) == count
    assert violations(shop.engine) == []


def test_timers_of_an_outage_fire_once_each(shop: Shop) -> None:
    _outage(shop, 60)


@pytest.mark.long
def test_a_thousand_timers_of_an_outage_fire_once_each(shop: Shop) -> None:
    _outage(shop, 1000)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, -HOUR / 6])
def test_a_jump_of_the_clock_between_ticks_neither_doubles_nor_misses(shop: Shop, jump: timedelta) -> None:
    shop.deploy(_patient("PT3H"))
    begun = shop.clock.now()
    for number in range(8):
        shop.start("patient", f"R{number}")
        shop.clock.advance(minutes=10)
        fire_due(shop.engine)
    shop.clock.set(shop.clock.now() + jump)
    while shop.clock.now() < begun + 6 * HOUR:
        fire_due(shop.engine)
        assert violations(shop.engine) == []
        shop.clock.advance(minutes=20)

    assert len(_fired(shop)) == 8
    assert min(_fired(shop)) >= begun + 3 * HOUR
    assert len(shop.open_tasks("call")) == 8


@pytest.mark.parametrize(
    ("begun", "limit", "due"),
    [
        (datetime(2027, 1, 31, 2, tzinfo=UTC), "P1M", datetime(2027, 2, 28, 2, tzinfo=UTC)),
        (datetime(2028, 1, 31, 2, tzinfo=UTC), "P1M", datetime(2028, 2, 29, 2, tzinfo=UTC)),
        (datetime(2028, 2, 28, 2, tzinfo=UTC), "P1D", datetime(2028, 2, 29, 2, tzinfo=UTC)),
        (datetime(2026, 12, 31, 2, tzinfo=UTC), "P1D", datetime(2027, 1, 1, 2, tzinfo=UTC)),
    ],
)
def test_months_and_leap_days_are_counted_as_people_do(
    shop: Shop, begun: datetime, limit: str, due: datetime
) -> None:
    shop.clock.set(begun)
    shop.deploy(_patient(limit))
    shop.start("patient")
    shop.clock.set(due - timedelta(seconds=1))
    assert fire_due(shop.engine) == 0
    shop.clock.set(due)

    assert fire_due(shop.engine) == 1
    assert _fired(shop) == [due]


def test_a_late_deadline_says_when_it_was_due_and_when_it_was_noticed(shop: Shop) -> None:
    shop.deploy(Model("late").start().user("answer", due="PT30M").end().flow("start", "answer", "end"))
    begun = shop.clock.now()
    shop.start("late")
    shop.clock.advance(hours=1)
    fire_due(shop.engine)

    (case,) = shop.rows(instance)
    with shop.engine.reading(SYSTEM) as work:
        told = [
            (event.due_at, event.at) for event in history.events(work, case.id) if event.kind == "overdue"
        ]
    assert told == [(begun + HOUR / 2, begun + HOUR)]
