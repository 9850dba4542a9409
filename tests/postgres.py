"""Starts Debian's PostgreSQL for tests, as a user who is not root, on a free port."""

import os
import pwd
import shutil
import socket
import subprocess
from itertools import count
from pathlib import Path

import psycopg

_BIN_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_SIZES = ("max_connections=200", "shared_buffers=64MB")

# Every commit is on the disk before it returns.
DURABLE = _SIZES
# A killed server loses nothing either; only a machine that lost its power would.
QUICK = (*_SIZES, "fsync=off", "full_page_writes=off")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def _dropping(url: str) -> str:
    return f"DROP DATABASE {_name(url)} WITH (FORCE)"


def _creating(url: str, like: str) -> str:
    return f"CREATE DATABASE {_name(url)} TEMPLATE {_name(like) or 'template1'} STRATEGY FILE_COPY"


class PostgresServer:
    """A PostgreSQL server in a folder of its own; it listens on loopback only."""

    def __init__(self, folder: Path, settings: tuple[str, ...] = DURABLE) -> None:
        if not _BIN_FOLDERS:
            raise RuntimeError("PostgreSQL is missing: apt-get install -y postgresql")
        self._bin = _BIN_FOLDERS[0]
        self._folder = folder / "data"
        self._settings = settings
        self._port = free_port()
        self._numbers = count(1)
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name

    def start(self) -> None:
        """Make the cluster and start it."""
        self._folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self._folder, self._user, self._user)
            self._folder.parent.chmod(0o711)
        self._run(
            "initdb", "-D", str(self._folder), "-U", "wuye", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
        )
        self._launch()

    def _launch(self) -> None:
        addresses = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}")
        options = " ".join(f"-c {setting}" for setting in (*addresses, *self._settings))
        self._run(
            "pg_ctl",
            "-D",
            str(self._folder),
            "-w",
            "-l",
            f"{self._folder}/log",
            "-o",
            f"-p {self._port} {options}",
            "start",
        )

    def restart(self) -> None:
        """Stop at once, as a crash would, and start again."""
        self.stop()
        self._launch()

    def stop(self) -> None:
        """Stop without waiting for anybody."""
        self._run("pg_ctl", "-D", str(self._folder), "-m", "immediate", "-w", "stop")

    def new_database(self, like: str = "") -> str:
        """Make a database and return its URL.

        Args:
            like: URL of a database that nobody is connected to, to begin as a copy of; empty when absent.
        """
        url = f"postgresql+psycopg://wuye@127.0.0.1:{self._port}/test_{os.getpid()}_{next(self._numbers)}"
        self._execute(_creating(url, like))
        return url

    def replace(self, url: str, like: str) -> None:
        """Make a database a copy of another, whoever is still connected to it."""
        self._execute(_dropping(url), _creating(url, like))

    def drop(self, url: str) -> None:
        """Remove a database with whoever is still connected to it."""
        self._execute(_dropping(url))

    def _execute(self, *statements: str) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self._port, user="wuye", dbname="postgres", autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", self._user, "--regid", self._user, "--init-groups", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")
