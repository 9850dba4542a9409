"""Writes a case as bytes and reads it back: only the tokens and what they stand on, never the diagram."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.task import Task

from engine.bpmn.errors import BudgetExceeded, NotJson, SnapshotUnreadable
from engine.bpmn.events import BoundaryEvent
from engine.bpmn.gateways import EventGateway
from engine.bpmn.scripting import ScriptEngine
from engine.bpmn.workflow import OPEN, CaseWorkflow

if TYPE_CHECKING:
    from engine.bpmn.program import Program

FORMAT = 1
SPIFF = version("SpiffWorkflow")
LARGEST = 2_000_000

# {"format", "spiff", "ends": [end events reached], "trees": [tree, ...]}; a tree is the root or a subprocess:
# [spec, [tree, row] of its activity or null, variables, rows, completed]; the root is first, and outer trees
# come before inner ones. A row is [token, row it stands on or null, state, node, kept with the token or null,
# loop variables or null]; a parent comes before its children.


def dump(workflow: CaseWorkflow) -> bytes:
    """Write a case.

    Raises:
        BudgetExceeded: it is larger than 2 MB.
        NotJson: a number that JSON readers would not keep.
    """
    where: dict[UUID, list[int]] = {}
    trees: list[Any] = []
    for tree in workflow.trees():
        place = where.get(tree.parent_task.id) if tree.parent_task is not None else None
        if place is None and tree is not workflow:
            continue  # the activity is over
        rows = _rows(tree, len(trees), where)
        trees.append([tree.spec.name, place, tree.data, rows, tree.completed])
    try:
        content = orjson.dumps({"format": FORMAT, "spiff": SPIFF, "ends": workflow.ends, "trees": trees})
    except TypeError as error:
        raise NotJson(
            ((), workflow.spec.name),
            (f"流程数据无法保存：{error}", f"The data of the case cannot be kept: {error}"),
        ) from error
    if len(content) > LARGEST:
        raise BudgetExceeded(
            ((), workflow.spec.name),
            (
                f"流程状态有 {len(content)} 字节，超过 {LARGEST}",
                f"The state of the case has {len(content)} bytes, more than {LARGEST}",
            ),
        )
    return content


def _rows(tree: Any, number: int, where: dict[UUID, list[int]]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    stands_on: dict[UUID | None, int | None] = {None: None}
    needed = _needed(tree.tasks.values())
    for task in tree.tasks.values():
        below = stands_on.get(task._parent)
        if task.id not in needed and task is not tree.task_tree:
            stands_on[task.id] = below
            continue
        stands_on[task.id] = len(rows)
        is_open = task.has_state(OPEN)
        if is_open:
            where[task.id] = [number, len(rows)]
        kept = task.internal_data if is_open else None
        rows.append([task.id.hex, below, task.state, task.task_spec.name, kept or None, task.data or None])
    return rows


def _needed(tasks: Iterable[Task]) -> set[UUID]:
    """Pick what must be kept: tokens, and the finished tasks that tie them to their rivals.

    A finished task is needed only where a token will look back: a boundary event at its activity, and an
    event behind an event gateway at the other events, both through the task from which they fork; and a
    boundary event that fired keeps its branch apart from the activity. All else is dropped.
    """
    ordered = list(tasks)
    by_id = {task.id: task for task in ordered}
    needed: set[UUID] = set()
    leads: set[UUID | None] = set()  # tasks below which there are tokens
    forks: set[UUID | None] = set()  # tasks with a token right below
    for task in reversed(ordered):
        if task.has_state(OPEN) and not _is_idle_join(task):
            needed.add(task.id)
            forks.add(task._parent)
            leads.add(task._parent)
        elif task.id in leads:
            leads.add(task._parent)
    for task in ordered:
        if task.id in forks and isinstance(task.task_spec, (BoundaryEventSplit, EventGateway)):
            needed.add(task.id)
        elif task.id in leads and task._parent in needed:
            parent = by_id[task._parent]
            if isinstance(parent.task_spec, BoundaryEventSplit):
                needed.add(task.id)
    return needed


def _is_idle_join(task: Task) -> bool:
    """Tell the join of a boundary event that fired beside its activity: it only waits to be dropped."""
    return isinstance(task.task_spec, BoundaryEventJoin) and isinstance(task.parent.task_spec, BoundaryEvent)


def load(program: "Program", content: bytes) -> CaseWorkflow:
    """Read a case onto a program.

    Raises:
        SnapshotUnreadable: another format, or a token on an element that the program does not have.
    """
    try:
        stored = orjson.loads(content)
        is_ours = stored["format"] == FORMAT
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SnapshotUnreadable("snapshot_unreadable", "流程状态无法读取") from error
    if not is_ours:
        raise SnapshotUnreadable("snapshot_format", "流程状态的格式 {format} 不认识", format=stored["format"])
    workflow: CaseWorkflow | None = None
    trees: list[list[Task]] = []
    for name, place, data, rows, completed in stored["trees"]:
        if workflow is None:
            tree = workflow = CaseWorkflow(_spec(program, name), program.specs, ScriptEngine(program))
            workflow.ends = stored["ends"]
        else:
            tree = _attached(program, workflow, name, trees[place[0]][place[1]])
        tree.data = data
        tree.completed = completed
        trees.append(_planted(tree, rows))
    assert workflow is not None
    return workflow


def _spec(program: "Program", name: str) -> Any:
    try:
        return program.specs[name]
    except KeyError as error:
        raise SnapshotUnreadable("snapshot_element", "流程中已没有“{element}”", element=name) from error


def _attached(program: "Program", workflow: CaseWorkflow, name: str, activity: Task) -> Any:
    if getattr(activity.task_spec, "spec", None) != name or name not in program.specs:
        raise SnapshotUnreadable("snapshot_element", "流程中已没有“{element}”", element=name)
    subprocess = workflow.attach(activity)
    subprocess.completed_event.connect(activity.task_spec._on_subworkflow_completed, activity)
    return subprocess


def _planted(tree: Any, rows: list[list[Any]]) -> list[Task]:
    tasks: list[Task] = []
    for token, below, state, node, kept, data in rows:
        spec = tree.spec.task_specs.get(node)
        if spec is None:
            raise SnapshotUnreadable("snapshot_element", "流程中已没有“{element}”", element=node)
        task = Task(tree, spec, None if below is None else tasks[below], state=state, id=UUID(token))
        if kept:
            task.internal_data = kept
        if data:
            task.data = data
        tasks.append(task)
    tree.task_tree = tasks[0]
    return tasks
