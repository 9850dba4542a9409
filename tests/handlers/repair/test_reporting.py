"""A report keeps what a person can read, and no more than fits."""

from dataclasses import replace

import pytest

from engine.errors import RuleBroken
from handlers.errors import FieldsInvalid
from handlers.repair import reporting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from tests.handlers.repair.repair_world import OWNER_PHONE, Shop


def refused_field(shop: Shop, text: str, name: str) -> str:
    report = Report(Area.PRIVATE, "W05", text, name, OWNER_PHONE, house_id=shop.house)
    with pytest.raises(FieldsInvalid) as refused, shop.engine.work(shop.owner) as work:
        reporting.report_online(work, report)
    return ",".join(refused.value.fields)


@pytest.mark.parametrize("letter", ["\0", "\x1b", "\u202e", "\u2066"])
def test_letters_nobody_can_see_are_refused_in_a_report(shop: Shop, letter: str) -> None:
    assert refused_field(shop, f"水龙头{letter}坏了", "李明") == "description"
    assert refused_field(shop, "水龙头坏了", f"李{letter}明") == "contact_name"


def test_a_name_longer_than_any_is_refused(shop: Shop) -> None:
    assert refused_field(shop, "水龙头坏了", "李" * 51) == "contact_name"


def test_a_key_answers_the_very_same_report_and_refuses_another(shop: Shop) -> None:
    photo = int(shop.photo(shop.owner))
    first = Report(
        Area.COMMON,
        "P05",
        "灯不亮",
        "李明",
        OWNER_PHONE,
        house_id=shop.house,
        place="一楼",
        attachments=(photo,),
    )

    def send(report: Report) -> str:
        with shop.engine.work(shop.owner) as work:
            return reporting.report_online(work, report, idempotency_key="k1").number

    number = send(first)
    assert send(replace(first, attachments=(int(shop.photo(shop.owner)),))) == number
    others: tuple[dict[str, object], ...] = (
        {"area": Area.PRIVATE},
        {"place": "二楼"},
        {"contact_phone": "13855556666"},
        {"urgency": "P1"},
        {"attachments": ()},
    )
    for other in others:
        with pytest.raises(RuleBroken, match="另一项内容"):
            send(replace(first, **other))  # type: ignore[arg-type]  # values of several fields
