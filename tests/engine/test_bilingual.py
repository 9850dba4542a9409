"""What the product says is said in two languages; what people wrote is one string."""

from engine.bilingual import Text, beside, chinese, from_json, in_both, joined, named
from engine.errors import Refused
from engine.explained import Explained

LEAK: Text = ("漏水", "leak")


def test_what_somebody_wrote_is_the_same_in_both_languages() -> None:
    assert in_both("灯不亮") == ("灯不亮", "灯不亮")
    assert in_both(LEAK) == ("漏水", "leak")
    assert chinese(LEAK) == "漏水"


def test_a_list_has_the_commas_of_each_language() -> None:
    assert joined([LEAK, "3-302"]) == ("漏水、3-302", "leak, 3-302")
    assert joined([]) == ""


def test_what_is_empty_leaves_no_gap() -> None:
    assert beside("R1", "", LEAK) == ("R1 漏水", "R1 leak")


def test_a_name_without_english_serves_for_both() -> None:
    class Step:
        name, name_en = "受理", ""

    assert named(Step) == ("受理", "受理")


def test_a_pair_survives_json() -> None:
    assert from_json(list(in_both(LEAK))) == LEAK
    assert from_json("写的") == "写的"


def test_a_problem_says_chinese_and_is_kept_with_both() -> None:
    problem = Refused("stuck", "步骤“{name}”失败：{count}", name=LEAK, count=3)
    assert problem.text() == "步骤“漏水”失败：3"
    assert problem.kept() == {
        "message": "步骤“{name}”失败：{count}",
        "params": {"name": ["漏水", "leak"], "count": 3},
    }
    assert Explained("错 {n}", "wrong {n}", n=1).kept() == {"both": ["错 1", "wrong 1"]}
