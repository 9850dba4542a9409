"""Reads the table of how long each class of data is kept, and what becomes of it then."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Column

TABLE = Path(__file__).with_name("retention.toml")
_PERIOD = re.compile(r"P(\d+)([YD])")
_DAYS = {"Y": 366, "D": 1}  # never a day too early


class Action(StrEnum):
    """What becomes of data at the end of their period."""

    DELETE = "delete"
    ANONYMISE = "anonymise"
    KEEP = "keep"


@dataclass(frozen=True)
class Period:
    """How long something is kept."""

    count: int
    unit: str  # Y | D

    @property
    def length(self) -> timedelta:
        """The period as a span of time."""
        return timedelta(days=self.count * _DAYS[self.unit])


@dataclass(frozen=True)
class DataClass:
    """One class of data.

    Attributes:
        name, since, law: (Chinese, English).
        period: None where it is kept.
        by: "module:function" that carries it out.
        columns: "table.column" or "table.*".
    """

    id: str
    name: tuple[str, str]
    period: Period | None
    since: tuple[str, str]
    action: Action
    law: tuple[str, str]
    by: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """Columns that hold texts and are kept, and why."""

    reason: tuple[str, str]
    columns: tuple[str, ...]


@lru_cache(maxsize=1)
def classes() -> tuple[DataClass, ...]:
    """Return every class of data in the order of the table."""
    return tuple(
        DataClass(
            id=row["id"],
            name=(row["zh"], row["en"]),
            period=_period(row["keep"]),
            since=(row["since_zh"], row["since_en"]),
            action=Action(row["do"]),
            law=(row["law_zh"], row["law_en"]),
            by=row["by"],
            columns=tuple(row["columns"]),
        )
        for row in _table()["class"]
    )


@lru_cache(maxsize=1)
def kept() -> tuple[Kept, ...]:
    """Return what is kept, by the reason for it."""
    return tuple(Kept((row["zh"], row["en"]), tuple(row["columns"])) for row in _table()["kept"])


def keep_of(class_id: str) -> timedelta:
    """Return how long a class of data that has a period is kept."""
    found = next(one for one in classes() if one.id == class_id)
    assert found.period is not None, class_id
    return found.period.length


def names_of(column: Column[Any]) -> tuple[str, str]:
    """Return the two names under which a column may stand in the table."""
    return f"{column.table.name}.{column.name}", f"{column.table.name}.*"


def listed() -> Iterator[str]:
    """Yield every name that stands in the table."""
    for columns in (*(one.columns for one in classes()), *(one.columns for one in kept())):
        yield from columns


def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def _period(written: str) -> Period | None:
    if not written:
        return None
    found = _PERIOD.fullmatch(written)
    assert found, written
    return Period(int(found[1]), found[2])
