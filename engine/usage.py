"""Says which files a procedure runs on, and which procedures use a file."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from engine.bpmn.check.whole import Whole
from engine.topics import TOPICS_FILE


@dataclass(frozen=True)
class Usage:
    """What the files in force declare and use.

    Attributes:
        whole: the files, read by the checks.
        calls: process -> the processes it calls.
        own_files: process -> its diagram, and the tables and forms that its steps name.
        shared: topics.toml, and tables that no diagram names: the platform and its handlers ask them, for any
            procedure.
    """

    whole: Whole
    calls: Mapping[str, frozenset[str]]
    own_files: Mapping[str, frozenset[str]]
    shared: frozenset[str]

    @staticmethod
    def of(whole: Whole) -> "Usage":
        """Look through the diagrams."""
        calls: dict[str, frozenset[str]] = {}
        own_files: dict[str, frozenset[str]] = {}
        for key, process in whole.processes.items():
            nodes = list(process.nodes())
            called = {node.element.get("calledElement", "") for node in nodes if node.kind == "callActivity"}
            tables = {whole.decision_files.get(node.camunda("decisionRef")) for node in nodes}
            forms = {whole.form_files.get(node.camunda("formRef")) for node in nodes}
            calls[key] = frozenset(called & whole.processes.keys())
            own_files[key] = frozenset(name for name in {process.resource, *tables, *forms} if name)
        named = frozenset().union(*own_files.values())
        return Usage(whole, calls, own_files, frozenset(whole.decision_files.values()) - named)

    def files_of(self, key: str) -> frozenset[str]:
        """Return the files that a procedure runs on."""
        topics = {TOPICS_FILE} if self.whole.has_topics else set()
        return self.shared.union(topics, *(self.own_files[process] for process in self._with_called(key)))

    def procedures_using(self, files: Collection[str]) -> tuple[str, ...]:
        """Return the procedures that run on any of these files, by key."""
        return tuple(sorted(key for key in self.calls if not self.files_of(key).isdisjoint(files)))

    def roots(self, procedures: Collection[str]) -> tuple[str, ...]:
        """Leave out procedures that others of them call: loading those loads these."""
        called = {inner for key in procedures for inner in self._with_called(key) if inner != key}
        return tuple(key for key in procedures if key not in called)

    def declared_in(self, file: str) -> Iterator[tuple[str, str, str]]:
        """Yield (kind, key, name) of everything that a file declares."""
        if file == TOPICS_FILE:
            yield "topics", "topics", "topics"
        for key, process in self.whole.processes.items():
            if process.resource == file:
                yield "process", key, process.name or key
        for key, decision in self.whole.decisions.items():
            if self.whole.decision_files[key] == file:
                yield "decision", key, decision.name or key
        for key, form in self.whole.forms.items():
            if self.whole.form_files[key] == file:
                yield "form", key, form.name or key

    def _with_called(self, key: str) -> frozenset[str]:
        found: set[str] = set()
        todo = [key]
        while todo:
            process = todo.pop()
            if process not in found:
                found.add(process)
                todo.extend(self.calls[process])
        return frozenset(found)
