"""Finds out where a case waits: loops that never do, and called processes in which every path does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.bpmn.check.model import Node, Process, Scope

_WAITING = frozenset({"userTask", "receiveTask", "eventBasedGateway"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Knows which nodes make a token wait for somebody or something outside.

    Attributes:
        external: topics that workers serve.
        calls: called processes that cannot run from start to end without waiting.
    """

    external: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()

    @staticmethod
    def among(processes: Mapping[str, Process], external: frozenset[str]) -> "Waiting":
        """Look at all processes; one that calls a waiting one may wait because of that."""
        waiting = Waiting(external)
        for _ in processes:
            calls = frozenset(key for key, found in processes.items() if not waiting.lets_through(found.root))
            if calls == waiting.calls:
                break
            waiting = Waiting(external, calls)
        return waiting

    def holds(self, node: Node) -> bool:
        """Tell whether no token passes a node at once."""
        if node.kind in _WAITING:
            return True
        if node.kind in ("intermediateCatchEvent", "boundaryEvent"):
            return node.event in ("timer", "message")
        if node.kind == "callActivity":
            return node.element.get("calledElement", "") in self.calls
        if node.kind in ("serviceTask", "sendTask"):
            return node.camunda("topic") in self.external
        return node.inner is not None and not self.lets_through(node.inner)

    def lets_through(self, scope: Scope) -> bool:
        """Tell whether a token can run from a start to an end without waiting."""
        seen: set[Node] = set()
        todo = scope.starts()
        while todo:
            node = todo.pop()
            if node in seen or self.holds(node):
                continue
            if not node.outgoing:
                return True
            seen.add(node)
            todo.extend(_following(node))
        return False

    def endless_loops(self, scope: Scope) -> Iterator[list[Node]]:
        """Yield loops in which a token never waits; self-edges are told elsewhere."""
        running = {node for node in scope.nodes if not self.holds(node)}
        while loop := _loop(running):
            yield loop
            running.difference_update(loop)


def _loop(nodes: set[Node]) -> list[Node]:
    """Find one loop: take away what leads nowhere, then follow the rest until a node comes again."""
    left = dict.fromkeys(sorted(nodes, key=lambda node: node.place.line))
    while leaves := [node for node in left if not any(after in left for after in _following(node))]:
        for leaf in leaves:
            del left[leaf]
    path: list[Node] = []
    node: Node | None = next(iter(left), None)
    while node is not None and node not in path:
        path.append(node)
        node = next(after for after in _following(node) if after in left)
    return path[path.index(node) :] if node is not None else []


def _following(node: Node) -> list[Node]:
    targets = [flow.target for flow in node.outgoing if flow.target is not node]
    return [*targets, *node.boundaries]
