"""Reads the tables that reports are made from: kinds of fault, and phrases that mean danger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Protocol, cast

from engine import definitions, instances
from engine.bilingual import Text
from engine.durations import Duration
from engine.work import Work
from handlers.repair.records import Area, Urgency
from handlers.repair.words import Hint, Question

_FAULTS = "repair_fault_list"
_HINTS = "repair_hints"
_LIMITS = "repair_limits"
_URGENCIES = "repair_faults"
_TABLE = "table in force"


class Table(Protocol):
    """A decision table, as far as it is read here."""

    def evaluate(self, values: Mapping[str, str], /) -> Iterable[Mapping[str, object]]:
        """Return the rows that match."""
        ...

    @property
    def outputs(self) -> Mapping[str, object]:
        """Return the names of the outputs, with their types."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault that people choose from."""

    code: str
    name: str
    name_en: str
    category: str

    @property
    def text(self) -> Text:
        """The name in both languages."""
        return self.name, self.name_en or self.name


def faults(work: Work, area: str) -> tuple[Fault, ...]:
    """Return the faults that can befall a private or a common part, in the order of the table."""
    return _faults(_table(work, _FAULTS), area)


def fault(work: Work, code: str | None) -> Fault | None:
    """Return a fault by its code, whatever it befalls."""
    return _by_code(_table(work, _FAULTS)).get(code or "")


def name_of(work: Work, code: str | None) -> Text:
    """Name a fault; empty where nobody knows it yet."""
    found = fault(work, code)
    return found.text if found else ""


def hints(work: Work) -> tuple[Hint, ...]:
    """Return the phrases that raise the urgency of a report."""
    return _hints(_table(work, _HINTS))


def questions(work: Work) -> tuple[Question, ...]:
    """Return the words that are unclear, each with the one question that settles it."""
    return _questions(_table(work, _HINTS))


def danger_of(work: Work, code: str | None) -> Hint | None:
    """Return why a fault is a danger to life by itself, or None."""
    return next((hint for hint in hints(work) if hint.is_danger and code and hint.fault_code == code), None)


def urgency(work: Work, code: str | None) -> str | None:
    """Return how urgent a fault is by itself, whatever was said about it; None for one nobody knows."""
    return _urgency(_table(work, _URGENCIES), code or "")


def is_urgent(work: Work, instance_id: int | None, urgency: str | None) -> bool:
    """Tell whether the case's table has the repair staff told at once about it, beside verification."""
    return _says(_limits_of(work, instance_id, "alarm"), "alarm", urgency or "")


def rings_all(work: Work, instance_id: int | None, urgency: str | None) -> bool:
    """Tell whether the case's table has everybody on shift rung, whatever their skill."""
    return _says(_limits_of(work, instance_id, "ring_all"), "ring_all", urgency or "")


def arrive_within(work: Work, instance_id: int | None, urgency: str | None, code: str | None) -> timedelta:
    """Return how long after being sent somebody is there at the latest, as the case's tables say.

    A fault that is as urgent as its row says may override the limit, as on the sheet of the case.
    """
    by_fault = instances.table_of(work, instance_id, _URGENCIES).evaluate({"fault_code": code or ""})
    by_urgency = _limits_of(work, instance_id, "arrive_limit").evaluate({"urgency": urgency or ""})
    limits: list[object] = [row["arrive_override"] for row in by_fault if row["fault_urgency"] == urgency]
    limits += [row["arrive_limit"] for row in by_urgency]
    return next(limit.exact for limit in limits if isinstance(limit, Duration))


def _limits_of(work: Work, instance_id: int | None, column: str) -> Table:
    """Return the limits that a case began with; where they have no such column, those in force."""
    own: Table = instances.table_of(work, instance_id, _LIMITS)
    return own if column in own.outputs else _table(work, _LIMITS)


def accept_within(work: Work) -> timedelta:
    """Return by when a report is accepted at the latest, whatever its urgency (policy E2)."""
    return _longest_accept(_table(work, _LIMITS))


def _table(work: Work, key: str) -> Table:
    """Return a table in force; lists ask for the same one in each of their lines."""
    if (_TABLE, key) not in work.read:
        work.read[_TABLE, key] = definitions.decision(work.engine, work.connection, key)
    return cast(Table, work.read[_TABLE, key])


# A table never changes once it is read, so neither does what is read from it.


@lru_cache(maxsize=8)
def _faults(table: Table, area: str) -> tuple[Fault, ...]:
    return tuple(
        Fault(str(row["code"]), str(row["name"]), str(row["name_en"] or ""), str(row["category"]))
        for row in table.evaluate({"area": str(area)})
    )


@lru_cache(maxsize=64)
def _says(table: Table, column: str, urgency: str) -> bool:
    return any(row[column] is True for row in table.evaluate({"urgency": urgency}))


@lru_cache(maxsize=8)
def _longest_accept(table: Table) -> timedelta:
    limits = [
        row["accept_limit"] for urgency in Urgency for row in table.evaluate({"urgency": urgency.value})
    ]
    return max(limit.exact for limit in limits if isinstance(limit, Duration))


@lru_cache(maxsize=8)
def _by_code(table: Table) -> dict[str, Fault]:
    return {one.code: one for area in Area for one in _faults(table, area)}


@lru_cache(maxsize=8)
def _hints(table: Table) -> tuple[Hint, ...]:
    return tuple(
        Hint(
            str(row["phrase"]),
            str(row["urgency"]),
            str(row["fault_code"]) if row["fault_code"] else None,
            row["danger"] is True,
        )
        for row in table.evaluate({"kind": "hint"})
    )


@lru_cache(maxsize=8)
def _questions(table: Table) -> tuple[Question, ...]:
    return tuple(
        Question(str(row["phrase"]), str(row["question"]), str(row["question_en"] or ""), str(row["urgency"]))
        for row in table.evaluate({"kind": "question"})
    )


@lru_cache(maxsize=256)
def _urgency(table: Table, code: str) -> str | None:
    row = next(iter(table.evaluate({"fault_code": code})), None)
    return str(row["fault_urgency"]) if row else None
