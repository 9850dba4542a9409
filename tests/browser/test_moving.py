"""A house changes hands, somebody moves in and a tenant comes, by the pages from the notice to the end."""

from datetime import timedelta

import pytest

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, NEIGHBOUR, OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.seeing import expect_accessible
from tests.browser.test_repair_case import choose, open_step

pytestmark = pytest.mark.browser

NEW = {"name": "赵敏", "id_number": "11010519491231002X", "phone": "13955556666"}


def begin(clerk: Visitor, house_id: int, what: str) -> str:
    """Take a notice in, and return the number of its case."""
    clerk.open(f"/moving/?house_id={house_id}")
    choose(clerk, "what", what)
    clerk.press("main form[method=post] button.btn-primary")
    return clerk.page.url.rstrip("/").split("/")[-1]


def step(visitor: Visitor, number: str, fields: dict[str, str] | None = None, **chosen: str) -> None:
    """Do the open step of a case: choose, fill in, send."""
    open_step(visitor, number)
    for name, value in chosen.items():
        choose(visitor, name, value)
    for name, value in (fields or {}).items():
        visitor.page.fill(f"[name='{name}']", value)
    visitor.send()


def type_again(lead: Visitor, number: str, person: dict[str, str]) -> None:
    """Check as the second person."""
    step(lead, number, {f"again_{key}": value for key, value in person.items()}, outcome="confirm")


def contact(clerk: Visitor) -> None:
    clerk.page.fill("[name=contact_name]", "陈静")
    clerk.page.fill("[name=contact_phone]", OWNER)


@pytest.mark.long
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_notices_fit_the_screen_speak_english_and_are_accessible(
    town: Town, visit: Visitors, size: tuple[int, int]
) -> None:
    clerk = visit(size, language="en").sign_in(town.logins[Post.CS])
    number = begin(clerk, town.world.house, "tenant_change")
    clerk.page.wait_for_selector("[data-drawn]")
    expect_accessible(clerk, number)
    for path in ("/moving/", f"/moving/?house_id={town.world.house}"):
        clerk.open(path)
        expect_accessible(clerk, path)
    open_step(clerk, number)
    expect_accessible(clerk, "register")


def test_a_house_changes_hands_and_the_old_owner_sees_nothing_of_it(town: Town, visit: Visitors) -> None:
    old_owner = visit(PHONE).sign_in(OWNER)
    clerk, lead = visit().sign_in(town.logins[Post.CS]), visit().sign_in(town.logins[Post.CSL])
    assert "301" in old_owner.open("/home/report").inner_text("main")
    number = begin(clerk, town.world.house, "ownership_transfer")
    open_step(clerk, number)
    assert clerk.page.input_value("[name=way]") == "", (
        "the reason decides about the papers: nobody guesses it"
    )
    clerk.page.select_option("[name=way]", "sale")
    choose(clerk, "told_by", "buyer")
    contact(clerk)
    clerk.send()
    open_step(clerk, number)
    choose(clerk, "outcome", "complete")
    clerk.page.select_option("[name=proof_kind]", "certificate")
    clerk.page.fill("[name=proof_number]", "京(2026)0001")
    clerk.send()
    step(clerk, number, outcome="told", how="phone")
    open_step(clerk, number)
    clerk.page.check("[name=notice_given]")
    for name, value in NEW.items():
        clerk.page.fill(f"[name={name}]", value)
    clerk.send()
    type_again(lead, number, NEW)
    page = lead.open(f"/cases/{number}")
    assert "已生效" in page.content()
    assert "301" not in old_owner.open("/home/report").inner_text("main")


def test_an_owner_moves_in_while_they_wait_at_the_counter(town: Town, visit: Visitors) -> None:
    clerk, lead = visit().sign_in(town.logins[Post.CS]), visit().sign_in(town.logins[Post.CSL])
    number = begin(clerk, town.world.neighbour, "move_in")
    step(clerk, number, outcome="complete", **{"seen[]": "id"})
    open_step(clerk, number)
    clerk.page.check("[name=notice_given]")
    choose(clerk, "scopes[]", "repair")
    clerk.send()
    open_step(clerk, number)
    clerk.page.select_option("[name='others.0.kind']", "family")
    clerk.page.fill("[name='others.0.name']", "吴小妹")
    clerk.page.fill("[name='plates.0.plate']", "京A12345")
    clerk.send()
    step(clerk, number, outcome="verified")
    person = {"name": "吴敏", "id_number": NEW["id_number"], "phone": NEIGHBOUR}
    type_again(lead, number, person)
    assert "已生效" in lead.open(f"/cases/{number}").content()


@pytest.mark.long
def test_a_tenant_of_whom_the_owner_tells_is_entered_and_checked(town: Town, visit: Visitors) -> None:
    clerk, lead = visit().sign_in(town.logins[Post.CS]), visit().sign_in(town.logins[Post.CSL])
    number = begin(clerk, town.world.house, "tenant_change")
    open_step(clerk, number)
    choose(clerk, "change", "in")
    choose(clerk, "told_by", "owner")
    contact(clerk)
    clerk.send()
    open_step(clerk, number)
    clerk.page.check("[name=notice_given]")
    tenant = {"name": "周强", "id_number": "440524188001010014", "phone": "13877778888"}
    for name, value in tenant.items():
        clerk.page.fill(f"[name={name}]", value)
    ends_on = town.engine.clock.now() + timedelta(days=365)
    clerk.page.fill("[name=lease_ends_on]", ends_on.date().isoformat())
    clerk.send()
    type_again(lead, number, tenant)
    assert "已办结" in lead.open(f"/cases/{number}").content()
