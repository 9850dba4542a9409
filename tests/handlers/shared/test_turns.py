"""One photo is unpacked at a time, and whoever sends many keeps nobody else from being served."""

from contextlib import ExitStack
from threading import Event, Thread

import pytest

from handlers.errors import Overloaded
from handlers.shared.turns import Turns

TOM, ANN, EVE = 1, 2, 3


def test_one_at_a_time_has_the_place_and_the_next_one_gets_it() -> None:
    turns, begun, done = Turns(patience=60), Event(), Event()

    def wait() -> None:
        begun.set()
        with turns.take(ANN):
            done.set()

    other = Thread(target=wait)
    with turns.take(TOM):
        other.start()
        assert begun.wait(60)
        assert not done.is_set()
    assert done.wait(60)
    other.join()
    with turns.take(TOM):
        pass


def test_nobody_waits_longer_than_is_bearable() -> None:
    turns = Turns(patience=0.001)
    with turns.take(TOM), pytest.raises(Overloaded), turns.take(ANN):
        pass
    with turns.take(ANN):
        pass


@pytest.mark.parametrize(("limits", "last"), [((9, 1), TOM), ((1, 9), EVE)], ids=["of one", "of all"])
def test_a_full_line_is_refused_at_once(limits: tuple[int, int], last: int) -> None:
    turns = Turns(*limits, patience=3600)
    with ExitStack() as held:
        held.enter_context(turns.take(TOM))
        with pytest.raises(Overloaded), turns.take(last):
            pass
