"""The password again before something delicate: when, where, and that nothing typed is lost."""

import re

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.estate.authorisation import Answer, Purpose, note_answer
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site
from web.routes_table import ROUTES

PHONE = "13612340987"
PROVEN = {
    "reveals.reveal",
    "reveals.open_contacts",
    "corrections.ask_own",
    "staff.change_phone",
    "staff.confirm_phone",
    "staff.reissue",
    "staff.slip",
    "staff.grant",
    "staff.approve",
    "staff.confirm_reset",
}


@pytest.fixture
def path(site: Site) -> str:
    """Where the phone of somebody who agreed to notices is revealed."""
    person = site.world.person("欧阳锋行", PHONE)
    site.world.relate(person, site.world.house)
    with site.engine.work(SYSTEM) as work:
        note_answer(work, person, site.world.house, Purpose.NOTICE, Answer.YES)
    return f"/houses/{site.world.house}/people/{person}/reveal/phone"


def kept(page: str) -> dict[str, str]:
    """Return what stands hidden in the page that asks for the password."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.split("<main")[1])
    return {name: text for name, text in found if name != "csrf_token"}


def stale(site: Site, clock: SettableClock) -> Browser:
    clerk = site.browser(Post.CS)
    clock.advance(minutes=15, seconds=1)
    return clerk


def test_what_is_delicate_asks_for_a_recent_password() -> None:
    assert {endpoint for endpoint, access in ROUTES.items() if access.fresh} >= PROVEN


def test_within_a_quarter_of_an_hour_nobody_is_asked(site: Site, path: str, clock: SettableClock) -> None:
    clerk = site.browser(Post.CS)
    clock.advance(minutes=15)
    assert PHONE in clerk.post(path, {"purpose": "notice"}, page=path).text


def test_later_the_password_is_asked_for_and_what_was_typed_is_done(
    site: Site, path: str, clock: SettableClock
) -> None:
    clerk = stale(site, clock)
    typed = {"purpose": "emergency", "reason": '楼上"漏水"<b>'}
    asked = clerk.post(path, typed, page=path)
    assert (asked.status_code, PHONE in asked.text) == (403, False)
    assert kept(asked.text) == {"purpose": "emergency", "reason": "楼上&#34;漏水&#34;&lt;b&gt;"}
    wrong = clerk.post(path, typed | {"_password": "no"}, page=path)
    assert (wrong.status_code, PHONE in wrong.text) == (403, False)
    assert "密码不正确" in wrong.text
    assert kept(wrong.text) == kept(asked.text)
    assert PHONE in clerk.post(path, typed | {"_password": PASSWORD}, page=path).text
    assert PHONE in clerk.post(path, typed, page=path).text


def test_a_script_is_told_and_gets_nothing(site: Site, path: str, clock: SettableClock) -> None:
    clerk = stale(site, clock)
    answer = clerk.post(path, {"purpose": "notice"}, page=path, Accept="application/json")
    assert answer.status_code == 403
    assert answer.json == {"message": "请先再输入一次密码"}


def test_guessing_the_password_here_is_slowed_down(site: Site, path: str, clock: SettableClock) -> None:
    clerk = stale(site, clock)
    for _ in range(6):
        answer = clerk.post(path, {"purpose": "notice", "_password": "no"}, page=path)
    assert "秒后再试" in answer.text
    right = clerk.post(path, {"purpose": "notice", "_password": PASSWORD}, page=path)
    assert PHONE not in right.text


def test_the_way_on_leads_to_no_other_site(site: Site) -> None:
    clerk = site.browser(Post.CS)
    form = {"next": "https://evil.example/", "_password": PASSWORD}
    assert clerk.post("/account/again/", form, page="/inbox").location == "/"
    form["next"] = "/houses/"
    assert clerk.post("/account/again/", form, page="/inbox").location == "/houses/"
