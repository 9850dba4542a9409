"""Any diagram built from sound blocks ends, never gets stuck, and does not mind being written and read."""

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.bpmn.diagrams import (
    boundary,
    duration,
    each,
    end,
    exclusive,
    flow,
    inclusive,
    parallel,
    process,
    program,
    service,
    start,
    subprocess,
    throw,
    user,
)
from tests.engine.bpmn.test_oracle import Track

DEEPEST = 3
MOST_STEPS = 400


@dataclass(frozen=True)
class Block:
    """A part of a diagram that a token enters and leaves once."""

    xml: str
    first: str
    last: str


@st.composite
def models(draw: st.DrawFn) -> str:
    """Draw a whole process."""
    names = iter(f"n{number}" for number in range(10_000))
    inner = draw(blocks(names, 0))
    return process(start(), inner.xml, end(), flow("start", inner.first), flow(inner.last, "end"))


@st.composite
def blocks(draw: st.DrawFn, names, depth: int) -> Block:
    """Draw a block; the deeper, the simpler."""
    simple = ["user", "handler", "each", "timed"]
    kinds = simple if depth >= DEEPEST else [*simple, "row", "choice", "fork", "some", "again", "inside"]
    kind = draw(st.sampled_from(kinds))
    if kind in simple:
        return draw(steps(names, kind))
    parts = [draw(blocks(names, depth + 1)) for _ in range(draw(st.integers(1, 3)))]
    one, two = next(names), next(names)
    body = "".join(part.xml for part in parts)
    if kind == "row":
        links = "".join(flow(a.last, b.first) for a, b in pairwise(parts))
        return Block(body + links, parts[0].first, parts[-1].last)
    if kind == "again":
        part, asked, which = parts[0], f"{one}_asked", f"{one}_which"
        nodes = exclusive(one) + user(asked) + exclusive(which, default=f"{which}_{two}") + exclusive(two)
        links = flow(one, asked) + flow(asked, part.first) + flow(part.last, which) + flow(which, two)
        return Block(part.xml + nodes + links + flow(which, one, "${choice == 1}"), one, two)
    if kind == "inside":
        part = parts[0]
        links = flow(one + "s", part.first) + flow(part.last, one + "e")
        inner = subprocess(one, start(one + "s"), part.xml, end(one + "e"), links)
        return Block(inner, one, one)
    return Block(body + _gateways(kind, one, two) + _ways(kind, one, two, parts), one, two)


def _gateways(kind: str, one: str, two: str) -> str:
    if kind == "fork":
        return parallel(one, two)
    default = f"{one}_{two}"
    return (
        (inclusive(one, default) + inclusive(two))
        if kind == "some"
        else exclusive(one, default) + exclusive(two)
    )


def _ways(kind: str, one: str, two: str, parts: list[Block]) -> str:
    ways = "" if kind == "fork" else flow(one, two)
    for number, part in enumerate(parts):
        ways += flow(one, part.first, None if kind == "fork" else f"${{choice != {number + 1}}}")
        ways += flow(part.last, two)
    return ways


@st.composite
def steps(draw: st.DrawFn, names, kind: str) -> Block:
    """Draw a single step, with what may hang on it."""
    one = next(names)
    if kind == "handler":
        return Block(service(one, "do"), one, one)
    if kind == "each":
        return Block(user(one, each("people", "person", sequential=draw(st.booleans()))), one, one)
    if kind == "user":
        return Block(user(one), one, one)
    late, told, out = next(names), next(names), next(names)
    interrupting = draw(st.booleans())
    body = user(one) + boundary(late, one, duration("PT1H"), interrupting=interrupting) + exclusive(out)
    body += (throw(told) if draw(st.booleans()) else user(told)) + flow(late, told) + flow(one, out)
    body += flow(told, out) if interrupting else end(told + "e") + flow(told, told + "e")
    return Block(body, one, out)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    model=models(),
    random_steps=st.lists(st.tuples(st.integers(0, 20), st.sampled_from([1, 2, 3])), max_size=15),
)
def test_every_sound_diagram_runs_to_its_end_however_it_is_kept(model, random_steps):
    compiled = program(model)
    tracks = [Track(compiled, keep) for keep in ("memory", "ours", "stock")]
    for track in tracks:
        track.host.handlers = {"do": lambda _inputs: {"y": 1}}
        track.begin({"people": ["a", "b"], "x": 3, "choice": 2})
    for number in range(MOST_STEPS):
        memory, ours, stock = (track.seen() for track in tracks)
        assert ours == memory
        assert stock == memory
        if tracks[0].run.finished:
            break
        assert tracks[0].run.waits()
        index, choice = random_steps[number] if number < len(random_steps) else (0, 3)
        for track in tracks:
            track.step(index, choice)
    assert tracks[0].run.finished
    assert "end" in tracks[0].run.outcome.split(",")
