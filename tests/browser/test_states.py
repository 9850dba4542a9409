"""Pages in states that no walk through the site meets: axe looks at each, by day and in the dark."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from engine import incidents
from engine.ports import SYSTEM
from engine.store.tables import job
from handlers.accounts.permissions import Post
from handlers.estate import importing
from tests.browser.conftest import OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.finishing import reported
from tests.browser.seeing import expect_accessible
from tests.handlers.estate.lists_made import row, workbook
from tests.handlers.inline import inline_worker
from tests.handlers.stuck import stuck_case

pytestmark = [pytest.mark.browser, pytest.mark.long]


def expect_accessible_by_day_and_night(visitor: Visitor, state: str) -> None:
    for scheme in ("light", "dark"):
        # Without motion: a colour that is on its way from one look to the other has the contrast of neither.
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        expect_accessible(visitor, f"{state}, {scheme}")


def test_an_incident_with_its_forms_unfolded(town: Town, visit: Visitors) -> None:
    reported(town, "灯一直闪")
    with town.engine.work(SYSTEM) as work:
        failed = work.connection.execute(select(job).where(job.c.kind == "deadline")).first()
        incidents.open_for_job(work, failed, KeyError("csl"))
    administrator = visit(PHONE, language="en").sign_in(town.logins[Post.SYS])
    page = administrator.open("/incidents/")
    for summary in page.locator("main summary").all():
        summary.click()
    expect_accessible_by_day_and_night(administrator, "an incident")


def test_a_stuck_case_is_put_right(town: Town, visit: Visitors) -> None:
    stuck_case(town.engine, town.world, town.people[Post.CS])
    administrator = visit(PHONE, language="en").sign_in(town.logins[Post.SYS])
    page = administrator.open("/incidents/")
    card = page.locator("article", has_text="K1")
    card.locator("summary", has_text="Correct data").click()
    card.locator("select").select_option("keys")
    card.locator("[name=value]").fill("many")
    card.locator("form[action$=correct] [name=reason]").fill("Sent without a number")
    administrator.press("form[action$=correct] button")
    expect_accessible_by_day_and_night(administrator, "a correction that was refused")
    expect(card.locator("form[action$=correct] [name=reason]")).to_have_value("Sent without a number")
    expect(card.locator("select")).to_have_value("keys")
    card.locator("[name=value]").fill("4")
    administrator.press("form[action$=correct] button")
    expect(page.locator("main")).not_to_contain_text("K1")


def test_a_list_with_bad_rows_waits_for_the_other_lead_and_is_released(town: Town, visit: Visitors) -> None:
    rows = [row(房号="901"), row(房号="902", 业主姓名=None)]
    importing.import_estate(town.engine, town.people[Post.CSL], workbook(rows, title="List"))
    inline_worker(town.engine).drain()
    importer = visit(PHONE, language="en").sign_in(town.logins[Post.CSL])
    importer.open("/imports/").locator("main table a").first.click()
    importer.page.wait_for_url("**/imports/*")
    expect_accessible_by_day_and_night(importer, "a list that waits")
    other = visit(PHONE, language="en").sign_in(town.world.login_of(town.world.staff(Post.CSL)))
    page = other.open(importer.page.url.removeprefix(importer.address))
    expect_accessible_by_day_and_night(other, "a list to release")
    page.fill("[name=difference]", "One row without a name")
    page.check("[name=compared]")
    other.press("main form .btn-primary")
    expect(page.locator("main h1")).to_contain_text("Released")
    expect_accessible(other, "a list that was released")


@pytest.mark.parametrize("path", ["/home/report", "/forgot"])
def test_a_form_that_was_refused(visit: Visitors, path: str) -> None:
    reader = visit(PHONE, language="en")
    if path.startswith("/home"):
        reader.sign_in(OWNER)
    reader.open(path)
    reader.page.eval_on_selector_all("main form", "all => all.forEach(one => { one.noValidate = true; })")
    reader.page.locator("main form .btn-primary").last.click()
    expect(reader.page.locator("main .error, main [role=alert]").first).to_be_visible()
    expect_accessible_by_day_and_night(reader, f"{path} refused")
