"""Writes DMN files the way dmn-js saves them."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

import pytest

from engine.bpmn.decisions import Decision, DecisionsRefused, read_decisions

DMN13 = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def table(
    inputs: Sequence[str],
    outputs: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    key: str = "limits",
    policy: str = "UNIQUE",
    inside: str = "",
) -> str:
    """Write a decision.

    Args:
        inputs, outputs: "name: type" each.
        rows: the cells of each row, inputs first.
        policy: hit policy, followed by the aggregation if there is one.
        inside: more children of the decision.
    """
    hit, _, aggregation = policy.partition(" with ")
    written = "".join(
        f'<input id="{key}_in{n}" label={quoteattr(name)}>'
        f'<inputExpression id="{key}_ex{n}" typeRef="{kind}"><text>{escape(name)}</text>'
        "</inputExpression></input>"
        for n, (name, kind) in enumerate(_split(inputs))
    )
    written += "".join(
        f'<output id="{key}_out{n}" label="x" name={quoteattr(name)} typeRef="{kind}" />'
        for n, (name, kind) in enumerate(_split(outputs))
    )
    for number, row in enumerate(rows, 1):
        cells = "".join(
            f'<{tag} id="{key}_c{number}_{n}"><text>{escape(cell)}</text></{tag}>'
            for n, cell in enumerate(row)
            for tag in ["inputEntry" if n < len(inputs) else "outputEntry"]
        )
        written += f'<rule id="{key}_r{number}"><description>why</description>{cells}</rule>'
    extra = f' aggregation="{aggregation}"' if aggregation else ""
    return (
        f'<decision id="{key}" name="限时">{inside}'
        f'<decisionTable id="{key}_table" hitPolicy="{hit}"{extra}>{written}</decisionTable></decision>'
    )


def dmn(*decisions: str, namespace: str = DMN13) -> bytes:
    """Write a file of decisions."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><definitions xmlns="{namespace}" '
        'xmlns:camunda="http://camunda.org/schema/1.0/dmn" '
        'xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" id="file" name="file" '
        f'namespace="http://camunda.org/schema/1.0/dmn">{"".join(decisions)}<dmndi:DMNDI /></definitions>'
    ).encode()


def decision(*args: Sequence[str] | Sequence[Sequence[str]], **options: str) -> Decision:
    """Write and read a file of one decision."""
    (found,) = read_decisions(dmn(table(*args, **options)))  # type: ignore[arg-type]  # passed on as they are
    return found


def problems(data: bytes) -> list[tuple[str, str]]:
    """Read a file and return the places and English texts of its problems."""
    with pytest.raises(DecisionsRefused) as refused:
        read_decisions(data)
    assert all(problem.zh != problem.en for problem in refused.value.problems)
    return [(problem.element_id, problem.en) for problem in refused.value.problems]


def _split(columns: Sequence[str]) -> list[tuple[str, str]]:
    return [(name.strip(), kind.strip()) for name, _, kind in (column.rpartition(":") for column in columns)]
