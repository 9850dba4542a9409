"""The migrations make the schema that the code was written for, on both stores, and can be taken back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, insert, inspect, select

from engine.store import schema
from engine.store.database import Database
from engine.store.tables import bundle, deployment, instance, metadata, step_day, step_month, task_history
from handlers import bootstrap


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Return a database without any table."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path}/empty.db")
    return Database(request.getfixturevalue("postgres").new_database())


def test_migrations_and_tables_agree(empty: Database) -> None:
    assert bootstrap.RECORDS
    schema.upgrade(empty)

    with empty.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert schema.current(connection) == schema.newest()
    empty.dispose()


def test_upgrading_again_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.upgrade(empty)

    with empty.reading() as connection:
        assert schema.current(connection) == schema.newest()
    empty.dispose()


def test_migrations_can_be_taken_back_and_made_again(empty: Database) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "base")
    with empty.reading() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}

    schema.upgrade(empty)
    with empty.reading() as connection:
        assert inspect(connection).has_table("user_task")
    empty.dispose()


def test_sums_from_before_go_to_the_sheet_that_history_names(empty: Database) -> None:
    schema.upgrade(empty)
    at = datetime(2026, 2, 1, tzinfo=UTC)
    texts = {
        "process_key": "repair",
        "business_key": "R1",
        "state": "completed",
        "step_id": "take",
        "name": "x",
    }
    done = texts | {"instance_id": 1, "group_code": "rp", "scope_id": 1, "opened_at": at, "ended_at": at}
    with empty.writing() as connection:
        connection.execute(insert(deployment).values(id=1, name="x", deployed_at=at, actor_id=1))
        resources = {"id": 1, "version": 1, "created_at": at, "resources": {}, "deployment_id": 1}
        connection.execute(insert(bundle).values(process_key="repair", **resources))
        case = {"bundle_id": 1, "scope_id": 1, "started_at": at, "starter_id": 1, "waits": {}}
        connection.execute(insert(instance).values(id=1, **case, **_of(instance, texts)))
        past = {"id": 1, "called_process": "visit", "end_kind": "completed", "late": False, "actor_id": 1}
        connection.execute(insert(task_history).values(**past, **_of(task_history, done)))
    schema.downgrade(empty, "0033")
    with empty.writing() as connection:
        for table, column in (("step_day", "day"), ("step_month", "month")):
            connection.exec_driver_sql(
                f"INSERT INTO {table} ({column}, scope_id, process_key, step_id, finished, late, seconds,"
                " late_seconds) VALUES ('2026-02-01', 1, 'repair', 'take', 5, 1, 9, 3),"
                " ('2026-02-01', 1, 'old', 'gone', 7, 1, 9, 3)"
            )
    schema.upgrade(empty)

    with empty.reading() as connection:
        for sums in (step_day, step_month):
            rows = connection.execute(select(sums.c.process_key, sums.c.called_process, sums.c.finished))
            assert {tuple(row) for row in rows} == {("repair", "visit", 5), ("old", "old", 7)}
    empty.dispose()


def _of(table: Table, values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name in table.c}
