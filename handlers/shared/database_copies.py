"""Copies a whole database out of an installation and into an empty one, with the maker's own programs."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, table, text
from sqlalchemy.engine import URL, make_url

from engine.store.database import Database, sqlite_url
from handlers.errors import RuleRefused

SQLITE_FILE = "wuye.db"
POSTGRES_FILE = "database.dump"
# A table that a database has from the moment it comes back until nobody is let in by what is in it.
UNFINISHED = "restore_unfinished"
_MARK = f"CREATE TABLE IF NOT EXISTS {UNFINISHED} (id INTEGER)"
_POSTGRES_FOLDERS = "/usr/lib/postgresql"
_SAID = 300  # characters of what a program said
# What the client programs are told by the environment, so that no password stands among their arguments.
_OF_QUERY = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "host": "PGHOST", "port": "PGPORT"}
_OURS = ("WUYE_", "DATABASE_URL")  # secrets of ours are no business of another program
_WITHOUT_OWNERS = ("--no-owner", "--no-privileges")


def file_name(url: str) -> str:
    """Return what the copy of a database is called in an archive, which tells its kind."""
    return SQLITE_FILE if _is_sqlite(url) else POSTGRES_FILE


def path_of(url: str) -> Path | None:
    """Return the file of a SQLite database, also of one that is named from the current folder."""
    return Path(str(make_url(url).database)).absolute() if _is_sqlite(url) else None


def is_empty(url: str) -> bool:
    """Tell whether nothing is in a database yet."""
    path = path_of(url)
    if path is not None:
        return not path.exists()
    database = Database(url)
    try:
        with database.reading() as connection:
            return not {*inspect(connection).get_table_names()} - {UNFINISHED}
    finally:
        database.dispose()


def is_unfinished(connection: Connection) -> bool:
    """Tell whether a database came back from a backup and the restore was cut off."""
    return inspect(connection).has_table(UNFINISHED)


def finish(connection: Connection) -> None:
    """Take the mark of an unfinished restore away."""
    connection.execute(text(f"DROP TABLE {UNFINISHED}"))


def copy_out(url: str, target: Path) -> dict[str, int]:
    """Copy one state of a database while people go on working, and return how many rows each table has in it.

    Raises:
        RuleRefused: the client programs of PostgreSQL are missing, or could not do it.
    """
    source = path_of(url)
    if source is None:
        return _dump(url, target)
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as kept:
        live.backup(kept, pages=1000)
    return count_rows(sqlite_url(target))


def copy_in(url: str, source: Path) -> None:
    """Make an empty database what a copy says, marked as unfinished until `finish`.

    Raises:
        RuleRefused: the client programs of PostgreSQL are missing, or could not do it; nothing was kept.
        ValueError: the copy is damaged.
    """
    target = path_of(url)
    if target is None:
        _execute(url, _MARK)
        try:
            _run("pg_restore", url, *_WITHOUT_OWNERS, "--exit-on-error", "--single-transaction", str(source))
        except RuleRefused:
            _execute(url, f"DROP TABLE {UNFINISHED}")
            raise
        return
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()
        if found != ("ok",):
            raise ValueError("the copy of the database is damaged")
        connection.execute(_MARK)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    source.rename(target)


def count_rows(url: str) -> dict[str, int]:
    """Return how many rows each table of a database has."""
    database = Database(url)
    try:
        with database.reading() as connection:
            return _counted(connection)
    finally:
        database.dispose()


def _execute(url: str, statement: str) -> None:
    database = Database(url)
    try:
        with database.writing() as connection:
            connection.execute(text(statement))
    finally:
        database.dispose()


def _dump(url: str, target: Path) -> dict[str, int]:
    """Let pg_dump copy the very state whose rows are counted here."""
    _program("pg_dump")
    database = Database(url)
    try:
        with database.reading() as connection:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            snapshot = connection.execute(select(func.pg_export_snapshot())).scalar_one()
            counts = _counted(connection)
            arguments = ("--format=custom", f"--snapshot={snapshot}", f"--file={target}")
            _run("pg_dump", url, *_WITHOUT_OWNERS, *arguments)
    finally:
        database.dispose()
    return counts


def _counted(connection: Connection) -> dict[str, int]:
    names = inspect(connection).get_table_names()
    return {
        name: int(connection.execute(select(func.count()).select_from(table(name))).scalar_one())
        for name in sorted(names)
    }


def _run(program: str, url: str, *arguments: str) -> None:
    parsed = make_url(url)
    named = (f"--dbname={parsed.database}",) if program == "pg_restore" else ()
    done = subprocess.run(  # noqa: S603  # a fixed program of PostgreSQL and our own settings
        [_program(program), "--no-password", *named, *arguments],
        env=_environment(parsed),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["?"]
        raise RuleRefused(
            "postgres_program_failed", "{program} 未能完成：{said}", program=program, said=said[0][:_SAID]
        )


def _program(name: str) -> str:
    """Find a client program: on the path, or else where Debian keeps those of the newest version."""
    found = shutil.which(name)
    if found:
        return found
    others = sorted(Path(_POSTGRES_FOLDERS).glob(f"*/bin/{name}"), key=_version)
    if not others:
        raise RuleRefused(
            "postgres_program_missing",
            "找不到 {program}：请安装 PostgreSQL 客户端程序，版本不低于数据库（Debian：postgresql-client）",
            program=name,
        )
    return str(others[-1])


def _version(path: Path) -> int:
    name = path.parts[-3]
    return int(name) if name.isdigit() else 0


def _environment(url: URL) -> dict[str, str]:
    told = {
        "PGHOST": url.host,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
    }
    told |= {name: str(url.query[key]) for key, name in _OF_QUERY.items() if key in url.query}
    own = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return own | {name: value for name, value in told.items() if value}


def _is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"
