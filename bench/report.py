"""Says what was measured: rows with target, figure and reference, as a table and as JSON."""

import json
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

_HEADINGS = ("what", "target", "measured", "reference, same run", "ratio", "met")


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        target: in words; `is_met` is the verdict on it, None for a figure without a target of its own.
        reference: what else was measured in the same run, with `reference_value` in the same unit.
        note: what a reader has to know, such as a size that was reduced.
    """

    what: str
    target: str
    value: float
    unit: str
    is_met: bool | None
    reference: str = ""
    reference_value: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The figure as a share of its reference."""
        return self.value / self.reference_value if self.reference_value else None


def table(rows: Sequence[Row]) -> str:
    """Write rows as a Markdown table with aligned columns, and their notes below it."""
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    lines = [_HEADINGS, *(_cells(row, notes) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    rule = tuple("-" * width for width in widths)
    listed = [_line(line, widths) for line in (lines[0], rule, *lines[1:])]
    return "\n".join(listed + [""] * bool(notes) + [f"[{n}] {note}" for n, note in enumerate(notes, 1)])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _cells(row: Row, notes: Sequence[str]) -> tuple[str, ...]:
    mark = f" [{notes.index(row.note) + 1}]" if row.note else ""
    reference = ""
    if row.reference_value is not None:
        reference = f"{row.reference}: {_number(row.reference_value)} {row.unit}"
    return (
        row.what + mark,
        row.target,
        f"{_number(row.value)} {row.unit}",
        reference,
        f"{row.ratio:.2f}" if row.ratio is not None else "",
        {True: "met", False: "NOT MET", None: ""}[row.is_met],
    )


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine() -> str:
    """Say what the figures were measured on."""
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in cpus if line.startswith("model name")]
    load = Path("/proc/loadavg").read_text(encoding="utf-8").split()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("SpiffWorkflow", "SQLAlchemy", "psycopg"))
    return (
        f"{len(models)} x {models[0] if models else platform.machine()}, load {load} at the start; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}"
    )


def write_json(path: Path, on: str, rows: Iterable[Row]) -> None:
    """Keep the figures for a program."""
    figures = [{**asdict(row), "ratio": row.ratio} for row in rows]
    body = {"machine": on, "figures": figures}
    path.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
