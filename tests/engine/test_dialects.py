"""Rows written in bulk mean the same as rows written one by one, on both stores."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from engine.store.database import Database
from engine.store.dialects import insert_many, insert_rows, insert_unknown, one_of
from engine.store.tables import deployment
from handlers.shared.records import outbox_job

NOW = datetime(2026, 11, 23, 2, 0, 0, 123_456, tzinfo=UTC)
NAMES = ("name", "args", "dedup_key", "state", "created_at", "run_at", "attempts", "ended_at")
DEPLOYMENT = ("name", "source", "deployed_at", "actor_id")


def job(key: str, **facts: object) -> tuple[object, ...]:
    values = {
        "name": "notify",
        "args": {"to": ["7"], "level": 2, "said": "漏水 \\ \"'\t%s?"},
        "dedup_key": key,
        "state": "ready",
        "created_at": NOW,
        "run_at": NOW,
        "attempts": 0,
        "ended_at": None,
    }
    return tuple((values | facts).values())


def stored(database: Database) -> list[dict[str, object]]:
    with database.reading() as connection:
        found = connection.execute(select(outbox_job).order_by(outbox_job.c.id))
        return [dict(row._mapping) for row in found]


def test_rows_written_in_bulk_are_read_as_they_were(database: Database) -> None:
    later = NOW + timedelta(minutes=1)
    in_beijing = later.astimezone(timezone(timedelta(hours=8)))
    with database.writing() as connection:
        insert_rows(connection, outbox_job, NAMES, [job("a"), job("b", args=[], run_at=in_beijing)])

    first, second = stored(database)
    assert {name: first[name] for name in NAMES} == dict(zip(NAMES, job("a"), strict=True))
    assert (second["args"], second["run_at"], second["ended_at"]) == ([], later, None)


def test_ids_are_drawn_in_the_order_of_the_rows_where_none_are_given(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, outbox_job, NAMES, [job(f"k{number}") for number in range(100)])
        insert_rows(connection, outbox_job, ("id", *NAMES), [(7, *job("given"))])

    assert [row["dedup_key"] for row in stored(database)] == [
        "given",
        *(f"k{number}" for number in range(100)),
    ]


def test_rows_by_name_may_name_their_columns_in_any_order(database: Database) -> None:
    first = dict(zip(NAMES, job("a"), strict=True))
    second = dict(reversed((first | {"dedup_key": "b", "attempts": 3}).items()))
    with database.writing() as connection:
        insert_many(connection, outbox_job, [first, second])
        insert_many(connection, outbox_job, [])

    assert [(row["dedup_key"], row["state"], row["attempts"]) for row in stored(database)] == [
        ("a", "ready", 0),
        ("b", "ready", 3),
    ]


def test_no_rows_are_no_statement(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, outbox_job, NAMES, [])

    assert stored(database) == []


def test_rows_that_are_known_are_passed_over_and_the_others_stay(database: Database) -> None:
    with database.writing() as connection:
        insert_unknown(connection, outbox_job, NAMES, [job("a")])
        insert_unknown(connection, outbox_job, NAMES, [job("a", state="done"), job("b"), job("b")])

    assert [(row["dedup_key"], row["state"]) for row in stored(database)] == [("a", "ready"), ("b", "ready")]


def test_a_row_that_is_known_breaks_a_bulk_that_does_not_expect_it(database: Database) -> None:
    with pytest.raises(DBAPIError), database.writing() as connection:
        insert_rows(connection, outbox_job, NAMES, [job("a"), job("a")])

    assert stored(database) == []


def test_a_moment_without_a_zone_is_refused_in_bulk_as_well(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, deployment, DEPLOYMENT, [("x", "", NOW, 0)])
        with pytest.raises(ValueError, match="without a zone"):
            insert_rows(connection, deployment, DEPLOYMENT, [("x", "", datetime(2026, 1, 1), 0)])  # noqa: DTZ001  # what is refused


def test_one_of_many_is_one_parameter(database: Database) -> None:
    ids = list(range(1, 2001))
    with database.writing() as connection:
        insert_rows(connection, outbox_job, ("id", *NAMES), [(number, *job(f"k{number}")) for number in ids])
        connection.execute(
            update(outbox_job).where(one_of(connection, outbox_job.c.id, ids[::2])).values(attempts=1)
        )
        none = select(outbox_job.c.id).where(one_of(connection, outbox_job.c.id, ()))
        assert connection.execute(none).all() == []

    assert [row["id"] for row in stored(database) if row["attempts"]] == ids[::2]
