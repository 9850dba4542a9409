"""Further states of pages at which axe looks: before the sign-in, lists that are filled, exports."""

import pytest

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.estate.house_record import house_record
from handlers.privacy import exports
from handlers.privacy.records import ExportState
from handlers.repair import commands
from tests.browser.conftest import PHONE, Town, Visitors
from tests.browser.finishing import do, reported
from tests.browser.test_states import expect_accessible_by_day_and_night

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.mark.parametrize("path", ["/sign-in", "/staff-password", "/forgot", "/register"])
def test_a_page_before_the_sign_in(visit: Visitors, path: str) -> None:
    reader = visit(PHONE, language="en")
    reader.open(path)
    expect_accessible_by_day_and_night(reader, path)


def test_a_sign_in_that_was_refused(visit: Visitors) -> None:
    reader = visit(PHONE, language="en")
    page = reader.open("/sign-in")
    page.fill("[name=login]", "nobody")
    page.fill("[name=password]", "a word that is not it")
    reader.press()
    assert "/sign-in" in page.url
    expect_accessible_by_day_and_night(reader, "refused")


def test_a_house_is_found_and_its_unit_shown(town: Town, visit: Visitors) -> None:
    with town.engine.reading(SYSTEM) as work:
        record = house_record(work, town.world.house)
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    clerk.open(f"/houses/units/{record.unit_id}")
    expect_accessible_by_day_and_night(clerk, "a unit")
    clerk.open("/houses/").locator("main form input.input").first.fill("2单元")
    clerk.page.keyboard.press("Enter")
    clerk.page.wait_for_url("**/houses/found/**")
    expect_accessible_by_day_and_night(clerk, "houses found")
    clerk.open(f"/corrections/new?house_id={town.world.house}")
    expect_accessible_by_day_and_night(clerk, "a correction at the desk")
    clerk.open(f"/privacy/new?house_id={town.world.house}")
    expect_accessible_by_day_and_night(clerk, "a request about data at the desk")


@pytest.mark.parametrize("words", ["灯", "没有这样的词"])
def test_a_search_that_finds_something_or_nothing(town: Town, visit: Visitors, words: str) -> None:
    reported(town, "灯一直闪")
    clerk = visit(PHONE, language="zh").sign_in(town.logins[Post.CS])
    clerk.open("/search/").fill("main [name=q]", words)
    clerk.press("main form button")
    expect_accessible_by_day_and_night(clerk, words)


def test_a_case_that_is_closed(town: Town, visit: Visitors) -> None:
    number = reported(town, "灯不亮")
    town.engine.run(town.owner, lambda work: commands.cancel(work, number, "报了两次"))
    lead = visit(PHONE, language="zh").sign_in(town.logins[Post.CSL])
    lead.open(f"/cases/{number}")
    expect_accessible_by_day_and_night(lead, "closed")


def test_the_shifts_of_a_week_and_one_of_them(town: Town, visit: Visitors) -> None:
    lead = visit(PHONE, language="en").sign_in(town.logins[Post.CSL])
    lead.open("/roster/shifts/1")
    expect_accessible_by_day_and_night(lead, "a shift")
    lead.open(f"/roster/{town.world.community}/people/{town.people[Post.CS].id}")
    expect_accessible_by_day_and_night(lead, "a person")


def test_who_looked_at_what(town: Town, visit: Visitors) -> None:
    guard = town.world.staff(Post.SEC, everywhere=True)
    reader = visit(PHONE, language="en").sign_in(town.world.login_of(guard))
    reader.open("/looks")
    expect_accessible_by_day_and_night(reader, "looks")
    reader.open(f"/looks/{town.people[Post.CS].id}")
    expect_accessible_by_day_and_night(reader, "the looks of one person")


def test_an_export_is_made_fails_and_stands_in_the_list(town: Town, visit: Visitors) -> None:
    asked = exports.Asked(
        town.world.community, None, "owners", ("name",), "notice", "Notice", "Desk", False, 7
    )
    number = town.engine.run(town.people[Post.CS], lambda work: exports.ask(work, asked))
    clerk = visit(PHONE, language="zh").sign_in(town.logins[Post.CS])
    clerk.open(f"/exports/{number}")
    expect_accessible_by_day_and_night(clerk, "asked for")
    do(town, number, "lead", town.people[Post.CSL], outcome="approve", reason=None)
    for state in (ExportState.MAKING, ExportState.FAILED):
        with town.engine.work(SYSTEM) as work:
            exports.change(work, exports.by_number(work, number), state=state)
        clerk.open(f"/exports/{number}")
        expect_accessible_by_day_and_night(clerk, state)
    clerk.open("/exports/")
    expect_accessible_by_day_and_night(clerk, "a list of exports")
