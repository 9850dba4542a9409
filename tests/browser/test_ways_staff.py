"""Everything that may become of a newcomer, of somebody who leaves and of a report, each in a real browser.

staff_onboarding: joined, a further post agreed to or not, the password sent again; administration refuses
in test_ways_office. staff_password: sent, not sent, not confirmed. staff_offboarding: with a hand-over,
without one when the time is up, at once.
security_incident: from the report to the lessons, false alarms, what concerns an administrator.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM, Actor, Json
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_post
from handlers.staffing.records import staffing_case
from tests.browser.ways import AtHome, company, crowd, home, town
from tests.handlers.inline import inline_worker

__all__ = ["company", "crowd", "home", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.long]

FIRST, NEW = "Lantern-8-river", "Harbour-9-stone"


# --- joining ------------------------------------------------------------------------------------------------


def joining(home: AtHome, name: str, **more: Json) -> str:
    """Let the lead of the desk ask for somebody, by the page."""
    phone = f"137{home.desk.contact[3:]}"
    wanted: dict[str, Json] = {"name": name, "phone": phone, "department": "客户服务部", "post": "cs"}
    return home.asked("staff_onboarding", "/staff/joining", home.desk.desk_lead, **wanted, **more)


def account_of(home: AtHome, number: str) -> int:
    with home.desk.engine.reading(SYSTEM) as work:
        query = select(staffing_case.c.account_id).where(staffing_case.c.number == number)
        return int(work.connection.execute(query).scalar_one())


def posts_of(home: AtHome, number: str) -> set[str]:
    query = select(account_post.c.post).where(account_post.c.account_id == account_of(home, number))
    with home.desk.engine.reading(SYSTEM) as work:
        return set(work.connection.execute(query.where(account_post.c.ended_at.is_(None))).scalars())


def sign_in_first(home: AtHome, number: str, login: str) -> None:
    """Let the newcomer sign in with the password they were sent, and take one of their own."""
    with home.desk.engine.work(SYSTEM) as work:
        staff.set_first_password(work, account_of(home, number), FIRST)
    newcomer = home.nobody()
    page = newcomer.open("/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", FIRST)
    newcomer.press()
    page.fill("[name=password]", FIRST)
    page.fill("[name=new_password]", NEW)
    page.fill("[name=again]", NEW)
    page.check("[name=accepted]")
    newcomer.press()
    assert "/sign-in" not in newcomer.open("/inbox").url


def test_somebody_joins_from_the_request_to_the_first_sign_in(home: AtHome) -> None:
    desk = home.desk
    number = joining(home, "赵六")
    assert home.seen(number, "register", desk.adm, outcome="register", login="zhaoliu") == ["grant"]
    assert home.seen(number, "grant", desk.sys, matches=True) == ["brief"]
    assert home.seen(number, "brief", desk.adm, signed=True, trained=True) == ["settle"]
    assert home.seen(number, "settle", desk.adm, outcome="done") == ["settle"], "nobody has signed in yet"
    sign_in_first(home, number, "zhaoliu")
    assert home.seen(number, "settle", desk.adm, outcome="done") == []


def test_a_further_post_is_judged_and_a_password_is_sent_again(home: AtHome) -> None:
    desk, number = home.desk, joining(home, "赵二", more="fin")
    registered: dict[str, Json] = {"outcome": "register", "login": "zhaoer"}
    assert home.seen(number, "register", desk.adm, **registered) == ["grant"]
    assert home.seen(number, "grant", desk.sys, matches=True) == ["approve"]
    no: dict[str, Json] = {"outcome": "refuse", "reason": "收费和客服须分开"}
    assert home.seen(number, "approve", desk.sec, **no) == ["brief"]
    assert posts_of(home, number) == {"cs"}
    assert home.seen(number, "brief", desk.adm, signed=True, trained=True) == ["settle"]
    assert home.seen(number, "settle", desk.adm, outcome="reissue") == ["brief"]


def test_a_further_post_that_is_agreed_to_counts(home: AtHome) -> None:
    desk, number = home.desk, joining(home, "赵三", more="fin")
    home.do(number, "register", desk.adm, outcome="register", login="zhaosan")
    home.do(number, "grant", desk.sys, matches=True)
    yes: dict[str, Json] = {"outcome": "approve", "reason": "小项目，一人兼任"}
    assert home.seen(number, "approve", desk.sec, **yes) == ["brief"]
    assert posts_of(home, number) == {"cs", "fin"}


# --- a password that was forgotten --------------------------------------------------------------------------


def forgot(home: AtHome, who: Actor) -> str:
    """Let somebody of staff who forgot the password say so on the page before the sign-in."""
    outside = home.nobody()
    outside.open("/staff-password").fill("[name=login]", home.desk.login_of(who))
    outside.press()
    inline_worker(home.desk.engine).drain()
    return home.newest_of("staff_password")


def test_a_forgotten_password_is_confirmed_by_the_lead_and_sent_or_not_sent(home: AtHome) -> None:
    desk = home.desk
    known: dict[str, Json] = {"outcome": "confirm", "how": "当面核实"}
    for outcome in ("issue", "refuse"):
        who = desk.staff(Post.CS)
        number = forgot(home, who)
        assert home.seen(number, "confirm", desk.desk_lead, **known) == ["issue"]
        assert home.seen(number, "issue", desk.sys, outcome=outcome) == []
        with desk.engine.reading(SYSTEM) as work:
            query = select(account.c.must_change_password).where(account.c.id == who.id)
            assert work.connection.execute(query).scalar_one() is (outcome == "issue")


def test_a_forgotten_password_of_which_the_person_knows_nothing_stays(home: AtHome) -> None:
    number = forgot(home, home.desk.staff(Post.CS))
    no: dict[str, Json] = {"outcome": "refuse", "how": "本人说没有申请"}
    assert home.seen(number, "confirm", home.desk.desk_lead, **no) == []


# --- leaving ------------------------------------------------------------------------------------------------


def leaving(home: AtHome, leaver: Actor, at: datetime | None) -> str:
    """Let administration note that somebody leaves, by the page of the account."""
    desk = home.desk
    screen = home.screen(desk.adm)
    home.go(screen, desk.adm, f"/staff/{leaver.id}")
    form = screen.page.locator("form[action$='/leave']")
    form.locator("xpath=ancestor::details").locator("summary").click()
    if at is None:
        form.locator("[name=immediate]").check()
    else:
        form.locator("[name=leaves_at]").fill(f"{at.astimezone(desk.engine.zone):%Y-%m-%dT%H:%M}")
    screen.press("form[action$='/leave'] button")
    return home.newest_of("staff_offboarding")


@pytest.mark.parametrize("way", ["prepared", "not_prepared", "at_once"])
def test_access_ends_at_the_moment_or_at_once_prepared_or_not(home: AtHome, way: str) -> None:
    desk = home.desk
    leaver = desk.staff(Post.CS)
    at_work = home.screen(leaver)
    at = None if way == "at_once" else desk.clock.now() + timedelta(hours=8)
    number = leaving(home, leaver, at)
    if way == "prepared":
        successor = str(desk.other_clerk.id)
        assert home.seen(number, "prepare", desk.adm, successor_id=successor, note="门禁卡一张") == []
    if at is not None:
        desk.later(hours=7, minutes=55)
        home.go(at_work, leaver, "/inbox")
        assert "/inbox" in at_work.page.url, "until then everything stays"
        desk.later(minutes=6)
    assert desk.steps(number) == ["collect", "review"]
    assert "/sign-in" in at_work.open("/inbox").url
    assert home.seen(number, "collect", desk.adm, returned=["keys"], note="对讲机未还") == ["review"]
    assert home.seen(number, "review", desk.aud, outcome="fine", note="无导出") == []


# --- security incident --------------------------------------------------------------------------------------


def reported(home: AtHome, **more: Json) -> str:
    """Let a clerk report something odd, by the page that stands everywhere."""
    odd: dict[str, Json] = {"kind": "sign_in", "description": "凌晨三点有人登录"}
    return home.asked("security_incident", "/odd", home.desk.clerk, **odd, **more)


@pytest.mark.parametrize(("second", "then"), [("false", []), ("real", ["grade"])])
def test_a_false_alarm_is_looked_at_twice(home: AtHome, second: str, then: list[str]) -> None:
    desk, number = home.desk, reported(home)
    first: dict[str, Json] = {"outcome": "false", "origin": "unknown", "text": "是本人换了手机"}
    assert home.seen(number, "triage", desk.sec, **first) == ["confirm_false"]
    assert home.seen(number, "confirm_false", desk.aud, outcome=second, text="看过日志") == then


def test_what_concerns_an_administrator_is_looked_at_by_the_auditor(home: AtHome) -> None:
    number = reported(home, about_admin=True)
    said: dict[str, Json] = {"outcome": "real", "origin": "inside", "text": "已导出日志"}
    assert home.seen(number, "triage_by_auditor", home.desk.aud, **said) == ["grade"]


def test_an_incident_runs_from_its_grade_to_its_lessons(home: AtHome) -> None:
    desk, number = home.desk, reported(home)
    home.do(number, "triage", desk.sec, outcome="real", origin="outside", text="已退出登录")
    assert home.seen(number, "grade", desk.dpo, grade="3", persons=12, text="涉及一栋楼") == ["inform"]
    assert home.seen(number, "inform", desk.manager, text="尽快查清") == ["investigate", "notify", "report"]
    home.seen(number, "notify", desk.dpo, outcome="told", text="已电话告知")
    unsaid: dict[str, Json] = {"outcome": "not_required", "text": "不想报"}
    assert "report" in home.seen(number, "report", desk.dpo, **unsaid), "one of this size is reported"
    told: dict[str, Json] = {"outcome": "reported", "reference": "省网信办 118", "text": "已报"}
    assert home.seen(number, "report", desk.dpo, **told) == ["investigate"]
    assert home.seen(number, "investigate", desk.aud, preserved=True, text="密码外借") == ["recover"]
    assert home.seen(number, "recover", desk.sys, checked=True, text="已重置") == ["conclude"]
    assert home.seen(number, "conclude", desk.sec, text="账号外借造成") == ["lessons"]
    due = (desk.clock.now() + timedelta(days=20)).date().isoformat()
    lines: list[Json] = [{"measure": "全员培训", "owner": "行政部", "due_on": due}]
    assert home.seen(number, "lessons", desk.manager, lines=lines) == []
