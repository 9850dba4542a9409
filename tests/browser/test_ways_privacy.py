"""Everything that may become of exports and of what people ask about their own data, each in a real browser.

data_export: without an approver, with three, refused by each, not needed, not fetched within a day; the
download and the word that it is deleted stand in test_exports. privacy_request: not told to be the person,
refused, restricted, erased an hour later or kept after all, handed to a correction, answered by the manager
after thirty days; the copy and the withdrawal of a consent stand in test_privacy.
"""

from datetime import timedelta

import pytest

from engine.ports import SYSTEM, Actor, Json
from handlers.accounts.permissions import Post
from handlers.checking import corrections
from handlers.checking.fields import Field
from handlers.estate.records import estate_relation
from handlers.privacy import exports, requests
from tests.browser.conftest import Visitor
from tests.browser.ways import AtHome, company, crowd, fill, home, town
from tests.handlers.inline import inline_worker

__all__ = ["company", "crowd", "home", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.long]

GRANTED: dict[str, Json] = {"outcome": "grant", "answer": "按您的要求办理"}


# --- exports ------------------------------------------------------------------------------------------------


def exporting(home: AtHome, by: Actor, **more: Json) -> str:
    """Let somebody of the desk ask for a list, by the page."""
    wanted: dict[str, Json] = {"fields": ["name", "phone"]} if "content" not in more else {}
    why: dict[str, Json] = {"purpose": "notice", "reason": "停水通知", "recipient": "前台"}
    return home.asked("data_export", "/exports/new", by, **{**wanted, **more, **why})


def export_state(home: AtHome, number: str) -> str:
    with home.desk.engine.reading(SYSTEM) as work:
        return str(exports.by_number(work, number).state)


def ready(home: AtHome) -> tuple[str, Actor]:
    """Bring a list of a new clerk to where its file waits."""
    clerk = home.desk.staff(Post.CS)
    number = exporting(home, clerk)
    home.do(number, "lead", home.desk.desk_lead, outcome="approve")
    inline_worker(home.desk.engine).drain()
    return number, clerk


def test_what_goes_outside_is_agreed_to_by_three(home: AtHome) -> None:
    desk = home.desk
    number = exporting(home, desk.clerk, outside=True)
    assert home.seen(number, "lead", desk.desk_lead, outcome="approve") == ["dpo"]
    assert home.seen(number, "dpo", desk.dpo, outcome="approve") == ["pm"]
    assert home.seen(number, "pm", desk.manager, outcome="approve") == ["fetch"]


def test_numbers_of_documents_are_agreed_to_by_two(home: AtHome) -> None:
    desk = home.desk
    number = exporting(home, desk.staff(Post.CS), fields=["name", "id_number"])
    assert home.seen(number, "lead", desk.desk_lead, outcome="approve") == ["dpo"]
    assert home.seen(number, "dpo", desk.dpo, outcome="approve") == ["fetch"]


@pytest.mark.parametrize("refuser", ["lead", "dpo", "pm"])
def test_each_of_the_three_may_refuse_and_who_asked_reads_why(home: AtHome, refuser: str) -> None:
    desk = home.desk
    clerk = desk.staff(Post.CS)
    number = exporting(home, clerk, outside=True)
    for step, by in (("lead", desk.desk_lead), ("dpo", desk.dpo), ("pm", desk.manager)):
        if step == refuser:
            no: dict[str, Json] = {"outcome": "refuse", "reason": "用不着手机号"}
            assert home.seen(number, step, by, **no) == []
            break
        home.do(number, step, by, outcome="approve")
    assert "用不着手机号" in home.screen(clerk).open(f"/exports/{number}").inner_text("main")


def test_figures_need_no_approver(home: AtHome) -> None:
    number = exporting(home, home.desk.other_clerk, content="statistics")
    assert home.desk.steps(number) == ["fetch"]


def test_a_file_that_is_not_needed_or_not_fetched_is_destroyed(home: AtHome) -> None:
    number, clerk = ready(home)
    assert home.seen(number, "fetch", clerk, outcome="not_needed") == []
    assert export_state(home, number) == "lapsed"
    number, clerk = ready(home)
    home.desk.later(hours=24, minutes=1)
    assert export_state(home, number) == "lapsed"
    home.go(home.screen(clerk), clerk, f"/exports/{number}")
    assert home.screen(clerk).page.locator("main form button.btn-primary").count() == 0


# --- what people ask about their own data -------------------------------------------------------------------


def asked_at_home(home: AtHome, kind: str, wish: str = "") -> tuple[str, Visitor]:
    """Let the owner ask on a phone."""
    owner = home.owner()
    owner.open("/home/privacy")
    fill(owner.page, {"kind": kind, "wish": wish}, "main form[action$='/home/privacy']")
    owner.press()
    return home.newest_of("privacy_request"), owner


def brought(home: AtHome, number: str) -> None:
    """Bring a request to where data protection decides."""
    home.do(number, "identity", home.desk.clerk, outcome="confirmed", proof="看过证件")
    home.do(number, "collect", home.desk.clerk, found="无未结费用", fees="none")


def request_state(home: AtHome, number: str) -> str:
    with home.desk.engine.reading(SYSTEM) as work:
        return str(requests.by_number(work, number).state)


def test_whoever_cannot_be_told_to_be_the_person_is_refused(home: AtHome) -> None:
    desk = home.desk
    wanted: dict[str, Json] = {"person_id": str(desk.owner_person), "on_behalf": "relative", "kind": "copy"}
    path = f"/privacy/new?house_id={desk.house}"
    number = home.asked("privacy_request", path, desk.clerk, **wanted)
    no: dict[str, Json] = {"outcome": "not_confirmed", "proof": "没有关系证明"}
    assert home.seen(number, "identity", desk.other_clerk, **no) == []
    assert request_state(home, number) == "refused"


def test_a_refusal_is_read_with_its_reason(home: AtHome) -> None:
    desk = home.desk
    number, owner = asked_at_home(home, "read")
    assert home.seen(number, "identity", desk.clerk, outcome="confirmed", proof="看过证件") == ["collect"]
    assert home.seen(number, "collect", desk.clerk, found="无", fees="none") == ["decide"]
    no: dict[str, Json] = {"outcome": "refuse", "answer": "已在上月提供过"}
    assert home.seen(number, "decide", desk.dpo, **no) == []
    assert "已在上月提供过" in owner.open("/home/privacy").inner_text("main")


def test_who_lives_here_is_not_erased_but_restricted(home: AtHome) -> None:
    number, owner = asked_at_home(home, "delete")
    brought(home, number)
    assert home.seen(number, "decide", home.desk.dpo, **GRANTED) == ["decide"], "data that must be kept"
    kept: dict[str, Json] = {"outcome": "restrict", "answer": "您还在本小区居住"}
    assert home.seen(number, "decide", home.desk.dpo, **kept) == []
    assert request_state(home, number) == "restricted"
    assert "物业服务合同" in owner.open("/home/privacy").inner_text("main")


@pytest.mark.parametrize("comes_back", [False, True])
def test_who_moved_out_long_ago_is_erased_an_hour_later_unless_something_comes_up(
    home: AtHome, *, comes_back: bool
) -> None:
    desk = home.desk
    number, _ = asked_at_home(home, "delete")
    brought(home, number)
    long_ago = desk.clock.now() - timedelta(days=4 * 366)
    ended = estate_relation.update().where(estate_relation.c.person_id == desk.owner_person)
    with desk.engine.work(SYSTEM) as work:
        work.connection.execute(ended.values(valid_from=long_ago - timedelta(days=1), valid_to=long_ago))
    assert home.seen(number, "decide", desk.dpo, **GRANTED) == []
    if comes_back:
        desk.relate(desk.owner_person, desk.neighbour)
    desk.later(minutes=59)
    assert request_state(home, number) not in ("granted", "restricted")
    desk.later(minutes=2)
    assert request_state(home, number) == ("restricted" if comes_back else "granted")


def test_a_wish_to_put_something_right_leads_into_a_correction(home: AtHome) -> None:
    desk = home.desk
    number, _ = asked_at_home(home, "correct", "邮箱错了")
    assert home.seen(number, "correct", desk.clerk, correction="G20200101-0001") == ["correct"]
    wanted = corrections.Asked(Field.MAIL, desk.house, desk.owner_person, "li@example.com", "写错了")
    correction = desk.engine.run(desk.clerk, lambda work: corrections.request(work, wanted))
    assert home.seen(number, "correct", desk.clerk, correction=correction) == []
    assert desk.steps(correction) == ["check_by_clerk"]


def test_after_thirty_days_the_manager_answers_wherever_it_stands(home: AtHome) -> None:
    desk = home.desk
    numbers = [asked_at_home(home, kind)[0] for kind in ("read", "copy", "move")]
    for number in numbers[1:]:
        home.do(number, "identity", desk.clerk, outcome="confirmed", proof="看过证件")
    home.do(numbers[2], "collect", desk.clerk, found="无", fees="none")
    assert [desk.steps(one) for one in numbers] == [["identity"], ["collect"], ["decide"]]
    desk.later(days=30, minutes=1)
    for number in numbers:
        assert desk.steps(number) == ["answer_now"]
        assert home.seen(number, "answer_now", desk.manager, **GRANTED) == []
