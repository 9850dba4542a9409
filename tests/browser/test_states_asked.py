"""Pages that stand between a person and what they want: each is looked at by axe, asked and refused."""

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_session
from handlers.estate import revealing
from handlers.estate.authorisation import Answer, Purpose, note_answer
from handlers.estate.revealing import RevealRequest
from handlers.shared import limits
from handlers.staffing import forgotten
from tests.browser.conftest import DESKTOP, PASSWORD, PHONE, Town, Visitors
from tests.browser.seeing import expect_accessible_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.long]


def grow_stale(town: Town, post: Post) -> None:
    """Let the password of whoever holds a post have been given too long ago for something delicate."""
    then = town.engine.clock.now() - 2 * limits.PROOF_FRESH
    with town.engine.work(SYSTEM) as work:
        work.connection.execute(
            account_session.update()
            .where(account_session.c.account_id == town.people[post].id)
            .values(proved_at=then)
        )


@pytest.fixture(scope="module")
def person(town: Town) -> int:
    """Somebody who agreed to notices."""
    person_id = town.world.person("吴敏", "13612340987")
    town.world.relate(person_id, town.world.house)
    with town.engine.work(SYSTEM) as work:
        note_answer(work, person_id, town.world.house, Purpose.NOTICE, Answer.YES)
    return person_id


def reveal_page(town: Town, person_id: int) -> str:
    return f"/houses/{town.world.house}/people/{person_id}/reveal/phone"


def test_a_number_is_asked_for_and_the_password_again(town: Town, visit: Visitors, person: int) -> None:
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open(reveal_page(town, person))
    expect_accessible_everywhere(clerk, "a number is asked for")
    page.get_by_label("Notices").check()
    grow_stale(town, Post.CS)
    clerk.press()
    expect_accessible_everywhere(clerk, "the password again")
    page.fill("[name=_password]", "not the word")
    clerk.press()
    expect(page.locator("main [role=alert]")).to_be_visible()
    expect_accessible_everywhere(clerk, "the password again, refused")


def test_more_numbers_than_the_quota_are_asked_for(town: Town, visit: Visitors, person: int) -> None:
    clerk = visit(DESKTOP, language="en").sign_in(town.logins[Post.CSL])
    wanted = RevealRequest(person, town.world.house, Purpose.NOTICE)
    for _ in range(limits.REVEALS_PER_HOUR):
        revealing.reveal(town.engine, town.people[Post.CSL], wanted)
    page = clerk.open(reveal_page(town, person))
    page.get_by_label("Notices").check()
    clerk.press()
    expect_accessible_everywhere(clerk, "the quota is used up")
    page.eval_on_selector("form[action='/houses/more']", "form => { form.noValidate = true; }")
    clerk.press("form[action='/houses/more'] button")
    expect(page.locator("main .error")).to_be_visible()
    expect_accessible_everywhere(clerk, "more without a reason")


def test_a_correction_at_the_desk_that_was_refused(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    page = clerk.open(f"/corrections/new?house_id={town.world.house}")
    page.eval_on_selector("main form[data-remember]", "form => { form.noValidate = true; }")
    clerk.press("main form[data-remember] .btn-primary")
    expect(page.locator("main .error").first).to_be_visible()
    expect_accessible_everywhere(clerk, "a correction, refused")


def test_a_first_sign_in_and_its_refusal(town: Town, visit: Visitors) -> None:
    newcomer = town.world.staff(Post.CS)
    with town.engine.work(SYSTEM) as work:
        staff.set_first_password(work, newcomer.id, PASSWORD)
    reader = visit(PHONE, language="en").sign_in(town.world.login_of(newcomer))
    page = reader.open("/account/first-steps")
    expect_accessible_everywhere(reader, "first sign-in")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=new_password]", "short")
    page.fill("[name=again]", "shorter")
    page.eval_on_selector("main form", "form => { form.noValidate = true; }")
    reader.press()
    expect(page.locator("main .error, main [role=alert]").first).to_be_visible()
    expect_accessible_everywhere(reader, "first sign-in, refused")


def test_a_forgotten_password_is_asked_for_too_often(town: Town, visit: Visitors) -> None:
    reader = visit(PHONE, language="en")
    page = reader.open("/staff-password")
    for _ in range(limits.ADDRESS_FREE_FAILURES - 1):
        forgotten.ask(town.engine, "nobody", "127.0.0.1")
    page.fill("[name=login]", "nobody")
    reader.press()
    expect(page.locator("main [role=status]")).to_be_visible()
    expect_accessible_everywhere(reader, "asked")
    page.fill("[name=login]", "nobody")
    reader.press()
    expect(page.locator("main [role=alert]")).to_be_visible()
    expect_accessible_everywhere(reader, "asked too often")
