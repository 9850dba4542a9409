"""What people write, and what it says."""

import pytest

from handlers.repair import words
from handlers.repair.words import Hint, Question
from tests.handlers.repair import tables


@pytest.fixture(scope="module")
def hints() -> list[Hint]:
    return tables.hints()


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return tables.questions()


@pytest.mark.parametrize(
    ("text", "urgency", "fault"),
    [
        ("老人困在电梯里了", "P0", "E01"),
        ("厨房有很浓的燃气味", "P0", "G01"),
        ("不知道是不是燃气味", "P0", "G01"),
        ("楼上爆管，水漫到客厅", "P1", "W01"),
        ("没有燃气味，但是爆管了", "P1", "W01"),
    ],
)
def test_whole_phrases_raise_the_urgency(hints: list[Hint], text: str, urgency: str, fault: str) -> None:
    hint = words.hint_in(text, hints)
    assert hint is not None
    assert (hint.urgency, hint.fault_code) == (urgency, fault)


@pytest.mark.parametrize("text", ["水龙头滴水", "没有着火，就是灯不亮", "燃气灶打不着火", "电梯里的灯暗", ""])
def test_single_characters_and_denials_raise_nothing(hints: list[Hint], text: str) -> None:
    assert words.hint_in(text, hints) is None


def test_the_most_urgent_phrase_counts(hints: list[Hint]) -> None:
    hint = words.hint_in("爆管以后墙上漏电", hints)
    assert hint is not None
    assert (hint.urgency, hint.is_danger) == ("P0", True)


def test_what_is_unclear_gets_one_question(hints: list[Hint], questions: list[Question]) -> None:
    question = words.question_for("卫生间漏水", hints, questions)
    assert question is not None
    assert (question.phrase, question.urgency) == ("漏水", "P1")
    assert words.question_for("水漫了，漏水很大", hints, questions) is None
    assert words.question_for("门锁坏了", hints, questions) is None


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("电话13800138000漏水", "电话＊漏水"),
        ("身份证 11010519491231002X 张三丰家漏水", "身份证 ＊ ＊家漏水"),
        ("车牌京A12345旁边", "车牌＊旁边"),
        ("写信到 a.b@example.com", "写信到 ＊"),
        ("138 0013 8000", "＊"),
        ("3栋2单元502室 2026年", "3栋2单元502室 2026年"),
    ],
)
def test_numbers_and_names_never_reach_the_search_text(text: str, left: str) -> None:
    assert words.without_naming(text, ["张三丰"]) == left
