"""Keeps the ends of the access log's chains outside the database, so that cutting it short is found."""

import os
from pathlib import Path

from engine.work import SYSTEM, Engine
from handlers import settings
from handlers.shared import access_log
from handlers.shared.access_log import Anchor, Break


def file_of(engine: Engine) -> Path:
    """Return where an installation keeps its anchors: beside the keys, apart from the database."""
    return settings.of(engine).data_dir / "access-log.anchors"


def known(engine: Engine) -> list[Anchor]:
    """Return the anchors that were kept so far.

    Raises:
        ValueError: somebody wrote something else into the file.
    """
    path = file_of(engine)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [Anchor.read(line) for line in lines if line.strip()]


def keep(engine: Engine) -> Anchor | None:
    """Note where the newest chain ends now; return None while nothing was logged."""
    with engine.reading(SYSTEM) as work:
        end = access_log.anchor(work)
    if end is None or end in known(engine)[-1:]:
        return end
    descriptor = os.open(file_of(engine), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(end.line() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return end


def verify(engine: Engine) -> list[Break]:
    """Find every place where the access log was edited, cut, reordered or added to."""
    anchors = known(engine)
    with engine.reading(SYSTEM) as work:
        return access_log.verify(work, anchors)
