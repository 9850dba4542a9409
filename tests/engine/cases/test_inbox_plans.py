"""Lists are found in indexes: how many tasks are open does not matter."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from engine.clock import SettableClock
from engine.inbox import View
from engine.inbox_counts import counts_query
from engine.inbox_queries import Shape, page_query, size_query
from engine.narrowing import NOTHING, Asked
from engine.store.database import Database
from tests.engine.cases.test_inbox import VIEWERS, crowd
from tests.engine.time import world

ALL = Asked(process=True, step=True, urgency=True, scope=True)
SHAPES = [
    Shape(people, groups, is_after, asked)
    for people in (1, 2)
    for groups in (1, 3)
    for is_after in (False, True)
    for asked in (NOTHING, Asked(process=True), ALL, replace(ALL, due=True))
]
VALUES: dict[str, object] = {
    "me": 1,
    "now": "2026-11-23",
    "soon": "2026-11-23",
    "after_rank": 1,
    "after_due": "2026-11-23",
    "after_id": 1,
    "process": "repair",
    "step": "accept",
    "urgency": 1,
    "community": 1,
    "until": "2026-11-23",
    "gram": "漏水",
    "pattern": "%漏水%",
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
def test_a_narrowed_list_is_counted_in_the_indexes_alone(
    sqlite_database: Database, is_analysed: bool
) -> None:
    fill(sqlite_database, is_analysed)
    for shape in SHAPES:
        query = size_query(shape, View.TEAM, 100)
        assert query is not None
        assert_walks_indexes(plan(sqlite_database, query))


@pytest.mark.parametrize("is_analysed", [False, True])
def test_rare_words_lead_to_their_cases_and_not_through_the_list(
    sqlite_database: Database, is_analysed: bool
) -> None:
    fill(sqlite_database, is_analysed)
    for asked in (Asked(text="few"), replace(ALL, text="few")):
        query = page_query(Shape(1, 3, asked=asked), View.WORK, 51)
        assert query is not None
        steps = [step for step in plan(sqlite_database, query) if "user_task" in step or "gram" in step]
        assert [step for step in steps if "COVERING INDEX ix_user_task" in step] == [], steps
        assert any("case_gram USING PRIMARY KEY (gram=?" in step for step in steps), steps
        assert any("ix_user_task_instance_id (instance_id=?)" in step for step in steps), steps


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
