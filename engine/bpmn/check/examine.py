"""Runs every check over the files that would be in force, and never fails itself."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from engine.bpmn.check.asked import check_asked
from engine.bpmn.check.calls import Chains, check_calls, check_depth, circles
from engine.bpmn.check.elements import check_elements
from engine.bpmn.check.events import check_events
from engine.bpmn.check.expressions import Use, compile_all
from engine.bpmn.check.gateways import check_gateways
from engine.bpmn.check.labels import check_labels
from engine.bpmn.check.lanes import check_lanes
from engine.bpmn.check.model import Diagram
from engine.bpmn.check.names import Names, check_names
from engine.bpmn.check.people import check_people
from engine.bpmn.check.reading import DiagramReader
from engine.bpmn.check.rules import FileRefused, Place, Report, Rule
from engine.bpmn.check.services import check_services
from engine.bpmn.check.structure import check_structure
from engine.bpmn.check.tables import DUPLICATE_KEY, add_form, add_table, add_topics
from engine.bpmn.check.timers import check_repetition, check_times, check_warnings
from engine.bpmn.check.tokens import check_tokens
from engine.bpmn.check.types import check_types
from engine.bpmn.check.waits import Waiting
from engine.bpmn.check.whole import Surroundings, Whole
from engine.bpmn.loader import read_xml
from engine.check_problem import CheckProblem
from engine.topics import TOPICS_FILE

log = logging.getLogger(__name__)

_FILE_NAME = re.compile(r"\w[\w .()-]{0,150}\.(bpmn|dmn|form)")

# Where one of these is broken, nothing can be said about tokens.
_SHAPELESS = frozenset(
    {
        "no_start",
        "inner_starts",
        "no_end",
        "dead_end",
        "unreachable",
        "self_edge",
        "wrong_way",
        "not_attached",
    }
    | {"flow_ends", "twice_connected", "several_flows", "event_target", "unsupported", "duplicate_id"}
)

UNREADABLE = Rule(
    "unreadable",
    "无法检查这个文件（{reason}）",
    "the file cannot be checked ({reason})",
    "在 Camunda Modeler 中重新保存；仍然如此请把文件交给系统管理员",
    "save it again with Camunda Modeler; if that does not help, give the file to the system administrator",
)
FILE_NAME = Rule(
    "file_name",
    "文件名不合规，或不是 .bpmn、.dmn、.form 文件",
    "not a usable file name, or no .bpmn, .dmn or .form file",
    "改名为例如 repair.bpmn",
    "rename it, for example to repair.bpmn",
)


@dataclass(frozen=True)
class Examination:
    """What the checks made of a set of files.

    Attributes:
        whole: the files as far as they could be read.
        problems: every finding, errors first, ordered by file and position.
    """

    whole: Whole
    problems: tuple[CheckProblem, ...]

    @property
    def errors(self) -> tuple[CheckProblem, ...]:
        """The findings that stop a deployment."""
        return tuple(problem for problem in self.problems if problem.is_error)


def examine(files: Mapping[str, bytes], around: Surroundings) -> Examination:
    """Check a set of files as if exactly they were in force.

    Args:
        files: name -> content, all that the diagrams among them use.
    """
    examiner = _examiner(files, around)
    if not examiner.report.broken(TOPICS_FILE):
        examiner.check()
    return Examination(examiner.whole, examiner.report.problems)


def read_whole(files: Mapping[str, bytes], around: Surroundings) -> Whole:
    """Read files as far as possible, without checking them."""
    return _examiner(files, around).whole


def _examiner(files: Mapping[str, bytes], around: Surroundings) -> "_Examiner":
    examiner = _Examiner(around)
    # Topics come first: forms name them.
    for name, content in sorted(files.items(), key=lambda file: (file[0] != TOPICS_FILE, file[0])):
        if not examiner.report.broken(TOPICS_FILE):  # else every topic would be unknown
            examiner.read(name, content)
    return examiner


class _Examiner:
    def __init__(self, around: Surroundings) -> None:
        self.whole = Whole(around)
        self.report = Report()

    def read(self, name: str, content: bytes) -> None:
        if name == TOPICS_FILE:
            self._guarded(name, partial(add_topics, self.whole, content, self.report))
            return
        kind = _FILE_NAME.fullmatch(name)
        if kind is None:
            self.report.add(FILE_NAME, Place(name[:200]))
            return
        add = {"bpmn": self._add_diagram, "dmn": self._add_table, "form": self._add_form}[kind[1]]
        self._guarded(name, partial(add, name, content))

    def _add_diagram(self, name: str, content: bytes) -> None:
        diagram = DiagramReader(name, read_xml(content), self.report).read()
        self.whole.diagrams[name] = diagram
        for process in diagram.processes:
            other = self.whole.processes.setdefault(process.id, process)
            if other is not process:
                words = {"what_zh": "流程", "what_en": "process", "id": process.id, "other": other.resource}
                self.report.add(DUPLICATE_KEY, process.place, **words)

    def _add_table(self, name: str, content: bytes) -> None:
        add_table(self.whole, name, content, self.report)

    def _add_form(self, name: str, content: bytes) -> None:
        add_form(self.whole, name, content, self.report)

    def check(self) -> None:
        """Check the diagrams one by one, then what connects them."""
        whole, report = self.whole, self.report
        external = frozenset(
            name for name, topic in whole.topics.services.items() if topic.kind == "external"
        )
        waiting = Waiting.among(whole.processes, external)
        uses: list[Use] = []
        for name, diagram in whole.diagrams.items():
            self._guarded(name, partial(self._check_shape, diagram, waiting))
            self._guarded(name, partial(self._compile, diagram, uses))
        sound = frozenset(name for name in whole.diagrams if not report.broken(name) & _SHAPELESS)
        self._guarded("", lambda: check_asked(whole, report))
        self._guarded("", lambda: check_times(uses, waiting, whole.surroundings.now, report))
        self._guarded("", lambda: check_warnings(uses, report))
        self._guarded("", lambda: check_events(whole, report))
        self._guarded("", lambda: self._check_scopes(uses, sound))

    def _compile(self, diagram: Diagram, uses: list[Use]) -> None:
        """Compile a diagram; what a process with a taken key says is compared with nothing further."""
        known = self.whole.processes
        found = compile_all(diagram, self.report)
        uses.extend(use for use in found if known.get(use.process.id) is use.process)

    def _check_shape(self, diagram: Diagram, waiting: Waiting) -> None:
        check_elements(diagram, self.report)
        check_structure(diagram, waiting, self.report)
        check_labels(diagram, self.report)
        check_lanes(diagram, self.report)
        for process in diagram.processes:
            check_gateways(process, self.report)
            check_people(self.whole, process, self.report)
            check_services(self.whole, process, self.report)
            check_repetition(process, self.report)

    def _check_scopes(self, uses: list[Use], sound: frozenset[str]) -> None:
        """Check variables, calls and tokens; called processes come before their callers."""
        names = Names(self.whole)
        check_names(names, uses, self.report)
        check_types(names, uses, self.report)
        check_calls(names, uses, self.report)
        writes = names.writes()
        tokens: dict[str, int] = {}
        chains: Chains = {}
        if any(circles(self.whole)):
            return
        todo = list(self.whole.processes.values())
        while todo:
            process = todo.pop(0)
            called = {
                node.element.get("calledElement", "")
                for node in process.nodes()
                if node.kind == "callActivity"
            }
            if called & {other.id for other in todo}:
                todo.append(process)
                continue
            check_depth(process, chains, self.report)
            if process.resource in sound:
                tokens[process.id] = check_tokens(process, writes, tokens, self.report)

    def _guarded(self, name: str, check: Callable[[], None]) -> None:
        """Turn whatever a check stumbles over into a finding: files come from outside."""
        try:
            check()
        except FileRefused as refused:
            self.report.refuse(name, refused)
        except Exception as error:  # an edge: a foreign file must never show a traceback
            log.exception("deployment check failed on %s", name)
            self.report.add(UNREADABLE, Place(name), reason=type(error).__name__)
