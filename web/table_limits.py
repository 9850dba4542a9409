"""Says the limits that a decision table of a procedure gives a step, so that nobody has to open the table."""

import re
from collections.abc import Iterable, Mapping

from engine.bpmn.decisions import Decision
from engine.bpmn.expressions import ValueType
from engine.bpmn.program import Program, Step
from engine.durations import Duration
from web.case_ahead import fixed_limit
from web.repair_words import URGENCIES
from web.texts import gettext
from web.words import duration_words, either, listed

_FIXED = re.compile(r'duration\("(P[0-9A-Z.]+)"\)')
_NAME = re.compile(r"[a-z_]+")


def table_limits(program: Program, step: Step) -> str:
    """Say the limits that a table holds for a step; "" where the limit is no column of a table.

    A table with a line for each urgency is said line by line, any other by its shortest and longest.
    """
    text = step.limit_text or ""
    for name in reversed(_NAME.findall(text)):  # the last one is what a condition leaves as the usual limit
        table = _with_column(program.decisions.values(), name)
        if table is None:
            continue
        rows = _rows(table, name)
        if rows and all(key in URGENCIES for key in rows):
            return _by_urgency(rows) + _exceptions(program, name)
        return _range(rows.values()) if text == f"${{{name}}}" else ""
    return ""


def _with_column(tables: Iterable[Decision], name: str) -> Decision | None:
    found = [one for one in tables if one.outputs.get(name) is ValueType.DURATION]
    return found[0] if len(found) == 1 else None


def _rows(table: Decision, name: str) -> dict[str, str]:
    """Return what a line asks for -> its limit in words, without lines that have none."""
    at = [column.name for column in table.columns].index(name)
    found = {}
    for rule in table.rules:
        limit = _FIXED.fullmatch(rule.answers[at].text.strip())
        if limit:
            found[" ".join(test.text for test in rule.tests).strip('"')] = limit[1]
    return found


def _by_urgency(rows: Mapping[str, str]) -> str:
    of_limit: dict[str, list[str]] = {}
    for urgency, limit in rows.items():
        of_limit.setdefault(limit, []).append(str(URGENCIES[urgency]))
    if len(of_limit) == 1 and len(rows) == len(URGENCIES):
        return fixed_limit(next(iter(of_limit)))
    return either("，", ", ").join(
        f"{listed(names)} {fixed_limit(limit)}" for limit, names in of_limit.items()
    )


def _exceptions(program: Program, name: str) -> str:
    override = name.removesuffix("_limit") + "_override"
    has_some = any(override in table.outputs for table in program.decisions.values())
    return gettext("；少数故障另有规定") if has_some else ""


def _range(limits: Iterable[str]) -> str:
    spans = sorted({Duration.parse(one) for one in limits}, key=lambda one: (one.months, one.exact))
    ends = list(dict.fromkeys(duration_words(one) for one in (spans[:1] + spans[-1:])))
    return gettext("%(least)s 至 %(most)s", least=ends[0], most=ends[1]) if len(ends) > 1 else "".join(ends)
