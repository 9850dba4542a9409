"""Removes from the disk what no record names any more: a deletion or a copy that was cut off."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from engine.work import Work
from handlers import settings
from handlers.privacy.retention_parts import PART, Part
from handlers.shared.backup import TEMPORARY
from handlers.shared.records import attachment


def leftovers(work: Work, cutoff: datetime, _after: int) -> Part:
    """Remove files of attachments whose row is gone, and what a killed backup left behind."""
    installation = settings.of(work.engine)
    old = sorted(path for path in _files(installation.attachments_dir) if _is_old(path, cutoff))
    done = 0
    for start in range(0, len(old), PART):
        part = old[start : start + PART]
        known = select(attachment.c.file_name).where(attachment.c.file_name.in_({_name(one) for one in part}))
        named = set(work.connection.execute(known).scalars())
        for path in part:
            if _name(path) not in named:
                path.unlink(missing_ok=True)
                done += 1
    for folder in installation.data_dir.glob(f"{TEMPORARY}*"):
        if folder.is_dir() and _is_old(folder, cutoff):  # a file that begins so is a lock
            shutil.rmtree(folder, ignore_errors=True)
            done += 1
    return Part(done)


def _files(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _is_old(path: Path, cutoff: datetime) -> bool:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, cutoff.tzinfo) <= cutoff
    except FileNotFoundError:
        return False


def _name(path: Path) -> str:
    """Return the name that the attachment's row holds: of the whole, its thumbnail, or one half written."""
    return path.name.partition(".")[0]
