"""A session that ends over a form of a report's page, in a browser without scripts."""

import re
from io import BytesIO

import pytest

from engine.ports import SYSTEM
from handlers.accounts import installation, sign_in
from handlers.accounts.logins import add_login
from handlers.estate.records import RelationKind
from tests.handlers.estate_world import PASSWORD
from tests.handlers.repair.repair_world import OWNER_PHONE
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages

OTHER_PHONE = "13700000008"
KEPT = re.compile(r'name="kept" value="([^"]+)"')


class Household:
    """An owner and somebody else of the home, who share a browser."""

    def __init__(self, pages: Pages) -> None:
        self.pages, shop = pages, pages.shop
        mother = shop.person("赵桂英", OTHER_PHONE)
        shop.relate(mother, shop.house, RelationKind.FAMILY)
        self.owner, self.other = shop.owner, shop.resident(mother)
        for who, phone in ((self.owner, OWNER_PHONE), (self.other, OTHER_PHONE)):
            with shop.engine.work(SYSTEM) as work:
                add_login(work, who.id, phone, "mobile")
                installation.make_usable(work, who.id, sign_in.hasher(shop.engine).hash(PASSWORD))

    def send_late(self, address: str, **fields: object) -> tuple[Browser, str]:
        """Send a form of the owner's after the session ran out; returns the browser and what was sealed."""
        browser = self.pages.browser(self.owner)
        token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/home/").text)
        assert token is not None
        self.pages.shop.later(days=8)
        form = {"_who": str(self.owner.id), "_key": "k", "csrf_token": token[1], **fields}
        stopped = browser.client.post(address, data=form, headers={"Accept": "text/html"})
        assert stopped.status_code == 401
        assert "还在滴水" not in stopped.text, "it is sealed"
        sealed = KEPT.search(stopped.text)
        assert sealed is not None
        return browser, sealed[1]

    def sign_in(self, browser: Browser, phone: str, sealed: str, back: str) -> str:
        """Sign in with what was sealed; returns the page that follows."""
        form = {"login": phone, "password": PASSWORD, "kept": sealed, "next": back}
        answer = browser.post("/sign-in", form, page="/sign-in")
        assert answer.location == back
        return browser.get(back).text


@pytest.fixture
def home(pages: Pages) -> Household:
    """Two people of one home."""
    return Household(pages)


def photo() -> tuple[BytesIO, str]:
    return BytesIO(picture(size=(16, 12))), "tap.jpg"


def test_what_was_to_be_added_stands_in_the_form_after_the_sign_in_until_it_is_sent(home: Household) -> None:
    page = f"/home/reports/{home.pages.shop.report()}"
    browser, sealed = home.send_late(f"{page}/add", **{"added": "还在滴水", "photos[]": photo()})
    shown = home.sign_in(browser, OWNER_PHONE, sealed, page)
    assert "还在滴水</textarea>" in shown
    assert len(re.findall(r'name="photos\[\]" value="\d+" checked', shown)) == 1
    assert '<details class="more" id="more-add" open>' in shown
    browser.post(f"{page}/add", {"added": "还在滴水"}, page=page)
    assert "还在滴水</textarea>" not in browser.get(page).text


def test_what_was_to_be_added_is_shown_to_nobody_else(home: Household) -> None:
    page = f"/home/reports/{home.pages.shop.report()}"
    browser, sealed = home.send_late(f"{page}/add", added="还在滴水")
    assert "还在滴水" not in home.sign_in(browser, OTHER_PHONE, sealed, page)


def test_what_was_to_be_added_stays_with_its_report_when_another_person_signs_in_after(
    home: Household,
) -> None:
    shop = home.pages.shop
    page, another = (f"/home/reports/{number}" for number in (shop.report(), shop.report("W05", "厕所漏水")))
    browser, sealed = home.send_late(f"{page}/add", added="还在滴水")
    home.sign_in(browser, OWNER_PHONE, sealed, page)
    assert "还在滴水" not in browser.get(another).text
    assert "还在滴水" not in home.sign_in(browser, OTHER_PHONE, "", page)


@pytest.mark.parametrize(("phone", "is_there"), [(OWNER_PHONE, True), (OTHER_PHONE, False)])
def test_an_answer_stands_in_its_form_after_the_sign_in_of_the_same_person(
    home: Household, phone: str, is_there: bool
) -> None:
    shop = home.pages.shop
    number = shop.report()
    shop.do(number, "accept", shop.clerk, outcome="more_info", question="现在怎样")
    page = f"/home/reports/{number}"
    address = f"{page}/answer/{shop.task(number, 'supply_info').id}"
    browser, sealed = home.send_late(address, answer="还在滴水")
    assert ("还在滴水</textarea>" in home.sign_in(browser, phone, sealed, page)) is is_there
