"""Everything that may become of an owner who lost the phone (password_help), each in a real browser.

The code is used or lapses after a quarter of an hour; two proofs do not hold, or the second clerk does not
agree; the third failure goes to security; what looks like a stolen card locks the account until the old
number was called. How the owner uses the code and sets the password stands in test_helping as well.
"""

import pytest

from engine.ports import SYSTEM, Json
from handlers.owning import helping
from handlers.owning.helping import Asked
from handlers.shared.sealed import vault_of
from tests.browser.conftest import Visitor
from tests.browser.ways import AtHome, company, crowd, home, town

__all__ = ["company", "crowd", "home", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.long]

PROVEN: dict[str, Json] = {"outcome": "proven", "proofs": ["id_document", "call_back"]}
NEW_PHONE = "13955556666"


def came(home: AtHome) -> str:
    """Let the owner come to the counter."""
    desk = home.desk
    wanted: dict[str, Json] = {"person_id": str(desk.owner_person), "new_phone": NEW_PHONE}
    return home.asked("password_help", f"/helping/new?house_id={desk.house}", desk.clerk, **wanted)


def failed(home: AtHome) -> None:
    """Let it have failed once before."""
    desk = home.desk
    wanted = Asked(desk.house, desk.owner_person, NEW_PHONE)
    number = desk.engine.run(desk.clerk, lambda work: helping.ask(work, wanted))
    home.do(number, "prove", desk.clerk, outcome="not_proven")
    assert desk.steps(number) == []


def state(home: AtHome, number: str) -> str:
    with home.desk.engine.reading(SYSTEM) as work:
        return str(helping.by_number(work, number).state)


def signs_in(home: AtHome) -> Visitor:
    """Let the owner try the old password."""
    return home.nobody().sign_in_by_form(home.desk.contact)


def test_a_code_that_was_used_in_time_settles_it(home: AtHome) -> None:
    desk, number = home.desk, came(home)
    assert home.seen(number, "prove", desk.clerk, **PROVEN) == ["second"]
    assert home.seen(number, "second", desk.other_clerk, outcome="agree") == []
    with desk.engine.reading(SYSTEM) as work:
        code = helping.digits(vault_of(desk.engine), helping.by_number(work, number))
    owner = home.nobody()
    page = owner.open("/forgot/code")
    page.fill("[name=login]", desk.contact)
    page.fill("[name=code]", code)
    owner.press()
    page.fill("[name=new_password]", "Harbour-9-cloud")
    page.fill("[name=again]", "Harbour-9-cloud")
    owner.press()
    desk.later(minutes=16)
    assert state(home, number) == "used"


def test_a_code_that_nobody_used_lapses(home: AtHome) -> None:
    desk, number = home.desk, came(home)
    home.do(number, "prove", desk.clerk, **PROVEN)
    assert home.seen(number, "second", desk.other_clerk, outcome="agree") == []
    with desk.engine.reading(SYSTEM) as work:
        code = helping.digits(vault_of(desk.engine), helping.by_number(work, number))
    desk.later(minutes=16)
    assert state(home, number) == "failed"
    owner = home.nobody()
    page = owner.open("/forgot/code")
    page.fill("[name=login]", desk.contact)
    page.fill("[name=code]", code)
    owner.press()
    assert page.locator("[name=new_password]").count() == 0, "it came too late"


def test_the_third_failure_goes_to_security_who_may_let_it_be_tried_again(home: AtHome) -> None:
    desk = home.desk
    failed(home)
    failed(home)
    number = came(home)
    assert home.seen(number, "prove", desk.clerk, outcome="not_proven") == ["review"]
    assert home.seen(number, "review", desk.sec, outcome="allow", reason="与本人核实") == ["prove"]
    home.do(number, "prove", desk.clerk, **PROVEN)
    assert home.seen(number, "second", desk.other_clerk, outcome="refuse") == ["review"]
    assert home.seen(number, "review", desk.sec, outcome="refuse", reason="凭证不可信") == []
    assert state(home, number) == "failed"


def test_proofs_that_do_not_hold_end_it(home: AtHome) -> None:
    number = came(home)
    assert home.seen(number, "prove", home.desk.clerk, outcome="not_proven") == []
    assert state(home, number) == "failed"


@pytest.mark.parametrize("step", ["prove", "second"])
def test_what_looks_like_a_stolen_card_locks_the_account(home: AtHome, step: str) -> None:
    desk, number = home.desk, came(home)
    by = desk.clerk
    if step == "second":
        home.do(number, "prove", by, **PROVEN)
        by = desk.other_clerk
    assert home.seen(number, step, by, outcome="fraud") == ["call"]
    assert "/sign-in" in signs_in(home).page.url
    if step == "prove":
        assert home.seen(number, "call", desk.sec, outcome="fraud", reason="本人没有求助") == []
        assert state(home, number) == "locked"
    else:
        assert home.seen(number, "call", desk.sec, outcome="genuine", reason="本人接听") == ["prove"]
        assert "/home" in signs_in(home).page.url
