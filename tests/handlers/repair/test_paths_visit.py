"""Taking orders, giving them back, coming in vain, changing plans."""

from datetime import datetime, timedelta

import pytest

from engine import deadlines, definitions, inbox, tasks
from engine.bpmn.runtime import Run
from engine.errors import Invalid, NotAllowed, Refused
from engine.ports import Actor, Json
from engine.service_tasks import Context
from handlers.errors import ActionNotAllowed, FieldsInvalid
from handlers.estate.records import RelationKind
from handlers.repair import commands, dispatching, merging, queries, reporting, story, visibility, visiting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from tests.handlers.repair.repair_world import FULL_MARKS, OWNER_PHONE, Shop

TENANT_PHONE = "13812340066"


@pytest.fixture
def assigned(shop: Shop) -> str:
    """An order in the plumber's hands."""
    number = shop.report()
    shop.accept(number)
    return number


def give_back(shop: Shop, number: str, worker: object) -> None:
    shop.do(number, "take", worker, outcome="return", reason_code="busy", note="手上有急活")


def test_who_gives_an_order_back_hands_it_to_the_next_best(shop: Shop, assigned: str) -> None:
    give_back(shop, assigned, shop.plumber)
    assert shop.task(assigned, "take").assignee_id == shop.second_plumber.id


def test_an_order_given_back_twice_goes_to_the_lead_though_others_are_free(shop: Shop, assigned: str) -> None:
    shop.skill(shop.electrician, "plumbing")
    give_back(shop, assigned, shop.plumber)
    give_back(shop, assigned, shop.second_plumber)
    assert shop.order(assigned).return_count == 2
    assert shop.steps(assigned) == ["lead_decide"]
    shop.do(
        assigned, "lead_decide", shop.lead, outcome="reassign", worker_id=str(shop.plumber.id), reason="加急"
    )
    assert shop.task(assigned, "take").assignee_id == shop.plumber.id


def test_an_order_is_handed_to_a_colleague(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="transfer", colleague_id=str(shop.second_plumber.id))
    assert shop.task(assigned, "take").assignee_id == shop.second_plumber.id
    assert shop.order(assigned).return_count == 0


def hand(shop: Shop, number: str, step: str, by: Actor, to: Actor) -> None:
    task_id = shop.task(number, step).id
    shop.engine.run(by, lambda work: tasks.reassign(work, task_id, to.id, "换人"))


def test_an_order_follows_a_later_step_into_other_hands(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    shop.do(assigned, "appoint", shop.plumber, outcome="soon")
    before = len(shop.told("repair_appointed"))
    hand(shop, assigned, "arrive", shop.lead, shop.second_plumber)
    order = shop.order(assigned)
    assert order.worker_id == shop.second_plumber.id
    with shop.engine.reading(shop.second_plumber) as work:
        assert visibility.is_sent(work, order)
    with shop.engine.reading(shop.plumber) as work:
        assert not visibility.is_sent(work, order)
    assert shop.told("repair_appointed")[before:] == [[f"repair_order:{order.id}"]]
    shop.do(assigned, "arrive", shop.second_plumber, outcome="met")
    assert shop.task(assigned, "diagnose").assignee_id == shop.second_plumber.id


def test_who_comes_in_somebodys_place_has_no_more_time_than_they_had(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    shop.clock.advance(minutes=30)
    hand(shop, assigned, "appoint", shop.plumber, shop.second_plumber)
    with shop.engine.reading(shop.second_plumber) as work:
        limit = visiting.arrive_by(work, shop.order(assigned))
        shown = inbox.detail(work, shop.task(assigned, "appoint").id).opened.values["arrive_by"]
    assert limit == shop.clock.now() - timedelta(minutes=30) + timedelta(hours=4)
    assert shown == limit.astimezone(shop.engine.zone).strftime("%m-%d %H:%M"), "it stands beside the time"


def test_a_step_handed_on_at_work_changes_who_comes_another_day(shop: Shop, assigned: str) -> None:
    shop.go_to(assigned)
    hand(shop, assigned, "diagnose", shop.plumber, shop.second_plumber)
    assert shop.order(assigned).worker_id == shop.second_plumber.id
    case = shop.case(assigned)
    with shop.engine.reading(shop.lead) as work:
        run = Run.load(definitions.program_of(work, case), case.snapshot)
    for path in ((), ("visit",), ("visit", "work")):
        assert run.variables(path)["worker_id"] == str(shop.second_plumber.id)


def test_a_step_given_back_belongs_to_who_claims_it_next(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    task_id = shop.task(assigned, "appoint").id
    shop.engine.run(shop.plumber, lambda work: tasks.release(work, task_id))
    shop.do(assigned, "appoint", shop.second_plumber, outcome="soon")
    assert shop.task(assigned, "arrive").assignee_id == shop.second_plumber.id
    assert shop.order(assigned).worker_id == shop.second_plumber.id


def test_an_order_is_not_handed_back_to_who_gave_it_back(shop: Shop, assigned: str) -> None:
    give_back(shop, assigned, shop.plumber)
    task, case = shop.task(assigned, "take"), shop.case(assigned)
    answers: dict[str, Json] = {"outcome": "transfer", "colleague_id": str(shop.plumber.id)}
    with pytest.raises(Invalid):
        shop.engine.run(shop.second_plumber, lambda work: tasks.complete(work, task.id, answers))
    # The form offers only the others; the command must not rely on that.
    with pytest.raises(Refused, match="已退单"), shop.engine.work(shop.second_plumber) as work:
        subject = (assigned, shop.community, shop.house)
        dispatching.take(Context(work, case.id, "repair", *subject, "take", task.id, "hand-over"), answers)
    assert shop.task(assigned, "take").assignee_id == shop.second_plumber.id


def test_the_owner_reads_who_did_the_repair_not_who_handed_it_on(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="transfer", colleague_id=str(shop.second_plumber.id))
    shop.repair(assigned, shop.second_plumber)
    with shop.engine.reading(shop.owner) as work:
        facts = dict(inbox.detail(work, shop.task(assigned, "confirm").id).opened.facts)
        names = work.engine.directory.names(work.connection, [shop.second_plumber.id])
    assert set(facts["维修人员"]) == {names[shop.second_plumber.id]}
    assert facts["实际收费"] == ("免费", "Free")


def test_only_the_assigned_repairer_takes_an_order(shop: Shop, assigned: str) -> None:
    with pytest.raises(Exception, match=r"领取|岗位"):
        shop.do(assigned, "take", shop.second_plumber, outcome="taken")


def test_nobody_off_shift_away_or_unable_can_be_sent(shop: Shop) -> None:
    number = shop.report()
    with pytest.raises(Refused):
        shop.accept(number, shop.electrician)
    shop.off_duty(shop.plumber)
    with pytest.raises(Refused):
        shop.accept(number, shop.plumber)
    shop.accept(number, shop.second_plumber)


def test_an_agreed_time_gives_the_owner_a_window(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    visit_at = shop.clock.now() + timedelta(hours=3)
    shop.do(assigned, "appoint", shop.plumber, outcome="fixed", visit_at=visit_at.isoformat())
    order = shop.order(assigned)
    assert (order.window_from, order.window_to) == (
        visit_at - timedelta(minutes=30),
        visit_at + timedelta(minutes=30),
    )


def fix(shop: Shop, number: str, visit_at: datetime, **more: Json) -> None:
    shop.do(number, "appoint", shop.plumber, outcome="fixed", visit_at=visit_at.isoformat(), **more)


def test_no_visit_is_put_off_longer_than_visits_are_booked(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    with pytest.raises(Invalid) as refused:
        fix(shop, assigned, shop.clock.now() + timedelta(days=3, minutes=1), late_reason="owner")
    assert refused.value.fields["visit_at"][1] == {"latest": "11-26 10:00"}
    fix(shop, assigned, shop.clock.now() + timedelta(days=3), late_reason="owner")


def test_an_owner_and_who_comes_agree_on_any_hour_for_the_first_visit_and_a_further_one(
    shop: Shop, assigned: str
) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    evening = (shop.clock.now() + timedelta(hours=12)).replace(minute=30)  # half past ten at night
    fix(shop, assigned, evening, late_reason="owner")
    assert shop.order(assigned).window_to == evening + timedelta(minutes=30)
    shop.clock.advance(hours=13)
    answers: dict[str, Json] = {"outcome": "absent", "called_times": 3, "card_left": True}
    shop.do(assigned, "arrive", shop.plumber, **answers)
    again = evening + timedelta(days=1)
    shop.do(assigned, "rebook", shop.owner, visit_at=again.isoformat())
    fix(shop, assigned, again)
    assert shop.order(assigned).window_to == again + timedelta(minutes=30)


def test_a_visit_after_the_limit_says_why_unless_the_owner_proposed_it(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    with pytest.raises(Invalid) as refused:
        fix(shop, assigned, shop.clock.now() + timedelta(hours=5))
    assert refused.value.fields["late_reason"][1] == {"limit": "11-23 14:00"}
    absent(shop, assigned)
    back = shop.clock.now() + timedelta(days=1)
    shop.do(assigned, "rebook", shop.owner, visit_at=back.isoformat())
    with shop.engine.reading(shop.plumber) as work:
        offered = inbox.detail(work, shop.task(assigned, "appoint").id).opened.values["visit_at"]
    assert datetime.fromisoformat(str(offered)) == back
    fix(shop, assigned, back)
    assert shop.order(assigned).window_to == back + timedelta(minutes=30)


def test_the_story_tells_why_a_visit_is_late(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    fix(shop, assigned, shop.clock.now() + timedelta(hours=5), late_reason="busy")
    with shop.engine.reading(shop.lead) as work:
        told = [one.params["why"] for one in story.story(work, assigned) if one.kind == "visit_late"]
    assert told == [("人手排不开", "nobody is free earlier")]


def test_the_third_absence_within_seven_days_brings_the_lead_who_may_close(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    for count in (1, 2):
        absent(shop, assigned)
        assert shop.order(assigned).absent_count == count
        back = shop.clock.now() + timedelta(days=1)
        shop.do(assigned, "rebook", shop.owner, visit_at=back.isoformat())
        shop.later(hours=20)
    absent(shop, assigned)
    assert shop.steps(assigned) == ["lead_decide"]
    shop.do(assigned, "lead_decide", shop.lead, outcome="close", reason="三次上门无人")
    assert shop.order(assigned).state == "closed"
    assert shop.case(assigned).state == "completed"


@pytest.mark.parametrize("tried", [{"called_times": 2, "card_left": True}, {"called_times": 3}])
def test_nobody_is_absent_before_three_calls_and_a_card(
    shop: Shop, assigned: str, tried: dict[str, Json]
) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    shop.do(assigned, "appoint", shop.plumber, outcome="soon")
    with pytest.raises(Invalid):
        shop.do(assigned, "arrive", shop.plumber, outcome="absent", **tried)
    assert shop.steps(assigned) == ["arrive"]


def test_an_absence_of_eight_days_ago_no_longer_counts(shop: Shop, assigned: str) -> None:
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    for _ in range(2):
        absent(shop, assigned)
        back = shop.clock.now() + timedelta(days=1)
        shop.do(assigned, "rebook", shop.owner, visit_at=back.isoformat())
        shop.later(days=4)
    absent(shop, assigned)
    assert shop.order(assigned).absent_count == 3
    assert shop.steps(assigned) == ["rebook"]


def absent(shop: Shop, number: str) -> None:
    shop.do(number, "appoint", shop.plumber, outcome="soon")
    shop.later(minutes=15)
    shop.do(number, "arrive", shop.plumber, outcome="absent", called_times=3, card_left=True)


def test_nobody_counts_as_absent_before_a_quarter_of_an_hour_of_the_agreed_time(
    shop: Shop, assigned: str
) -> None:
    tried: dict[str, Json] = {"outcome": "absent", "called_times": 3, "card_left": True}
    shop.do(assigned, "take", shop.plumber, outcome="taken")
    shop.do(assigned, "appoint", shop.plumber, outcome="soon")
    until = (shop.clock.now() + timedelta(minutes=15)).astimezone(shop.engine.zone)
    with shop.engine.reading(shop.plumber) as work:
        facts = dict(inbox.detail(work, shop.task(assigned, "arrive").id).opened.facts)
    assert facts["业主不在，至少等到"] == f"{until:%m-%d %H:%M}"
    shop.later(minutes=14, seconds=59)
    with pytest.raises(FieldsInvalid) as refused:
        shop.do(assigned, "arrive", shop.plumber, **tried)
    assert str(until.strftime("%H:%M")) in str(refused.value.fields["outcome"])
    shop.later(seconds=1)
    shop.do(assigned, "arrive", shop.plumber, **tried)
    assert shop.steps(assigned) == ["rebook"]


def test_an_absent_owner_is_not_given_up_while_others_are_harmed(shop: Shop) -> None:
    number = shop.report(fault="W01", text="水管裂了")
    shop.do(number, "take", shop.plumber, minutes=5)
    shop.do(number, "arrive", shop.plumber, situation="楼下在漏")
    shop.do(number, "control", shop.plumber, measures=["shut_water"], outside_help="none")
    shop.do(number, "diagnose", shop.plumber, outcome="other", finding="需进邻居家")
    with pytest.raises(Refused, match="不能直接关闭"):
        shop.do(number, "lead_decide", shop.lead, outcome="close", reason="无人")


def test_a_pause_frees_the_step_but_not_the_time_for_accepting(shop: Shop) -> None:
    number = shop.report()
    task = shop.task(number, "accept")
    with pytest.raises(Refused), shop.engine.work(shop.clerk) as work:
        deadlines.pause(work, task.id, "owner_absent", shop.clock.now() + timedelta(days=1))
    assert shop.task(number, "accept").due_at == task.due_at


def test_the_owner_cancels_before_anybody_came(shop: Shop, assigned: str) -> None:
    with shop.engine.work(shop.owner) as work:
        commands.cancel(work, assigned, "自己修好了")
    assert (shop.order(assigned).state, shop.case(assigned).state) == ("cancelled", "cancelled")
    assert shop.told("repair_called_back") == [[f"account:{shop.plumber.id}"]]


def test_a_cancelled_report_needs_a_reason_and_the_right_person(shop: Shop) -> None:
    number = shop.report()
    with pytest.raises(Refused, match="原因"), shop.engine.work(shop.owner) as work:
        commands.cancel(work, number, " ")
    with pytest.raises(Exception, match="没有编号"), shop.engine.work(shop.stranger) as work:
        commands.cancel(work, number, "不关我事")


def test_after_somebody_came_only_the_lead_of_the_desk_cancels(shop: Shop, assigned: str) -> None:
    shop.go_to(assigned, shop.plumber)
    for by in (shop.owner, shop.clerk):
        with pytest.raises(NotAllowed), shop.engine.work(by) as work:
            commands.cancel(work, assigned, "自己修好了")
    with shop.engine.work(shop.desk_lead) as work:
        commands.cancel(work, assigned, "业主不修了")
    assert (shop.order(assigned).state, shop.case(assigned).state) == ("cancelled", "cancelled")


def test_a_common_report_is_cancelled_by_the_lead_of_the_desk_only(shop: Shop) -> None:
    number = shop.report(fault="P05", text="楼道灯不亮", area=Area.COMMON, place="一楼")
    with pytest.raises(NotAllowed), shop.engine.work(shop.owner) as work:
        commands.cancel(work, number, "算了")


def test_private_faults_are_never_merged(shop: Shop) -> None:
    first, second = shop.report(), shop.report()
    with shop.engine.work(shop.clerk) as work:
        assert merging.groups(work, shop.community) == []
        with pytest.raises(Refused):
            merging.merge(work, first, second)


def test_a_closed_order_is_reopened_as_a_new_case(shop: Shop, assigned: str) -> None:
    shop.repair(assigned)
    shop.do(assigned, "confirm", shop.owner, **FULL_MARKS)
    shop.later(days=29)
    with shop.engine.work(shop.owner) as work:
        again = commands.reopen(work, assigned, "又漏了")
    order = shop.order(again.number)
    assert (order.reopens_id, order.state) == (shop.order(assigned).id, "reported")
    shop.later(days=2)
    with pytest.raises(Refused), shop.engine.work(shop.owner) as work:
        commands.reopen(work, assigned, "又漏了")


def tenant_of(shop: Shop) -> Actor:
    """Let somebody rent the house of 李明."""
    person = shop.person("周通", TENANT_PHONE)
    shop.relate(person, shop.house, RelationKind.TENANT)
    return shop.resident(person)


def test_a_tenant_does_not_come_back_on_the_owners_report_nor_learn_the_owners_number(
    shop: Shop, assigned: str
) -> None:
    tenant = tenant_of(shop)
    shop.repair(assigned)
    shop.do(assigned, "confirm", shop.owner, **FULL_MARKS)
    with shop.engine.reading(tenant) as work:
        view = queries.order(work, assigned)
    assert (view.contact_phone, view.reopen_until) == ("138****2222", None)
    with pytest.raises(ActionNotAllowed), shop.engine.work(tenant) as work:
        commands.reopen(work, assigned, "又漏了")


def test_an_owner_does_not_come_back_on_the_tenants_report(shop: Shop) -> None:
    tenant = tenant_of(shop)
    report = Report(Area.PRIVATE, "W05", "水龙头滴漏", "周通", TENANT_PHONE, house_id=shop.house)
    with shop.engine.work(tenant) as work:
        number = reporting.report_online(work, report).number
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", tenant, **FULL_MARKS)
    with pytest.raises(ActionNotAllowed), shop.engine.work(shop.owner) as work:
        commands.reopen(work, number, "又漏了")


def test_whose_number_called_comes_back_and_the_other_party_does_not(shop: Shop) -> None:
    tenant = tenant_of(shop)
    number = shop.call(OWNER_PHONE)
    shop.register(number)
    shop.accept(number, by=shop.other_clerk)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    with pytest.raises(ActionNotAllowed), shop.engine.work(tenant) as work:
        commands.reopen(work, number, "又漏了")
    with shop.engine.work(shop.owner) as work:
        commands.reopen(work, number, "又漏了")


def test_who_comes_back_for_the_household_is_the_one_to_call(shop: Shop, assigned: str) -> None:
    wife = shop.person("韩小莹", "13812340055")
    shop.relate(wife, shop.house, RelationKind.CO_OWNER)
    shop.repair(assigned)
    shop.do(assigned, "confirm", shop.owner, **FULL_MARKS)
    with shop.engine.work(shop.resident(wife)) as work:
        again = commands.reopen(work, assigned, "又漏了")
    order = shop.order(again.number)
    assert (shop.opened(order, "contact_name"), shop.opened(order, "contact_phone")) == (
        "韩小莹",
        "13812340055",
    )
