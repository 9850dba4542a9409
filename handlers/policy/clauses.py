"""Reads the table of the policy's clauses."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("clauses.toml")


class State(StrEnum):
    """How far a clause is built."""

    ENFORCED = "enforced"
    PARTLY = "partly"
    PLANNED = "planned"


class Place(StrEnum):
    """What kind of thing enforces a clause."""

    STEP = "step"  # element of a diagram: repair.bpmn#accept
    TABLE = "table"  # decision table: repair_limits.dmn
    RULE = "rule"  # function of the product: handlers.repair.rules:window
    PERMISSION = "permission"  # permission code that the command asks for
    PAGE = "page"  # route: overdue.index


@dataclass(frozen=True)
class Asked:
    """The figure behind a clause: its name in figures.py, what it is asked for, and its label."""

    name: str
    argument: str
    zh: str
    en: str


@dataclass(frozen=True)
class Clause:
    """One clause of the policy.

    Attributes:
        where: (kind, reference) of each place that enforces it.
        tests: pytest ids that fail when it is no longer enforced.
        figures: shown beside it, the most telling first.
        missing: what is not built yet, in both languages; empty when nothing is.
    """

    id: str
    zh: str
    en: str
    state: State
    where: tuple[tuple[Place, str], ...]
    tests: tuple[str, ...]
    figures: tuple[Asked, ...]
    missing: tuple[str, str]


@lru_cache(maxsize=1)
def clauses() -> tuple[Clause, ...]:
    """Return every clause in the order of the policy."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(_clause(row) for row in table["clause"])


def _clause(row: Mapping[str, Any]) -> Clause:
    return Clause(
        id=row["id"],
        zh=row["zh"],
        en=row["en"],
        state=State(row["state"]),
        where=tuple((Place(kind), reference) for kind, reference in row.get("where", ())),
        tests=tuple(row.get("tests", ())),
        figures=tuple(Asked(*asked) for asked in row.get("figures", ())),
        missing=(row.get("missing_zh", ""), row.get("missing_en", "")),
    )
