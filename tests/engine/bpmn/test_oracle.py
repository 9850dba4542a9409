"""Random cases go the same way whether they stay in memory, are written by us, or by SpiffWorkflow itself."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.bpmn.program import Program
from engine.bpmn.runtime import Run, Wait
from engine.errors import HandlerFailed, RuleBroken
from tests.engine.bpmn.cases import FakeHost
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    catch,
    crossing,
    cycle,
    duration,
    each,
    end,
    event,
    exclusive,
    flow,
    flows,
    inclusive,
    parallel,
    process,
    program,
    service,
    start,
    subprocess,
    tag,
    throw,
    user,
)
from tests.engine.bpmn.stock import Stock
from tests.engine.bpmn.test_snapshot import everything

LONGEST = 25

REWORK_IN_PARALLEL = process(
    start(),
    exclusive("enter"),
    parallel("fork", "join"),
    user("a"),
    boundary("late_a", "a", duration("PT1H"), interrupting=False),
    user("b"),
    boundary("late_b", "b", duration("PT2H")),
    user("check"),
    exclusive("good", default="good_enter"),
    user("told"),
    end(),
    end("told_end"),
    exclusive("b_over"),
    flows("start", "enter", "fork", "a", "join", "check", "good"),
    flows("fork", "b", "b_over", "join"),
    flow("late_b", "b_over"),
    flows("late_a", "told", "told_end"),
    flow("good", "end", "${choice == 1}"),
    flow("good", "enter"),
)

CALLS = (
    process(
        start(),
        parallel("fork", "join"),
        call("one", "visit", crossing(given={"choice": "choice"}, taken={"done": "choice"})),
        boundary("failed", "one", event("error", "broken")),
        boundary("told", "one", event("escalation", "late"), interrupting=False),
        subprocess(
            "sub",
            start("s2"),
            call("two", "visit"),
            service("handler", "do"),
            end("e2"),
            flows("s2", "two", "handler", "e2"),
        ),
        boundary("refused", "sub", event("error")),
        user("mend"),
        user("boss"),
        user("mend_sub"),
        exclusive("one_over"),
        exclusive("sub_over"),
        end(),
        end("boss_end"),
        flows("start", "fork", "one", "one_over", "join", "end"),
        flows("fork", "sub", "sub_over", "join"),
        flows("failed", "mend", "one_over"),
        flows("told", "boss", "boss_end"),
        flows("refused", "mend_sub", "sub_over"),
    ),
    process(
        start("s"),
        user("visit_it"),
        exclusive("which", default="which_e"),
        throw("late", event("escalation", "late")),
        user("more"),
        end("broken", event("error", "broken")),
        end("stop", event("terminate")),
        end("e"),
        flows("s", "visit_it", "which"),
        flow("which", "broken", "${choice == 1}"),
        flow("which", "late", "${choice == 2}"),
        flow("which", "stop", "${choice == 3}"),
        flow("which", "e"),
        flows("late", "more", "e"),
        key="visit",
    ),
)

EVENTS = process(
    start(),
    parallel("fork"),
    exclusive("enter"),
    tag("eventBasedGateway", id="race"),
    catch("message", event("message", "m")),
    catch("timeout", cycle("R2/PT1H")),
    catch("heard", event("signal", "bell")),
    user("work"),
    boundary("remind", "work", cycle("R/PT10M"), interrupting=False),
    boundary("supplement", "work", event("message", "more"), interrupting=False),
    user("reminded"),
    throw("ring", event("signal", "bell")),
    user("after"),
    end(),
    end("read"),
    flows("start", "fork", "enter", "race"),
    flows("race", "message", "enter"),
    flows("race", "timeout", "enter"),
    flows("race", "heard", "after", "end"),
    flows("fork", "work", "ring", "end"),
    flows("remind", "reminded", "read"),
    flows("supplement", "reminded"),
)

LOOPS = process(
    start(),
    inclusive("fork", default="fork_one"),
    user("each_one", each("people", "person", tag("completionCondition", "${choice == 1}"))),
    boundary("late", "each_one", duration("PT1H")),
    subprocess(
        "in_turn",
        each(
            "people",
            "person",
            tag("loopDataOutputRef", "found"),
            tag("outputDataItem", name="choice"),
            sequential=True,
        ),
        start("s"),
        user("ask"),
        user("look"),
        parallel("f", "j"),
        end("e"),
        flows("s", "f", "ask", "j", "e"),
        flows("f", "look", "j"),
    ),
    user("one", tag("standardLoopCharacteristics", tag("loopCondition", "${choice != 2}"), loopMaximum="3")),
    inclusive("join"),
    user("after"),
    end(),
    flow("start", "fork"),
    flow("fork", "each_one", "${way != 2}"),
    flow("fork", "in_turn", "${way != 1}"),
    flow("fork", "one"),
    *(flow(way, "join") for way in ("each_one", "in_turn", "one", "late")),
    flows("join", "after", "end"),
)

MODELS: dict[str, Program] = {
    "rework in parallel": program(REWORK_IN_PARALLEL),
    "calls, errors, escalations": program(*CALLS),
    "events": program(EVENTS),
    "loops": program(LOOPS),
    "a token everywhere": program(*everything()),
}


def handler(inputs: Any) -> dict[str, Any]:
    if inputs["x"] == 1:
        raise RuleBroken("no_crew", "没有班组")
    if inputs["x"] == 2:
        raise HandlerFailed("handler_failed", "稍后再试")
    return {"y": 1}


@dataclass
class Track:
    """One way of keeping a case between its steps."""

    program: Program
    keep: str
    host: FakeHost = field(default_factory=lambda: FakeHost(handlers={"do": handler}))
    log: list[Any] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    run: Run | None = None

    def begin(self, variables: dict[str, Any]) -> None:
        self._kept(Run.start(self.program, self.host, variables=variables))

    def step(self, index: int, choice: int) -> None:
        """Let one of the possible things happen; every track sees the same ones in the same order."""
        run = self.run
        assert run is not None
        before = len(run.moves) if self.keep == "memory" else 0
        possible = sorted(run.waits(), key=lambda wait: (wait.kind, wait.element, wait.path, self._age(wait)))
        wait = possible[index % len(possible)]
        self._happen(run, wait, choice)
        self.log.append([(m.kind, m.element, m.path, m.attached_to) for m in run.moves[before:]])
        self._kept(run)

    def _age(self, wait: Wait) -> int:
        return list(self.names).index(wait.token) if wait.token in self.names else len(self.names)

    def _happen(self, run: Run, wait: Wait, choice: int) -> None:
        match wait.kind:
            case "user" | "external":
                if choice == 9 and run.raise_error(self.host, wait.token, "broken", {}):
                    return
                run.complete(self.host, wait.token, {"choice": choice, "x": choice, "way": choice})
            case "timer":
                assert wait.due_at is not None
                self.host.now = max(self.host.now, wait.due_at)
                run.fire(self.host, wait.token)
            case "message":
                if [other.message for other in run.waits()].count(wait.message) == 1:
                    run.correlate(self.host, wait.message or "", {"choice": choice})
            case "retry":
                run.correct(self.host, {"x": choice})
                run.retry(self.host, wait.token)

    def _kept(self, run: Run) -> None:
        if self.keep == "ours":
            run = Run.load(self.program, run.dump())
        elif self.keep == "stock":
            stock = Stock(self.program)
            run = stock.load(stock.dump(run))
        self.run = run
        for move in run.waits():
            self.names.setdefault(move.token, move.element)

    def seen(self) -> Any:
        """What must be the same on every track."""
        assert self.run is not None
        waits = sorted(
            (
                w.kind,
                w.element,
                w.path,
                w.due_at,
                w.interrupting,
                bool(w.closes),
                w.error or "",
                str(dict(w.inputs)),
            )
            for w in self.run.waits()
        )
        return waits, self.log, self.run.variables(), self.run.finished, self.run.outcome


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    way=st.integers(1, 3),
    steps=st.lists(st.tuples(st.integers(0, 20), st.sampled_from([1, 2, 3, 4, 9])), max_size=LONGEST),
)
def test_every_way_of_keeping_a_case_gives_the_same_case(name, way, steps):
    tracks = [Track(MODELS[name], keep) for keep in ("memory", "ours", "stock")]
    for track in tracks:
        track.begin({"people": ["a", "b", "c"], "x": 3, "way": way, "choice": 4})
    for index, choice in steps:
        assert tracks[0].seen() == tracks[1].seen() == tracks[2].seen()
        if tracks[0].run.finished or not tracks[0].run.waits():
            break
        for track in tracks:
            track.step(index, choice)
    memory, ours, stock = (track.seen() for track in tracks)
    assert ours == memory
    assert stock == memory
