"""An administrator gets nowhere before the authenticator is bound, and later not without a code."""

import re
from hashlib import sha256

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from handlers.accounts import staff, totp
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_totp
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site
from web import qr

PAGE = "/account/second-factor/"


@pytest.fixture
def administrator(site: Site) -> Actor:
    actor = site.world.staff(Post.SYS, everywhere=True)
    with site.engine.work(SYSTEM) as work:
        work.connection.execute(
            account.update().where(account.c.id == actor.id).values(responsibility_version="2026-11")
        )
    return actor


def signed_in(site: Site, actor: Actor) -> Browser:
    browser = site.anonymous()
    login = site.world.login_of(actor)
    assert browser.post("/sign-in", {"login": login, "password": PASSWORD}).status_code == 302
    return browser


def test_an_administrator_binds_first_and_gives_a_code_at_every_later_sign_in(
    site: Site, administrator: Actor, clock: SettableClock
) -> None:
    browser = signed_in(site, administrator)
    assert browser.get("/inbox").location == PAGE
    browser.post(PAGE + "begin", page=PAGE)
    page = browser.get(PAGE).text
    secret = re.findall(r'<span class="code secret">(\w+)</span>', page)[0]
    assert '<svg class="qr"' in page
    step = int(clock.now().timestamp()) // 30
    assert browser.post(PAGE, {"code": "123"}, page=PAGE).status_code == 403
    answer = browser.post(PAGE, {"code": totp.code_of(secret, step)}, page=PAGE)
    assert len(re.findall(r'<li class="code">\w{5}-\w{5}</li>', answer.text)) == 10
    assert browser.get("/inbox").status_code == 200
    assert secret not in browser.get(PAGE).text

    again = signed_in(site, administrator)
    for path in ("/inbox", "/staff/", "/account/password", PAGE):
        assert again.get(path).location == PAGE + "code"
    code = {"code": totp.code_of(secret, step), "next": "/staff/"}
    assert again.post(PAGE + "code", code, page=PAGE + "code").status_code == 403
    clock.advance(seconds=30)
    answer = again.post(PAGE + "code", code | {"code": totp.code_of(secret, step + 1)}, page=PAGE + "code")
    assert answer.location == "/staff/"
    assert again.get("/staff/").status_code == 200


def test_nobody_binds_an_authenticator_with_a_first_password(site: Site, administrator: Actor) -> None:
    with site.engine.work(SYSTEM) as work:
        staff.set_first_password(work, administrator.id, PASSWORD)
    browser = signed_in(site, administrator)
    for answer in (browser.get(PAGE), browser.post(PAGE + "begin", page="/account/first-steps")):
        assert answer.location == "/account/first-steps"
    with site.engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(account_totp.c.id)).first() is None


def test_an_authenticator_is_reset_on_the_page_of_the_person_by_two(
    site: Site, administrator: Actor, clock: SettableClock
) -> None:
    browser = signed_in(site, administrator)
    browser.post(PAGE + "begin", page=PAGE)
    secret = re.findall(r'<span class="code secret">(\w+)</span>', browser.get(PAGE).text)[0]
    code = totp.code_of(secret, int(clock.now().timestamp()) // 30)
    browser.post(PAGE, {"code": code}, page=PAGE)
    security = site.browser(site.world.staff(Post.SEC, everywhere=True))
    administration = site.browser(site.world.staff(Post.ADM, everywhere=True))
    person = f"/staff/{administrator.id}"
    assert security.post(f"{person}/second-factor/ask", page=person).status_code == 302
    assert "确认重置" not in security.get(person).text
    assert "确认重置" in administration.get(person).text
    assert administration.post(f"{person}/second-factor/confirm", page=person).status_code == 302
    assert browser.get("/inbox").status_code == 302


def test_the_picture_is_the_one_that_a_reader_understood() -> None:
    address = totp.address_of("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "lisiguang")
    picture = str(qr.qr_svg(address, "QR"))
    assert sha256(picture.encode()).hexdigest()[:16] == "3f81d83451d27c29"
    with pytest.raises(ValueError, match="134"):
        qr.qr_svg("x" * 135, "QR")
