"""A change of owner from the notice to the end, and every way off the main path."""

from datetime import timedelta

import pytest

from engine import inbox, instances
from engine.errors import Conflict, Invalid, NotAllowed, Refused
from handlers.estate.records import CheckState, RelationKind
from tests.handlers.moving.moving_world import NEW_OWNER, Desk

STORES = ("sqlite", "postgresql")


@pytest.mark.parametrize("database", STORES, indirect=True)
@pytest.mark.both_stores
def test_a_house_changes_hands_from_the_notice_to_the_end(desk: Desk) -> None:
    number = desk.told_of_transfer()
    assert desk.steps(number) == ["register"]
    desk.register(number)
    desk.later(hours=2)
    desk.papers(number)
    desk.tell_old(number)
    desk.enter(number)
    assert desk.may_act(desk.owner)
    desk.check(number)
    assert not desk.may_act(desk.owner)
    assert not desk.may_act(desk.wife)
    assert desk.may_act(desk.tenant)
    assert desk.steps(number) == ["fees", "keys", "matters", "vehicles"]
    desk.hand_over(number)
    case = desk.record(number)
    assert (case.state, desk.case(number).state) == ("closed", "completed")
    assert case.papers_at - case.noticed_at == timedelta(hours=2)
    new_owner = desk.account_of_new_owner()
    assert new_owner is not None
    assert desk.may_act(new_owner)


def test_a_contract_alone_awaits_the_title_and_changes_no_access(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number)
    with pytest.raises(Invalid) as refused:
        desk.papers(number, proof="contract")
    assert set(refused.value.fields) == {"proof_kind"}
    missing = {"proof_kind": "contract", "missing": ["proof"], "note": "等证"}
    desk.do(number, "verify", desk.clerk, outcome="missing", **missing)
    assert (desk.record(number).state, desk.steps(number)) == ("awaiting_title", ["wait_papers"])
    assert desk.may_act(desk.owner)
    assert [one.person_id for one in desk.relations(RelationKind.OWNER)] == [desk.owner_person]


def test_the_reason_of_a_transfer_is_asked_for_and_not_guessed(desk: Desk) -> None:
    number = desk.told_of_transfer()
    with desk.engine.reading(desk.clerk) as work:
        assert "way" not in inbox.detail(work, desk.task(number, "register").id).opened.values
    with pytest.raises(Invalid) as refused:
        desk.register(number, way="")
    assert set(refused.value.fields) == {"way"}


def test_the_developers_list_proves_a_first_sale_only(desk: Desk) -> None:
    sale = desk.told_of_transfer()
    desk.register(sale)
    with pytest.raises(Invalid):
        desk.papers(sale, proof="handover_list")
    with desk.engine.work(desk.desk_lead) as work:
        instances.cancel(work, desk.case(sale).id, "登记错了")
    first = desk.told_of_transfer()
    desk.register(first, way="first_sale")
    desk.papers(first, proof="handover_list")
    assert desk.steps(first) == ["tell_old"]


def test_missing_papers_wait_and_both_times_are_kept(desk: Desk) -> None:
    number = desk.told_of_transfer()
    noticed_at = desk.clock.now()
    desk.register(number)
    desk.do(number, "verify", desk.clerk, outcome="missing", missing=["buyer_id"], note="身份证没带")
    desk.later(hours=30)
    assert desk.task(number, "wait_papers").overdue_at is not None
    desk.do(number, "wait_papers", desk.clerk, note="身份证复印件")
    desk.papers(number)
    case = desk.record(number)
    assert (case.noticed_at, case.papers_at - case.noticed_at) == (noticed_at, timedelta(hours=30))
    assert desk.task(number, "tell_old").due_at == noticed_at + timedelta(hours=16)


def test_a_dispute_is_ruled_by_the_manager_and_stopped(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number)
    desk.do(number, "verify", desk.clerk, outcome="disputed", note="法院查封")
    assert desk.steps(number) == ["decide"]
    with pytest.raises(NotAllowed):
        desk.do(number, "decide", desk.desk_lead, outcome="stop", reason="查封中")
    desk.do(number, "decide", desk.manager, outcome="stop", reason="查封中")
    assert (desk.record(number).state, desk.case(number).state) == ("stopped", "completed")
    assert desk.may_act(desk.owner)
    assert len(desk.told("transfer_stopped")) == 1


def test_the_manager_lets_a_disputed_transfer_go_on_with_its_papers_examined_again(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number)
    desk.do(number, "verify", desk.clerk, outcome="disputed", note="有人来电反对")
    desk.do(number, "decide", desk.manager, outcome="go_on", reason="反对人与房屋无关")
    assert desk.steps(number) == ["verify"]


def test_the_old_owner_is_told_before_anything_is_entered(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number)
    desk.papers(number)
    assert desk.steps(number) == ["tell_old"]
    desk.tell_old(number)
    assert desk.told("transfer_announced") == [[f"person:{desk.owner_person}"]]
    assert desk.record(number).told_at == desk.clock.now()


def test_an_owner_who_cannot_be_reached_gets_a_letter_and_it_goes_on(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number)
    desk.papers(number)
    desk.tell_old(number, "unreachable", note="三次未接，挂号信已寄")
    assert desk.steps(number) == ["enter"]


def test_an_owner_who_objects_brings_it_to_the_manager(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number)
    desk.papers(number)
    desk.tell_old(number, "objects", note="没有卖过房")
    assert (desk.steps(number), desk.record(number).state) == (["decide"], "disputed")
    assert desk.record(number).told_at is None


def test_what_is_entered_counts_for_nothing_before_the_check(desk: Desk) -> None:
    number = desk.to_check()
    (old, new) = desk.relations(RelationKind.OWNER)
    assert (old.check_state, old.valid_to, new.check_state) == (CheckState.CHECKED, None, CheckState.PENDING)
    assert desk.steps(number) == ["second_check"]


def test_a_check_that_differs_goes_back_and_what_was_entered_is_replaced(desk: Desk) -> None:
    number = desk.to_check()
    people = desk.people_count()
    desk.check(number, again_phone="13955556667")
    assert (desk.steps(number), desk.record(number).differed) == (["enter"], 1)
    assert desk.outcomes(number, "second_check") == ["differed"]
    desk.enter(number, phone="13955556667")
    assert desk.people_count() == people
    desk.check(number, again_phone="13955556667")
    assert desk.record(number).done_at is not None
    assert desk.outcomes(number, "second_check") == ["differed", "confirm"]


def test_that_a_check_differed_is_found_and_not_chosen(desk: Desk) -> None:
    number = desk.to_check()
    with pytest.raises(Invalid):
        desk.check(number, outcome="differed")


def test_what_was_right_is_kept_and_checked_again(desk: Desk) -> None:
    number = desk.to_check()
    desk.check(number, again_name="赵明")
    desk.do(number, "enter", desk.clerk, entry="keep")
    desk.check(number)
    assert desk.record(number).done_at is not None


def test_the_checker_sends_an_entry_back_with_a_reason(desk: Desk) -> None:
    number = desk.to_check()
    desk.do(number, "second_check", desk.desk_lead, outcome="reject", reason="少录一位共有人")
    with desk.engine.reading(desk.clerk) as work:
        facts = inbox.detail(work, desk.task(number, "enter").id).opened.facts
    assert ["哪里不一致", "少录一位共有人"] in facts


def test_co_owners_are_typed_again_too(desk: Desk) -> None:
    number = desk.to_entry()
    other = {"name": "钱伟", "id_number": "440524188001010014", "phone": "13966667777"}
    desk.enter(number, share="1/2", co_owners=[{**other, "share": "1/2"}])
    with pytest.raises(Invalid):
        desk.check(number)
    desk.check(number, others=[other])
    owners = [one for one in desk.relations() if one.valid_to is None and one.kind in ("owner", "co_owner")]
    assert [(one.kind, one.share) for one in owners] == [("owner", "1/2"), ("co_owner", "1/2")]


def test_somebody_who_has_a_house_already_becomes_the_owner_with_the_account_they_have(desk: Desk) -> None:
    number = desk.to_entry()
    desk.enter(number, name="王芳", phone="13833334444")
    desk.check(number, again_name="王芳", again_phone="13833334444")
    assert desk.may_act(desk.stranger)
    assert desk.told("transfer_done_new") == [[f"person:{desk.relations(RelationKind.OWNER)[-1].person_id}"]]


def test_a_person_on_record_with_another_phone_is_not_overwritten(desk: Desk) -> None:
    desk.person("赵敏", "13900001111", id_type="id_card", id_number=NEW_OWNER["id_number"])
    number = desk.to_entry()
    with pytest.raises(Invalid) as refused:
        desk.enter(number)
    assert set(refused.value.fields) == {"phone"}
    assert desk.relations(RelationKind.OWNER)[-1].person_id == desk.owner_person


def test_a_cancelled_transfer_leaves_everything_as_it_was(desk: Desk) -> None:
    number = desk.to_check()
    people = desk.people_count()
    with desk.engine.work(desk.desk_lead) as work:
        instances.cancel(work, desk.case(number).id, "双方取消买卖")
    assert desk.record(number).state == "stopped"
    assert desk.people_count() == people - 1
    assert [one.person_id for one in desk.relations(RelationKind.OWNER)] == [desk.owner_person]
    assert desk.may_act(desk.owner)


def test_a_second_transfer_of_a_house_waits_for_the_first(desk: Desk) -> None:
    desk.told_of_transfer()
    with pytest.raises(Conflict, match="已有在办"):
        desk.told_of_transfer()


def test_a_notice_from_the_future_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid):
        desk.told_of_transfer(ago=timedelta(hours=-1))


def test_only_the_desk_takes_notices_in(desk: Desk) -> None:
    for actor in (desk.plumber, desk.finance, desk.manager, desk.owner):
        with pytest.raises((NotAllowed, Refused)):
            desk.told_of_transfer(by=actor)
