"""Owners register and reset a password on the pages, from the claim to the first page of their own."""

import re

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM
from handlers.shared.channels.development import kept_messages
from tests.handlers.inline import inline_worker
from tests.web.conftest import Browser, Site

NEW = {"new_password": "Quiet-harbour-9", "again": "Quiet-harbour-9"}
CLAIM = {"name": "张三丰", "id_number": "11010519491231002X", "phone": "138 1234 5678"}


def on_record(site: Site) -> None:
    person = site.world.person("张三丰", "13812345678", id_number=CLAIM["id_number"])
    site.world.relate(person, site.world.house)


def code(site: Site) -> str:
    inline_worker(site.engine).drain()
    with site.engine.reading(SYSTEM) as work:
        found = re.search(r"验证码 (\d{6})", str(kept_messages(work)[0].text[0]))
    assert found is not None
    return found[1]


def registered(site: Site) -> Browser:
    on_record(site)
    browser = site.anonymous()
    assert browser.post("/register", CLAIM).location == "/code"
    assert browser.post("/code", {"code": code(site)}).location == "/new-password"
    assert browser.post("/new-password", {**NEW, "accepted": "1"}).location == "/"
    return browser


def test_an_owner_registers_and_sees_the_own_house(site: Site) -> None:
    page = registered(site).get("/home/data")
    assert page.status_code == 200
    assert "1栋2单元301" in page.text


def test_the_page_after_a_claim_is_the_same_whether_it_matches_or_not(site: Site) -> None:
    on_record(site)
    pages = []
    for claim in (CLAIM, {**CLAIM, "name": "李四光"}, {**CLAIM, "phone": "13999999999"}):
        browser = site.anonymous()
        answer = browser.post("/register", claim)
        if answer.status_code != 302:  # the same number again within a minute, whoever it is
            assert answer.status_code == 422
            continue
        token = re.compile(r'(name="csrf[_-]token" (?:value|content)=")[^"]+|data-now="[^"]+"')
        pages.append(token.sub("", browser.get("/code").text))
    assert len(pages) == 2
    assert pages[0] == pages[1]


def test_a_refused_claim_keeps_what_was_typed(site: Site) -> None:
    answer = site.anonymous().post("/register", {**CLAIM, "phone": "12"})
    assert answer.status_code == 422
    assert "张三丰" in answer.text
    assert "手机号应为" in answer.text


def test_a_password_is_set_only_after_the_code(site: Site) -> None:
    on_record(site)
    browser = site.anonymous()
    browser.post("/register", CLAIM)
    assert browser.get("/new-password").location == "/code"
    assert browser.post("/new-password", {**NEW, "accepted": "1"}).status_code in (302, 422)
    assert browser.get("/home/").status_code == 302


def test_a_code_typed_in_another_browser_is_worth_nothing(site: Site) -> None:
    on_record(site)
    site.anonymous().post("/register", CLAIM)
    assert site.anonymous().post("/code", {"code": code(site)}).status_code == 422


def test_without_the_privacy_notice_no_account_is_opened(site: Site) -> None:
    on_record(site)
    browser = site.anonymous()
    browser.post("/register", CLAIM)
    browser.post("/code", {"code": code(site)})
    answer = browser.post("/new-password", NEW)
    assert answer.status_code == 422
    assert "个人信息处理告知" in answer.text


def test_an_owner_who_forgot_the_password_sets_a_new_one(site: Site, clock: SettableClock) -> None:
    registered(site)
    clock.advance(minutes=2)
    browser = site.anonymous()
    assert browser.post("/forgot", {"login": CLAIM["id_number"]}).location == "/code"
    browser.post("/code", {"code": code(site)})
    again = {"new_password": "Bright-orchard-4", "again": "Bright-orchard-4"}
    assert browser.post("/new-password", again).location == "/"
    assert browser.get("/home/").status_code == 200


def test_nothing_of_a_person_stands_in_an_address_or_a_cookie(site: Site) -> None:
    on_record(site)
    browser = site.anonymous()
    answer = browser.post("/register", CLAIM)
    assert answer.location == "/code"
    with browser.client.session_transaction() as kept:
        assert set(kept["owner_code"]) == {"token", "purpose"}


def test_an_owner_keeps_vehicles_on_a_page_that_nobody_else_has(company: Site) -> None:
    owner, house = company.browser(company.owner), company.world.house
    answer = owner.post(f"/home/household/{house}/vehicles", {"plate": "粤B12345"}, page="/home/household/")
    assert answer.location == "/home/household/"
    shown = owner.get("/home/household/").text
    assert "粤B" in shown
    assert "待核对" in shown
    refused = owner.post(f"/home/household/{house}/vehicles", {"plate": "B1"}, page="/home/household/")
    assert refused.status_code == 422
    assert "车牌应为" in refused.text
    neighbour = company.browser(company.neighbour)
    assert "粤B" not in neighbour.get("/home/household/").text
    for path in ("vehicles", "confirm"):
        answer = neighbour.post(
            f"/home/household/{house}/{path}", {"plate": "粤B12346"}, page="/home/household/"
        )
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "referrer", ["/home/privacy", "/home/privacy/withdraw", "https://elsewhere.example/x"]
)
def test_a_form_sent_after_the_session_ended_leads_through_the_sign_in_back_to_its_page(
    site: Site, clock: SettableClock, referrer: str
) -> None:
    owner = site.browser(site.owner)
    token = re.search(r'name="csrf-token" content="([^"]+)"', owner.get("/home/privacy").text)
    assert token is not None
    clock.advance(days=31)
    form = {"csrf_token": token[1], "kind": "copy", "wish": "请复制给我"}
    headers = {
        "Accept": "text/html",
        "Referer": referrer if ":" in referrer else f"http://localhost{referrer}",
    }
    answer = owner.client.post("/home/privacy", data=form, headers=headers)
    assert answer.status_code == 401
    there = "/home/privacy" if referrer == "/home/privacy" else "/"
    assert f'name="next" value="{there}"' in answer.text
    assert "请复制给我" in answer.text.split("<noscript>")[1], "without scripts it can be copied"
