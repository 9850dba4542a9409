"""Cases are found by houses, numbers and pairs of characters, by whichever of them the fewest cases hold."""

import pytest

from engine import case_texts
from engine.ports import SYSTEM
from engine.work import Engine, Work
from tests.engine.cases.test_inbox import engine

__all__ = ["engine"]


def noted(work: Work, *places: str) -> None:
    for number, place in enumerate(places):
        case_texts.note(work, number, place, "卫生间漏水" if number else "电梯异响")


@pytest.mark.parametrize(
    ("typed", "entry", "count"),
    [
        ("3栋2单元301", "3栋2单元301", 1),  # not 13栋2单元301
        ("２单元301", "01", 3),  # no house of its own: its rarest pair
        ("电梯", "电梯", 1),
        ("漏水", "漏水", 2),
        ("燃气", "燃气", 0),
    ],
)
def test_the_rarest_entry_leads_to_cases(engine: Engine, typed: str, entry: str, count: int) -> None:
    with engine.work(SYSTEM) as work:
        noted(work, "3栋2单元301", "13栋2单元301", "3栋2单元1301")
        assert case_texts.rarest(work, case_texts.pieces(typed)) == (entry, count)


def test_noting_again_changes_nothing_and_forgetting_leaves_nothing(engine: Engine) -> None:
    with engine.work(SYSTEM) as work:
        for _ in range(2):
            case_texts.note(work, 1, "漏水 K1")
        assert case_texts.rarest(work, ["漏水"]) == ("漏水", 1)
        case_texts.forget(work, 1, "漏水")
        assert case_texts.rarest(work, ["漏水"]) == ("漏水", 0)
        assert case_texts.rarest(work, ["k1"]) == ("k1", 1)


def test_what_like_takes_for_anything_is_looked_for_as_it_is() -> None:
    assert case_texts.pattern(["50%_", "a/b"]) == "%50/%/_%a//b%"
