"""What people write at one step is read at the next, and in the story."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from engine import inbox
from engine.ports import Actor, Json
from handlers.repair import queries, remarks, story
from handlers.repair.records import OrderState
from tests.handlers.repair.repair_world import Shop


@pytest.fixture
def accepted(shop: Shop) -> str:
    """An order that the desk sent the plumber to, with a word for them."""
    number = shop.report()
    answers: dict[str, Json] = {
        "outcome": "accept",
        "worker_id": str(shop.plumber.id),
        "note": "带梯子，家里有狗",
    }
    shop.do(number, "accept", shop.clerk, **answers)
    return number


def facts(shop: Shop, number: str, step: str, by: Actor) -> dict[object, object]:
    with shop.engine.reading(by) as work:
        return dict(inbox.detail(work, shop.task(number, step).id).opened.facts)


def offered(shop: Shop, number: str, step: str, by: Actor) -> Mapping[str, Json]:
    with shop.engine.reading(by) as work:
        return inbox.detail(work, shop.task(number, step).id).opened.values


def written(shop: Shop, number: str, by: Actor) -> list[str]:
    with shop.engine.reading(by) as work:
        return [one.body for one in remarks.of_order(work, shop.order(number))]


def told(shop: Shop, number: str, kind: str) -> str:
    with shop.engine.reading(shop.desk_lead) as work:
        return [one.text for one in story.story(work, number) if one.kind == kind][-1]


def visited(shop: Shop, number: str) -> None:
    shop.do(number, "take", shop.plumber, outcome="taken")
    shop.do(number, "appoint", shop.plumber, outcome="soon", note="我带备件来")
    shop.do(number, "arrive", shop.plumber, outcome="met")


def test_the_repairer_reads_what_the_desk_wrote_for_them(shop: Shop, accepted: str) -> None:
    assert "带梯子，家里有狗" in facts(shop, accepted, "take", shop.plumber).values()


def test_the_repairer_reads_what_the_owner_wrote_when_changing_the_visit(shop: Shop, accepted: str) -> None:
    shop.do(accepted, "take", shop.plumber, outcome="taken")
    shop.do(accepted, "appoint", shop.plumber, outcome="soon")
    shop.later(minutes=15)
    shop.do(accepted, "arrive", shop.plumber, outcome="absent", called_times=3, card_left=True)
    at = shop.clock.now() + timedelta(days=1)
    shop.do(accepted, "rebook", shop.owner, visit_at=at.isoformat(), note="钥匙在邻居家")
    seen = facts(shop, accepted, "appoint", shop.plumber)
    assert "钥匙在邻居家" in seen.values()
    proposed = offered(shop, accepted, "appoint", shop.plumber)["visit_at"]
    assert datetime.fromisoformat(str(proposed)) == at


def test_the_owner_reads_what_was_written_with_the_appointment_and_the_quote(
    shop: Shop, accepted: str
) -> None:
    visited(shop, accepted)
    shop.do(accepted, "diagnose", shop.plumber, outcome="quote", finding="阀芯坏了")
    assert shop.order(accepted).state == OrderState.QUOTED
    line: Json = {"price_code": "W01", "quantity": 1}
    shop.do(accepted, "write_quote", shop.plumber, lines=[line], note="保一年")
    with shop.engine.reading(shop.owner) as work:
        view = queries.order(work, accepted)
    assert (view.visit_note, view.quote_note) == ("我带备件来", "保一年")


def test_the_story_holds_all_that_was_written(shop: Shop, accepted: str) -> None:
    visited(shop, accepted)
    shop.mend(accepted)
    assert written(shop, accepted, shop.desk_lead) == [
        "带梯子，家里有狗", "我带备件来", "垫圈老化", "已更换垫圈",
    ]  # fmt: skip


def test_what_was_said_of_the_repair_to_the_desk_is_not_for_who_did_it(shop: Shop, accepted: str) -> None:
    visited(shop, accepted)
    shop.mend(accepted)
    marks: dict[str, Json] = {
        "outcome": "satisfied",
        "speed": "1",
        "quality": "1",
        "attitude": "1",
        "comment": "太慢",
    }
    shop.do(accepted, "confirm", shop.owner, **marks)
    seen = facts(shop, accepted, "visit_by_lead", shop.desk_lead)
    assert seen["评价"] == ("速度 1 · 质量 1 · 态度 1", "speed 1, quality 1, attitude 1")
    assert seen["业主的话"] == "太慢"
    shop.do(accepted, "visit_by_lead", shop.desk_lead, outcome="b", comment="维修员说话难听")
    assert "维修员说话难听" in written(shop, accepted, shop.desk_lead)
    assert "维修员说话难听" not in written(shop, accepted, shop.plumber)


def test_who_writes_down_an_answer_by_phone_is_not_who_gave_it(shop: Shop, accepted: str) -> None:
    visited(shop, accepted)
    shop.mend(accepted)
    shop.later(days=2)
    shop.do(accepted, "record_confirmation", shop.clerk, outcome="unsatisfied", problem="还在滴")
    assert told(shop, accepted, "rejected").startswith("业主电话说不满意")
    shop.do(accepted, "plan_rework", shop.lead, worker_id=str(shop.plumber.id), cause="漏看", measure="重做")
    assert "还在滴" in facts(shop, accepted, "take", shop.plumber).values()
