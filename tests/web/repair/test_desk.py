"""The desk when the phone rings: what it shows at once, and what it keeps."""

from handlers.repair.records import Area
from tests.handlers.repair.repair_world import FULL_MARKS, OWNER_PHONE
from tests.web.repair.conftest import Pages


def test_a_call_that_was_picked_up_waits_on_the_desks_page_with_its_clock(pages: Pages) -> None:
    shop = pages.shop
    number = shop.call()
    shop.clock.advance(minutes=4)
    page = pages.browser(shop.clerk).get("/desk/").text
    assert number in page
    assert "剩 6 分" in page
    assert number not in pages.browser(shop.other_clerk).get("/desk/").text
    shop.register(number)
    assert number not in pages.browser(shop.clerk).get("/desk/").text


def test_the_number_that_rang_is_not_typed_again(pages: Pages) -> None:
    shop = pages.shop
    task_id = shop.task(shop.call(), "register_call").id
    page = pages.browser(shop.clerk).get(f"/tasks/{task_id}").text
    assert f'value="{OWNER_PHONE}"' in page


def test_known_faults_of_common_areas_are_named_before_anybody_asks(pages: Pages) -> None:
    shop = pages.shop
    shop.report(fault="P05", text="楼道灯不亮", area=Area.COMMON, place="一楼")
    assert "1栋一楼 公共照明不亮" in pages.browser(shop.clerk).get("/desk/").text


def test_a_call_about_a_known_fault_is_linked_with_one_press_and_closed_with_it(pages: Pages) -> None:
    shop = pages.shop
    known = shop.report(fault="P05", text="楼道灯不亮", area=Area.COMMON, place="一楼")
    shop.clock.advance(hours=3)
    number = shop.call()
    clerk = pages.browser(shop.clerk)
    assert "同一故障？ 1栋一楼 公共照明不亮" in clerk.get("/desk/").text
    answer = clerk.post("/desk/same", {"number": number, "known": known}, page="/desk/")
    assert answer.status_code == 302
    order = shop.order(number)
    assert (order.state, order.parent_id) == ("merged", shop.order(known).id)
    assert (order.fault_code, order.place, order.house_id) == ("P05", "1栋一楼", shop.house)
    assert shop.steps(number) == []
    again = clerk.post("/desk/same", {"number": number, "known": known}, page="/desk/")
    assert again.status_code == 422


def test_a_call_without_a_number_cannot_be_linked_as_nobody_could_be_told(pages: Pages) -> None:
    shop = pages.shop
    known = shop.report(fault="P05", text="楼道灯不亮", area=Area.COMMON, place="一楼")
    number = shop.call("")
    clerk = pages.browser(shop.clerk)
    answer = clerk.post("/desk/same", {"number": number, "known": known}, page="/desk/")
    assert answer.status_code == 422
    assert "没有显示号码" in answer.text
    assert shop.order(number).state == "registering"


def test_a_phone_report_stands_in_the_list_of_second_checks_until_another_clerk_accepts_it(
    pages: Pages,
) -> None:
    shop = pages.shop
    number = shop.call()
    shop.register(number)
    task_id = shop.task(number, "accept").id
    own, other = (
        pages.browser(shop.clerk).get("/checks/").text,
        pages.browser(shop.other_clerk).get("/checks/").text,
    )

    assert f'href="/cases/{number}"' in own
    assert "须由他人核对" in own
    assert f'href="/tasks/{task_id}"' in other
    assert '二次核对 <span class="count count-soon">1</span>' in other
    shop.accept(number, by=shop.other_clerk)
    assert "没有待核对的录入" in pages.browser(shop.other_clerk).get("/checks/").text


def test_a_closed_order_says_before_anybody_asks_that_its_number_is_no_longer_shown(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    clerk = pages.browser(shop.clerk)
    shop.accept(number)
    assert 'name="purpose"' in clerk.get(f"/repairs/{number}/contact").text
    assert "查看号码" in clerk.get(f"/cases/{number}").text
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)

    page = clerk.get(f"/repairs/{number}/contact").text
    assert 'name="purpose"' not in page
    assert "这件报修不能再查看号码。" in page
    assert "查看号码" not in clerk.get(f"/cases/{number}").text
