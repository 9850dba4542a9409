"""Starts Debian's PostgreSQL for tests, as a user who is not root, on a free port."""

import os
import pwd
import shutil
import socket
import subprocess
from itertools import count
from pathlib import Path

_BIN_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_FAST = ("-c", "max_connections=200", "-c", "shared_buffers=64MB")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """A PostgreSQL server in a folder of its own; it listens on loopback only."""

    def __init__(self, folder: Path) -> None:
        if not _BIN_FOLDERS:
            raise RuntimeError("PostgreSQL is missing: apt-get install -y postgresql")
        self._bin = _BIN_FOLDERS[0]
        self._folder = folder / "data"
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
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} "
        self._run(
            "pg_ctl",
            "-D",
            str(self._folder),
            "-w",
            "-l",
            f"{self._folder}/log",
            "-o",
            options + " ".join(_FAST),
            "start",
        )

    def restart(self) -> None:
        """Stop at once, as a crash would, and start again."""
        self.stop()
        self._launch()

    def stop(self) -> None:
        """Stop without waiting for anybody."""
        self._run("pg_ctl", "-D", str(self._folder), "-m", "immediate", "-w", "stop")

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self._port), "-U", "wuye", name)
        return f"postgresql+psycopg://wuye@127.0.0.1:{self._port}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", self._user, "--regid", self._user, "--init-groups", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")
