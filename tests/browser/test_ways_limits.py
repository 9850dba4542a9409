"""Limits and escalations of each procedure on the settable clock, as those to whom a late step goes see them.

Until its limit a step stands in no late list; then it stands red in the list of who has to act, which is
the next post up where the ladder gives them the step as well.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.ports import Actor
from handlers.accounts.permissions import Post
from handlers.checking import corrections
from handlers.checking.fields import Field
from handlers.owning import helping
from handlers.privacy import exports, requests
from handlers.safety import reporting
from handlers.staffing import joining, leaving
from tests.browser.ways import AtHome, Company, company, crowd, home, town

__all__ = ["company", "crowd", "home", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.long]


def correction(home: AtHome) -> str:
    desk = home.desk
    wanted = corrections.Asked(Field.MAIL, desk.house, desk.owner_person, "li@example.com", "写错了")
    return desk.engine.run(desk.clerk, lambda work: corrections.request(work, wanted))


def newcomer(home: AtHome) -> str:
    wanted = joining.Newcomer("赵六", f"137{home.desk.contact[3:]}", "", Post.CS, None, home.desk.community)
    return home.desk.engine.run(home.desk.desk_lead, lambda work: joining.ask(work, wanted))


def leaver(home: AtHome) -> str:
    desk = home.desk
    account, at = desk.staff(Post.CS), desk.clock.now() + timedelta(days=2)
    return desk.engine.run(desk.adm, lambda work: leaving.ask(work, account.id, at))


def helped(home: AtHome) -> str:
    desk = home.desk
    wanted = helping.Asked(desk.house, desk.owner_person, "13955556666")
    return desk.engine.run(desk.clerk, lambda work: helping.ask(work, wanted))


def exported(home: AtHome) -> str:
    desk = home.desk
    what = ("owners", ("name",), "notice", "停水通知", "前台", False, 7)
    wanted = exports.Asked(desk.community, None, *what)
    return desk.engine.run(desk.clerk, lambda work: exports.ask(work, wanted))


def asked_privately(home: AtHome) -> str:
    return requests.ask(home.desk.engine, home.desk.owner, requests.Asked("read"))


def reported(home: AtHome) -> str:
    number = reporting.report(home.desk.engine, home.desk.clerk, reporting.Odd("sign_in", "凌晨三点有人登录"))
    assert number is not None
    return number


Begun = Callable[[AtHome], str]
Reader = Callable[[Company], Actor]

LATE: dict[str, tuple[Begun, str, Reader]] = {
    "move_in": (lambda home: home.begun("move_in"), "check_papers", lambda desk: desk.desk_lead),
    "ownership_transfer": (lambda home: home.to_verify(), "verify", lambda desk: desk.desk_lead),
    "tenant_change": (lambda home: home.begun("tenant_change"), "register", lambda desk: desk.desk_lead),
    "data_correction": (correction, "check_by_clerk", lambda desk: desk.desk_lead),
    "staff_onboarding": (newcomer, "register", lambda desk: desk.adm),
    "staff_offboarding": (leaver, "prepare", lambda desk: desk.adm),
    "password_help": (helped, "prove", lambda desk: desk.desk_lead),
    "data_export": (exported, "lead", lambda desk: desk.manager),
    "privacy_request": (asked_privately, "identity", lambda desk: desk.desk_lead),
    "security_incident": (reported, "triage", lambda desk: desk.sys),
}


def late(home: AtHome, by: Actor, row: str) -> int:
    """Look for a row among what is late in somebody's list."""
    screen = home.screen(by)
    home.go(screen, by, "/inbox?view=late")
    return screen.page.locator(row).count()


@pytest.mark.parametrize("procedure", LATE)
def test_a_late_step_stands_red_before_whom_it_goes_up_to(home: AtHome, procedure: str) -> None:
    begin, step, reader = LATE[procedure]
    desk, number = home.desk, begin(home)
    task, by = desk.task(number, step), reader(desk)
    row = f"li[data-task='{task.id}'] .left-late"
    desk.at(task.due_at - timedelta(minutes=2))
    assert late(home, by, row) == 0
    desk.at(task.due_at + timedelta(minutes=1))
    assert late(home, by, row) == 1
    assert any(level >= 2 for _, level in desk.warned(number))
    assert desk.steps(number) == [step], "time alone never skips a step"
