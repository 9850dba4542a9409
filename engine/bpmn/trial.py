"""Loads, compiles and begins procedures in a child process with limits on time and memory."""

import json
import logging
import resource
import sys
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.bpmn.check.rules import Place, Report, Rule
from engine.bpmn.check.whole import Whole
from engine.bpmn.errors import BudgetExceeded, ModelInvalid, StepFailed
from engine.bpmn.expressions import ValueType
from engine.bpmn.nursery import Nursery, TooLate, serve
from engine.durations import format_moment, parse_moment
from engine.errors import Refused
from engine.topics import Topic, Topics

log = logging.getLogger(__name__)

CPU_SECONDS = 2
MEMORY_BYTES = 512 * 1024 * 1024
WALL_SECONDS = 60  # far more than CPU_SECONDS take on a machine that is not hopelessly busy
ROOTS_AT_ONCE = 8
_LARGEST_ANSWER = 1_000_000
_ROOT = Path(__file__).resolve().parents[2]
# Isolated from the environment and the current folder; the platform's own folder is all it may import from.
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from engine.bpmn import trial; trial.main()"
_nursery = Nursery([sys.executable, "-I", "-c", _PROGRAM, str(_ROOT)])

TOO_COSTLY = Rule(
    "too_costly",
    "试装载流程“{name}”超出限制（处理器 {cpu} 秒、内存 512 MB）",
    "loading the procedure “{name}” took more than it may ({cpu} s of processor, 512 MB)",
    "把流程拆小，减少嵌套和并行分支",
    "split the procedure; use fewer nested and parallel parts",
)
TOO_BUSY = Rule(
    "too_busy",
    "流程“{name}”的试装载等了 {wall} 秒没有做完，服务器太忙",
    "the machine is too busy: loading the procedure “{name}” did not end within {wall} s",
    "文件本身没有查出问题，稍后再部署一次",
    "nothing was found wrong with the file; deploy it again later",
)
NOT_LOADABLE = Rule(
    "not_loadable",
    "流程“{name}”无法装载：{zh}",
    "the procedure “{name}” cannot be loaded: {en}",
    "改正指出的元素；看不出原因时请把文件交给系统管理员",
    "correct the element; if the cause is not clear, give the file to the system administrator",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What to try.

    Attributes:
        roots: keys of the procedures.
        forms: form -> the variables that its answers set.
        now: what the trial takes for the present moment.
        uses: procedure -> the files that its bundle will hold; where it is not named, all are loaded.
    """

    roots: tuple[str, ...]
    files: Mapping[str, bytes]
    topics: Topics
    forms: Mapping[str, Mapping[str, ValueType]]
    now: datetime
    zone: str
    uses: Mapping[str, Collection[str]] = field(default_factory=dict)


def try_out(trial: Trial, whole: Whole, report: Report) -> None:
    """Try procedures a few at a time, and report those that do not load within the limits."""
    todo = [trial.roots[at : at + ROOTS_AT_ONCE] for at in range(0, len(trial.roots), ROOTS_AT_ONCE)]
    while todo:
        roots = todo.pop()
        try:
            answer = _ask_child(trial, roots)
        except TooLate:
            report.add(TOO_BUSY, whole.processes[roots[0]].place, name=roots[0], wall=WALL_SECONDS)
            continue
        if answer is None and len(roots) > 1:
            todo.extend((root,) for root in roots)  # once more one by one, to tell which one it was
        elif answer is None:
            report.add(TOO_COSTLY, whole.processes[roots[0]].place, name=roots[0], cpu=CPU_SECONDS)
        for root, process, element, zh, en in answer or ():
            report.add(NOT_LOADABLE, _place(whole, root, process, element), name=root, zh=zh, en=en)


def _place(whole: Whole, root: str, process: str, element: str) -> Place:
    """Return where an element stands; where its process is not known, the root comes before all others."""
    home = whole.processes.get(process, whole.processes[root])
    among = [home] if process else [home, *whole.processes.values()]
    nodes = (node for one in among for node in one.nodes())
    return next((node.place for node in nodes if node.id == element), home.place)


def _ask_child(trial: Trial, roots: tuple[str, ...]) -> list[tuple[str, ...]] | None:
    """Have a confined process try; None when it was stopped or said nothing usable.

    Raises:
        TooLate: see `Nursery.ask`.
    """
    answer = _nursery.ask(_written(trial, roots))
    if answer is None or len(answer) > _LARGEST_ANSWER:
        log.warning("the trial of %s was stopped", roots)
        return None
    return [tuple(map(str, found)) for found in json.loads(answer)]


def _written(trial: Trial, roots: Iterable[str]) -> bytes:
    topics = trial.topics
    uses = {root: sorted(trial.files.keys() & trial.uses.get(root, trial.files)) for root in roots}
    used = sorted({name for names in uses.values() for name in names})
    request = {
        "uses": uses,
        "files": {name: b64encode(trial.files[name]).decode() for name in used},
        "services": [
            [topic.name, topic.kind, list(topic.inputs), dict(topic.outputs), list(topic.errors)]
            for topic in topics.services.values()
        ],
        "starts": {message: dict(variables) for message, variables in topics.starts.items()},
        "forms": {form: dict(variables) for form, variables in trial.forms.items()},
        "now": format_moment(trial.now),
        "zone": trial.zone,
    }
    return json.dumps(request).encode()


# --- in the child ------------------------------------------------------------------------------------------


def main() -> None:
    """Prepare, then answer requests one after the other, each in a fork of its own."""
    import_module("engine.bpmn.program")  # the asking process need not know SpiffWorkflow
    import_module("engine.bpmn.runtime")
    serve(_answer, WALL_SECONDS)


def _answer(request: bytes) -> bytes:
    confine()
    asked = json.loads(request)
    return json.dumps([found for root in asked["uses"] for found in _tried(root, asked)]).encode()


def confine() -> None:
    """Limit what this process may take from now on."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _tried(root: str, request: Mapping[str, Any]) -> list[list[str]]:
    try:
        return [[root, *found] for found in _begin(root, request)]
    except MemoryError:
        raise
    except ModelInvalid as error:
        return [[root, error.process, error.element, error.zh, error.en]]
    except Exception as error:  # an edge: SpiffWorkflow says in many ways that it does not like a file
        log.exception("trial of %s", root)
        return [[root, "", "", f"内部错误 {type(error).__name__}", f"internal error {type(error).__name__}"]]


def _begin(root: str, request: Mapping[str, Any]) -> list[list[str]]:
    """Begin at each start; return process, element and what is wrong in both languages."""
    from engine.bpmn.program import compile_program  # noqa: PLC0415  # the parent never loads SpiffWorkflow here
    from engine.bpmn.runtime import Run  # noqa: PLC0415

    program = compile_program(
        root,
        {name: b64decode(request["files"][name]) for name in request["uses"][root]},
        _topics(request),
        forms={form: _types(variables) for form, variables in request["forms"].items()},
        zone=request["zone"],
    )
    host = _TrialHost(parse_moment(request["now"]))
    for message in program.starts:
        try:
            Run.load(program, Run.start(program, host, message=message, variables={}).dump())
        except BudgetExceeded as error:
            zh, en = error.text(), "it runs on without end, or grows too large"
            return [[program.process_at(error.path), error.element, zh, en]]
        except (StepFailed, Refused):
            continue  # without its variables a case may well stop at once
    return []


@dataclass(frozen=True)
class _TrialHost:
    """Runs no handler: what it would set stays null."""

    now: datetime
    hold: frozenset[Any] = field(default=frozenset())

    def handle(self, *_where: object) -> dict[str, Any]:
        return {}


def _topics(request: Mapping[str, Any]) -> Topics:
    services = [
        Topic(name, kind, tuple(inputs), _types(outputs), tuple(errors))
        for name, kind, inputs, outputs, errors in request["services"]
    ]
    starts = {message: _types(variables) for message, variables in request["starts"].items()}
    return Topics(services={topic.name: topic for topic in services}, starts=starts)


def _types(variables: Mapping[str, str]) -> dict[str, ValueType]:
    return {name: ValueType(kind) for name, kind in variables.items()}
