"""Whoever proves more of themselves has another token: a copy of the cookie does not rise with it."""

import re

from engine.clock import SettableClock
from engine.ports import SYSTEM
from handlers.accounts import totp
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site

AGAIN = "/account/again/"
FACTOR = "/account/second-factor/"


def copied(site: Site, browser: Browser) -> Browser:
    """Return another browser with the same cookie, such as that of a thief."""
    thief = site.anonymous()
    with browser.client.session_transaction() as kept, thief.client.session_transaction() as taken:
        taken.update(kept)
    return thief


def test_the_password_given_again_ends_copies_of_the_cookie_and_no_other_session(site: Site) -> None:
    actor = site.staff(Post.CS)
    here, elsewhere = site.anonymous(), site.anonymous()
    for browser in (here, elsewhere):
        browser.post("/sign-in", {"login": site.world.login_of(actor), "password": PASSWORD})
    thief = copied(site, here)
    assert here.post(AGAIN, {"_password": "wrong"}, page="/inbox").status_code == 403
    assert thief.get("/inbox").status_code == 200
    assert here.post(AGAIN, {"_password": PASSWORD, "next": "/inbox"}, page="/inbox").status_code == 302
    assert thief.get("/inbox").status_code == 302
    assert here.get("/inbox").status_code == 200
    assert elsewhere.get("/inbox").status_code == 200


def test_a_form_that_lay_open_is_taken_after_the_password_was_given_again(site: Site) -> None:
    here = site.browser(Post.CS)
    open_form = re.findall(r'name="csrf-token" content="([^"]+)"', here.get("/inbox").text)[0]
    here.post(AGAIN, {"_password": PASSWORD}, page="/inbox")
    answer = here.send("/language", {"csrf_token": open_form, "language": "en", "next": "/inbox"})
    assert answer.location == "/inbox"


def test_a_second_factor_ends_copies_of_the_cookie_when_it_is_bound_and_when_it_is_given(
    site: Site, clock: SettableClock
) -> None:
    actor = site.world.staff(Post.SYS, everywhere=True)
    with site.engine.work(SYSTEM) as work:
        real = account.update().where(account.c.id == actor.id).values(responsibility_version="2026-11")
        work.connection.execute(real)
    sign_in = {"login": site.world.login_of(actor), "password": PASSWORD}
    first = site.anonymous()
    first.post("/sign-in", sign_in)
    first.post(FACTOR + "begin", page=FACTOR)
    secret = re.findall(r'<span class="code secret">(\w+)</span>', first.get(FACTOR).text)[0]
    thief = copied(site, first)
    step = int(clock.now().timestamp()) // totp.STEP_SECONDS
    first.post(FACTOR, {"code": totp.code_of(secret, step)}, page=FACTOR)
    assert first.get("/inbox").status_code == 200
    assert thief.get("/inbox").location.startswith("/sign-in")

    clock.advance(seconds=totp.STEP_SECONDS)
    later = site.anonymous()
    later.post("/sign-in", sign_in)
    thief = copied(site, later)
    later.post(FACTOR + "code", {"code": totp.code_of(secret, step + 1)}, page=FACTOR + "code")
    assert later.get("/inbox").status_code == 200
    assert thief.get("/inbox").location.startswith("/sign-in")
    assert first.get("/inbox").status_code == 200


def test_an_answer_to_the_old_token_does_not_take_the_new_one_away(site: Site) -> None:
    here = site.browser(Post.CS)
    thief = copied(site, here)
    here.post(AGAIN, {"_password": PASSWORD}, page="/inbox")
    late = thief.get("/inbox", Accept="application/json")
    assert late.status_code == 401
    assert "Set-Cookie" not in late.headers


def test_a_slow_answer_to_a_resident_does_not_bring_the_old_token_back(site: Site) -> None:
    owner = site.browser(site.owner)
    with owner.client.session_transaction() as kept:
        kept.permanent = True
    owner.get("/home/")  # the first page draws the secret of its forms
    answer = owner.get("/home/")
    assert answer.status_code == 200
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("wuye=")]
