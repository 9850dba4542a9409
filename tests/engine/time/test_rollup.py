"""Sums by day and month are those of the finished steps, and can be made from history again."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update

from engine import rollup, tasks
from engine.ids import new_id
from engine.ports import SYSTEM, Actor, Grants
from engine.reports import kept_by_day, kept_by_step
from engine.rollup import Rebuilt, fold
from engine.store.tables import instance, step_day, step_delta, step_month, task_history
from engine.work import Engine
from tests.engine.cases.conftest import CLERK, Shop
from tests.engine.models import Model
from tests.engine.ports import FakeDirectory
from tests.engine.time import world
from tests.engine.time.visit import pause, unpause
from tests.engine.time.world import COMMUNITY, count, fetch

DIRECTOR = Actor(6, "staff")
JANUARY = date(2026, 1, 1)
STEPS = ("accept", "visit")
Sums = dict[str, tuple[int, int, int, int]]


@pytest.fixture
def company(engine: Engine) -> Engine:
    """A director who may read every report, and one case."""
    assert isinstance(engine.directory, FakeDirectory)
    engine.directory.give(DIRECTOR, Grants((), frozenset({("report.read", None)})))
    world.open_steps(engine)
    return engine


def finish(engine: Engine, steps: list[tuple[date, str, int]]) -> None:
    """Write what finished steps leave behind: (day, step, seconds late)."""
    with engine.work(SYSTEM) as work:
        rows = [
            {
                "id": new_id(),
                "day": day,
                "scope_id": COMMUNITY,
                "process_key": "repair",
                "called_process": "repair",
                "step_id": step,
                "late": late > 0,
                "seconds": 600 + late,
                "late_seconds": late,
            }
            for day, step, late in steps
        ]
        work.connection.execute(insert(step_delta), rows)


def added_up(steps: list[tuple[date, str, int]], first: date, last: date) -> Sums:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for day, step, late in steps:
        if first <= day <= last:
            for index, value in enumerate((1, int(late > 0), 600 + late, late)):
                sums[step][index] += value
    return {step: (one[0], one[1], one[2], one[3]) for step, one in sums.items()}


def reported(engine: Engine, first: date, last: date) -> Sums:
    with engine.reading(DIRECTOR) as work:
        return {
            one.step_id: (one.finished, one.late, one.seconds, one.late_seconds)
            for one in kept_by_step(work, first, last)
        }


def drawn(choose: random.Random, number: int) -> list[tuple[date, str, int]]:
    return [
        (
            JANUARY + timedelta(days=choose.randrange(430)),
            choose.choice(STEPS),
            choose.choice([0, 0, 60, 300]),
        )
        for _ in range(number)
    ]


def test_any_stretch_of_days_has_the_sum_of_its_steps(company: Engine) -> None:
    choose = random.Random(3)
    steps = drawn(choose, 600)
    finish(company, steps[:500])
    fold(company)
    finish(company, steps[500:])
    whole = [
        (JANUARY, date(2026, 12, 31)),
        (JANUARY, date(2026, 1, 31)),
        (date(2026, 2, 28), date(2026, 3, 1)),
    ]
    for first, last in [*whole, *(sorted(day for day, _, _ in choose.sample(steps, 2)) for _ in range(30))]:
        assert reported(company, first, last) == added_up(steps, first, last), (first, last)


def test_whole_months_are_read_by_month_and_the_rest_by_day(company: Engine) -> None:
    finish(company, [(date(2026, month, day), "accept", 0) for month in range(1, 5) for day in (1, 14, 28)])
    fold(company)
    with company.work(SYSTEM) as work:  # what must not be read any more
        work.connection.execute(
            delete(step_day).where(step_day.c.day.between(date(2026, 2, 1), date(2026, 3, 31)))
        )
        elsewhere = step_month.c.month.in_([date(2026, 1, 1), date(2026, 4, 1)])
        work.connection.execute(delete(step_month).where(elsewhere))

    assert reported(company, date(2026, 1, 14), date(2026, 4, 27))["accept"][0] == 2 + 6 + 2
    assert reported(company, date(2026, 2, 1), date(2026, 3, 31))["accept"][0] == 6


# --- from history ------------------------------------------------------------------------------------------


def remember(engine: Engine, steps: list[tuple[datetime, str, float]], end_kind: str = "completed") -> None:
    """Write the history of finished steps: (when it ended, step, seconds late)."""
    case_id = fetch(engine, instance)[0].id
    with engine.work(SYSTEM) as work:
        rows = [
            {
                "id": new_id(),
                "instance_id": case_id,
                "process_key": "repair",
                "called_process": "repair",
                "step_id": step,
                "name": "受理派单",
                "group_code": "resident",
                "scope_id": world.HOUSE,
                "opened_at": ended_at - timedelta(seconds=600 + late),
                "due_at": ended_at - timedelta(seconds=late) if late else None,
                "ended_at": ended_at,
                "end_kind": end_kind,
                "late": late > 0,
                "actor_id": CLERK.id,
            }
            for ended_at, step, late in steps
        ]
        work.connection.execute(insert(task_history), rows)


MIDNIGHT = datetime(2026, 1, 31, 16, 0, tzinfo=UTC)  # in Shanghai
MICRO = timedelta(microseconds=1)
PAST = [
    (MIDNIGHT - MICRO, "accept", 0.0),
    (MIDNIGHT, "accept", 60.999999),
    (MIDNIGHT + MICRO, "visit", 0.0),
    (MIDNIGHT + timedelta(days=40), "visit", 5.0),
]


def test_sums_that_are_lost_come_back_from_history(company: Engine) -> None:
    remember(company, PAST)
    remember(company, PAST, end_kind="withdrawn")

    assert rollup.rebuild(company) == Rebuilt(steps=4, days=4, months=4)
    assert {row.scope_id for row in fetch(company, step_day)} == {COMMUNITY}  # not the house of the step
    assert reported(company, date(2026, 1, 31), date(2026, 1, 31)) == {"accept": (1, 0, 600, 0)}
    february = {"accept": (1, 1, 660, 60), "visit": (1, 0, 600, 0)}
    assert reported(company, date(2026, 2, 1), date(2026, 2, 1)) == february
    assert reported(company, date(2026, 2, 1), date(2026, 2, 28)) == february
    assert reported(company, date(2026, 3, 1), date(2026, 3, 31)) == {"visit": (1, 1, 605, 5)}
    assert rollup.rebuild(company) == Rebuilt(steps=4, days=0, months=0)


def test_wrong_sums_are_set_right_and_those_of_nothing_removed(company: Engine) -> None:
    remember(company, PAST)
    rollup.rebuild(company)
    with company.work(SYSTEM) as work:
        work.connection.execute(update(step_day).where(step_day.c.step_id == "accept").values(late=7))
        work.connection.execute(update(step_month).where(step_month.c.late == 1).values(seconds=1))
        work.connection.execute(
            insert(step_day).values(
                day=JANUARY,
                scope_id=99,
                process_key="repair",
                called_process="repair",
                step_id="accept",
                finished=3,
                late=0,
                seconds=5,
                late_seconds=0,
            )
        )

    assert rollup.rebuild(company) == Rebuilt(steps=4, days=3, months=2)
    assert count(company, step_day) == 4
    assert rollup.rebuild(company) == Rebuilt(steps=4, days=0, months=0)
    assert [row.seconds for row in fetch(company, step_month, step_month.c.month, step_month.c.step_id)] == [
        600,
        660,
        600,
        605,
    ]


def test_what_the_engine_counted_is_what_its_history_says(shop: Shop) -> None:
    shop.deploy(
        Model("two").start().user("one", due="PT1M").user("next").end().flow("start", "one", "next", "end")
    )
    for number, seconds in enumerate((59.4, 60, 60.000001, 86_400 * 9 + 0.7)):
        shop.start("two", f"R{number}")
        shop.clock.advance(seconds=seconds)
        shop.complete("one")
        if number % 2:
            fold(shop.engine)
        next_id = shop.task("next")
        shop.engine.run(CLERK, lambda work, task_id=next_id: tasks.complete(work, task_id, {}))

    assert rollup.rebuild(shop.engine) == Rebuilt(steps=8, days=0, months=0)
    fold(shop.engine)
    assert rollup.rebuild(shop.engine) == Rebuilt(steps=8, days=0, months=0)
    shop.directory.give(DIRECTOR, Grants((), frozenset({("report.read", None)})))
    with shop.engine.reading(DIRECTOR) as work:
        kept = kept_by_day(work, date(2026, 11, 1), date(2026, 12, 31))
    assert sum(day.finished for day in kept) == 8


@pytest.mark.parametrize("is_resumed", [True, False])
def test_a_pause_is_no_time_that_somebody_took(visit: Shop, is_resumed: bool) -> None:
    visit.clock.advance(hours=1)
    pause(visit, visit.clock.now() + timedelta(hours=6))
    visit.clock.advance(hours=3)
    if is_resumed:
        unpause(visit)
    visit.complete("repair")
    fold(visit.engine)
    (row,) = fetch(visit.engine, step_day, step_day.c.day)
    assert row.seconds == 3600
    assert rollup.rebuild(visit.engine) == Rebuilt(steps=1, days=0, months=0)


def test_steps_of_one_id_on_two_sheets_are_counted_apart(shop: Shop) -> None:
    for sheet, due in (("visit", "PT1H"), ("urgent", "PT1M")):
        shop.deploy(Model(sheet).start().user("take", due=due).end().flow("start", "take", "end"))
    case = Model("fault").start().call("call_urgent", "urgent").call("call_visit", "visit").end()
    shop.deploy(case.flow("start", "call_urgent", "call_visit", "end"))
    shop.start("fault", "R1")
    for _ in range(2):
        shop.clock.advance(minutes=2)
        task_id = shop.task("take")
        shop.engine.run(CLERK, lambda work, task_id=task_id: tasks.complete(work, task_id, {}))
    shop.directory.give(DIRECTOR, Grants((), frozenset({("report.read", None)})))

    def kept() -> list[tuple[str, str, str, int]]:
        with shop.engine.reading(DIRECTOR) as work:
            found = kept_by_step(work, date(2026, 11, 1), date(2026, 12, 31))
        return [(one.process_key, one.called_process, one.step_id, one.late) for one in found]

    apart = [("fault", "urgent", "take", 1), ("fault", "visit", "take", 0)]
    assert kept() == apart
    fold(shop.engine)
    assert kept() == apart
    assert rollup.rebuild(shop.engine) == Rebuilt(steps=2, days=0, months=0)
