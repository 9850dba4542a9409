"""What is wrong with a decision table, found when it is read or when it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass

from engine.bpmn.expressions import ExpressionError
from engine.explained import Explained


@dataclass(frozen=True, slots=True)
class DecisionProblem:
    """One thing that is wrong, and what to do.

    Attributes:
        element_id: id of the element in the file, or "" for the whole file.
    """

    element_id: str
    zh: str
    en: str


class DecisionsRefused(Explained):
    """A file of decisions with everything that is wrong in it."""

    code_word = "decisions_refused"

    def __init__(self, problems: Iterable[DecisionProblem]) -> None:
        self.problems = tuple(problems)
        zh = "；".join(f"[{problem.element_id}] {problem.zh}" for problem in self.problems)
        en = "; ".join(f"[{problem.element_id}] {problem.en}" for problem in self.problems)
        super().__init__(zh, en)


class DecisionFailed(ExpressionError):
    """A decision that gives no usable answer for these values.

    Attributes:
        decision: id of the decision.
        rules: ids of the rules concerned, if any.
    """

    code_word = "decision_failed"

    def __init__(self, decision: str, zh: str, en: str, /, rules: tuple[str, ...] = ()) -> None:
        super().__init__(f"决策表 {decision}：{zh}", f"Decision {decision}: {en}")
        self.decision = decision
        self.rules = rules
