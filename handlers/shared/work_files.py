"""Keeps the files that long work reads or makes, sealed, and only for as long as it needs them."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from engine.work import Engine
from handlers.shared import limits
from handlers.shared.sealed import SealedVault
from handlers.shared.sealed_files import SealedFiles

_CACHE_KEY = "work_files"


class WorkFiles:
    """A folder of such files under random names."""

    def __init__(self, folder: Path, vault: SealedVault) -> None:
        self._folder = folder
        self._files = SealedFiles(folder, vault)

    def write(self, parts: Iterable[bytes]) -> str:
        """Store a file and return its name."""
        name = secrets.token_hex(16)
        self._files.write(name, parts)
        return name

    def read(self, name: str) -> Iterator[bytes]:
        """Read a file."""
        return self._files.read(name)

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
        self._files.delete(name)

    def purge(self, now: datetime) -> int:
        """Remove old files and return how many."""
        old = [path for path in self._paths() if _age(path, now) > limits.WORK_FILES_KEPT]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _paths(self) -> list[Path]:
        return list(self._folder.iterdir()) if self._folder.is_dir() else []


def _age(path: Path, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(path.stat().st_mtime, now.tzinfo)


def keep(engine: Engine, folder: Path, vault: SealedVault) -> None:
    """Tell an engine's modules where such files lie."""
    engine.cache[_CACHE_KEY] = WorkFiles(folder, vault)


def purge(engine: Engine) -> int:
    """Remove what lies there for longer than any work needs it; return how many files."""
    return of(engine).purge(engine.clock.now())


def of(engine: Engine) -> WorkFiles:
    """Return where an engine keeps such files."""
    files = engine.cache[_CACHE_KEY]
    assert isinstance(files, WorkFiles)
    return files
