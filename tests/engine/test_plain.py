"""Rows read past SQLAlchemy's own way mean the same, and errors are met as it meets them, on both stores."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from sqlalchemy import bindparam, func, null, select, tuple_
from sqlalchemy.exc import DBAPIError

from engine.store import plain
from engine.store.database import Database
from engine.store.dialects import insert_rows
from engine.store.tables import deployment
from engine.store.types import UtcDateTime
from tests.databases import PostgresAnew

NOW = datetime(2026, 11, 23, 2, 0, 0, 123_456, tzinfo=UTC)
NAMES = ("name", "source", "deployed_at", "actor_id")
SINCE = bindparam("since", type_=UtcDateTime)
LATER = (
    select(deployment.c.id, deployment.c.name, deployment.c.deployed_at, null().label("missing"))
    .where(tuple_(deployment.c.deployed_at) > select(SINCE).scalar_subquery())
    .order_by(deployment.c.id)
    .limit(2)
)


@pytest.fixture
def deployed(database: Database) -> Database:
    with database.writing() as connection:
        rows = [(f"漏水{number} \\ '%s", "", NOW + timedelta(hours=number), number) for number in range(4)]
        insert_rows(connection, deployment, NAMES, rows)
    return database


def test_rows_are_those_that_sqlalchemy_reads(deployed: Database) -> None:
    known = {"since": NOW.astimezone(timezone(timedelta(hours=8))), "other": 1}
    with deployed.reading() as connection:
        usual = [tuple(row) for row in connection.execute(LATER, {"since": NOW})]
        found = plain.rows(connection, LATER, known)

    assert found == usual
    assert [name for _, name, _, _ in found] == ["漏水1 \\ '%s", "漏水2 \\ '%s"]
    assert {moment.utcoffset() for _, _, moment, _ in found} == {timedelta(0)}


def test_there_may_be_no_rows(deployed: Database) -> None:
    with deployed.reading() as connection:
        assert plain.rows(connection, LATER, {"since": NOW + timedelta(days=1)}) == []


def test_the_plan_is_kept_from_the_first_time_on(deployed: Database) -> None:
    with deployed.reading() as connection:
        plain.rows(connection, LATER, {"since": NOW})
        if not deployed.is_sqlite:
            kept = connection.exec_driver_sql("SELECT statement FROM pg_prepared_statements").scalars()
            assert any("deployment" in statement for statement in kept)


def test_rows_are_read_inside_the_transaction(deployed: Database) -> None:
    with suppress(ZeroDivisionError), deployed.writing() as connection:
        insert_rows(connection, deployment, NAMES, [("later", "", NOW + timedelta(days=1), 9)])
        assert len(plain.rows(connection, LATER, {"since": NOW + timedelta(hours=3)})) == 1
        raise ZeroDivisionError
    with deployed.reading() as connection:
        assert plain.rows(connection, LATER, {"since": NOW + timedelta(hours=3)}) == []


def test_a_statement_at_fault_raises_what_sqlalchemy_raises(deployed: Database) -> None:
    wrong = select(func.no_such_function(deployment.c.id))
    with pytest.raises(DBAPIError, match="no_such_function"), deployed.reading() as connection:
        plain.rows(connection, wrong, {})


def test_a_postgresql_connection_that_is_lost_is_not_used_again(
    postgresql_anew: PostgresAnew, ready_postgresql: str
) -> None:
    with postgresql_anew.like(ready_postgresql) as database:
        with pytest.raises(DBAPIError) as raised, database.reading() as connection:
            raw: object = connection.connection.dbapi_connection
            assert isinstance(raw, psycopg.Connection)
            raw.close()
            plain.rows(connection, LATER, {"since": NOW})
        assert raised.value.connection_invalidated
