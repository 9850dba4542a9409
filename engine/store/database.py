"""Opens SQLite or PostgreSQL so that both mean the same by a transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine, event
from sqlalchemy import Engine as SqlEngine
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from engine.clock import monotonic
from engine.errors import RuleBroken

_BUSY_SECONDS = 30
_CONNECT_SECONDS = 10  # where the URL names no other
_DRIVER = "postgresql+psycopg"
_DRIVERS = {"sqlite": "sqlite", "postgresql": _DRIVER, "postgres": _DRIVER, _DRIVER: _DRIVER}
_POSTGRES_OPTIONS = (
    "-c statement_timeout=30000 -c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000"
    " -c TimeZone=UTC"  # else each moment that is read is converted once more
)
_IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
_LOST_STATES = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock timeout
_SQLITE_IS_AWAY = ("is full", "is locked", "disk I/O", "unable to open")
_PROGRESS_STEPS = 5_000  # virtual-machine steps of SQLite between two looks at the clock


class Database:
    """A pool of writing and a pool of reading connections to one database.

    On SQLite the driver's own transaction control is off: a writer begins with BEGIN IMMEDIATE, so it never
    has to upgrade a read lock (which deadlocks at once), and savepoints nest as they do on PostgreSQL.
    """

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = read_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.writer = self._open(pool_size)
        # On SQLite a transaction sees one state anyway; PostgreSQL has to be asked for it.
        self.reader = self._open(pool_size, "repeatable\\ read")
        if self.is_sqlite:
            _control_sqlite(self.writer, begin="BEGIN IMMEDIATE", query_only=False)
            _control_sqlite(self.reader, begin="BEGIN", query_only=True)
        else:
            _stream_postgresql(self.writer)
            _stream_postgresql(self.reader)
            self.reader = self.reader.execution_options(postgresql_readonly=True)

    def _open(self, pool_size: int, isolation: str = "") -> SqlEngine:
        dialect: dict[str, Any] = {}
        if self.is_sqlite:
            arguments: dict[str, Any] = {"check_same_thread": False, "timeout": _BUSY_SECONDS}
        else:
            level = f" -c default_transaction_isolation={isolation}" if isolation else ""
            # With parameters as PostgreSQL writes them, the driver need not read each statement for its own.
            arguments = {"options": _POSTGRES_OPTIONS + level, "cursor_factory": psycopg.RawCursor}
            dialect = {"paramstyle": "numeric_dollar", "use_native_hstore": False}
            if "connect_timeout" not in self.url.query:
                arguments["connect_timeout"] = _CONNECT_SECONDS
        return create_engine(
            self.url,
            connect_args=arguments,
            **dialect,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=not self.is_sqlite,
            pool_use_lifo=True,  # the connection used last has its pages and statements at hand
        )

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection inside a writing transaction; commit at the end, roll back on any error."""
        with self.writer.begin() as connection:
            yield connection

    def is_superuser(self) -> bool:
        """Tell whether PostgreSQL was told to refuse this product nothing; a file has no roles."""
        if self.is_sqlite:
            return False
        with self.reading() as connection:
            return bool(connection.exec_driver_sql(_IS_SUPERUSER).scalar_one())

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the data and cannot change it."""
        with self.reader.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close every idle connection."""
        self.writer.dispose()
        self.reader.dispose()


def sqlite_url(path: Path) -> str:
    """Write the URL of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def read_url(url: str) -> URL:
    """Read the URL of a database.

    Raises:
        RuleBroken: it is none, or of a kind that the engine does not work on; never shows it, for it may hold
            a password.
    """
    try:
        read = make_url(url)
        if read.get_backend_name() == "sqlite" and read.query:
            raise ValueError("options of SQLite are the engine's own")
    except (ArgumentError, ValueError) as error:
        raise RuleBroken(
            "database_url_wrong",
            "DATABASE_URL 不是数据库网址，应如 {sqlite} 或 {postgresql}",
            sqlite="sqlite:////srv/wuye/wuye.db",
            postgresql="postgresql+psycopg://user:password@host/wuye",
        ) from error
    driver = _DRIVERS.get(read.drivername)
    if driver is None:
        raise RuleBroken(
            "database_kind_unknown",
            "DATABASE_URL 中的数据库类型 {kind} 不支持，请用 sqlite 或 postgresql+psycopg",
            kind=read.drivername,
        )
    if driver == "sqlite" and read.database in (None, "", ":memory:"):
        raise RuleBroken(
            "database_file_missing",
            "DATABASE_URL 没有写明 SQLite 文件，应如 {sqlite}",
            sqlite="sqlite:////srv/wuye/wuye.db",
        )
    return read.set(drivername=driver)


def _control_sqlite(engine: SqlEngine, *, begin: str, query_only: bool) -> None:
    @event.listens_for(engine, "do_connect")
    def keep_private(_dialect: object, _record: object, arguments: list[Any], _named: object) -> None:
        # SQLite would let everybody read a file that it makes; what stands beside it is as private as it is.
        with suppress(OSError):
            Path(arguments[0]).touch(mode=0o600)

    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: sqlite3.Connection, _record: object) -> None:
        dbapi_connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            dbapi_connection.execute(f"PRAGMA {pragma}")
        if query_only:
            dbapi_connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "handle_error")
    def lose(context: ExceptionContext) -> None:
        """Let nothing more be written once SQLite has undone the transaction: it would stay."""
        raw: object = (
            context.connection.connection.dbapi_connection if context.connection is not None else None
        )
        if isinstance(raw, sqlite3.Connection) and not raw.in_transaction:
            context.is_disconnect, context.invalidate_pool_on_disconnect = True, False

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        raw: object = connection.connection.dbapi_connection
        if query_only and isinstance(raw, sqlite3.Connection):
            raw.execute(begin)  # waits for nobody and takes no lock, so it needs none of SQLAlchemy's care
        else:
            connection.exec_driver_sql(begin)


def _stream_postgresql(engine: SqlEngine) -> None:
    @event.listens_for(engine, "connect")
    def prepare(dbapi_connection: psycopg.Connection, _record: object) -> None:
        # What is read row by row comes over a cursor of another kind, which has to write parameters alike.
        dbapi_connection.server_cursor_factory = psycopg.RawServerCursor


@contextmanager
def time_limit(connection: Connection, seconds: float) -> Iterator[None]:
    """Interrupt SQLite statements that run past a limit; PostgreSQL keeps its own statement_timeout."""
    raw: object = connection.connection.dbapi_connection
    if not isinstance(raw, sqlite3.Connection):
        yield
        return
    deadline = monotonic() + seconds
    raw.set_progress_handler(lambda: monotonic() > deadline, _PROGRESS_STEPS)
    try:
        yield
    finally:
        with suppress(sqlite3.ProgrammingError):  # closed, with the transaction that it lost
            raw.set_progress_handler(None, 0)


def is_transaction_lost(error: BaseException | None, connection: Connection) -> bool:
    """Tell whether the database gave up the whole transaction, so that running it again makes sense."""
    if connection.invalidated:
        return True
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST_STATES


def is_away(error: DBAPIError) -> bool:
    """Tell whether the database cannot be reached, or has no room or no turn to write."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if isinstance(error.orig, sqlite3.OperationalError):
        return any(words in str(error.orig) for words in _SQLITE_IS_AWAY)
    return True
