"""The form of a report: what is read from it, what it asks, what it keeps."""

import re

import pytest
from werkzeug.test import TestResponse

from engine.ports import SYSTEM
from handlers.accounts import installation, sign_in
from handlers.accounts.logins import add_login
from handlers.estate.records import RelationKind
from handlers.repair.orders import Order
from tests.handlers.estate_world import PASSWORD
from tests.handlers.repair.repair_world import OWNER_PHONE, Shop
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages, errors_of


def send(pages: Pages, **fields: object) -> TestResponse:
    shop = pages.shop
    given = {
        "what": "water",
        "fault": "W05",
        "house_id": str(shop.house),
        "where": "private",
        "contact": str(shop.owner_person),
    }
    return pages.browser(shop.owner).post("/home/report", {**given, **fields}, page="/home/report")


def reported(pages: Pages, answer: TestResponse) -> Order:
    assert answer.status_code == 302, answer.text
    return pages.shop.order(answer.location.rsplit("/", 1)[1])


def test_three_presses_report_a_fault_and_name_the_resident_as_the_contact(pages: Pages) -> None:
    order = reported(pages, send(pages))
    shop = pages.shop
    assert (order.fault_code, order.area, order.house_id) == ("W05", "private", shop.house)
    assert shop.opened(order, "contact_name") == "李明"
    assert shop.opened(order, "contact_phone") == OWNER_PHONE
    assert shop.opened(order, "description") == "户内水龙头/软管滴漏"


def test_a_report_sent_again_from_a_page_gone_back_to_is_the_same_report(pages: Pages) -> None:
    shop = pages.shop
    first = send(pages, description="厨房龙头滴漏", _key="first")
    again = send(pages, description="厨房龙头滴漏", _key="second")
    assert again.location == first.location
    other = send(pages, description="阳台龙头滴漏", _key="third")
    assert other.location != first.location
    shop.clock.advance(minutes=11)
    later = send(pages, description="厨房龙头滴漏", _key="fourth")
    assert later.location not in (first.location, other.location)


def test_a_picture_with_one_fault_behind_it_is_enough(pages: Pages) -> None:
    order = reported(pages, send(pages, what="gas", fault=""))
    assert (order.fault_code, order.urgency) == ("G01", "P0")


def test_a_picture_with_several_asks_which(pages: Pages) -> None:
    answer = send(pages, what="water", fault="")
    assert answer.status_code == 422
    assert errors_of(answer) == ["fault"]
    assert 'value="water" checked' in answer.text


def test_a_fault_behind_a_picture_pressed_before_does_not_count(pages: Pages) -> None:
    assert errors_of(send(pages, what="power", fault="W05")) == ["fault"]


def test_who_cannot_tell_has_said_what_it_is_about(pages: Pages) -> None:
    order = reported(pages, send(pages, what="door", fault="X99"))
    assert (order.fault_code, pages.shop.opened(order, "description")) == ("X99", "门窗锁")


def test_something_else_has_to_be_described(pages: Pages) -> None:
    assert errors_of(send(pages, what="other", fault="")) == ["description"]


@pytest.mark.parametrize(
    ("fault", "said", "area"),
    [("D04", "private", "common"), ("W05", "common", "private"), ("W01", "common", "common")],
)
def test_a_fault_that_can_be_in_one_place_only_decides_where_it_is(
    pages: Pages, fault: str, said: str, area: str
) -> None:
    order = reported(pages, send(pages, what="", fault=fault, where=said, place="一楼大堂"))
    assert order.area == area


def test_the_place_of_a_common_fault_is_kept(pages: Pages) -> None:
    order = reported(pages, send(pages, what="door", fault="D04", where="common", place="一楼大堂"))
    assert order.place == "1栋一楼大堂"


def test_somebody_else_needs_a_name_or_at_least_a_phone(pages: Pages) -> None:
    answer = send(pages, contact="other", contact_name="王伯", description="水一直滴")
    assert errors_of(answer) == ["contact_phone"]
    assert 'value="王伯"' in answer.text
    assert "水一直滴" in answer.text


def test_a_neighbour_cannot_be_named_by_their_number(pages: Pages) -> None:
    stranger = pages.shop.person("赵强", "13855556666")
    pages.shop.relate(stranger, pages.shop.neighbour)
    assert errors_of(send(pages, contact=str(stranger))) == ["contact_phone"]


def test_family_is_offered_masked_and_can_be_named(pages: Pages) -> None:
    shop = pages.shop
    mother = shop.person("赵桂英", "13877778888")
    shop.relate(mother, shop.house, RelationKind.FAMILY)
    page = pages.browser(shop.owner).get("/home/report").text
    assert "赵*英" in page
    assert "138****8888" in page
    assert "13877778888" not in page
    order = reported(pages, send(pages, contact=str(mother)))
    assert shop.opened(order, "contact_phone") == "13877778888"


def test_owner_and_tenant_learn_nothing_of_each_other(pages: Pages) -> None:
    shop = pages.shop
    tenant = shop.person("孙涛", "13866667777")
    shop.relate(tenant, shop.house, RelationKind.TENANT)
    assert "138****7777" not in pages.browser(shop.owner).get("/home/report").text
    page = pages.browser(shop.resident(tenant)).get("/home/report").text
    assert "孙涛" in page
    assert "138****2222" not in page


def test_doubt_is_asked_about_once_with_everything_kept(pages: Pages) -> None:
    answer = send(pages, fault="W07", description="卫生间渗水")
    assert answer.status_code == 422
    assert "关不住吗" in answer.text
    assert "卫生间渗水" in answer.text
    assert reported(pages, send(pages, fault="W07", description="卫生间渗水", urgency="P1")).urgency == "P1"


def test_who_reports_a_lift_that_stands_is_asked_whether_somebody_is_inside(pages: Pages) -> None:
    assert "困" in send(pages, what="lift", fault="E02").text


def test_nothing_is_asked_about_what_is_urgent_anyway(pages: Pages) -> None:
    assert reported(pages, send(pages, fault="W01", description="楼道漏水")).urgency == "P1"


def test_every_page_says_whom_to_call(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    for path in ("/home/", "/home/report", "/account/password", "/nothing-here"):
        page = browser.get(path).text
        assert 'href="tel:0571-8888-1000"' in page, path
        assert 'href="tel:119"' in page, path


def test_large_type_is_kept_and_staff_read_as_ever(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    answer = browser.post("/text-size", {"size": "large", "next": "/home/report"}, page="/home/")
    assert answer.location == "/home/report"
    assert '<body class="resident large' in browser.get("/home/").text
    clerk = pages.browser(pages.shop.clerk)
    clerk.client.set_cookie("text_size", "large")
    assert '<body class="resident' not in clerk.get("/inbox").text


def test_the_shop_has_no_case_after_a_refused_report(shop: Shop, pages: Pages) -> None:
    send(pages, what="", fault="")
    assert "还没有报过修" in pages.browser(shop.owner).get("/home/").text


# --- begun and not sent ------------------------------------------------------------------------------------

BEGUN = {
    "what": "water",
    "fault": "W05",
    "description": "写到一半的漏水",
    "where": "private",
    "contact": "other",
}


def test_a_report_that_was_begun_stands_in_the_form_when_it_is_opened_again(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    kept = browser.post("/home/report/draft", {**BEGUN, "contact_name": "李奶奶"}, page="/home/report")
    assert kept.status_code == 204
    page = pages.browser(pages.shop.owner).get("/home/report").text
    assert "写到一半的漏水" in page
    assert 'value="李奶奶"' in page
    assert "还没有提交" in page
    assert "写到一半" not in pages.browser(pages.shop.stranger).get("/home/report").text


def test_what_was_begun_is_gone_once_it_is_sent_and_does_not_come_back_late(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    browser.post("/home/report/draft", {**BEGUN, "_key": "k1"}, page="/home/report")
    reported(pages, send(pages, description="写完了", _key="k1"))
    browser.post("/home/report/draft", {**BEGUN, "_key": "k1"}, page="/home/report")
    assert "写到一半的漏水" not in browser.get("/home/report").text


def test_what_was_begun_can_be_cleared_and_is_kept_for_three_days(pages: Pages) -> None:
    browser = pages.browser(pages.shop.owner)
    browser.post("/home/report/draft", BEGUN, page="/home/report")
    browser.post("/home/report/draft/discard", {}, page="/home/report")
    assert "写到一半的漏水" not in browser.get("/home/report").text
    browser.post("/home/report/draft", BEGUN, page="/home/report")
    pages.shop.later(days=3, seconds=1)
    assert "写到一半的漏水" not in pages.browser(pages.shop.owner).get("/home/report").text


def test_a_session_that_ended_in_the_middle_of_a_report_leads_through_the_sign_in_and_back(
    pages: Pages,
) -> None:
    shop = pages.shop
    form = {**BEGUN, "_who": str(shop.owner.id)}
    with shop.engine.work(SYSTEM) as work:
        add_login(work, shop.owner.id, OWNER_PHONE, "mobile")
        installation.make_usable(work, shop.owner.id, sign_in.hasher(shop.engine).hash(PASSWORD))
    stranger = Browser(pages.app, pages.app.test_client())
    stopped = stranger.post("/home/report", form)
    assert stopped.status_code == 401
    assert "写到一半的漏水" not in stopped.text, "it is sealed"
    sealed = re.search(r'name="kept" value="([^"]+)"', stopped.text)
    assert sealed is not None
    login = {"login": OWNER_PHONE, "password": PASSWORD, "kept": sealed[1], "next": "/home/report"}
    assert stranger.post("/sign-in", login).location == "/home/report"
    assert "写到一半的漏水" in stranger.get("/home/report").text
