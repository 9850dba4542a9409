"""Residents: large type, family who act for the house, a fault that comes back, a report half written."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from engine.ports import SYSTEM, Actor
from handlers.accounts import installation, sign_in
from handlers.accounts.logins import add_login
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_session
from handlers.estate.records import RelationKind
from handlers.repair import orders
from handlers.shared import attachments
from tests.browser.conftest import OWNER, PHONE, Town, Visitors
from tests.browser.finishing import do, nearly_done
from tests.handlers.estate_world import PASSWORD

pytestmark = pytest.mark.browser

DAUGHTER = "13900000007"
LEAST_LARGE_PX = 18
# Resolves once this tab holds something for the sign-in.
KEPT = """() => new Promise((done) => {
    const look = () => (sessionStorage.getItem('kept') ? done() : setTimeout(look, 20));
    look();
})"""
# What is typed waits a moment before it is kept; whoever clears the form within it means that, too.
TYPED_AND_CLEARED = """() => {
    const field = document.querySelector("[name=description]");
    field.value = "不用了";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.querySelector("[form=begin-anew]").click();
}"""


@pytest.fixture(scope="module")
def daughter(town: Town) -> Actor:
    """Somebody of the owner's family, with an account of her own."""
    person = town.world.person("陈小妹", DAUGHTER)
    town.world.relate(person, town.world.house, RelationKind.FAMILY)
    actor = town.world.resident(person)
    with town.engine.work(SYSTEM) as work:
        add_login(work, actor.id, DAUGHTER, "mobile")
        installation.make_usable(work, actor.id, sign_in.hasher(town.engine).hash(PASSWORD))
    return actor


def finished(town: Town, text: str) -> str:
    """Let a lamp be repaired, so that somebody has to confirm it."""
    number, who = nearly_done(town, text), town.people[Post.RP]
    content = BytesIO()
    Image.new("RGB", (16, 12)).save(content, "JPEG")
    photo = str(attachments.upload(town.engine, who, content, "after.jpg"))
    do(town, number, "finish", who, photos=[photo])
    return number


@pytest.mark.long
def test_large_type_is_large_on_every_page_and_fits_the_phone(town: Town, visit: Visitors) -> None:
    number = finished(town, "大字看得清吗")
    owner = visit(PHONE).sign_in(OWNER)
    owner.open("/home/")
    owner.press(".bar-size")
    for path in ("/home/", "/home/report", f"/home/reports/{number}"):
        page = owner.open(path)
        size = page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('main p, main label')).fontSize)"
        )
        assert size >= LEAST_LARGE_PX, (path, size)


def test_family_confirms_in_the_owners_place(town: Town, visit: Visitors, daughter: Actor) -> None:
    number = finished(town, "女儿来确认")
    family = visit(PHONE).sign_in(DAUGHTER)
    page = family.open("/home/")
    page.click(f".reports a[href$='{number}']")
    page.check("[name=outcome][value=satisfied]")
    for mark in ("speed", "quality", "attitude"):
        page.click(f"label[for=o-{mark}-5]")
    family.send()
    with town.engine.reading(SYSTEM) as work:
        assert orders.by_number(work.connection, number).confirmed_by == "owner"


def test_a_fault_that_comes_back_is_reported_again_from_the_same_page(town: Town, visit: Visitors) -> None:
    number = finished(town, "修好又坏")
    marks = {"speed": "5", "quality": "5", "attitude": "5"}
    do(town, number, "confirm", town.owner, outcome="satisfied", **marks)
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open(f"/home/reports/{number}")
    page.click(".nextup summary")
    page.fill("[name=reason]", "过了一晚又不亮了")
    owner.press(".nextup form button.btn-primary")
    again = page.url.rsplit("/", 1)[1]
    assert again != number
    assert "过了一晚又不亮了" in page.inner_text("main")


def test_a_report_that_was_half_written_is_there_after_a_reload(town: Town, visit: Visitors) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/report")
    with page.expect_response("**/home/report/draft"):
        page.click("label[for=w-power]")
    with page.expect_response("**/home/report/draft"):
        page.fill("[name=description]", "阳台的灯一闪一闪")
    with page.expect_response("**/home/report/draft"):  # what the tab brings back is kept anew
        page.reload()
    assert page.input_value("[name=description]") == "阳台的灯一闪一闪"
    assert page.is_checked("#w-power")
    owner.expect_readable()
    drafts: list[str] = []
    page.on("request", lambda one: drafts.append(one.url) if one.url.endswith("/report/draft") else None)
    with page.expect_navigation():
        page.evaluate(TYPED_AND_CLEARED)
    expect(page.locator("[name=description]")).to_have_value("")
    assert drafts == [], "what was cleared is not kept once more on leaving"


def test_what_is_typed_after_the_session_ended_is_there_after_a_reload_and_nowhere_in_clear(
    town: Town, visit: Visitors
) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/report")
    with town.engine.work(SYSTEM) as work:
        mine = account_session.c.account_id == town.owner.id
        work.connection.execute(account_session.update().where(mine).values(ended_at=work.now))
    with page.expect_response("**/home/report/draft"):
        page.fill("[name=description]", "阳台渗水，邻居王芳可以开门")
    page.evaluate(KEPT)
    assert "阳台" not in page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    page.reload()
    page.fill("[name=login]", OWNER)
    page.fill("[name=password]", PASSWORD)
    owner.press()
    assert page.input_value("[name=description]") == "阳台渗水，邻居王芳可以开门"
    assert page.evaluate("sessionStorage.getItem('kept')") is None
