"""Common words are looked for a stretch of the list at a time, however many tasks are open."""

import pytest

from engine import case_texts, inbox
from engine.inbox import View
from engine.narrowing import Narrowing
from engine.work import Engine
from tests.engine.cases.test_inbox import VIEWERS, crowd, engine

__all__ = ["engine"]


@pytest.mark.parametrize("looked", [3, 40])
def test_common_words_are_looked_for_a_stretch_of_the_list_at_a_time(
    engine: Engine, looked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_texts, "FEW", 3)
    monkeypatch.setattr(inbox, "LOOKED", looked)
    looked_at = crowd(engine, VIEWERS["lead"])
    wanted = Narrowing(text="单元302")

    assert looked_at.shown(View.TEAM, 7, wanted) == looked_at.expected(View.TEAM, wanted)
    with engine.reading(looked_at.viewer) as work:
        nothing = inbox.page(work, View.TEAM, wanted=Narrowing(text="元单栋"))
    assert nothing.rows == ()


def test_words_that_stand_nowhere_end_after_a_stretch_and_say_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_texts, "FEW", 3)
    monkeypatch.setattr(inbox, "LOOKED", 20)
    looked_at = crowd(engine, VIEWERS["lead"])

    with engine.reading(looked_at.viewer) as work:
        page = inbox.page(work, View.TEAM, wanted=Narrowing(text="单元302 栋2单"))

    assert page.rows == ()
    assert page.looked == 20
    assert page.next is not None


def test_a_rare_step_is_counted_as_far_as_was_looked_and_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = crowd(engine, VIEWERS["lead"])
    wanted = Narrowing(process_key="repair", step_id="visit")
    every = len(looked_at.expected(View.TEAM, wanted))
    with engine.reading(looked_at.viewer) as work:
        assert inbox.size(work, View.TEAM, wanted, 500) == inbox.Size(every)
        monkeypatch.setattr(inbox, "LOOKED", 20)
        some = inbox.size(work, View.TEAM, wanted, 500)
    assert 0 < some.count < every
    assert some.is_least
