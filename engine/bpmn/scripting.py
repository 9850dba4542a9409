"""The only evaluator: SpiffWorkflow may compute compiled expressions over variables, nothing else."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from SpiffWorkflow.task import Task

from engine.bilingual import Text
from engine.bpmn.decisions import ResultMapping, map_result
from engine.bpmn.errors import NotJson, Place, StepFailed
from engine.bpmn.expressions import Expression, Time, TimerExpression
from engine.bpmn.expressions.values import NOW, ZONE, Json, Value, ValueType, dump, load, load_all
from engine.bpmn.scopes import place_of, scope_of, store, visible
from engine.bpmn.steps import Copy, Step
from engine.explained import Explained

if TYPE_CHECKING:
    from engine.bpmn.program import Program

LONGEST_LIST = 100


class ScriptEngine:
    """Given to a workflow in place of SpiffWorkflow's own engine, whose `eval` and `exec` nobody can reach.

    Attributes:
        now: the moment of the Work that moves the case.
        hold: places that must not run in this move.
        thrown: events thrown in this move that the run has not dealt with yet.
    """

    def __init__(self, program: "Program") -> None:
        self.program = program
        self.zone = program.zone
        self.now = datetime.min.replace(tzinfo=UTC)
        self.hold: Collection[Place] = ()
        self.thrown: list[tuple[Task, Any]] = []

    # --- what SpiffWorkflow calls ---------------------------------------------------------------------------

    def evaluate(self, task: Task, expression: Expression, external_context: object = None) -> bool:
        """Decide a condition: exactly true or false."""
        return self.condition(task, expression)

    def execute(self, task: Task, script: object, external_context: object = None) -> NoReturn:
        """Refuse: no diagram holds a program."""
        raise self.failure(task, ("流程图中不能有脚本", "A diagram holds no script"))

    def call_service(self, task: Task, **_arguments: object) -> NoReturn:
        """Refuse: services are handlers, and the run calls them."""
        raise self.failure(task, ("流程图中不能直接调用服务", "A diagram calls no service by itself"))

    # --- what our nodes call --------------------------------------------------------------------------------

    def condition(self, task: Task, expression: Expression, extra: Mapping[str, Json] | None = None) -> bool:
        """Decide a condition with the variables that a token sees."""
        try:
            return expression.condition(self._load(task, expression.names, extra))
        except Explained as error:
            raise self.failure(task, error.both) from error

    def time(self, task: Task, expression: TimerExpression) -> Time:
        """Compute a time with the variables that a token sees."""
        try:
            return expression.evaluate(self._load(task, expression.names))
        except Explained as error:
            raise self.failure(task, error.both) from error

    def items(self, task: Task, expression: Expression) -> list[Json]:
        """Compute the list that a multi-instance activity runs over."""
        found = self.json(task, expression)
        if not isinstance(found, list):
            raise self.failure(task, ("多实例的集合不是列表", "The collection of the loop is no list"))
        if len(found) > LONGEST_LIST:
            raise self.failure(
                task,
                (
                    f"多实例的集合有 {len(found)} 项，最多 {LONGEST_LIST} 项",
                    f"The collection of the loop has {len(found)} items, more than {LONGEST_LIST}",
                ),
            )
        return found

    def json(self, task: Task, expression: Expression) -> Json:
        """Compute a value as process data."""
        try:
            return dump(expression.evaluate(self._load(task, expression.names)))
        except Explained as error:
            raise self.failure(task, error.both) from error

    def copied(self, task: Task, copies: Collection[Copy]) -> dict[str, Json]:
        """Read what crosses a border out of the scope of a token."""
        return {
            copy.target: visible(task).get(copy.source)
            if isinstance(copy.source, str)
            else self.json(task, copy.source)
            for copy in copies
        }

    def write(self, task: Task, variables: Mapping[str, Json]) -> None:
        """Set variables where a token sees them; each must be plain JSON of its declared type."""
        types = self._types(task)
        for name, value in variables.items():
            try:
                load(value, types.get(name, ValueType.ANY))
            except Explained as error:
                reason = f"变量“{name}”：{error.zh}", f"The variable “{name}”: {error.en}"
                raise NotJson(place_of(task), reason) from error
        store(task, variables)

    def write_outputs(self, task: Task, step: Step, outputs: Mapping[str, Json]) -> None:
        """Set what a handler returned; it may set only what its topic declares."""
        declared = self.program.topics.services[step.topic or ""].outputs
        unknown = sorted(set(outputs) - set(declared))
        if unknown:
            reason = (
                f"处理程序返回了没有声明的变量：{'、'.join(unknown)}",
                f"The handler returned variables that are not declared: {', '.join(unknown)}",
            )
            raise self.failure(task, reason)
        self.write(task, outputs)

    def decide(self, task: Task, step: Step) -> dict[str, Json]:
        """Ask the table of a decision step, and shape the answer as the step says."""
        table = self.program.decisions[step.decision or ""]
        try:
            result = table.evaluate(self._load(task, table.names))
            answer = dump(map_result(result, ResultMapping(step.result_as)))
        except Explained as error:
            raise self.failure(task, error.both) from error
        if step.result is not None:
            return {step.result: answer}
        return answer if isinstance(answer, dict) else {}

    def throw(self, task: Task, definition: Any) -> None:
        """Note an event for the run, which delivers it when the throwing node is through."""
        self.thrown.append((task, definition))

    def is_held(self, task: Task) -> bool:
        """Tell whether a token must not go on now, and mark it if so; see `Host.hold`."""
        if "held" in task.internal_data:
            return True
        if self.hold and task.task_spec.bpmn_id and place_of(task) in self.hold:
            task.internal_data["held"] = "held"
            return True
        return False

    def failure(self, task: Task, reason: Text) -> StepFailed:
        """Describe why a token cannot go on."""
        return StepFailed(place_of(task), reason)

    def _types(self, task: Task) -> Mapping[str, ValueType]:
        return self.program.types[scope_of(task).spec.name]

    def _load(
        self, task: Task, names: Collection[str], extra: Mapping[str, Json] | None = None
    ) -> dict[str, Value]:
        data = visible(task)
        if extra:
            data = {**data, **extra}
        values = load_all(data, self._types(task), names)
        values[NOW] = self.now
        values[ZONE] = self.program.zone_name
        return values
