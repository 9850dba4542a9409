"""Decision tables (DMN): reading a file, refusing what would fail silently, evaluating."""

from engine.bpmn.decisions.problems import DecisionFailed, DecisionProblem, DecisionsRefused
from engine.bpmn.decisions.reader import read_decisions
from engine.bpmn.decisions.results import Result, ResultMapping, map_result
from engine.bpmn.decisions.table import Aggregation, Decision, HitPolicy

__all__ = [
    "Aggregation",
    "Decision",
    "DecisionFailed",
    "DecisionProblem",
    "DecisionsRefused",
    "HitPolicy",
    "Result",
    "ResultMapping",
    "map_result",
    "read_decisions",
]
