"""Limits and escalations of each procedure on the settable clock, as those to whom a late step goes see them.

Until its limit a step stands in no late list; then it stands red in the list of who has to act, which is
the next post up where the ladder gives them the step as well.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.ports import Actor, Json
from handlers.accounts.permissions import Post
from handlers.checking import corrections
from handlers.checking.fields import Field
from handlers.owning import helping
from handlers.privacy import exports, requests
from handlers.safety import reporting
from handlers.staffing import joining, leaving
from tests.browser.ways import AtHome, Company, company, crowd, home, town
from tests.handlers.moving.moving_world import NEW_OWNER

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


# --- steps of which no page is looked at --------------------------------------------------------------------


def taken_back(home: AtHome, upto: str) -> str:
    """Bring a transfer that is taken back to one of its steps."""
    number, desk = home.reversal(), home.desk
    steps: list[tuple[str, Actor, dict[str, Json]]] = [
        ("explain", desk.clerk, {"cause": "other", "reason": "看错"}),
        ("check", desk.desk_lead, {"outcome": "approve"}),
        ("approve", desk.manager, {"outcome": "approve"}),
    ]
    return forward(home, number, upto, steps)


def moved_in(home: AtHome, upto: str) -> str:
    """Bring moving in, without a message to the phone, to one of its last steps."""
    number, desk = home.to_register(), home.desk
    defects: list[Json] = [{"place": "厨房", "what": "渗漏"}]
    again = {
        "again_name": name_of(home),
        "again_phone": desk.contact,
        "again_id_number": NEW_OWNER["id_number"],
    }
    steps: list[tuple[str, Actor, dict[str, Json]]] = [
        ("register", desk.clerk, {"outcome": "failed"}),
        ("check_id", desk.clerk, {"seen": ["photo", "original", "valid"], "note": "海外号码"}),
        ("confirm_id", desk.other_clerk, {"outcome": "confirmed"}),
        ("second_check", desk.desk_lead, {"outcome": "confirm", **again}),
        ("inspect", desk.plumber, {"outcome": "defects", "defects": defects, "water": 1, "power": 3}),
        ("report_defects", desk.clerk, {"sent_to": "developer"}),
    ]
    return forward(home, number, upto, steps)


def joined(home: AtHome, upto: str) -> str:
    """Bring somebody who is to have a further post to one of the steps of joining."""
    desk, phone = home.desk, f"136{home.desk.contact[3:]}"
    wanted = joining.Newcomer("赵七", phone, "", Post.CS, Post.FIN, desk.community)
    number = desk.engine.run(desk.desk_lead, lambda work: joining.ask(work, wanted))
    steps: list[tuple[str, Actor, dict[str, Json]]] = [
        ("register", desk.adm, {"outcome": "register", "login": f"zhao{home.desk.contact}"}),
        ("grant", desk.sys, {"matches": True}),
        ("approve", desk.sec, {"outcome": "approve", "reason": "小项目"}),
        ("brief", desk.adm, {"signed": True, "trained": True}),
    ]
    return forward(home, number, upto, steps)


def left_at_once(home: AtHome, upto: str) -> str:
    desk = home.desk
    account = desk.staff(Post.CS)
    number = desk.engine.run(desk.adm, lambda work: leaving.ask(work, account.id, None))
    return forward(home, number, upto, [])


def called(home: AtHome, upto: str) -> str:
    number = home.asked_of_owner()
    home.desk.later(hours=12, minutes=1)
    return forward(home, number, upto, [])


def forward(home: AtHome, number: str, upto: str, steps: list[tuple[str, Actor, dict[str, Json]]]) -> str:
    """Do the steps before one, and see that it is open then."""
    for step, by, answers in steps:
        if step == upto:
            break
        home.do(number, step, by, **answers)
    assert upto in home.desk.steps(number)
    return number


def name_of(home: AtHome) -> str:
    return f"李{home.desk.contact[-4:].lstrip('0')}"


FURTHER: dict[str, tuple[Callable[[AtHome, str], str], timedelta]] = {
    "explain": (taken_back, timedelta(hours=2)),
    "check": (taken_back, timedelta(hours=4)),
    "approve": (taken_back, timedelta(hours=8)),
    "tell_both": (taken_back, timedelta(hours=4)),
    "check_id": (moved_in, timedelta(minutes=15)),
    "confirm_id": (moved_in, timedelta(minutes=15)),
    "second_check": (moved_in, timedelta(minutes=15)),
    "inspect": (moved_in, timedelta(days=1)),
    "set_fees": (moved_in, timedelta(days=1)),
    "report_defects": (moved_in, timedelta(hours=4)),
    "keys": (moved_in, timedelta(days=1)),
    "brief": (joined, timedelta(days=3)),
    "settle": (joined, timedelta(hours=72)),
    "collect_things": (left_at_once, timedelta(days=1)),
    "review": (left_at_once, timedelta(days=3)),
    "call_owner": (called, timedelta(hours=2)),
}


@pytest.mark.parametrize("step", FURTHER)
def test_a_further_step_has_its_limit_and_is_told_on_when_it_has_passed(home: AtHome, step: str) -> None:
    begin, limit = FURTHER[step]
    step = step.removesuffix("_things")
    desk, number = home.desk, begin(home, step)
    task, others = desk.task(number, step), desk.steps(number)
    assert abs(task.due_at - task.opened_at - limit) < timedelta(seconds=1)
    desk.at(task.due_at - timedelta(seconds=30))
    assert (step, 2) not in desk.warned(number)
    desk.at(task.due_at + timedelta(minutes=1))
    assert desk.task(number, step).overdue_at is not None
    assert (step, 2) in desk.warned(number)
    assert desk.steps(number) == others, "time alone never skips a step"
