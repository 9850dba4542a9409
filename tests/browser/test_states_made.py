"""Pages of what was made for somebody: codes, envelopes, files, background work; axe looks at each."""

from io import BytesIO

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM, Json
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.estate.import_running import IMPORT
from handlers.privacy import requests
from handlers.shared import attachments, long_work
from handlers.shared.records import long_work as long_work_row
from tests.browser.conftest import DESKTOP, OWNER, PHONE, Town, Visitors
from tests.browser.finishing import do
from tests.browser.seeing import expect_accessible_everywhere
from tests.browser.test_staff import bind
from tests.handlers.inline import inline_worker
from tests.handlers.shared.uploads_made import picture

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_the_code_of_an_authenticator_is_asked_for_and_refused(town: Town, visit: Visitors) -> None:
    actor = town.world.staff(Post.SYS, everywhere=True)
    with town.engine.work(SYSTEM) as work:
        work.connection.execute(
            account.update().where(account.c.id == actor.id).values(responsibility_version="2026-11")
        )
    login = town.world.login_of(actor)
    first = visit(PHONE, language="en").sign_in(login)
    first.open("/inbox")
    bind(first, town)
    again = visit(PHONE, language="en").sign_in(login)
    page = again.open("/staff/")
    expect(page.locator("[autocomplete=one-time-code]")).to_be_visible()
    expect_accessible_everywhere(again, "a code is asked for")
    page.fill("[name=code]", "123")
    again.press()
    expect(page.locator("main [role=alert]")).to_be_visible()
    expect_accessible_everywhere(again, "a wrong code")


def test_the_code_of_a_message_is_asked_for_and_refused(visit: Visitors) -> None:
    owner = visit(PHONE, language="en")
    page = owner.open("/forgot")
    page.fill("[name=login]", OWNER)
    owner.press()
    expect(page.locator("[autocomplete=one-time-code]")).to_be_visible()
    expect_accessible_everywhere(owner, "a code is asked for")
    page.fill("[name=code]", "123456")
    owner.press()
    expect(page.locator("main [role=alert]")).to_be_visible()
    expect_accessible_everywhere(owner, "a wrong code")


def test_an_envelope_with_a_password_is_ready(town: Town, visit: Visitors) -> None:
    administration = visit(DESKTOP, language="en").sign_in(town.logins[Post.ADM])
    page = administration.open("/staff/new")
    page.fill("[name=name]", "职员9")
    page.fill("[name=login]", "without-phone")
    administration.press()
    page.locator("details:has(form[action$='/slip']) > summary").click()
    administration.press("form[action$='/slip'] button")
    expect(page.locator("main h1")).to_contain_text("ready")
    expect_accessible_everywhere(administration, "an envelope")


def test_photos_wait_for_a_form(town: Town, visit: Visitors) -> None:
    reader = visit(PHONE, language="en").sign_in(OWNER)
    reader.open("/attachments/")
    expect_accessible_everywhere(reader, "no photo waits")
    attachments.upload(town.engine, town.owner, BytesIO(picture()), "lamp.jpg")
    reader.open("/attachments/")
    expect(reader.page.locator("main article")).to_have_count(1)
    expect_accessible_everywhere(reader, "a photo waits")


_FAILED: dict[str, Json] = {
    "code": "sheet_missing",
    "message": "系统出错了，请点“继续”；再次出错请告诉系统管理员",
    "params": {},
}


def test_background_work_runs_fails_and_is_stopped(town: Town, visit: Visitors) -> None:
    lead = visit(PHONE, language="en").sign_in(town.logins[Post.CSL])
    with town.engine.work(town.people[Post.CSL]) as work:
        number = long_work.begin_here(work, IMPORT, {"import_id": "1"})
    for state in ("waiting", "running", "failed", "stopped"):
        ended = None if state in ("waiting", "running") else town.engine.clock.now()
        values = {"state": state, "done": 40, "total": 90 if state != "waiting" else 0, "ended_at": ended}
        values["failure"] = _FAILED if state == "failed" else None
        with town.engine.work(SYSTEM) as work:
            work.connection.execute(long_work_row.update().where(long_work_row.c.id == number).values(values))
        lead.open(f"/jobs/{number}")
        expect_accessible_everywhere(lead, state)
    lead.open("/jobs/")
    expect_accessible_everywhere(lead, "a list of background work")


def test_a_file_is_handed_out_in_person(town: Town, visit: Visitors) -> None:
    guardian = town.world.staff(Post.DPO, everywhere=True)
    reader = visit(PHONE, language="en").sign_in(town.world.login_of(guardian))
    reader.open("/privacy/hand-out")
    expect_accessible_everywhere(reader, "nothing to hand out")
    person = town.world.person("吴敏", "13612340988")
    town.world.relate(person, town.world.house)
    clerk, other = town.people[Post.CS], town.world.staff(Post.CS)
    asked = requests.Asked("copy", house_id=town.world.house, person_id=person)
    number = requests.ask(town.engine, clerk, asked)
    do(town, number, "identity", other, outcome="confirmed", proof="看过证件")
    do(town, number, "collect", other, fees="none", found="无争议")
    do(town, number, "decide", guardian, outcome="grant", answer="按您的要求办理")
    inline_worker(town.engine).drain()
    page = reader.open("/privacy/hand-out")
    expect_accessible_everywhere(reader, "a file to hand out")
    page.eval_on_selector("main form", "form => { form.noValidate = true; }")
    reader.press()
    expect(page.locator("main .error").first).to_be_visible()
    expect_accessible_everywhere(reader, "handed to nobody")
