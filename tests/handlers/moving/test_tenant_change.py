"""A tenant comes, stays or goes, and what a lease's end does and does not do."""

import re
from datetime import date, timedelta

import pytest

from engine import definitions, instances
from engine.errors import Invalid, NotAllowed, Refused
from engine.ids import new_id
from engine.ports import SYSTEM, Actor, Json
from handlers.errors import RuleRefused
from handlers.estate.records import RelationKind, estate_relation
from handlers.moving import leases, starting
from handlers.moving.starting import Notice
from tests.handlers.moving.moving_world import AGAIN, ENTRY, Desk
from tests.handlers.repair.tables import PROCESSES

STORES = ("sqlite", "postgresql")
PRESENT: dict[str, Json] = {"how": "in_person", "id_seen": True}


def told(desk: Desk, ago: timedelta = timedelta(0)) -> str:
    with desk.engine.work(desk.clerk) as work:
        notice = Notice(desk.house, desk.clock.now() - ago, "phone")
        return starting.notice_of_tenant(work, notice).number


def register(desk: Desk, number: str, change: str, by: str = "owner", **more: Json) -> None:
    contact: dict[str, Json] = {"contact_name": "李明", "contact_phone": "13811112222"}
    desk.do(number, "register", desk.clerk, change=change, told_by=by, **contact, **more)


def enter(desk: Desk, number: str, **more: Json) -> None:
    ends = (desk.clock.now() + timedelta(days=365)).date().isoformat()
    desk.do(number, "enter", desk.clerk, **({**ENTRY, "lease_ends_on": ends} | more))


def tenancy(desk: Desk) -> int:
    (row,) = [one for one in desk.relations(RelationKind.TENANT) if one.person_id == desk.tenant_person]
    return int(row.id)


def lease_until(desk: Desk, day: date) -> None:
    with desk.engine.work(SYSTEM) as work:
        work.connection.execute(
            estate_relation.update().where(estate_relation.c.id == tenancy(desk)).values(lease_ends_on=day)
        )


@pytest.mark.parametrize("database", STORES, indirect=True)
@pytest.mark.both_stores
def test_a_tenant_of_whom_the_owner_tells_moves_in_after_the_check(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in")
    enter(desk, number, others=[{"name": "赵小宝"}], is_payer=True)
    assert len([one for one in desk.relations(RelationKind.TENANT) if one.check_state == "checked"]) == 1
    desk.do(number, "second_check", desk.other_clerk, **AGAIN)
    tenant = desk.relations(RelationKind.TENANT)[-1]
    assert (tenant.check_state, tenant.is_payer) == ("checked", True)
    assert tenant.lease_ends_on == (desk.clock.now() + timedelta(days=365)).date()
    child = [one for one in desk.relations(RelationKind.FAMILY) if one.through_person_id == tenant.person_id]
    assert [one.check_state for one in child] == ["checked"]
    assert (desk.record(number).state, desk.case(number).state) == ("closed", "completed")
    assert desk.told("tenant_granted") == [[f"person:{tenant.person_id}"]]
    owner = [f"person:{desk.owner_person}"]
    assert [desk.told("tenant_owner_told"), desk.told("tenant_granted_owner")] == [[owner], [owner]]


def test_a_tenant_who_tells_of_themselves_needs_the_owners_word(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in", by="tenant")
    assert desk.steps(number) == ["owner_confirm"]
    assert desk.task(number, "owner_confirm").due_at == desk.clock.now() + timedelta(hours=12)
    desk.do(number, "owner_confirm", desk.other_clerk, **PRESENT, outcome="agree")
    assert desk.steps(number) == ["enter"]


def test_an_owner_who_refuses_ends_it(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in", by="agent")
    desk.do(number, "owner_confirm", desk.other_clerk, **PRESENT, outcome="refuse", note="没有出租")
    assert (desk.record(number).state, desk.case(number).state) == ("stopped", "completed")
    assert len(desk.relations(RelationKind.TENANT)) == 1


def test_the_limits_run_from_the_notice(desk: Desk) -> None:
    noticed_at = desk.clock.now() - timedelta(hours=2)
    number = told(desk, timedelta(hours=2))
    register(desk, number, "in")
    assert desk.task(number, "enter").due_at == noticed_at + timedelta(hours=16)
    desk.later(hours=3)
    enter(desk, number)
    assert desk.task(number, "second_check").due_at == noticed_at + timedelta(hours=20)
    assert desk.case(number).due_at == noticed_at + timedelta(hours=24)
    desk.at(noticed_at + timedelta(hours=24))
    assert [level for step, level in desk.warned(number) if step == "second_check"] == [1, 2, 3]


def test_who_entered_does_not_check_and_what_differs_goes_back(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in")
    enter(desk, number)
    with pytest.raises(NotAllowed):
        desk.do(number, "second_check", desk.clerk, **AGAIN)
    desk.do(number, "second_check", desk.other_clerk, **(AGAIN | {"again_name": "赵明"}))
    assert desk.steps(number) == ["enter"]
    desk.do(number, "enter", desk.clerk, entry="keep")
    desk.do(number, "second_check", desk.other_clerk, **AGAIN)
    assert desk.record(number).done_at is not None


def test_a_lease_that_has_ended_already_is_refused(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in")
    with pytest.raises(Invalid) as refused:
        enter(desk, number, lease_ends_on=desk.clock.now().date().isoformat())
    assert set(refused.value.fields) == {"lease_ends_on"}


def test_a_lease_runs_no_longer_than_the_law_lets_it(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in")
    today = desk.clock.now().date()
    with pytest.raises(Invalid) as refused:
        enter(desk, number, lease_ends_on=today.replace(year=today.year + 20, month=12, day=31).isoformat())
    assert set(refused.value.fields) == {"lease_ends_on"}
    enter(desk, number, lease_ends_on=today.replace(year=today.year + 20).isoformat())


def test_no_clerk_speaks_for_the_owner_alone_or_before_the_owners_time_is_up(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "in", by="tenant")
    with pytest.raises(NotAllowed):  # who registered it
        desk.do(number, "owner_confirm", desk.clerk, **PRESENT, outcome="agree")
    for how in ({"how": "phone"}, {"how": "in_person"}):  # too early; no document seen
        with pytest.raises(Invalid):
            desk.do(number, "owner_confirm", desk.other_clerk, **how, outcome="agree")
    desk.later(hours=12, minutes=1)
    with pytest.raises(NotAllowed):
        desk.do(number, "call_owner", desk.clerk, outcome="agree", how="phone")
    desk.do(number, "call_owner", desk.other_clerk, outcome="agree", how="phone")
    with pytest.raises(NotAllowed):  # who wrote the owner's word down enters nobody
        desk.do(number, "enter", desk.other_clerk, entry="new")
    assert desk.told("tenant_owner_agreed") == [[f"person:{desk.owner_person}"]]


def test_nobody_is_put_out_by_one_clerk_and_both_sides_are_told_before_and_after(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "out", tenant=str(tenancy(desk)))
    owner, tenant = [f"person:{desk.owner_person}"], [f"person:{desk.tenant_person}"]
    assert desk.told("tenant_leaving") == [owner, tenant]
    today = desk.clock.now().date().isoformat()
    with pytest.raises(Invalid) as refused:
        desk.do(number, "confirm_out", desk.clerk, moved_out_on="1999-01-01", keys_returned=True)
    assert set(refused.value.fields) == {"moved_out_on"}
    desk.do(number, "confirm_out", desk.clerk, moved_out_on=today, keys_returned=True)
    with pytest.raises(NotAllowed):
        desk.do(number, "check_out", desk.clerk, outcome="confirm", how="tenant")
    desk.do(number, "check_out", desk.other_clerk, outcome="reject", note="租户说没有搬")
    assert (desk.steps(number), desk.may_act(desk.tenant)) == (["confirm_out"], True)
    assert desk.told("tenant_left", "tenant_left_owner") == []
    desk.moved_out(number)
    assert desk.told("tenant_left", "tenant_left_owner") == [tenant, owner]
    assert not desk.may_act(desk.tenant)


def test_the_lead_ends_a_false_notice_of_leaving_and_the_tenant_stays(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "out", tenant=str(tenancy(desk)))
    with pytest.raises(NotAllowed), desk.engine.work(desk.clerk) as work:
        instances.cancel(work, desk.case(number).id, "没有退租")
    with desk.engine.work(desk.desk_lead) as work:
        instances.cancel(work, desk.case(number).id, "没有退租")
    assert desk.may_act(desk.tenant)
    assert len(desk.told("tenant_stays")) == 2


def test_a_renewal_changes_the_end_of_the_lease_and_nothing_else(desk: Desk) -> None:
    number = told(desk)
    register(desk, number, "renew", tenant=str(tenancy(desk)))
    ends = (desk.clock.now() + timedelta(days=400)).date()
    desk.do(number, "enter", desk.clerk, entry="renew", lease_ends_on=ends.isoformat())
    again = AGAIN | {"again_name": "周强", "again_phone": "13877778888"}
    desk.do(number, "second_check", desk.other_clerk, **again)
    (tenant,) = desk.relations(RelationKind.TENANT)
    assert (tenant.lease_ends_on, tenant.valid_to) == (ends, None)
    assert desk.may_act(desk.tenant)


def test_moving_out_ends_access_of_the_tenant_and_who_lived_there_and_of_nobody_else(desk: Desk) -> None:
    flatmate_person = desk.person("吴刚", "13877770001")
    desk.family(flatmate_person, desk.tenant_person)
    flatmate = desk.resident(flatmate_person)
    owner, desk.owner = desk.owner, desk.tenant
    repair = desk.report()
    desk.owner = owner
    number = told(desk)
    register(desk, number, "out", tenant=str(tenancy(desk)))
    today = desk.clock.now().date()
    with pytest.raises(Invalid):
        tomorrow = (today + timedelta(days=1)).isoformat()
        desk.do(number, "confirm_out", desk.clerk, moved_out_on=tomorrow, keys_returned=True)
    assert desk.may_act(desk.tenant)
    desk.moved_out(number)
    assert [desk.may_act(one) for one in (desk.tenant, flatmate)] == [False, False]
    assert [desk.may_act(one) for one in (desk.owner, desk.wife)] == [True, True]
    assert desk.case(repair).resident_scope_id is None
    assert desk.record(number).state == "closed"


@pytest.mark.parametrize("database", STORES, indirect=True)
@pytest.mark.both_stores
def test_a_lease_that_ends_within_thirty_days_opens_one_task_for_the_desk(desk: Desk) -> None:
    ends = (desk.clock.now() + timedelta(days=31)).date()
    lease_until(desk, ends)
    assert leases.watch(desk.engine) == 0
    desk.clock.advance(days=1)
    assert leases.watch(desk.engine) == 1
    assert leases.watch(desk.engine) == 0
    assert desk.steps("L20261124-0001") == ["lease_end"]
    due_at = desk.task("L20261124-0001", "lease_end").due_at
    assert due_at.astimezone(desk.engine.zone).date() == ends + timedelta(days=1)


@pytest.mark.parametrize("database", STORES, indirect=True)
def test_a_second_tenant_whose_lease_ends_the_same_day_is_a_task_of_its_own(desk: Desk) -> None:
    lease_until(desk, (desk.clock.now() + timedelta(days=20)).date())
    assert leases.watch(desk.engine) == 1
    (first,) = desk.relations(RelationKind.TENANT)
    second = first._asdict() | {"id": new_id(), "person_id": desk.person("吴刚", "13877770001")}
    with desk.engine.work(SYSTEM) as work:
        work.connection.execute(estate_relation.insert().values(second))
    assert [leases.watch(desk.engine) for _ in range(2)] == [1, 0]


def test_a_lease_that_was_over_when_it_was_noticed_leaves_the_desk_three_days(desk: Desk) -> None:
    lease_until(desk, (desk.clock.now() - timedelta(days=40)).date())
    assert leases.watch(desk.engine) == 1
    due_at = desk.task("L20261123-0001", "lease_end").due_at
    assert due_at == desk.clock.now() + timedelta(days=3)


def test_a_lease_that_is_over_ends_nobodys_access(desk: Desk) -> None:
    lease_until(desk, (desk.clock.now() + timedelta(days=10)).date())
    leases.watch(desk.engine)
    number = desk.record("L20261123-0001").number
    desk.later(days=20)
    assert desk.may_act(desk.tenant)
    assert [level for step, level in desk.warned(number) if step == "lease_end"] == [1, 2, 3]
    desk.do(number, "lease_end", desk.clerk, outcome="leave")
    assert desk.may_act(desk.tenant)
    assert desk.task(number, "confirm_out").due_at == desk.clock.now() + timedelta(hours=16)
    desk.moved_out(number)
    assert not desk.may_act(desk.tenant)


def test_a_lease_that_is_renewed_at_its_end_is_watched_again(desk: Desk) -> None:
    lease_until(desk, (desk.clock.now() + timedelta(days=10)).date())
    leases.watch(desk.engine)
    number = "L20261123-0001"
    desk.do(number, "lease_end", desk.clerk, outcome="renew")
    ends = (desk.clock.now() + timedelta(days=40)).date()
    desk.do(number, "enter", desk.clerk, entry="renew", lease_ends_on=ends.isoformat())
    again = AGAIN | {"again_name": "周强", "again_phone": "13877778888"}
    desk.do(number, "second_check", desk.other_clerk, **again)
    assert leases.watch(desk.engine) == 0
    desk.clock.advance(days=11)
    assert leases.watch(desk.engine) == 1


def test_a_cancelled_change_leaves_nobody_behind(desk: Desk) -> None:
    people = desk.people_count()
    number = told(desk)
    register(desk, number, "in")
    enter(desk, number)
    with desk.engine.work(desk.clerk) as work:
        instances.cancel(work, desk.case(number).id, "不租了")
    assert desk.people_count() == people
    assert desk.record(number).state == "stopped"


def test_a_tenant_stays_when_the_house_is_sold_and_goes_to_the_new_owners_side(desk: Desk) -> None:
    desk.switched()
    assert desk.may_act(desk.tenant)
    number = told(desk)
    register(desk, number, "out", tenant=str(tenancy(desk)))
    desk.moved_out(number)
    assert not desk.may_act(desk.tenant)


def test_only_the_desk_takes_notices_of_tenants_in(desk: Desk) -> None:
    for actor in (desk.plumber, desk.tenant, desk.finance):
        with pytest.raises((NotAllowed, Refused)), desk.engine.work(Actor(actor.id, actor.kind)) as work:
            starting.notice_of_tenant(work, Notice(desk.house, desk.clock.now(), "phone"))


def of_before(diagram: str) -> str:
    """Draw the diagram as it was before a second person looked at who moved out."""
    gone = r"check_out|is_out(?!_to_end_access)|note_c1_out|link_c1_out"
    for element in (
        rf'<bpmn:(userTask|exclusiveGateway|textAnnotation) id="({gone})".*?</bpmn:\1>',
        rf'<bpmn:association id="({gone})"[^>]*/>',
        r'<bpmn:sequenceFlow id="(check_out_to_is_out)"[^>]*/>',
        r'<bpmn:sequenceFlow id="(is_out_to_confirm_out|is_out_to_end_access)".*?</bpmn:sequenceFlow>',
        rf"<bpmn:flowNodeRef>({gone})</bpmn:flowNodeRef>",
        r"<bpmn:incoming>(is_out_to_confirm_out)</bpmn:incoming>",
        r'<bpmndi:BPMN(Shape|Edge) id="(check_out|is_out|note_c1_out|link_c1_out)\w*_di".*?</bpmndi:BPMN\1>',
    ):
        diagram = re.sub(element, "", diagram, flags=re.DOTALL)
    diagram = diagram.replace("is_out_to_end_access", "confirm_out_to_check_out")
    return diagram.replace('targetRef="check_out"', 'targetRef="end_access"')


def test_a_case_of_an_earlier_diagram_ends_no_access_and_says_what_to_do(desk: Desk) -> None:
    current = (PROCESSES / "tenant_change.bpmn").read_text(encoding="utf-8")
    with desk.engine.work(SYSTEM) as work:
        definitions.deploy(work, "earlier", {"tenant_change.bpmn": of_before(current).encode()})
    number = told(desk)
    register(desk, number, "out", tenant=str(tenancy(desk)))
    today = desk.clock.now().date().isoformat()
    with pytest.raises(RuleRefused, match="请主管取消此事") as refused:
        desk.do(number, "confirm_out", desk.clerk, moved_out_on=today, keys_returned=True)
    assert refused.value.code == "not_checked"
    assert (desk.steps(number), desk.may_act(desk.tenant)) == (["confirm_out"], True)
    with desk.engine.work(desk.desk_lead) as work:
        instances.cancel(work, desk.case(number).id, "按新流程重新登记")
    assert desk.case(number).state == "cancelled"
