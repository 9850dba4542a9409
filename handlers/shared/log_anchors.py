"""Keeps the ends of the access log's chains outside the database, so that cutting it short is found."""

import logging
import os
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path

from engine.work import SYSTEM, Engine
from handlers import settings
from handlers.shared import access_log
from handlers.shared.access_log import Anchor, Break

EVERY = timedelta(minutes=5)
_SHIPPED = re.compile(r"access log anchor: (\d{4}-\d\d-\d\d \d+ [0-9a-f]{64})\b")
_LAST_BYTES = 512  # some lines

_log = logging.getLogger(__name__)


def file_of(engine: Engine) -> Path:
    """Return where an installation keeps its anchors, apart from the database."""
    return settings.of(engine).anchors


def known(engine: Engine) -> list[Anchor]:
    """Return the anchors that were kept so far.

    Raises:
        ValueError: somebody wrote something else into the file.
    """
    return list(_kept(engine, _length(engine)))


def _kept(engine: Engine, length: int) -> Iterator[Anchor]:
    """Read the anchors in the first bytes of the file."""
    if not length:
        return
    with file_of(engine).open("rb") as file:
        for line in file:
            length -= len(line)
            if length < 0:
                return
            if line.strip():
                yield Anchor.read(line.decode("utf-8"))


def _length(engine: Engine) -> int:
    path = file_of(engine)
    return path.stat().st_size if path.exists() else 0


def shipped(lines: Iterable[str]) -> list[Anchor]:
    """Read the anchors out of a process log that was collected elsewhere."""
    found = (_SHIPPED.search(line) for line in lines)
    return [Anchor.read(one.group(1)) for one in found if one is not None]


def keep(engine: Engine) -> Anchor | None:
    """Note where the newest chain ends now, in the process log first; return None while nothing was logged.

    A place that cannot be written to stops nobody's work: the process log says so, with the anchor.
    """
    with engine.reading(SYSTEM) as work:
        end = access_log.anchor(work)
    if end is not None:
        _note(engine, end)
    elif known_before := _last_line_of(engine):
        _log.error("the access log is empty, but anchors know of entries: %s", known_before)
    return end


def keep_at_once(engine: Engine) -> None:
    """Have a process that serves keep an anchor with every look in clear, export and grant as well."""
    access_log.anchor_at_once(engine, lambda end: _note(engine, end))


def verify(engine: Engine, elsewhere: Iterable[Anchor] = ()) -> list[Break]:
    """Find every place where the access log was edited, cut, reordered or added to.

    Args:
        elsewhere: anchors that were kept on another machine.
    """
    # What is anchored from now on is of entries that the state that is read here may not have.
    length = _length(engine)
    with engine.reading(SYSTEM) as work:
        return access_log.verify(work, chain(_kept(engine, length), elsewhere))


def lacking(engine: Engine, elsewhere: Iterable[Anchor] = ()) -> list[Break]:
    """Say that a log in use has no entries, or nothing that would show that it was cut short."""
    with engine.reading(SYSTEM) as work:
        end = access_log.anchor(work)
        today = work.now.date()
    lacks = [] if end is not None else [Break(today, 0, "no_entries")]
    return lacks if known(engine) or [*elsewhere] else [*lacks, Break(today, 0, "no_anchors")]


def _note(engine: Engine, end: Anchor) -> None:
    path = file_of(engine)
    try:
        if end.line() == _last_line(path):
            return
        _log.info("access log anchor: %s", end.line())
        _append(path, end.line())
    except OSError as error:
        _log.error("anchors of the access log cannot be kept in %s: %s", path, error.strerror)


def _last_line_of(engine: Engine) -> str:
    try:
        return _last_line(file_of(engine))
    except OSError:
        return ""


def _last_line(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LAST_BYTES))
        lines = file.read().decode("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
