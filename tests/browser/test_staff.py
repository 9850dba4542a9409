"""Somebody new by the pages: registered, granted, first sign-in, authenticator, and the first task."""

import json

import pytest
from playwright.sync_api import expect

from handlers.accounts import totp
from handlers.accounts.permissions import Post
from tests.browser.conftest import PHONE, Town, Visitor, Visitors
from tests.browser.seeing import expect_accessible

pytestmark = pytest.mark.browser

NEW = "Harbour-9-stone"


def slip_of(administration: Visitor, town: Town) -> tuple[str, str]:
    """Register somebody without a phone; return the address of the page and the password on the paper."""
    page = administration.open("/staff/new")
    page.fill("[name=name]", "职员9")
    page.fill("[name=login]", "newcomer")
    administration.press()
    address = "/staff/" + page.url.rstrip("/").split("/")[-1]
    page.locator("form[action$='/slip']").locator("xpath=ancestor::details").locator("summary").click()
    administration.press("form[action$='/slip'] button")
    slip = page.locator(".slip")
    expect(slip).to_be_hidden()
    page.emulate_media(media="print")
    expect(slip).to_be_visible()
    picture = slip.locator("img")
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("one => one.naturalWidth") > 100
    ticket = str(picture.get_attribute("src")).split("/")[-1]
    sealed = town.engine.vault.open("account", "slip", int(address.split("/")[-1]), ticket)
    return address, str(json.loads(sealed)[0])


def bind(newcomer: Visitor, town: Town) -> None:
    """Bind an authenticator, as a phone would that reads the secret."""
    newcomer.press()
    expect(newcomer.page.locator("svg.qr")).to_be_visible()
    expect_accessible(newcomer, "binding")
    secret = newcomer.page.locator(".secret").inner_text()
    newcomer.page.fill("[name=code]", totp.code_of(secret, int(town.engine.clock.now().timestamp()) // 30))
    newcomer.press()
    expect(newcomer.page.locator(".recovery li")).to_have_count(10)
    expect_accessible(newcomer, "recovery codes")


@pytest.mark.parametrize("language", ["en"])
def test_from_registration_to_the_first_task(town: Town, visit: Visitors, language: str) -> None:
    administration = visit(language=language).sign_in(town.logins[Post.ADM])
    administrator = visit(language=language).sign_in(town.logins[Post.SYS])
    clerk = visit(PHONE, language=language).sign_in(town.logins[Post.CS])
    person, password = slip_of(administration, town)

    administrator.open(person)
    administrator.page.select_option("[name=post]", "sec")
    administrator.press("form[action$='/posts'] button")
    expect_accessible(administrator, person)

    newcomer = visit(PHONE, language=language)
    newcomer.open("/sign-in")
    newcomer.page.fill("[name=login]", "newcomer")
    newcomer.page.fill("[name=password]", password)
    newcomer.press()
    newcomer.page.fill("[name=password]", password)
    newcomer.page.fill("[name=new_password]", NEW)
    newcomer.page.fill("[name=again]", NEW)
    newcomer.page.check("[name=accepted]")
    newcomer.press()
    bind(newcomer, town)

    clerk.open("/inbox")
    clerk.page.locator("a[href='/odd']").first.click()
    clerk.page.check("[name=kind][value=device]")
    clerk.page.fill("[name=description]", "A phone was lost on the bus")
    clerk.press()

    newcomer.open("/inbox")
    newcomer.page.locator(".row a").first.click()
    newcomer.page.wait_for_url("**/tasks/*")
    newcomer.page.check("[name=outcome][value=real]")
    newcomer.page.check("[name=origin][value=inside]")
    newcomer.page.fill("[name=text]", "All sessions ended")
    newcomer.send()
    newcomer.open("/safety/")
    newcomer.page.locator("a[href^='/safety/S']").first.click()
    expect(newcomer.page.locator("main")).to_contain_text("All sessions ended")
