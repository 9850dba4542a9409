"""An owner asks for a copy of what is on record, by the pages: identity, scope, decision, one download."""

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.estate import authorisation
from handlers.estate.authorisation import Purpose
from tests.browser.conftest import OWNER, PHONE, Town, Visitors
from tests.browser.seeing import expect_accessible
from tests.browser.test_repair_case import choose, open_step
from tests.handlers.inline import inline_worker

pytestmark = [pytest.mark.browser, pytest.mark.long]


def agree(town: Town) -> None:
    """Let the owner have agreed to notices."""
    with town.engine.work(SYSTEM) as work:
        owner = work.connection.execute(account.select().where(account.c.id == town.owner.id)).one()
        authorisation.authorise(work, owner.person_id, town.world.house, Purpose.NOTICE, "1")


def test_an_owner_withdraws_a_consent_and_gets_a_copy_of_the_data(town: Town, visit: Visitors) -> None:
    agree(town)
    owner = visit(PHONE, language="en").sign_in(OWNER)
    owner.open("/home/privacy")
    expect_accessible(owner, "/home/privacy")
    owner.page.click(".sure summary")
    owner.press("button[name=scope]")
    expect(owner.page.locator("button[name=scope]")).to_have_count(0)
    choose(owner, "kind", "copy")
    owner.press()
    number = owner.page.locator("main .code").first.inner_text()

    clerk = visit(language="en").sign_in(town.logins[Post.CS])
    for field, text in (("proof", "Called back"), ("found", "No fees are due")):
        open_step(clerk, number)
        expect_accessible(clerk, field)
        if field == "proof":
            choose(clerk, "outcome", "confirmed")
        else:
            choose(clerk, "fees", "none")
        clerk.page.fill(f"[name={field}]", text)
        clerk.send()
    guardian = town.world.staff(Post.DPO, everywhere=True)
    dpo = visit(language="en").sign_in_by_form(town.world.login_of(guardian))
    dpo.open(dpo.page.locator("a[href*='/tasks/']").first.get_attribute("href") or "")
    choose(dpo, "outcome", "grant")
    dpo.page.fill("[name=answer]", "Here it is")
    dpo.send()
    inline_worker(town.engine).drain()

    owner.open("/home/privacy")
    with owner.page.expect_download() as download:
        owner.page.click("main form button.btn-primary >> nth=0")
    assert download.value.suggested_filename == f"{number}.xlsx"
    owner.open("/home/privacy")
    expect(owner.page.locator("main")).to_contain_text("Here it is")
