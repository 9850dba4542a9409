"""A line on the terminal that says what a command is doing and for how long, once it takes over a second."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TextIO

from engine.clock import monotonic

_STEP = 1.0  # seconds between two looks
_CLEAR = "\r\x1b[K"


@contextmanager
def shown(chinese: str, english: str, out: TextIO | None = None) -> Iterator[None]:
    """Show what is being done while the block runs; nothing where nobody sits before a terminal.

    Args:
        chinese: in the words of a person, such as “正在备份”.
        english: the same, such as "Backing up".
    """
    stream = out or sys.stderr
    if not stream.isatty():
        yield
        return
    over = Event()
    line = Thread(target=_tell, args=(f"{chinese} {english}", stream, over), daemon=True)
    line.start()
    try:
        yield
    finally:
        over.set()
        line.join()


def _tell(what: str, stream: TextIO, over: Event) -> None:
    begun, is_told = monotonic(), False
    while not over.wait(_STEP):
        stream.write(f"{_CLEAR}{what}, {int(monotonic() - begun)} s")
        stream.flush()
        is_told = True
    if is_told:
        stream.write(_CLEAR)
        stream.flush()
