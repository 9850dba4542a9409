"""The minutes in which the platform was up."""

from datetime import timedelta

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.policy.uptime import beat, minutes_up

pytestmark = pytest.mark.both_stores


def run(engine: Engine, clock: SettableClock, minutes: int) -> None:
    """Let the platform run for some minutes."""
    for _ in range(minutes):
        beat(engine)
        clock.advance(minutes=1)


def up(engine: Engine) -> tuple[int, int]:
    with engine.reading(SYSTEM) as work:
        return minutes_up(work)


def test_before_the_first_beat_nothing_is_known(engine: Engine) -> None:
    assert up(engine) == (0, 0)


def test_every_minute_since_the_installation_counts(engine: Engine, clock: SettableClock) -> None:
    run(engine, clock, 10)
    beat(engine)

    assert up(engine) == (11, 11)


def test_two_nodes_count_a_minute_once(engine: Engine, clock: SettableClock) -> None:
    beat(engine)
    clock.advance(seconds=20)
    beat(engine)

    assert up(engine) == (1, 1)


def test_a_minute_in_which_nobody_beat_is_missing(engine: Engine, clock: SettableClock) -> None:
    run(engine, clock, 10)
    clock.advance(minutes=20)
    run(engine, clock, 10)
    beat(engine)

    assert up(engine) == (21, 41)


def test_a_whole_day_without_a_beat_is_missing(engine: Engine, clock: SettableClock) -> None:
    beat(engine)
    clock.advance(minutes=2880)
    beat(engine)

    assert up(engine) == (2, 2881)


def test_only_the_last_thirty_days_count(engine: Engine, clock: SettableClock) -> None:
    run(engine, clock, 5)
    clock.advance(days=60)
    beat(engine)

    counted, of = up(engine)
    assert counted == 1
    assert timedelta(days=29) <= timedelta(minutes=of) <= timedelta(days=30)
