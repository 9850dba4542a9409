"""The ways off the main path of moving in, changing owner and tenant, each taken in a real browser."""

from datetime import timedelta

import pytest

from engine.ports import Json
from handlers.moving import leases
from tests.browser.ways import CONTACT, AtHome, company, crowd, home, town
from tests.handlers.moving.moving_world import AGAIN, ENTRY, NEW_OWNER
from tests.handlers.moving.test_tenant_change import lease_until

__all__ = ["company", "crowd", "home", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.long]


# --- change of owner ----------------------------------------------------------------------------------------


def test_missing_papers_wait_and_are_examined_again(home: AtHome) -> None:
    number, clerk = home.to_verify(), home.desk.clerk
    missing: dict[str, Json] = {"outcome": "missing", "missing": ["buyer_id"], "note": "身份证没带"}
    assert home.seen(number, "verify", clerk, **missing) == ["wait_papers"]
    assert home.seen(number, "wait_papers", clerk, note="身份证到了") == ["verify"]


def test_a_dispute_is_ruled_by_the_manager(home: AtHome) -> None:
    number, desk = home.to_verify(), home.desk
    disputed: dict[str, Json] = {"outcome": "disputed", "note": "有人反对"}
    assert home.seen(number, "verify", desk.clerk, **disputed) == ["decide"]
    assert home.seen(number, "decide", desk.manager, outcome="go_on", reason="与房屋无关") == ["verify"]
    home.do(number, "verify", desk.clerk, **disputed)
    assert home.seen(number, "decide", desk.manager, outcome="stop", reason="查封中") == []
    assert desk.record(number).state == "stopped"


def test_an_old_owner_who_objects_brings_it_to_the_manager(home: AtHome) -> None:
    number, desk = home.to_verify(), home.desk
    desk.papers(number)
    said: dict[str, Json] = {"outcome": "objects", "how": "phone", "note": "没有卖房"}
    assert home.seen(number, "tell_old", desk.clerk, **said) == ["decide"]


def test_a_check_that_differs_goes_back_to_the_entry(home: AtHome) -> None:
    number, desk = home.to_verify(), home.desk
    desk.papers(number)
    desk.tell_old(number)
    desk.enter(number)
    wrong = {**AGAIN, "again_phone": "13955550000"}
    assert home.seen(number, "second_check", desk.desk_lead, **wrong) == ["enter"]
    assert home.seen(number, "enter", desk.clerk, entry="keep") == ["second_check"]
    home.seen(number, "second_check", desk.desk_lead, outcome="reject", reason="少录一位共有人")
    assert desk.steps(number) == ["enter"]


def test_what_follows_a_switch_is_settled_by_four_steps(home: AtHome) -> None:
    number, desk = home.switched(), home.desk
    today = desk.clock.now().date().isoformat()
    home.seen(number, "fees", desk.finance, payer="old_owner", settled_on=today)
    things: dict[str, Json] = {"plates": [{"plate": "京A12345"}], "rented": [{"place": "B1-9"}]}
    home.seen(number, "vehicles", desk.clerk, **things, cards_stopped=True)
    home.seen(number, "keys", desk.clerk, keys="between_owners", water="12.5")
    assert home.seen(number, "matters", desk.clerk, note="没有在办") == []
    assert desk.record(number).state == "closed"


@pytest.mark.parametrize(
    ("way", "proof", "step", "found"),
    [
        ("inheritance", "notarised", "heirs", {"paper": "notarised", "number": "公证8", "all_heirs": True}),
        ("court", "court_document", "court", {"court": "朝阳法院", "number": "执1号", "in_force": True}),
    ],
)
def test_heirs_and_courts_are_looked_at_and_approved(
    home: AtHome, way: str, proof: str, step: str, found: dict[str, Json]
) -> None:
    number, desk = home.to_verify(way), home.desk
    desk.papers(number, proof)
    owner = str(desk.relations()[0].id)
    assert home.seen(number, step, desk.clerk, **found, leaving=[owner]) == ["approve"]
    assert home.seen(number, "approve", desk.desk_lead, outcome="approve") == ["tell_old"]


def test_shares_that_are_not_approved_go_back_for_papers(home: AtHome) -> None:
    number, desk = home.to_verify("share"), home.desk
    desk.papers(number)
    owner = str(desk.relations()[0].id)
    assert home.seen(number, "shares", desk.clerk, leaving=[owner], note="析产") == ["approve"]
    no: dict[str, Json] = {"outcome": "reject", "note": "缺公证"}
    assert home.seen(number, "approve", desk.desk_lead, **no) == ["wait_papers"]


def test_a_wrong_transfer_is_taken_back_by_two_who_agree(home: AtHome) -> None:
    desk = home.desk
    wrong = home.reversal()
    home.seen(wrong, "explain", desk.clerk, cause="wrong_house", reason="房号看错")
    assert home.seen(wrong, "check", desk.desk_lead, outcome="approve") == ["approve"]
    assert home.seen(wrong, "approve", desk.manager, outcome="approve") == ["tell_both"]
    assert desk.may_act(desk.owner)
    assert home.seen(wrong, "tell_both", desk.clerk, old_told=True, new_told=True) == []


@pytest.mark.parametrize("refuser", ["check", "approve"])
def test_one_of_the_two_who_refuses_leaves_the_transfer_in_force(home: AtHome, refuser: str) -> None:
    desk = home.desk
    wrong = home.reversal()
    home.do(wrong, "explain", desk.clerk, cause="other", reason="卖方反悔")
    if refuser == "approve":
        home.do(wrong, "check", desk.desk_lead, outcome="approve")
    by = desk.desk_lead if refuser == "check" else desk.manager
    assert home.seen(wrong, refuser, by, outcome="reject", note="凭证真实") == []
    assert not desk.may_act(desk.owner)


# --- change of tenant ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["agree", "refuse"])
def test_the_owner_answers_on_a_phone(home: AtHome, said: str) -> None:
    number = home.asked_of_owner()
    owner = home.owner()
    owner.press("main a[href='/home/letting/']")
    owner.page.fill("[name=note]", "认识的人")
    owner.press(f"form[action*='/answer/'] button[value={said}]")
    assert home.desk.steps(number) == (["enter"] if said == "agree" else [])


def test_without_an_answer_the_desk_calls_and_writes_down_what_was_said(home: AtHome) -> None:
    number, desk = home.asked_of_owner(), home.desk
    desk.later(hours=12, minutes=1)
    assert desk.steps(number) == ["call_owner"]
    assert home.seen(number, "call_owner", desk.other_clerk, outcome="agree", how="phone") == ["enter"]


def test_an_owner_who_says_no_when_called_ends_it(home: AtHome) -> None:
    number, desk = home.asked_of_owner(), home.desk
    desk.later(hours=12, minutes=1)
    no: dict[str, Json] = {"outcome": "refuse", "how": "phone", "note": "没有出租"}
    assert home.seen(number, "call_owner", desk.other_clerk, **no) == []
    assert desk.record(number).state == "stopped"


def test_the_desk_writes_down_an_owners_no(home: AtHome) -> None:
    number = home.asked_of_owner()
    no: dict[str, Json] = {"outcome": "refuse", "how": "in_person", "id_seen": True, "note": "没有出租"}
    assert home.seen(number, "owner_confirm", home.desk.other_clerk, **no) == []
    assert home.desk.record(number).state == "stopped"


def test_an_owner_asks_online_and_the_desk_finds_it_filled_in(home: AtHome) -> None:
    owner = home.owner()
    owner.open("/home/letting/")
    owner.page.check("[name=what][value=out]")
    owner.page.select_option("[name=tenant]", index=1)
    owner.press("form[action$='/ask'] button")
    number = owner.page.locator("main .code").last.inner_text()
    desk = home.desk
    assert home.seen(number, "register", desk.clerk) == ["confirm_out"]
    today = desk.clock.now().astimezone(desk.engine.zone).date().isoformat()
    assert home.seen(number, "confirm_out", desk.clerk, moved_out_on=today, keys_returned=True) == [
        "check_out"
    ]
    assert home.seen(number, "check_out", desk.other_clerk, outcome="confirm", how="seen") == []
    assert not desk.may_act(desk.tenant)


def test_a_tenant_who_is_still_there_stays_until_they_have_left(home: AtHome) -> None:
    number, desk = home.begun("tenant_change"), home.desk
    tenant = str(next(one.id for one in desk.relations() if one.kind == "tenant"))
    out: dict[str, Json] = {"change": "out", "tenant": tenant, "told_by": "owner", **CONTACT}
    assert home.seen(number, "register", desk.clerk, **out) == ["confirm_out"]
    today = desk.clock.now().astimezone(desk.engine.zone).date().isoformat()
    home.do(number, "confirm_out", desk.clerk, moved_out_on=today, keys_returned=True)
    no: dict[str, Json] = {"outcome": "reject", "note": "还住着"}
    assert home.seen(number, "check_out", desk.other_clerk, **no) == ["confirm_out"]
    assert desk.may_act(desk.tenant)


def test_a_renewal_is_entered_and_a_check_that_differs_goes_back(home: AtHome) -> None:
    number, desk = home.begun("tenant_change"), home.desk
    tenant = str(next(one.id for one in desk.relations() if one.kind == "tenant"))
    renew: dict[str, Json] = {"change": "renew", "tenant": tenant, "told_by": "owner", **CONTACT}
    assert home.seen(number, "register", desk.clerk, **renew) == ["enter"]
    ends = (desk.clock.now() + timedelta(days=400)).date().isoformat()
    assert home.seen(number, "enter", desk.clerk, lease_ends_on=ends) == ["second_check"]
    wrong = {**AGAIN, "again_name": "不是他"}
    assert home.seen(number, "second_check", desk.other_clerk, **wrong) == ["enter"]


@pytest.mark.parametrize(("outcome", "then"), [("renew", ["enter"]), ("leave", ["confirm_out"])])
def test_a_lease_that_ends_is_handled(home: AtHome, outcome: str, then: list[str]) -> None:
    desk = home.desk
    lease_until(desk, (desk.clock.now() + timedelta(days=10)).date())
    leases.watch(desk.engine)
    number = home.newest()
    assert home.seen(number, "lease_end", desk.clerk, outcome=outcome) == then


# --- moving in ----------------------------------------------------------------------------------------------


def test_papers_that_are_missing_at_the_counter_wait(home: AtHome) -> None:
    number, clerk = home.begun("move_in"), home.desk.clerk
    missing: dict[str, Json] = {"outcome": "missing", "appears": "owner", "missing": ["buyer_id"]}
    assert home.seen(number, "check_papers", clerk, **missing) == ["wait_papers"]
    assert home.seen(number, "wait_papers", clerk, note="到了") == ["check_papers"]
    bound: dict[str, Json] = {"outcome": "bound", "appears": "owner", "seen": ["id"]}
    assert home.seen(number, "check_papers", clerk, **bound) == []
    assert home.desk.steps(home.newest()) == ["register"], "the house is bound: a transfer begins"


@pytest.mark.parametrize(("said", "then"), [("confirmed", ["second_check"]), ("refused", ["wait_papers"])])
def test_without_a_message_two_people_look_at_the_document(home: AtHome, said: str, then: list[str]) -> None:
    number, desk = home.to_register(), home.desk
    assert home.seen(number, "register", desk.clerk, outcome="failed") == ["check_id"]
    seen: dict[str, Json] = {"seen": ["photo", "original", "valid"], "note": "海外号码"}
    assert home.seen(number, "check_id", desk.clerk, **seen) == ["confirm_id"]
    more = {} if said == "confirmed" else {"note": "照片不符"}
    assert home.seen(number, "confirm_id", desk.other_clerk, outcome=said, **more) == then


def test_after_the_check_defects_go_to_the_developer_and_keys_to_the_owner(home: AtHome) -> None:
    number, desk = home.to_register(), home.desk
    home.do(number, "register", desk.clerk, outcome="verified")
    again: dict[str, Json] = {"outcome": "confirm", "again_name": "别人", "again_phone": desk.contact}
    again["again_id_number"] = NEW_OWNER["id_number"]
    assert home.seen(number, "second_check", desk.desk_lead, **again) == ["enter_data"]
    home.do(number, "enter_data", desk.clerk, entry="keep")
    home.do(number, "register", desk.clerk, outcome="verified")
    again["again_name"] = f"李{desk.contact[-4:].lstrip('0')}"
    assert home.seen(number, "second_check", desk.desk_lead, **again) == ["inspect", "set_fees"]
    found: dict[str, Json] = {"outcome": "defects", "defects": [{"place": "厨房", "what": "渗漏"}]}
    home.seen(number, "inspect", desk.plumber, **found, water=1, power=3)
    home.seen(number, "report_defects", desk.clerk, sent_to="developer")
    home.seen(number, "keys", desk.clerk, keys=3, cards=2, signed=True)
    today = desk.clock.now().date().isoformat()
    assert home.seen(number, "set_fees", desk.finance, items=["service"], starts_on=today, area=89) == []
    assert desk.record(number).state == "closed"


def test_without_defects_the_keys_are_handed_over_at_once(home: AtHome) -> None:
    number, desk = home.to_register(), home.desk
    home.do(number, "register", desk.clerk, outcome="verified")
    again: dict[str, Json] = {"again_phone": desk.contact, "again_id_number": NEW_OWNER["id_number"]}
    again["again_name"] = f"李{desk.contact[-4:].lstrip('0')}"
    home.do(number, "second_check", desk.desk_lead, outcome="confirm", **again)
    fine: dict[str, Json] = {"outcome": "fine", "water": 1, "power": 3}
    assert home.seen(number, "inspect", desk.plumber, **fine) == ["keys", "set_fees"]


def test_a_new_tenant_is_entered_word_for_word(home: AtHome) -> None:
    number, desk = home.asked_of_owner(), home.desk
    home.do(number, "owner_confirm", desk.other_clerk, outcome="agree", how="in_person", id_seen=True)
    ends = (desk.clock.now() + timedelta(days=365)).date().isoformat()
    tenant = {**ENTRY, "lease_ends_on": ends, "others": [{"name": "赵小宝"}]}
    assert home.seen(number, "enter", desk.clerk, **tenant) == ["second_check"]
