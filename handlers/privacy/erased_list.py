"""Keeps a list of erased ids outside the database, so that a restored backup does not bring anybody back."""

import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from engine.work import SYSTEM, Engine
from handlers import settings
from handlers.errors import RuleRefused
from handlers.privacy.erasing_records import privacy_erasure
from handlers.shared.folders import sync_folder

NAME = "erased.list"
_KINDS = ("person", "account")
_LAST = 2**63 - 1  # as an id
_DIGITS = len(str(_LAST))


@dataclass(frozen=True, order=True)
class Erased:
    """Somebody who was erased: an id, and nothing that leads from it to anybody."""

    kind: str
    id: int


def file_of(engine: Engine) -> Path:
    """Return where an installation keeps the list: beside its keys, apart from the database."""
    return settings.of(engine).data_dir / NAME


def read(path: Path) -> set[Erased]:
    """Read a list; a missing one is empty.

    Raises:
        RuleRefused: something else stands in the file.
    """
    found = set()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        kind, _, written = line.partition(" ")
        if kind not in _KINDS or not written.isdecimal() or len(written) > _DIGITS or int(written) > _LAST:
            raise RuleRefused(
                "erased_list_broken", "{file} 第 {line} 行不是删除记录", file=path.name, line=number
            )
        found.add(Erased(kind, int(written)))
    return found


def require_readable(paths: Iterable[Path]) -> None:
    """Refuse lists that are missing or broken, before anything is done.

    Raises:
        RuleRefused: naming the file.
    """
    for path in paths:
        if not path.exists():
            raise RuleRefused("erased_list_missing", "没有删除记录文件 {file}", file=path.name)
        read(path)


def keep(engine: Engine, beside: Path | None = None) -> None:
    """Add everybody who was erased to the installation's list.

    Args:
        beside: a folder of backups; its list is completed as well, for it outlives this installation.
    """
    with engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(privacy_erasure.c.kind, privacy_erasure.c.subject_id)).all()
    erased = {Erased(row.kind, row.subject_id) for row in rows}
    own = file_of(engine)
    for path in (own, *(() if beside is None else (beside / NAME,))):
        known = read(path)
        if not erased <= known:
            erased |= read(own)
            _write(path, known | erased)


def _write(path: Path, erased: set[Erased]) -> None:
    """Replace a list as a whole, so that a cut leaves the old one or the new one."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{one.kind} {one.id}\n" for one in sorted(erased))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)
