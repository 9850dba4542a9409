"""The prepared process survives whatever its forks do."""

import sys
from collections.abc import Iterator

import pytest

from engine.bpmn.nursery import Nursery, TooLate

_ANSWERS = """
import os, signal
from engine.bpmn.nursery import serve

def answer(request):
    if request == b"hang":
        while True:
            signal.pause()
    if request == b"die":
        os._exit(3)
    if request == b"fail":
        raise ValueError(request)
    return request[::-1]

serve(answer, 2)
"""


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    """Return a nursery whose forks turn a request around."""
    program = f"import sys; sys.path.insert(0, {sys.path[0]!r}); sys.path.insert(0, '.'); exec({_ANSWERS!r})"
    made = Nursery([sys.executable, "-c", program])
    yield made
    made.close()


def test_each_request_gets_its_own_answer(nursery: Nursery) -> None:
    assert [nursery.ask(b"abc"), nursery.ask(b""), nursery.ask(b"x" * 300_000)] == [
        b"cba",
        b"",
        b"x" * 300_000,
    ]


@pytest.mark.parametrize("accident", [b"die", b"fail"])
def test_an_accident_is_no_answer_and_the_next_request_is_served(nursery: Nursery, accident: bytes) -> None:
    assert nursery.ask(accident) is None
    assert nursery.ask(b"abc") == b"cba"


def test_what_does_not_end_in_time_is_told_apart(nursery: Nursery) -> None:
    with pytest.raises(TooLate):
        nursery.ask(b"hang")
    assert nursery.ask(b"abc") == b"cba"


def test_a_killed_process_is_replaced(nursery: Nursery) -> None:
    assert nursery.ask(b"abc") == b"cba"
    process = nursery._running()
    process.kill()
    process.wait()

    assert nursery.ask(b"abc") == b"cba"


def test_a_closed_nursery_opens_again(nursery: Nursery) -> None:
    nursery.ask(b"abc")
    nursery.close()

    assert nursery.ask(b"abc") == b"cba"
