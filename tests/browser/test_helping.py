"""An owner who lost the phone gets in again by the pages: two proofs, a second clerk, a code, a password."""

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.owning import helping
from handlers.shared.sealed import vault_of
from tests.browser.conftest import OWNER, PHONE, Town, Visitors
from tests.browser.seeing import expect_accessible
from tests.browser.test_repair_case import choose, open_step

pytestmark = [pytest.mark.browser, pytest.mark.long]

FRESH = "Harbour-9-cloud"


def code_on_the_new_phone(town: Town, number: str) -> str:
    """Read the code as the message says it."""
    with town.engine.reading(SYSTEM) as work:
        return helping.digits(vault_of(town.engine), helping.by_number(work, number))


def test_an_owner_without_the_old_phone_sets_a_new_password(town: Town, visit: Visitors) -> None:
    clerk = visit(language="en").sign_in(town.logins[Post.CS])
    clerk.open(f"/helping/new?house_id={town.world.house}")
    expect_accessible(clerk, "/helping/new")
    clerk.page.select_option("[name=person_id]", index=1)
    clerk.page.fill("[name=new_phone]", "13955556666")
    clerk.press()
    number = clerk.page.url.rstrip("/").split("/")[-1]
    open_step(clerk, number)
    for name, value in (("outcome", "proven"), ("proofs[]", "id_document"), ("proofs[]", "call_back")):
        choose(clerk, name, value)
    clerk.send()

    second = visit(language="en").sign_in(town.world.login_of(town.world.staff(Post.CS)))
    open_step(second, number)
    choose(second, "outcome", "agree")
    second.send()

    owner = visit(PHONE, language="en")
    owner.open("/forgot/code")
    expect_accessible(owner, "/forgot/code")
    owner.page.fill("[name=login]", OWNER)
    owner.page.fill("[name=code]", code_on_the_new_phone(town, number))
    owner.press()
    owner.page.fill("[name=new_password]", FRESH)
    owner.page.fill("[name=again]", FRESH)
    owner.press()
    expect(owner.page.locator("body")).not_to_contain_text("Forgot password")
