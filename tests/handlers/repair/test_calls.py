"""Where a call is about, whom to ask for, and what is read back to the caller."""

import pytest

from engine import inbox
from engine.errors import Invalid
from engine.ports import Json
from tests.handlers.repair.repair_world import Shop


def wrong(shop: Shop, number: str, **answers: Json) -> dict[str, str]:
    """Enter a call that cannot be right, and return what is wrong."""
    with pytest.raises(Invalid) as refused:
        shop.register(number, **answers)
    return {field: message for field, (message, _) in refused.value.fields.items()}


def test_another_home_is_found_by_its_address_as_people_write_it(shop: Shop) -> None:
    number = shop.call("13700000000")
    shop.register(number, house_id="other", house="1-2-302")
    assert shop.order(number).house_id == shop.neighbour
    assert list(wrong(shop, shop.call(), house_id="other", house="9-9-999")) == ["house"]
    assert "请写完整" in wrong(shop, shop.call(), house_id="other", house="1栋2单元")["house"]


def test_a_common_fault_names_its_building_or_the_grounds(shop: Shop) -> None:
    building = shop.order(shop.report()).building_id
    common: dict[str, Json] = {"area": "common", "house_id": None, "fault_code": "P05", "place": "大堂"}
    inside, outside = shop.call(), shop.call()
    shop.register(inside, building_id=str(building), **common)
    shop.register(outside, building_id="none", **(common | {"place": "北门岗亭"}))
    assert (shop.order(inside).building_id, shop.order(inside).place) == (building, "1栋大堂")
    assert (shop.order(outside).building_id, shop.order(outside).place) == (None, "北门岗亭")


def test_the_name_on_record_need_not_be_typed_and_is_not_guessed(shop: Shop) -> None:
    number = shop.call()
    shop.register(number, contact_name="")
    assert shop.opened(shop.order(number), "contact_name") == "李明"
    unknown = shop.call("13700000000")
    assert list(wrong(shop, unknown, contact_name="", house_id="other", house="1-2-302")) == ["contact_name"]


def test_what_is_read_back_at_night_stands_before_accepting(shop: Shop) -> None:
    number = shop.call()
    shop.register(number)
    with shop.engine.reading(shop.other_clerk) as work:
        facts = inbox.detail(work, shop.task(number, "accept").id).opened.facts
    (said,) = [text for label, text in facts if label == "向来电人复述"]
    assert said == (
        "1栋2单元301，户内水龙头/软管滴漏：厨房水龙头滴漏。对吗？",
        "1栋2单元301, Dripping tap or hose: 厨房水龙头滴漏. Is that right?",
    )
