"""Why a database could not be used is said where that is known; a statement at fault stays a bug."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from engine.store.failures import explained

URL = make_url("postgresql+psycopg://wuye:secret@db/wuye")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (psycopg.OperationalError("connection failed\nand more"), "connection failed"),
        (psycopg.errors.InsufficientPrivilege("permission denied for schema public"), "permission denied"),
        (psycopg.errors.ReadOnlySqlTransaction("in a read-only transaction"), "read-only"),
        (psycopg.ProgrammingError('invalid connection option "foo"'), "foo"),
        (psycopg.ProgrammingError("bad value for connect_timeout: 'x'"), "connect_timeout"),
        (OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked")), "占用"),
        (sqlite3.DatabaseError("database disk image is malformed"), "损坏"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(error: Exception, words: str) -> None:
    problem = explained(error, URL)
    assert problem is not None
    assert words in problem.text()
    assert "@db/wuye" in problem.text()
    assert "secret" not in problem.text()
    assert "\n" not in problem.text()


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.UndefinedTable("no such table"),
        psycopg.ProgrammingError("the query has 2 placeholders"),
        ProgrammingError("SELECT 1", {}, sqlite3.ProgrammingError("Incorrect number of bindings")),
        ValueError("something else"),
    ],
)
def test_a_statement_at_fault_is_not_explained_away(error: Exception) -> None:
    assert explained(error, URL) is None
