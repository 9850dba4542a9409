"""A case is written small, read back the same, and never read onto a diagram that it does not fit."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from engine.bpmn.runtime import Run, SnapshotUnreadable
from tests.engine.bpmn.cases import Case, FakeHost, begin
from tests.engine.bpmn.diagrams import (
    boundary,
    call,
    crossing,
    cycle,
    duration,
    each,
    end,
    exclusive,
    flow,
    flows,
    parallel,
    process,
    program,
    service,
    start,
    subprocess,
    user,
)

GOLDEN = Path(__file__).parent / "golden"


def rework() -> str:
    """A step that is sent back until it is good, with a limit on it."""
    return process(
        start(),
        exclusive("enter"),
        user("do"),
        boundary("late", "do", duration("PT1H"), interrupting=False),
        user("check"),
        exclusive("good", default="good_enter"),
        end(),
        end("told"),
        flows("start", "enter", "do", "check", "good"),
        flow("late", "told"),
        flow("good", "end", "${good}"),
        flow("good", "enter"),
    )


def test_a_hundred_rounds_of_rework_need_no_more_room_than_one():
    case = begin(program(rework()))
    sizes = []
    for _ in range(100):
        case.complete("do")
        case.complete("check", good=False)
        sizes.append(len(case.content))
    assert max(sizes) == sizes[0] < 500
    case.complete("do")
    case.complete("check", good=True)
    assert case.finished


def test_a_hundred_rounds_beside_an_open_branch_need_no_more_room_than_one():
    body = (
        parallel("fork", "join"),
        exclusive("enter"),
        user("do"),
        exclusive("good", default="good_enter"),
        user("beside"),
        user("after"),
        flows("start", "fork", "enter", "do", "good"),
        flow("good", "join", "${good}"),
        flow("good", "enter"),
        flows("fork", "beside", "join", "after", "end"),
    )
    case = begin(program(process(start(), *body, end())))
    case.complete("do", good=False)
    size = len(case.content)
    for _ in range(100):
        case.complete("do", good=False)
    assert len(case.content) == size
    case.complete("do", good=True)
    assert case.steps == ["beside"]
    case.complete("beside")
    assert case.steps == ["after"]


def test_the_diagram_is_not_stored_with_the_case():
    case = begin(program(rework()))
    assert len(case.content) < 500
    assert orjson.loads(case.content)["spiff"] == "3.2.0"


def test_resident_data_that_look_like_a_type_are_kept_as_they_are():
    odd = {"typename": "timedelta", "days": 1, "__class__": "x"}
    case = begin(program(rework()), odd=odd)
    case.complete("do", more=odd)
    assert case.variables == {"odd": odd, "more": odd}


def test_nested_values_of_the_past_are_not_changed_by_a_later_step():
    case = begin(program(rework()), data={"list": [1]})
    case.complete("do", data={"list": [1, 2]})
    assert case.variables == {"data": {"list": [1, 2]}}


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"format":2,"trees":[]}'])
def test_a_snapshot_of_another_format_is_refused(content):
    with pytest.raises(SnapshotUnreadable):
        Run.load(program(rework()), content)


def test_a_snapshot_does_not_load_onto_a_diagram_without_its_step():
    case = begin(program(rework()))
    other = program(process(start(), user("other"), end(), flows("start", "other", "end")))
    with pytest.raises(SnapshotUnreadable, match="do"):
        Run.load(other, case.content)


def test_a_snapshot_loads_onto_a_diagram_that_changed_further_on():
    case = begin(program(process(start(), user("u"), end(), flows("start", "u", "end"))))
    changed = program(process(start(), user("u"), user("new"), end(), flows("start", "u", "new", "end")))
    moved = Case(changed, case.host, case.content)
    moved.complete("u")
    assert moved.steps == ["new"]


def test_tokens_keep_their_names_through_every_reload():
    case = begin(program(rework()))
    tokens = {wait.element: wait.token for wait in case.waits()}
    for _ in range(3):
        case.do(lambda _run: None)
    assert {wait.element: wait.token for wait in case.waits()} == tokens


def everything() -> tuple[str, str]:
    """A diagram with a token in each kind of place."""
    inner = subprocess(
        "sub", start("s"), user("inside"), end("e"), flows("s", "inside", "e"), each("people", "person")
    )
    called = process(start("s"), service("work", "worker"), end("e"), flows("s", "work", "e"), key="called")
    body = (
        parallel("fork", "join"),
        inner,
        call("go", "called", crossing(given={"x": "x"})),
        user("timed", camunda_dueDate="PT2H"),
        boundary("cycle", "timed", cycle("R/PT10M"), interrupting=False),
        user("remind"),
        service("failing", "do"),
        end(),
        end("reminded"),
        flows("start", "fork", "sub", "join", "end"),
        flows("fork", "go", "join"),
        flows("fork", "timed", "join"),
        flows("cycle", "remind", "reminded"),
        flows("fork", "failing", "join"),
    )
    return process(start(), *body), called


def golden_case() -> Case:
    """The case whose snapshot is kept: taken after one reminder, with one branch already at the join."""
    case = begin(program(*everything()), FakeHost(hold={((), "failing")}), people=["a", "b"], x=1)
    case.host.hold = set()
    case.fire("cycle")
    case.complete("timed")
    case.complete("inside")
    return case


def test_a_snapshot_of_the_first_release_still_loads_and_runs_to_its_end():
    case = Case(program(*everything()), FakeHost(), (GOLDEN / "format-1.json").read_bytes())
    assert case.steps == ["inside", "remind", "work"]
    (failing,) = case.waits("retry")
    assert case.variables == {"people": ["a", "b"], "x": 1}
    assert orjson.loads(case.content)["format"] == 1
    case.do(lambda run: run.retry(case.host, failing.token))
    case.complete("inside")
    case.complete("work")
    assert not case.finished
    case.complete("remind")
    assert case.finished


def test_the_kept_snapshot_is_what_this_release_writes():
    def shape(content: bytes) -> object:
        stored = orjson.loads(content)
        return [[tree[0], tree[1], tree[2], [row[1:4] for row in tree[3]]] for tree in stored["trees"]]

    assert shape(golden_case().content) == shape((GOLDEN / "format-1.json").read_bytes())


def test_cases_of_one_program_run_in_many_threads():
    shared = program(*everything())

    def drive(first: int) -> int:
        for number in range(first, first + 60):
            case = begin(shared, people=["a", "b"], x=number)
            case.fire("cycle")
            for element in ("inside", "timed", "work", "inside", "remind"):
                case.complete(element)
            assert case.finished
            assert case.last.variables() == {"people": ["a", "b"], "x": number}
        return first

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(drive, range(0, 360, 60))) == list(range(0, 360, 60))
