"""Databases that each test begins anew, opened once: whatever statement was compiled before is compiled."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.store.database import Database
from tests.postgres import PostgresServer


class SqliteAnew:
    """One SQLite file whose content is replaced again and again.

    Args:
        path: of the file; its folder is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(f"sqlite:///{path}")

    @contextmanager
    def like(self, ready: Path) -> Iterator[Database]:
        """Give the database with the content of another file."""
        if self._path.is_dir():  # so that nothing could be opened
            shutil.rmtree(self._path)
        for beside in ("", "-wal", "-shm"):
            Path(f"{self._path}{beside}").unlink(missing_ok=True)
        shutil.copyfile(ready, self._path)
        yield self._database
        self._database.dispose()


class PostgresAnew:
    """One PostgreSQL database whose content is replaced again and again."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._url = server.new_database()
        self._database = Database(self._url)

    @contextmanager
    def like(self, ready: str) -> Iterator[Database]:
        """Give the database with the content of another, to which nobody is connected."""
        self._server.replace(self._url, ready)
        yield self._database
        self._database.dispose()
