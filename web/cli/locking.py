"""Keeps two runs of a command that must not meet in one data folder apart."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(folder: Path, name: str) -> Iterator[bool]:
    """Tell whether nobody else is in such a block, and keep others out meanwhile.

    Args:
        name: of the lock file.
    """
    with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given up with the process, however it ends
        except BlockingIOError:
            yield False
            return
        yield True
