"""Access before and after a switch: all at once or not at all, and nothing for those it does not concern."""

from typing import Any

import pytest
from sqlalchemy import event

from engine import inbox, instances, tasks
from engine.errors import Invalid, NotAllowed, NotFound, Problem
from engine.ports import SYSTEM, Actor
from engine.work import Work
from handlers.estate import authorisation, revealing
from handlers.estate.authorisation import Purpose
from handlers.estate.records import RelationKind, estate_relation
from handlers.estate.revealing import RevealRequest
from handlers.repair import queries
from handlers.repair.records import Area
from tests.handlers.moving.moving_world import NEW_OWNER, Desk

STORES = ("sqlite", "postgresql")


class PowerCut(BaseException):
    """The machine stops."""


@pytest.mark.parametrize("database", STORES, indirect=True)
@pytest.mark.parametrize("statement", ["UPDATE estate_relation", "INSERT INTO moving_change", "COMMIT"])
@pytest.mark.both_stores
def test_a_cut_in_the_middle_of_the_switch_leaves_the_old_state_whole(desk: Desk, statement: str) -> None:
    number = desk.to_check()
    seen: list[str] = []

    def cut(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        seen.append(sql)
        if len([one for one in seen if one.startswith(statement)]) == 2:
            raise PowerCut

    def cut_at_end(_connection: Any) -> None:
        raise PowerCut

    engine = desk.engine.database.writer
    name, listener = ("commit", cut_at_end) if statement == "COMMIT" else ("before_cursor_execute", cut)
    event.listen(engine, name, listener)
    try:
        with pytest.raises(PowerCut):
            desk.check(number)
    finally:
        event.remove(engine, name, listener)
    assert desk.may_act(desk.owner)
    assert desk.may_act(desk.wife)
    assert [one.valid_to for one in desk.relations()] == [None] * 4
    assert desk.record(number).done_at is None


def test_the_old_owner_who_is_signed_in_sees_nothing_of_the_house_any_more(desk: Desk) -> None:
    repair = desk.report()
    number = desk.to_check()
    with desk.engine.reading(desk.owner) as work:
        assert [one.number for one in queries.own_reports(work)] == [repair]
    desk.check(number)
    for former in (desk.owner, desk.wife):
        with desk.engine.reading(former) as work:
            assert queries.own_reports(work) == []
            assert work.memberships == ()
            with pytest.raises(NotFound):
                queries.order(work, repair)


def test_the_tenant_keeps_the_own_case_and_the_new_owner_does_not_see_it(desk: Desk) -> None:
    owner, desk.owner = desk.owner, desk.tenant
    repair = desk.report()
    desk.owner = owner
    desk.switched()
    with desk.engine.reading(desk.tenant) as work:
        assert queries.order(work, repair).line.number == repair
    assert desk.case(repair).resident_scope_id == desk.house
    with desk.engine.reading(new_owner(desk)) as work:
        assert queries.own_reports(work) == []


def new_owner(desk: Desk) -> Actor:
    found = desk.account_of_new_owner()
    assert found is not None
    return found


def test_the_new_owner_sees_the_old_owners_open_common_fault_and_nothing_else(desk: Desk) -> None:
    private = desk.report()
    common = desk.report(fault="P01", text="楼道灯不亮", area=Area.COMMON)
    desk.switched()
    with desk.engine.reading(new_owner(desk)) as work:
        assert [one.number for one in queries.own_reports(work)] == [common]
        with pytest.raises(NotFound):
            queries.order(work, private)
        assert queries.order(work, common).contact_name == "李*"


def test_a_step_that_the_old_owner_held_goes_to_the_desk(desk: Desk) -> None:
    repair = desk.report()
    desk.accept(repair)
    desk.repair(repair)
    task_id = desk.task(repair, "confirm").id
    desk.engine.run(desk.owner, lambda work: tasks.claim(work, task_id))
    desk.switched()
    for actor in (desk.owner, new_owner(desk), desk.tenant):
        with pytest.raises(Problem):
            desk.engine.run(actor, lambda work: tasks.complete(work, task_id, {"outcome": "unsatisfied"}))
    desk.do(repair, "confirm", desk.other_clerk, outcome="satisfied", speed="5", quality="5", attitude="5")
    assert desk.order(repair).state == "closed"


def test_open_matters_go_to_the_new_owner_when_the_desk_says_so(desk: Desk) -> None:
    repair = desk.report()
    number = desk.switched()
    with desk.engine.reading(desk.clerk) as work:
        offered = inbox.detail(work, desk.task(number, "matters").id).opened.options["cases"]
    assert [one["label"].split()[0] for one in offered] == [repair]
    desk.do(number, "matters", desk.clerk, to_new=[offered[0]["value"]])
    assert desk.case(repair).resident_scope_id == desk.house


def test_who_entered_does_not_check_whatever_post_they_hold(desk: Desk) -> None:
    number = desk.to_entry()
    desk.enter(number, by=desk.desk_lead)
    with pytest.raises(NotAllowed):
        desk.check(number, by=desk.desk_lead)
    assert desk.may_act(desk.owner)
    desk.check(number, by=desk.other_clerk)
    assert not desk.may_act(desk.owner)


def test_after_three_checks_that_differed_only_the_lead_checks(desk: Desk) -> None:
    number = desk.to_check()
    for phone in ("13955556661", "13955556662", "13955556663"):
        desk.check(number, by=desk.other_clerk, again_phone=phone)
        desk.do(number, "enter", desk.clerk, entry="keep")
    with pytest.raises(NotAllowed):
        desk.check(number, by=desk.other_clerk)
    desk.check(number, by=desk.desk_lead)
    assert not desk.may_act(desk.owner)


def test_nothing_of_the_new_owner_stands_in_the_case_itself(desk: Desk) -> None:
    number = desk.to_check()
    with desk.engine.reading(SYSTEM) as work:
        variables = instances.variables(work, desk.case(number))
        facts = inbox.detail(work, desk.task(number, "second_check").id).opened
    shown = f"{variables} {facts.facts} {facts.values} {facts.options} {desk.record(number)}"
    for personal in ("赵敏", "11010519491231002X", "13955556666", "李明", "13811112222"):
        assert personal not in shown
    assert set(variables) == {"notice_at", "way", "special", "outcome", "same"}


def test_what_the_new_owner_agreed_to_holds_and_nothing_more(desk: Desk) -> None:
    desk.switched()
    person_id = desk.relations(RelationKind.OWNER)[-1].person_id

    def agreed(work: Work, purpose: Purpose) -> bool:
        return authorisation.is_authorised(work, person_id, purpose)

    with desk.engine.reading(SYSTEM) as work:
        assert [agreed(work, one) for one in Purpose] == [True, True, False, False]
    request = RevealRequest(desk.owner_person, desk.house, Purpose.EMERGENCY, "漏水找原业主")
    with pytest.raises(NotFound):
        revealing.reveal(desk.engine, desk.clerk, request)


def test_of_two_owners_one_leaves_and_the_others_family_stays(desk: Desk) -> None:
    other = desk.person("郑洁", "13844445555")
    leaving = desk.relate(other, desk.house, RelationKind.CO_OWNER)
    their_child = desk.person("郑一", "13844446666")
    desk.family(their_child, other)
    child = desk.resident(their_child)
    number = desk.told_of_transfer()
    desk.register(number, "share")
    desk.papers(number)
    assert desk.steps(number) == ["shares"]
    desk.do(number, "shares", desk.clerk, leaving=[str(leaving)], note="妻子转给丈夫的朋友")
    desk.do(number, "approve", desk.desk_lead, outcome="approve")
    desk.tell_old(number)
    desk.enter(number)
    desk.check(number)
    assert desk.may_act(desk.owner)
    assert desk.may_act(desk.wife)
    assert not desk.may_act(child)


def answer(desk: Desk, number: str, step: str, found: dict[str, Any]) -> None:
    task_id = desk.task(number, step).id

    def complete(work: Work) -> None:
        tasks.claim(work, task_id)
        tasks.complete(work, task_id, found)

    desk.engine.run(desk.clerk, complete)


@pytest.mark.parametrize(
    ("way", "step", "found"),
    [
        ("inheritance", "heirs", {"paper": "notarised", "number": "公证2026-8", "all_heirs": True}),
        ("court", "court", {"court": "朝阳法院", "number": "（2026）京0105执1号", "in_force": True}),
    ],
)
def test_heirs_and_courts_are_looked_at_by_two(desk: Desk, way: str, step: str, found: Any) -> None:
    found = {**found, "leaving": [str(desk.relations(RelationKind.OWNER)[0].id)]}
    number = desk.told_of_transfer()
    desk.register(number, way)
    desk.papers(number, proof="court_document" if way == "court" else "notarised")
    answer(desk, number, step, found)
    desk.do(number, "approve", desk.desk_lead, outcome="reject", note="缺一位继承人签字")
    assert (desk.steps(number), desk.record(number).papers_at) == (["wait_papers"], None)
    desk.do(number, "wait_papers", desk.clerk, note="签字齐了")
    desk.papers(number, proof="certificate")
    answer(desk, number, step, found)
    desk.do(number, "approve", desk.desk_lead, outcome="approve")
    assert desk.steps(number) == ["tell_old"]


@pytest.mark.parametrize(
    ("way", "proof", "found"),
    [
        ("inheritance", "notarised", {"paper": "notarised", "number": "公证8", "all_heirs": True}),
        ("court", "court_document", {"court": "朝阳法院", "number": "执1号", "in_force": True}),
    ],
)
def test_the_other_owner_stays_when_one_dies_or_a_court_takes_a_part(
    desk: Desk, way: str, proof: str, found: Any
) -> None:
    survivor = desk.person("钱芳", "13822229999")
    desk.relate(survivor, desk.house, RelationKind.CO_OWNER)
    account = desk.resident(survivor)
    gone = str(desk.relations(RelationKind.OWNER)[0].id)
    number = desk.told_of_transfer()
    desk.register(number, way)
    desk.papers(number, proof)
    step = "heirs" if way == "inheritance" else "court"
    answer(desk, number, step, {**found, "leaving": [gone]})
    desk.do(number, "approve", desk.desk_lead, outcome="approve")
    desk.tell_old(number)
    desk.enter(number)
    desk.check(number)
    assert (desk.may_act(account), desk.may_act(desk.owner)) == (True, False)


@pytest.mark.parametrize("way", ["share", "gift"])
def test_an_owner_who_gives_a_part_away_keeps_access_with_the_rest_and_one_relation(
    desk: Desk, way: str
) -> None:
    number = desk.told_of_transfer()
    desk.register(number, way)
    desk.papers(number)
    desk.do(number, "shares", desk.clerk, leaving=[], note="一半转给朋友")
    desk.do(number, "approve", desk.desk_lead, outcome="approve")
    desk.tell_old(number)
    rest = {"name": "李明", "id_number": "440524188001010014", "phone": "13811112222", "share": "1/2"}
    desk.enter(number, share="1/2", co_owners=[rest])
    with desk.engine.reading(desk.desk_lead) as work:
        facts = inbox.detail(work, desk.task(number, "second_check").id).opened.facts
    assert [str(value) for name, value in facts if "份额" in str(name)] == ["1/2", "1/2"]
    desk.check(number, others=[{key: rest[key] for key in ("name", "id_number", "phone")}])
    assert desk.may_act(desk.owner)
    assert desk.may_act(desk.wife)
    open_now = [one for one in desk.relations() if one.valid_to is None and one.kind in ("owner", "co_owner")]
    assert sorted((one.person_id == desk.owner_person, one.share) for one in open_now) == [
        (False, "1/2"),
        (True, "1/2"),
    ]
    assert desk.told("transfer_done_old") == []


def test_new_shares_beside_that_of_an_owner_who_stays_come_to_the_whole_at_most(desk: Desk) -> None:
    with desk.engine.work(SYSTEM) as work:
        work.connection.execute(
            estate_relation.update()
            .where(estate_relation.c.person_id == desk.owner_person)
            .values(share="3/4")
        )
    number = desk.told_of_transfer()
    desk.register(number, "share")
    desk.papers(number)
    desk.do(number, "shares", desk.clerk, leaving=[], note="一半转给朋友")
    desk.do(number, "approve", desk.desk_lead, outcome="approve")
    desk.tell_old(number)
    with pytest.raises(Invalid) as refused:
        desk.enter(number, share="1/2")
    assert set(refused.value.fields) == {"share"}
    desk.enter(number, share="1/4")


def test_what_the_only_lead_found_is_approved_by_the_manager_once_it_is_late(desk: Desk) -> None:
    number = desk.told_of_transfer()
    desk.register(number, "share")
    desk.papers(number)
    desk.later(hours=16, minutes=1)
    desk.do(number, "shares", desk.desk_lead, leaving=[], note="析产")
    desk.later(minutes=1)
    with pytest.raises(NotAllowed):
        desk.do(number, "approve", desk.desk_lead, outcome="approve")
    desk.do(number, "approve", desk.manager, outcome="approve")
    assert desk.steps(number) == ["tell_old"]


def test_nobody_is_entered_as_owner_twice(desk: Desk) -> None:
    number = desk.to_entry()
    with pytest.raises(Invalid) as refused:
        desk.enter(number, co_owners=[{**NEW_OWNER, "share": "1/2"}])
    assert set(refused.value.fields) == {"co_owners.0.name"}
