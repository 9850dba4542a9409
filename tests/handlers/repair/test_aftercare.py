"""What managers read of return visits and complaints beside the other figures of the policy."""

import pytest

from engine.ports import Actor
from handlers.accounts.permissions import Post
from handlers.policy.clauses import Asked
from handlers.policy.counting import Figure
from handlers.policy.figures import figure
from tests.handlers.repair.repair_world import FULL_MARKS, Shop
from tests.handlers.repair.test_complaining import NOTHING, complained, promise
from tests.handlers.repair.test_repairing_again import promised, send, visit

__all__ = ["complained", "promised"]


def told(shop: Shop, name: str, reader: Actor | None = None) -> tuple[int | None, int | None]:
    with shop.engine.reading(reader or shop.manager) as work:
        found: Figure = figure(work, Asked(name, "", "", ""))
        return found.value, found.of


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_return_visits_are_counted_by_whom_they_reached_and_how_content_those_were(
    shop: Shop, complained: str
) -> None:
    for outcome in ("a", "unreachable"):
        number = shop.report()
        shop.accept(number)
        shop.repair(number)
        shop.do(number, "confirm", shop.owner, **(FULL_MARKS | {"speed": "1"}))
        shop.do(number, "visit_by_lead", shop.desk_lead, outcome=outcome)
    assert told(shop, "return_visits") == (2, 3)
    assert told(shop, "return_visits_content") == (1, 2)
    assert told(shop, "return_visits", shop.staff(Post.PM, shop.other_community)) == (0, 0)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_complaints_are_counted_as_they_begin_are_late_and_end(shop: Shop, complained: str) -> None:
    shop.report()
    assert told(shop, "complaints") == (1, 2)
    assert told(shop, "complaints_late") == (0, 1)
    assert told(shop, "complaints_settled") == (0, 0)
    shop.later(hours=25)
    assert told(shop, "complaints_late") == (1, 1)
    assert told(shop, "complaints_late", shop.staff(Post.PM, shop.other_community)) == (0, 0)
    shop.do(complained, "answer_complaint", shop.manager, **NOTHING)
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome="a")
    assert told(shop, "complaints_settled") == (1, 1)
    assert told(shop, "complaints_late") == (0, 0)
    shop.clock.advance(days=30)
    assert told(shop, "complaints") == (0, 0)


@pytest.mark.parametrize("outcome", ["unreachable", "c"])
def test_a_complaint_that_ends_otherwise_is_not_counted_as_settled(
    shop: Shop, complained: str, outcome: str
) -> None:
    quality = shop.staff(Post.QA)
    shop.do(complained, "answer_complaint", shop.manager, **NOTHING)
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome=outcome, problem="不行")
    if outcome == "c":
        assert told(shop, "complaints_settled") == (0, 0)
        shop.do(complained, "review_complaint", quality, finding="属实", answer="质保延长")
    assert told(shop, "complaints_settled") == (0, 1)


def test_further_visits_are_counted_by_whether_it_was_repaired(shop: Shop, promised: str) -> None:
    send(shop, promised)
    visit(shop, promised, "not_mended", done="业主不在家")
    send(shop, promised)
    visit(shop, promised)
    assert told(shop, "repaired_again") == (1, 2)


def test_who_was_promised_something_is_late_after_its_day(shop: Shop, complained: str) -> None:
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    shop.clock.advance(days=1)
    assert told(shop, "complaints_late") == (0, 1)
    shop.clock.advance(days=2)
    assert told(shop, "complaints_late") == (1, 1)
