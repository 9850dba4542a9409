"""The tokens of one scope as a net: which places hold tokens at the same time, and where tokens get stuck."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from engine.bpmn.check.model import Flow, Node, Scope

Place = Node | Flow | tuple[Node, str]
MOST_STATES = 20_000


@dataclass(frozen=True, slots=True)
class Move:
    """Tokens are taken from all of `before` and put on all of `after`.

    Attributes:
        is_inclusive: one of `before` is enough, the others only have to be empty for good.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    is_inclusive: bool = False


@dataclass(eq=False)
class Net:
    """Places are nodes, flows, and armed non-interrupting boundary events; each has a number.

    Attributes:
        moves: every way in which tokens go on.
        together: place -> bit set of the places that can hold a token at the same time as it.
        marked: bit set of the places that can hold a token at all.
        repeated: places that a second token comes to while the first is still there; end events left out.
    """

    scope: Scope
    with_side_branches: bool
    numbers: dict[Place, int] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    together: list[int] = field(default_factory=list)
    marked: int = 0
    repeated: list[int] = field(default_factory=list)
    ends: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for node in self.scope.nodes:
            self._enter(node)
            self._leave(node)
            if node.kind == "endEvent":
                self.ends.add(self.number(node))
        self.together = [0] * len(self.numbers)

    def number(self, place: Place) -> int:
        """Return the number of a place, a new one on first sight."""
        return self.numbers.setdefault(place, len(self.numbers))

    def _enter(self, node: Node) -> None:
        after = [self.number(node)]
        if self.with_side_branches:
            for boundary in node.boundaries:
                if not boundary.is_interrupting:
                    armed = self.number((boundary, "armed"))
                    after.append(armed)
                    self.moves.append(Move((armed,), (self.number(boundary),)))
        flows = tuple(self.number(flow) for flow in node.incoming)
        is_join = len(flows) > 1
        if node.kind == "parallelGateway" and is_join:
            self.moves.append(Move(flows, tuple(after)))
        elif node.kind == "inclusiveGateway" and is_join:
            self.moves.append(Move(flows, tuple(after), is_inclusive=True))
        else:
            self.moves.extend(Move((flow,), tuple(after)) for flow in flows)

    def _leave(self, node: Node) -> None:
        here = (self.number(node),)
        flows = tuple(self.number(flow) for flow in node.outgoing)
        if node.kind in ("exclusiveGateway", "eventBasedGateway"):
            self.moves.extend(Move(here, (flow,)) for flow in flows)
        else:
            self.moves.append(Move(here, flows))
            if node.kind == "inclusiveGateway" and len(flows) > 1:
                self.moves.extend(Move(here, (flow,)) for flow in flows)
        for boundary in node.boundaries:
            if boundary.is_interrupting:
                self.moves.append(Move(here, (self.number(boundary),)))

    def spread(self, starts: Iterable[Node]) -> None:
        """Find which places can be marked together, by the structural rule of Kovalyov and Esparza.

        Exact for sound free-choice nets, too large for others. Each start stands for a case of its own.
        """
        for start in starts:
            self.marked |= 1 << self.number(start)
        changed = True
        while changed:
            changed = False
            for move in self.moves:
                changed |= self._apply(move)

    def _apply(self, move: Move) -> bool:
        before = [place for place in move.before if self.marked >> place & 1]
        if not before or (not move.is_inclusive and not self._can_fire(move)):
            return False
        common = self.together[before[0]]
        for place in before[1:]:
            common &= self.together[place]
        if not self.with_side_branches and self._is_repeated(move, common):
            return False
        changed = False
        for place in move.after:
            others = common | sum(1 << other for other in move.after if other != place)
            new = others & ~self.together[place]
            changed |= bool(new) or not self.marked >> place & 1
            self.marked |= 1 << place
            self.together[place] |= new
            for other in bits(new):
                self.together[other] |= 1 << place
        return changed

    def _is_repeated(self, move: Move, common: int) -> bool:
        """Note a move that would put a second token on a place; it is not made, so nothing follows."""
        repeated = [place for place in move.after if common >> place & 1 and place not in self.ends]
        for place in repeated:
            if place not in self.repeated:
                self.repeated.append(place)
        return bool(repeated)

    def _can_fire(self, move: Move) -> bool:
        return all(self.marked >> place & 1 for place in move.before) and all(
            self.together[one] >> other & 1
            for index, one in enumerate(move.before)
            for other in move.before[index + 1 :]
        )

    def at(self, number: int) -> Place:
        """Return the place of a number."""
        return next(place for place, found in self.numbers.items() if found == number)

    def are_together(self, one: Place, other: Place) -> bool:
        """Tell whether two places can hold tokens at the same time."""
        return bool(self.together[self.numbers[one]] >> self.numbers[other] & 1)

    def can_be_at(self, place: Place) -> bool:
        """Tell whether a place can hold a token."""
        return bool(self.marked >> self.numbers[place] & 1)

    def stuck(self, start: Node, enders: frozenset[Node]) -> list[int] | None:
        """Run through all choices and return places where tokens wait in vain, if there are such.

        Moves of different tokens do not disturb each other, so in each marking only the choices of one
        token are tried; a join moves when nothing else can.

        Args:
            enders: nodes that end the scope with all its tokens.
        Raises:
            TooComplex: more markings than can be looked at.
        """
        ends = {self.numbers[node] for node in enders}
        choices: dict[int, list[Move]] = {}
        joins = [move for move in self.moves if len(move.before) > 1]
        for move in self.moves:
            if len(move.before) == 1:
                choices.setdefault(move.before[0], []).append(move)
        seen: set[frozenset[int]] = set()
        todo = [frozenset([self.number(start)])]
        while todo:
            marking = todo.pop()
            if marking in seen or not marking or marking & ends:
                continue
            seen.add(marking)
            if len(seen) > MOST_STATES:
                raise TooComplex
            place = next((place for place in sorted(marking) if place in choices), None)
            if place is not None:
                todo.extend((marking - {place}) | set(move.after) for move in choices[place])
                continue
            ready = next((move for move in joins if self._is_ready(move, marking)), None)
            if ready is None:
                return sorted(marking)
            todo.append((marking - set(ready.before)) | set(ready.after))
        return None

    def _is_ready(self, move: Move, marking: frozenset[int]) -> bool:
        """Tell whether a join can move; when all tokens wait at joins, an inclusive one needs a single token.

        Of several inclusive joins the first moves only if no token waits that could still come to it.
        """
        if not move.is_inclusive:
            return marking.issuperset(move.before)
        waiting = marking.intersection(move.before)
        others = marking.difference(move.before)
        return bool(waiting) and not self._upstream(move) & others

    @cache  # noqa: B019  # a net lives for one check
    def _upstream(self, join: Move) -> frozenset[int]:
        """Return the places from which a token can come to a join."""
        found: set[int] = set(join.before)
        size = 0
        while len(found) > size:
            size = len(found)
            for move in self.moves:
                if move is not join and not found.isdisjoint(move.after):
                    found.update(move.before)
        return frozenset(found)


class TooComplex(Exception):
    """More markings than can be looked at."""


def bits(number: int) -> Iterator[int]:
    """Yield the positions of the ones."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def most_tokens(net: Net, weights: Sequence[tuple[Node, int]]) -> int:
    """Bound the tokens that can be in a scope at the same time.

    Colours the nodes so that two that can be active together never share a colour; the number of colours
    bounds the largest group of nodes that are all active together, and is exact for nested blocks.

    Args:
        weights: tokens that a node holds while it is active.
    """
    colours: dict[int, int] = {}
    most = 0
    for node, weight in weights:
        number = net.numbers[node]
        if not net.marked >> number & 1:
            continue
        taken = 0
        for other in bits(net.together[number]):
            taken |= colours.get(other, 0)
        colours[number] = _free(taken, weight)
        most = max(most, colours[number].bit_length())
    return most


def _free(taken: int, count: int) -> int:
    """Return the lowest colours that are not taken, as a bit set."""
    found = 0
    colour = 1
    while count:
        if not taken & colour:
            found |= colour
            count -= 1
        colour <<= 1
    return found
