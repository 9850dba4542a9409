"""What a decision answers, and the shapes in which a business rule task takes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.bpmn.decisions.problems import DecisionFailed
from engine.bpmn.expressions import Value

Row = Mapping[str, Value]


class ResultMapping(StrEnum):
    """The values of `camunda:mapDecisionResult`."""

    SINGLE_ENTRY = "singleEntry"
    SINGLE_RESULT = "singleResult"
    COLLECT_ENTRIES = "collectEntries"
    RESULT_LIST = "resultList"


@dataclass(frozen=True, slots=True)
class Result:
    """The outputs of the rules that matched, in the order of the table; empty when none did.

    Attributes:
        rows: output name -> value, one row for each matching rule, or one with an aggregate.
        rules: ids of the matching rules.
        required: results of the decisions that this one needed.
    """

    decision: str
    rows: tuple[Row, ...]
    rules: tuple[str, ...]
    required: tuple["Result", ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def map_result(result: Result, mapping: ResultMapping) -> Value:
    """Shape a result as the diagram asks; where no rule matched, that is null, or an empty list.

    Raises:
        DecisionFailed: several rows or columns where one is asked for.
    """
    if mapping is ResultMapping.RESULT_LIST:
        return [dict(row) for row in result.rows]
    if mapping is ResultMapping.COLLECT_ENTRIES:
        return [_entry(result, row, mapping) for row in result.rows]
    if len(result.rows) > 1:
        raise DecisionFailed(
            result.decision,
            f"{mapping} 只能取一行，却有 {len(result.rows)} 条规则匹配；请改用 resultList 或 collectEntries",
            f"{mapping} takes one row, but {len(result.rows)} rules match; use resultList or collectEntries",
            result.rules,
        )
    row = result.rows[0] if result.rows else None
    if row is None or mapping is ResultMapping.SINGLE_RESULT:
        return None if row is None else dict(row)
    return _entry(result, row, mapping)


def _entry(result: Result, row: Row, mapping: ResultMapping) -> Value:
    if len(row) != 1:
        raise DecisionFailed(
            result.decision,
            f"{mapping} 只能取一列，表中却有 {len(row)} 个输出；请改用 singleResult 或 resultList",
            f"{mapping} takes one column, but there are {len(row)} outputs; use singleResult or resultList",
            result.rules,
        )
    return next(iter(row.values()))
