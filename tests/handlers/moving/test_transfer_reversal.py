"""A wrong transfer is taken back as a whole, by two who agree."""

import pytest
from sqlalchemy import select

from engine.errors import NotAllowed, Refused
from engine.ports import SYSTEM, Json
from handlers.estate import entry
from handlers.estate.records import RelationKind, estate_relation, estate_vehicle
from handlers.moving import starting
from tests.handlers.moving.moving_world import Desk

STORES = ("sqlite", "postgresql")


def begin(desk: Desk, number: str) -> str:
    with desk.engine.work(desk.clerk) as work:
        return starting.transfer_was_wrong(work, number).number


@pytest.mark.parametrize("database", STORES, indirect=True)
@pytest.mark.both_stores
def test_a_wrong_transfer_is_taken_back_at_one_stroke(desk: Desk) -> None:
    repair = desk.report()
    with desk.engine.work(desk.clerk) as work:
        entry.add_vehicle(work, desk.house, desk.owner_person, "京A12345")
    number = desk.switched()
    desk.do(number, "vehicles", desk.clerk, cards_stopped=True)
    new_owner = desk.account_of_new_owner()
    assert new_owner is not None
    wrong = begin(desk, number)
    desk.do(wrong, "explain", desk.clerk, cause="wrong_house", reason="房号看错")
    desk.do(wrong, "check", desk.desk_lead, outcome="approve")
    assert desk.may_act(new_owner)
    desk.do(wrong, "approve", desk.manager, outcome="approve")
    assert not desk.may_act(new_owner)
    for back in (desk.owner, desk.wife, desk.tenant):
        assert desk.may_act(back)
    assert desk.case(repair).resident_scope_id == desk.house
    assert desk.record(number).state == "reversed"
    desk.do(wrong, "tell_both", desk.clerk, old_told=True, new_told=True)
    assert (desk.record(wrong).state, desk.case(wrong).state) == ("closed", "completed")
    assert [one.valid_to is None for one in desk.relations(RelationKind.OWNER)] == [True, False]


@pytest.mark.parametrize("refuser", ["lead", "manager"])
def test_one_of_the_two_who_refuses_leaves_the_transfer_in_force(desk: Desk, refuser: str) -> None:
    number = desk.switched()
    wrong = begin(desk, number)
    desk.do(wrong, "explain", desk.clerk, cause="other", reason="卖方反悔")
    no = {"outcome": "reject", "note": "凭证真实"}
    if refuser == "lead":
        desk.do(wrong, "check", desk.desk_lead, **no)
    else:
        desk.do(wrong, "check", desk.desk_lead, outcome="approve")
        desk.do(wrong, "approve", desk.manager, **no)
    assert (desk.record(wrong).state, desk.case(wrong).state) == ("stopped", "completed")
    assert not desk.may_act(desk.owner)
    assert desk.record(number).state == "done"


def test_who_asks_for_it_does_not_agree_to_it(desk: Desk) -> None:
    number = desk.switched()
    wrong = begin(desk, number)
    desk.do(wrong, "explain", desk.clerk, cause="other", reason="自己说")
    with pytest.raises(NotAllowed):
        desk.do(wrong, "check", desk.clerk, outcome="approve")
    desk.do(wrong, "check", desk.desk_lead, outcome="approve")
    with pytest.raises(NotAllowed):
        desk.do(wrong, "approve", desk.desk_lead, outcome="approve")


def test_what_was_not_switched_is_not_taken_back(desk: Desk) -> None:
    number = desk.to_check()
    with pytest.raises(Refused, match="没有已生效的变更"):
        begin(desk, number)


def came_through(desk: Desk, name: str, through: int) -> int:
    """Bind somebody of the family of somebody else, checked; return the person."""
    person = desk.person(name, "")
    relation = desk.relate(person, desk.house, RelationKind.FAMILY)
    with desk.engine.work(SYSTEM) as work:
        work.connection.execute(
            estate_relation.update().where(estate_relation.c.id == relation).values(through_person_id=through)
        )
    return person


@pytest.mark.parametrize("database", STORES, indirect=True)
def test_who_came_through_the_wrong_owner_goes_with_them(desk: Desk) -> None:
    number = desk.switched()
    (wrong_owner,) = [one.person_id for one in desk.relations(RelationKind.OWNER) if one.valid_to is None]
    son = came_through(desk, "赵小敏", wrong_owner)
    friend = came_through(desk, "钱友", son)
    with desk.engine.work(desk.clerk) as work:
        own = entry.add_vehicle(work, desk.house, wrong_owner, "京A55555")
        sons = entry.add_vehicle(work, desk.house, son, "京A66666")
        kept = entry.add_vehicle(work, desk.house, desk.owner_person, "京A77777")
    wrong = begin(desk, number)
    desk.do(wrong, "explain", desk.clerk, cause="wrong_house", reason="房号看错")
    desk.do(wrong, "check", desk.desk_lead, outcome="approve")
    desk.do(wrong, "approve", desk.manager, outcome="approve")
    with desk.engine.reading(SYSTEM) as work:
        standing = {
            row.person_id
            for row in work.connection.execute(
                select(estate_relation).where(
                    estate_relation.c.house_id == desk.house, estate_relation.c.valid_to.is_(None)
                )
            )
        }
        rows = work.connection.execute(
            select(estate_vehicle.c.id, estate_vehicle.c.valid_to).where(
                estate_vehicle.c.id.in_((own, sons, kept))
            )
        )
        vehicles = {row.id: row.valid_to for row in rows}
    assert not standing & {wrong_owner, son, friend}
    assert desk.owner_person in standing
    assert [vehicles[one] is None for one in (own, sons, kept)] == [False, False, True]


def test_a_house_that_was_sold_on_is_given_back_step_by_step(desk: Desk) -> None:
    first = desk.switched()
    desk.hand_over(first)
    buyer: dict[str, Json] = {"name": "孙远", "id_number": "110101199003071233", "phone": "13955557777"}
    second = desk.to_entry()
    desk.enter(second, **buyer)
    desk.check(second, **{f"again_{key}": value for key, value in buyer.items()})
    with pytest.raises(Refused, match=f"请先撤回 {second}"):
        begin(desk, first)
    wrong = begin(desk, second)
    for step, by, answers in (
        ("explain", desk.clerk, {"cause": "other", "reason": "凭证是假的"}),
        ("check", desk.desk_lead, {"outcome": "approve"}),
        ("approve", desk.manager, {"outcome": "approve"}),
        ("tell_both", desk.clerk, {"old_told": True, "new_told": True}),
    ):
        desk.do(wrong, step, by, **answers)
    begin(desk, first)


def test_taking_a_part_sale_back_gives_the_owner_the_whole_and_keeps_the_family(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number, "share")
    desk.papers(number)
    desk.do(number, "shares", desk.clerk, leaving=[], note="一半转给朋友")
    desk.do(number, "approve", desk.desk_lead, outcome="approve")
    desk.tell_old(number)
    rest = {"name": "李明", "id_number": "440524188001010014", "phone": "13811112222"}
    desk.enter(number, share="1/2", co_owners=[{**rest, "share": "1/2"}])
    desk.check(number, others=[rest])
    wrong = begin(desk, number)
    desk.do(wrong, "explain", desk.clerk, cause="other", reason="合同已解除")
    desk.do(wrong, "check", desk.desk_lead, outcome="approve")
    desk.do(wrong, "approve", desk.manager, outcome="approve")
    assert [desk.may_act(one) for one in (desk.owner, desk.wife)] == [True, True]
    owners = [one for one in desk.relations() if one.valid_to is None and one.kind in ("owner", "co_owner")]
    assert [(one.person_id, one.kind) for one in owners] == [(desk.owner_person, "owner")]
