"""What a case waits for: the rows that the engine shows to people, workers and the clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.bpmn.errors import StepFailed
from engine.bpmn.events import BoundaryEvent, Message, Timer
from engine.bpmn.expressions import Json, TimerExpression
from engine.bpmn.scopes import path_of, visible
from engine.bpmn.scripting import ScriptEngine
from engine.bpmn.steps import NORMAL_RANK, PRIORITIES, RANKS, Step
from engine.durations import Cycle, Duration, format_moment, looks_like_duration, parse_moment

WAITING_KINDS = frozenset({"user", "external"})


@dataclass(frozen=True, slots=True)
class Wait:
    """A token that waits.

    Attributes:
        token: 32 hexadecimal digits, the same as long as the token stays.
        kind: user, timer, message, external; retry: its handler failed; held: it must not run.
        process, element: where the diagram draws it.
        path: call activities from the root.
        due, follow_up: of a user step, as they were when it opened: a limit from then on, or a moment.
        rank: of a user step in the inbox, 0 most urgent.
        inputs: what an external worker gets.
        priority: of work for external workers, as Camunda counts it: the greater, the sooner; 0 is normal.
        due_at: of a timer.
        interrupting: whether a timer or message ends the activity it is attached to.
        closes: token of that activity.
        message: name of the message it waits for.
        error: why a token of kind retry could not go on.
    """

    token: str
    kind: str
    process: str
    element: str
    path: tuple[str, ...]
    step: Step
    due: Duration | datetime | None = None
    follow_up: Duration | datetime | None = None
    assignee: str | None = None
    rank: int = NORMAL_RANK
    inputs: Mapping[str, Json] = field(default_factory=dict)
    priority: int = 0
    due_at: datetime | None = None
    interrupting: bool = False
    closes: str | None = None
    message: str | None = None
    error: str | None = None


def open_step(engine: ScriptEngine, task: Task) -> None:
    """Compute once, when a step opens, whose it is, until when and how urgent; kept with its token."""
    step: Step = task.task_spec.extensions
    said = {
        "due": _time(engine, task, step.due),
        "follow_up": _time(engine, task, step.follow_up),
        "assignee": engine.json(task, step.assignee) if step.assignee else None,
        "rank": engine.json(task, step.rank) if step.rank else None,
        "priority": engine.json(task, step.priority) if step.priority else None,
    }
    if not _is_whole(said["rank"], RANKS):
        raise engine.failure(
            task, ("rank 必须是 0 到 9 的整数", "The rank must be a whole number from 0 to 9")
        )
    if not _is_whole(said["priority"], PRIORITIES):
        raise engine.failure(
            task,
            (
                "taskPriority 必须是 32 位以内的整数",
                "The taskPriority must be a whole number of at most 32 bits",
            ),
        )
    task.internal_data["open"] = {name: value for name, value in said.items() if value is not None}


def _is_whole(value: Json, among: range) -> bool:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value is None or (is_number and value in among)


def _time(engine: ScriptEngine, task: Task, expression: TimerExpression | None) -> str | None:
    if expression is None:
        return None
    value = engine.time(task, expression)
    if isinstance(value, Duration):
        return str(value)
    due = value.due(0, engine.now, engine.zone) if isinstance(value, Cycle) else value
    return format_moment(due) if due else None


def waits_of(task: Task, engine: ScriptEngine) -> Iterator[Wait]:
    """Say what a token waits for: nothing, if it moves by itself or is told by another token."""
    step: Step | None = getattr(task.task_spec, "extensions", None)
    state = task.internal_data
    if "held" in state:
        place = step or _place_holder(task, engine)
        yield _wait(task, place, state["held"], error=state.get("error"))
    elif step is None:
        return
    elif task.state == TaskState.READY and step.kind == "user":
        yield _wait(task, step, "user", **_opened(state["open"]))
    elif task.state == TaskState.READY and step.kind == "external":
        priority = state.get("open", {}).get("priority", 0)  # cases that began earlier know none
        yield _wait(task, step, "external", inputs=inputs_of(task, engine), priority=priority)
    elif task.state == TaskState.WAITING and hasattr(task.task_spec, "event_definition"):
        yield from _event(task, step)


def inputs_of(task: Task, engine: ScriptEngine) -> dict[str, Json]:
    """Read what the topic of a service task declares as its inputs; unset variables are null."""
    names = engine.program.topics.services[task.task_spec.extensions.topic].inputs
    values = visible(task)
    return {name: values.get(name) for name in names}


def _event(task: Task, step: Step) -> Iterator[Wait]:
    definition = task.task_spec.event_definition
    attached = isinstance(task.task_spec, BoundaryEvent)
    facts: dict[str, Any] = {
        "interrupting": attached and task.task_spec.cancel_activity,
        "closes": _attached_token(task) if attached else None,
    }
    if isinstance(definition, Timer):
        yield _wait(task, step, "timer", due_at=parse_moment(task.internal_data["due"]), **facts)
    elif isinstance(definition, Message):
        yield _wait(task, step, "message", message=definition.name, **facts)


def _attached_token(boundary: Task) -> str | None:
    for task in boundary.parent.children:
        if not isinstance(task.task_spec, BoundaryEvent):
            return str(task.id.hex)
    return None


def _wait(task: Task, step: Step, kind: str, **facts: Any) -> Wait:
    return Wait(task.id.hex, kind, step.process, step.element, path_of(task.workflow), step, **facts)


def _opened(said: Mapping[str, Any]) -> dict[str, Any]:
    assignee = said.get("assignee")
    return {
        "due": _read_time(said.get("due")),
        "follow_up": _read_time(said.get("follow_up")),
        "assignee": None if assignee is None else str(assignee),
        "rank": said.get("rank", NORMAL_RANK),
    }


def _read_time(text: str | None) -> Duration | datetime | None:
    if text is None:
        return None
    return Duration.parse(text) if looks_like_duration(text) else parse_moment(text)


def _place_holder(task: Task, engine: ScriptEngine) -> Step:
    """Find what the diagram says about a multi-instance activity: it is said of its instances."""
    owner = engine.program.owners[task.workflow.spec.name]
    step = engine.program.steps.get((owner, task.task_spec.bpmn_id))
    if step is None:
        raise StepFailed(
            (path_of(task.workflow), task.task_spec.name), ("没有这个元素", "There is no such element")
        )
    return step
