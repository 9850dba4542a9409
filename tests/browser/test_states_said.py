"""What scripts say at a desk and at home: drafts, news, uploads, ended sessions; axe looks at each."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.estate.authorisation import Answer, Purpose, note_answer
from tests.browser.conftest import DESKTOP, OWNER, PHONE, Town, Visitors
from tests.browser.finishing import do, reported
from tests.browser.seeing import AT_A_DESK, expect_accessible_everywhere
from tests.browser.test_crew_news import LOOK_AGAIN
from tests.browser.test_keyboard import LIGHT, report
from tests.browser.test_nothing_typed_is_lost import FORM, end_sessions, task_of
from tests.browser.test_outbox import OFFLINE
from tests.browser.test_page_forms import ALL_SENT, WATCHED
from tests.browser.test_residents_forms import IS_KEPT
from tests.browser.test_states_kept import LAMP, hold
from tests.browser.test_states_opened import NOTHING_PASSES

pytestmark = [pytest.mark.browser, pytest.mark.long]

SAVED = f"{FORM} .draft-state:not(.is-bad):not(:empty)"
LOST = f"{FORM} .draft-state.is-bad"
# What remember.js puts before a form whose contents lay in the storage, which may be slow.
PUT_BACK = """() => document.querySelector("form[data-remember]").prepend(
    document.querySelector("[data-remembered]").content.firstElementChild.cloneNode(true))"""


def ask(page: Page, text: str) -> None:
    page.check(f"{FORM} [name=outcome][value=more_info]")
    page.fill(f"{FORM} [name=question]", text)


def test_a_draft_is_saved_put_back_not_saved_and_overtaken(town: Town, visit: Visitors) -> None:
    number = report(town, LIGHT, LAMP)
    clerk = visit(DESKTOP, language="en").sign_in(town.logins[Post.CS])
    clerk.expect_complaint(OFFLINE)
    page = clerk.open(f"/inbox?task={task_of(town, number)}")
    ask(page, "Does it flicker?")
    page.wait_for_selector(SAVED)
    expect_accessible_everywhere(clerk, "a draft is saved", AT_A_DESK, within=FORM)
    page.reload()
    expect(page.locator(".draft-note")).to_be_visible()
    expect_accessible_everywhere(clerk, "a draft is put back", AT_A_DESK, within=".draft-note")
    clerk.context.set_offline(True)
    ask(page, "Does it flicker at night?")
    page.wait_for_selector(LOST)
    expect_accessible_everywhere(clerk, "a draft is not saved", AT_A_DESK, within=LOST)
    do(town, number, "accept", town.people[Post.CS], outcome="more_info", question="When?")
    clerk.context.set_offline(False)
    ask(page, "Does it flicker by day?")
    page.wait_for_selector(LOST)
    expect_accessible_everywhere(clerk, "somebody else did the task", AT_A_DESK, within=LOST)


def test_a_session_ends_beside_a_draft_and_a_list(town: Town, visit: Visitors) -> None:
    number = report(town, LIGHT, LAMP)
    clerk = visit(DESKTOP, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open(f"/inbox?task={task_of(town, number)}")
    page.evaluate(NOTHING_PASSES)
    report(town, LIGHT, LAMP)
    page.evaluate("document.dispatchEvent(new CustomEvent('list:changed'))")
    page.wait_for_selector("[data-fresh]:visible")
    expect_accessible_everywhere(clerk, "new work above the list", AT_A_DESK, within="[data-fresh]")
    end_sessions(town, Post.CS)
    ask(page, "Does it flicker?")
    page.wait_for_selector(f"{LOST} button")
    page.evaluate("document.dispatchEvent(new CustomEvent('list:changed'))")
    page.wait_for_selector(".toast-late")
    expect_accessible_everywhere(clerk, "the session is over, beside the draft", AT_A_DESK, LOST)
    expect_accessible_everywhere(clerk, "the session is over, beside the list", AT_A_DESK, "#toasts")


def test_a_form_of_a_page_is_put_back(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open("/odd")
    page.evaluate(PUT_BACK)
    expect_accessible_everywhere(clerk, "a form is put back", within=".draft-note")


def test_a_file_is_sent_and_gets_lost(town: Town, visit: Visitors) -> None:
    lead = visit(PHONE, language="en").sign_in(town.logins[Post.CSL])
    lead.expect_complaint("ERR_FAILED")
    page = lead.open("/imports/")
    held = hold(page, "**/imports/")
    content = b"PK\x03\x04" + b"x" * 2_500_000
    page.set_input_files("#file", {"name": "list.xlsx", "mimeType": "", "buffer": content})
    page.evaluate(WATCHED)
    page.click("main form .btn-primary")
    expect(page.locator(".uploading .share")).to_be_visible()
    expect_accessible_everywhere(lead, "a file is being sent", within=".uploading")
    page.evaluate(ALL_SENT)
    expect_accessible_everywhere(lead, "a file was sent", within=".uploading")
    held[0].abort()
    expect(page.locator(".upload-lost")).to_be_visible()
    expect_accessible_everywhere(lead, "a file got lost", within=".upload-lost")


def test_a_number_that_was_hidden_again(town: Town, visit: Visitors) -> None:
    person = town.world.person("吴敏", "13612340989")
    town.world.relate(person, town.world.house)
    with town.engine.work(SYSTEM) as work:
        note_answer(work, person, town.world.house, Purpose.NOTICE, Answer.YES)
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    clerk.page.clock.install()
    page = clerk.open(f"/houses/{town.world.house}/people/{person}/reveal/phone")
    page.get_by_label("Notices").check()
    clerk.press()
    expect_accessible_everywhere(clerk, "a number in clear", within="main")
    page.clock.fast_forward("01:01")
    expect(page.locator("[data-secret]")).to_have_count(0)
    expect_accessible_everywhere(clerk, "a number that was hidden again", within="main")


def test_houses_are_proposed(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open("/houses/")
    page.locator("#find-house").press_sequentially("1-2-30")
    expect(page.locator("#find-house-houses option").first).to_be_attached()
    expect_accessible_everywhere(clerk, "houses are proposed", within="main form")


def test_a_residents_form_is_put_back_and_not_sent(visit: Visitors) -> None:
    owner = visit(PHONE, language="en").sign_in(OWNER)
    page = owner.open("/home/household/")
    page.fill("[name=plate]", "A12345")
    page.wait_for_function(IS_KEPT)
    page.reload()
    expect(page.locator(".typed button")).to_be_visible()
    expect_accessible_everywhere(owner, "a form is put back", within=".typed")
    owner.context.set_offline(True)
    page.click("form:has([name=plate]) button:not([type=button])")
    expect(page.locator(".typed")).to_contain_text("network")
    expect_accessible_everywhere(owner, "a form is not sent", within=".typed")
    owner.context.set_offline(False)


def test_news_beside_what_a_resident_types(town: Town, visit: Visitors, photo: Path) -> None:
    number = reported(town, LAMP)
    owner = visit(PHONE, language="en").sign_in(OWNER)
    owner.expect_complaint("ERR_FAILED")
    page = owner.open(f"/home/reports/{number}")
    page.locator("#more-add > summary").click()
    page.locator("#more-add textarea").fill("It flickers at night")
    do(town, number, "accept", town.people[Post.CS], outcome="more_info", question="When?")
    page.evaluate(LOOK_AGAIN)
    expect(page.locator(".news")).to_be_visible()
    held = hold(page, "**/attachments/")
    page.locator("#more-add input[type=file]").first.set_input_files(photo)
    expect(page.locator(".photo-going")).to_be_visible()
    expect_accessible_everywhere(owner, "news", within=".news")
    expect_accessible_everywhere(owner, "a photo on its way", within="#more-add")
    held[0].abort()
