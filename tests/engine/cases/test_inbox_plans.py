"""Lists are found in indexes: how many tasks are open does not matter."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from engine.clock import SettableClock
from engine.inbox import View
from engine.inbox_queries import Shape, counts_query, page_query
from engine.store.database import Database
from tests.engine.cases.test_inbox import VIEWERS, crowd
from tests.engine.time import world

SHAPES = [
    Shape(people, groups, is_after, of_process)
    for people in (1, 2)
    for groups in (1, 3)
    for is_after in (False, True)
    for of_process in (False, True)
]
VALUES: dict[str, object] = {
    "me": 1,
    "now": "2026-11-23",
    "soon": "2026-11-23",
    "after_rank": 1,
    "after_due": "2026-11-23",
    "after_id": 1,
    "process": "repair",
    **{f"person_{number}": number for number in range(2)},
    **{f"group_{number}": "cs" for number in range(3)},
    **{f"scope_{number}": number for number in range(3)},
}


def plan(database: Database, statement: object) -> list[str]:
    """Return what SQLite would do, without the numbers."""
    compiled = statement.compile(database.reader)  # type: ignore[attr-defined]  # a Select
    values = tuple(VALUES.get(name, 0) for name in compiled.positiontup)  # 0: OFFSET
    with database.reading() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
        return [step.detail for step in steps]


def assert_walks_indexes(steps: list[str]) -> None:
    """Rows are read by their id alone, tables never from end to end; all else is in the indexes."""
    looks = [step for step in steps if "user_task" in step or "task_candidate" in step]
    assert looks
    for look in looks:
        assert look.startswith("SEARCH"), look
        assert "COVERING INDEX ix_" in look or "(id=?)" in look, look


@pytest.mark.parametrize("is_analysed", [False, True])
def test_a_page_is_found_in_the_indexes_alone(sqlite_database: Database, is_analysed: bool) -> None:
    fill(sqlite_database, is_analysed)
    for view in (View.MINE, View.CLAIMABLE, View.WORK, View.TEAM, View.LATE, View.SOON):
        for shape in SHAPES:
            query = page_query(shape, view, 51)
            assert query is not None
            assert_walks_indexes(plan(sqlite_database, query))


@pytest.mark.parametrize("is_analysed", [False, True])
def test_counts_are_taken_from_the_indexes_alone(sqlite_database: Database, is_analysed: bool) -> None:
    fill(sqlite_database, is_analysed)
    views = (View.MINE, View.CLAIMABLE, View.WORK, View.TEAM, View.LATE, View.SOON)
    for shape in SHAPES[::4]:
        assert_walks_indexes(plan(sqlite_database, counts_query(shape, views)[1]))


def fill(database: Database, is_analysed: bool) -> None:
    if is_analysed:
        engine = world.new_engine(database, SettableClock(datetime(2026, 11, 23, 2, tzinfo=UTC)))
        world.prepare(engine)
        crowd(engine, VIEWERS["clerk"], count=2000)
        with database.writing() as connection:
            held = "UPDATE user_task SET assignee_id = abs(id % 499) WHERE assignee_id IS NOT NULL"
            connection.execute(text(held))
            connection.execute(text("ANALYZE"))
