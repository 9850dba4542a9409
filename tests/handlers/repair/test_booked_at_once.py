"""Two visits agreed on at the same moment with one repairer: one of them is refused."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.errors import Invalid
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.repair import booked
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.test_appointments import agreed, fixed, move, tomorrow_at
from tests.reliability.together import together


@pytest.fixture
def both_look_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let neither go on, unless one waits for the other's end, before both know which visits there are."""
    gate, visits = threading.Barrier(2), booked.visits

    def look(work: Work, worker_id: int, but: int) -> list[Any]:
        found = visits(work, worker_id, but)
        with suppress(threading.BrokenBarrierError):
            gate.wait(timeout=1)
        return found

    monkeypatch.setattr(booked, "visits", look)


def taken(shop: Shop, fault: str) -> str:
    """An order that the plumber took, with no time agreed on."""
    number = shop.report(fault=fault, text="漏水")
    shop.accept(number)
    shop.do(number, "take", shop.plumber, outcome="taken")
    return number


@pytest.mark.usefixtures("both_look_first")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_two_who_agree_on_one_hour_at_the_same_moment_one_is_refused(shop: Shop) -> None:
    at = tomorrow_at(shop, 14)
    numbers = taken(shop, "W06"), taken(shop, "W07")
    outcomes = together(*(lambda one=one: fixed(shop, one, at) for one in numbers))  # type: ignore[misc]  # a default has no type
    assert Counter(outcomes) == {"done": 1, "invalid_answers": 1}
    assert sorted(shop.order(one).window_to is None for one in numbers) == [False, True]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_visit_is_not_moved_to_the_hour_that_is_agreed_on_at_that_moment(
    shop: Shop, request: pytest.FixtureRequest
) -> None:
    moved, other = agreed(shop), taken(shop, "W06")
    at = tomorrow_at(shop, 16)
    request.getfixturevalue("both_look_first")
    outcomes = together(lambda: move(shop, moved, at), lambda: fixed(shop, other, at))
    assert Counter(outcomes) == {"done": 1, "invalid_answers": 1}
    assert (shop.order(moved).window_from == at - timedelta(minutes=30)) is (outcomes[0] == "done")


def test_staff_who_may_not_see_the_other_repair_read_when_and_not_where(shop: Shop) -> None:
    first, second = agreed(shop), taken(shop, "W06")
    place = shop.order(first).place

    def said(by: Any, at: datetime) -> tuple[str, dict[str, Any]]:
        with pytest.raises(Invalid) as refused, shop.engine.work(by) as work:
            booked.require_free(work, shop.order(second), shop.plumber.id, at)
        return refused.value.fields["visit_at"]

    at = tomorrow_at(shop, 14)
    when = {"window": "11-24 13:30–14:30"}
    assert said(shop.plumber, at)[1] == said(shop.lead, at)[1] == when | {"place": place}
    assert said(shop.second_plumber, at) == ("该师傅 {window} 已有约，请另选时间", when)
    assert said(shop.staff(Post.RP), at)[1] == when
