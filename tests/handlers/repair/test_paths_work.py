"""What the repairer finds: charges, missing parts, contractors, faults that hide."""

from datetime import timedelta

import pytest

from engine import inbox
from engine.errors import Conflict, Invalid, NotAllowed, Refused
from engine.form_steps import OpenedForm
from engine.ports import SYSTEM, Json
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.repair import crew, queries, story
from handlers.repair.records import Area
from tests.handlers.repair.repair_world import Shop

TAP: list[Json] = [{"price_code": "W01", "quantity": 1}, {"price_code": "M01", "quantity": 1}]


@pytest.fixture
def on_site(shop: Shop) -> str:
    """A repairer stands before a dripping tap."""
    number = shop.report()
    shop.accept(number)
    shop.go_to(number)
    return number


def quote(shop: Shop, number: str, lines: list[Json], **more: Json) -> None:
    shop.do(number, "diagnose", shop.plumber, outcome="quote", finding="要换龙头", **more)
    shop.do(number, "write_quote", shop.plumber, lines=lines)


# --- charges -----------------------------------------------------------------------------------------------


def test_a_small_quote_goes_straight_to_the_owner_and_binds_the_charge(shop: Shop, on_site: str) -> None:
    quote(shop, on_site, TAP)
    assert shop.steps(on_site) == ["answer"]
    shop.do(on_site, "answer", shop.owner, outcome="agree")
    shop.do(on_site, "do_work", shop.plumber, outcome="done")
    photo = shop.photo(shop.plumber)
    more: dict[str, Json] = {"lines": TAP, "other": 0.01, "other_name": "生料带"}
    with pytest.raises(Refused, match=r"75\.00"):
        shop.do(on_site, "finish", shop.plumber, photos=[photo], **more)
    shop.do(on_site, "finish", shop.plumber, lines=TAP, photos=[photo])
    assert shop.order(on_site).charge_fen == 7500


def test_prices_come_from_the_public_list_whatever_is_typed(shop: Shop, on_site: str) -> None:
    quote(shop, on_site, TAP)
    shop.do(on_site, "answer", shop.owner, outcome="agree")
    assert "quote_agreed" in shop.events(on_site)
    with pytest.raises(Invalid):
        shop.do(on_site, "do_work", shop.plumber, outcome="nonsense")


def test_a_quote_above_500_yuan_is_checked_by_the_lead_not_by_its_maker(shop: Shop, on_site: str) -> None:
    quote(shop, on_site, [{"price_code": "W08", "quantity": 5}])
    assert shop.steps(on_site) == ["check"]
    with pytest.raises(NotAllowed):
        shop.do(on_site, "check", shop.plumber, outcome="approve")
    with shop.engine.work(SYSTEM) as work:
        staff.insert_post(work, shop.plumber.id, Post.RPL, shop.community)
    with pytest.raises(NotAllowed, match="另一人"):
        shop.do(on_site, "check", shop.plumber, outcome="approve")
    shop.do(on_site, "check", shop.lead, outcome="approve")
    assert shop.steps(on_site) == ["answer"]


def test_a_quote_above_2000_yuan_is_approved_by_the_project_manager_too(shop: Shop, on_site: str) -> None:
    quote(shop, on_site, [{"price_code": "W08", "quantity": 20}])
    shop.do(on_site, "check", shop.lead, outcome="approve")
    assert shop.steps(on_site) == ["approve"]
    shop.do(on_site, "approve", shop.manager, outcome="approve")
    assert shop.steps(on_site) == ["answer"]


def test_a_rejected_quote_is_written_again(shop: Shop, on_site: str) -> None:
    quote(shop, on_site, [{"price_code": "W08", "quantity": 5}])
    shop.do(on_site, "check", shop.lead, outcome="reject", note="面积多算了")
    shop.do(on_site, "write_quote", shop.plumber, lines=TAP)
    shop.do(on_site, "answer", shop.owner, outcome="agree")
    assert shop.steps(on_site) == ["do_work"]


def test_an_owner_who_declines_ends_the_order(shop: Shop, on_site: str) -> None:
    quote(shop, on_site, TAP)
    shop.do(on_site, "answer", shop.owner, outcome="decline", reason="自己修")
    assert (shop.order(on_site).state, shop.order(on_site).outcome) == ("closed", "owner_declined")
    assert shop.case(on_site).state == "completed"


def test_extra_work_needs_another_quote(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="repair", finding="换垫圈")
    shop.do(on_site, "do_work", shop.plumber, outcome="extra")
    assert shop.steps(on_site) == ["write_quote"]


def test_the_quote_agreed_to_last_binds_the_charge(shop: Shop, on_site: str) -> None:
    quote(shop, on_site, TAP)
    shop.do(on_site, "answer", shop.owner, outcome="agree")
    shop.do(on_site, "do_work", shop.plumber, outcome="extra")
    two_taps: list[Json] = [{**line, "quantity": 2} for line in TAP]
    shop.do(on_site, "write_quote", shop.plumber, lines=two_taps)
    shop.do(on_site, "answer", shop.owner, outcome="agree")
    shop.do(on_site, "do_work", shop.plumber, outcome="done")
    shop.do(on_site, "finish", shop.plumber, lines=two_taps, photos=[shop.photo(shop.plumber)])
    assert shop.order(on_site).charge_fen == 15000


def test_common_areas_are_never_quoted_to_an_owner(shop: Shop) -> None:
    number = shop.report(fault="P05", text="楼道灯不亮", area=Area.COMMON, place="一楼")
    shop.accept(number, shop.electrician)
    shop.go_to(number, shop.electrician)
    with pytest.raises(Refused, match="公共部位"):
        shop.do(number, "diagnose", shop.electrician, outcome="quote", finding="要换灯")


# --- parts -------------------------------------------------------------------------------------------------


def order_parts(shop: Shop, number: str) -> None:
    shop.do(number, "diagnose", shop.plumber, outcome="parts", finding="缺阀芯")
    day = (shop.clock.now() + timedelta(days=3)).date().isoformat()
    parts: list[Json] = [{"name": "阀芯", "quantity": 1, "unit": "个"}]
    shop.do(number, "request", shop.plumber, outcome="purchase", parts=parts, parts_on=day)


def test_the_owner_is_told_when_parts_will_be_there_and_each_new_date(shop: Shop, on_site: str) -> None:
    order_parts(shop, on_site)
    assert len(shop.told("repair_parts_date")) == 1
    later = (shop.clock.now() + timedelta(days=6)).date().isoformat()
    shop.do(on_site, "receive", shop.lead, outcome="delayed", parts_on=later)
    assert len(shop.told("repair_parts_date")) == 2
    shop.do(on_site, "receive", shop.lead, outcome="arrived")
    assert shop.steps(on_site) == ["appoint"]
    shop.do(on_site, "appoint", shop.plumber, outcome="soon")
    shop.do(on_site, "arrive", shop.plumber, outcome="met")
    assert shop.steps(on_site) == ["do_work"]


def test_the_limit_of_a_visit_after_parts_runs_from_its_own_appointment(shop: Shop, on_site: str) -> None:
    order_parts(shop, on_site)
    shop.later(hours=2)
    shop.do(on_site, "receive", shop.lead, outcome="arrived")
    other = shop.report()
    shop.accept(other)
    shop.do(other, "take", shop.plumber, outcome="taken")
    for number in (on_site, other):
        shop.do(number, "appoint", shop.plumber, outcome="soon")
    assert shop.task(on_site, "arrive").due_at == shop.task(other, "arrive").due_at > shop.clock.now()


def test_no_later_date_is_promised_for_parts_than_they_are_awaited(shop: Shop, on_site: str) -> None:
    order_parts(shop, on_site)
    asked_at = shop.clock.now()
    shop.later(days=2)
    with pytest.raises(Invalid) as refused:
        late = (asked_at + timedelta(days=16)).date().isoformat()
        shop.do(on_site, "receive", shop.lead, outcome="delayed", parts_on=late)
    assert "最多等到" in refused.value.fields["parts_on"][0]
    last = (asked_at + timedelta(days=15)).date().isoformat()
    shop.do(on_site, "receive", shop.lead, outcome="delayed", parts_on=last)


def test_parts_that_come_later_today_are_promised_for_no_moment_that_is_past(
    shop: Shop, on_site: str
) -> None:
    shop.later(hours=9)
    day = shop.clock.now().astimezone(shop.engine.zone)
    assert day.hour > 18
    shop.do(on_site, "diagnose", shop.plumber, outcome="parts", finding="缺阀芯")
    today = day.date().isoformat()
    shop.do(on_site, "request", shop.plumber, outcome="purchase", parts=[], parts_on=today)
    with shop.engine.reading(shop.lead) as work:
        (told,) = [one.params for one in story.story(work, on_site) if one.kind == "parts_ordered"]
    assert told["expected_at"] == f"{day:%m-%d %H:%M}"


def test_parts_that_do_not_come_within_fifteen_days_bring_the_lead(shop: Shop, on_site: str) -> None:
    order_parts(shop, on_site)
    shop.later(days=15, seconds=-1)
    assert shop.steps(on_site) == ["receive"]
    shop.later(seconds=1)
    assert shop.steps(on_site) == ["lead_decide"]
    assert "parts_given_up" in shop.events(on_site)


def opened(shop: Shop, number: str, step: str) -> OpenedForm:
    with shop.engine.reading(shop.plumber) as work:
        return inbox.detail(work, shop.task(number, step).id).opened


def test_who_repairs_again_reads_the_complaint_and_starts_without_what_was_used_before(
    shop: Shop, on_site: str
) -> None:
    order_parts(shop, on_site)
    shop.clock.advance(days=2)
    shop.do(on_site, "receive", shop.lead, outcome="arrived")
    shop.do(on_site, "appoint", shop.plumber, outcome="soon")
    shop.do(on_site, "arrive", shop.plumber, outcome="met")
    shop.do(on_site, "do_work", shop.plumber, outcome="done")
    used = opened(shop, on_site, "finish").values["parts"]
    shop.do(on_site, "finish", shop.plumber, photos=[shop.photo(shop.plumber)], parts=used)
    shop.clock.advance(hours=1)
    shop.do(on_site, "confirm", shop.owner, outcome="unsatisfied", problem="早上又滴水")
    plan = {"cause": "阀芯松", "measure": "紧固", "worker_id": str(shop.plumber.id)}
    shop.do(on_site, "plan_rework", shop.lead, **plan)

    assert "早上又滴水" in [text for _, text in opened(shop, on_site, "take").facts]
    shop.go_to(on_site)
    shop.do(on_site, "diagnose", shop.plumber, outcome="repair", finding="阀芯松")
    shop.do(on_site, "do_work", shop.plumber, outcome="done")
    assert "parts" not in opened(shop, on_site, "finish").values


def test_parts_in_the_store_lead_back_to_the_owner(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="parts", finding="缺阀芯")
    shop.do(on_site, "request", shop.plumber, outcome="in_stock", parts=[])
    assert shop.steps(on_site) == ["appoint"]


# --- contractors and major works ----------------------------------------------------------------------------


def engage(shop: Shop, number: str) -> None:
    shop.do(
        number,
        "engage",
        shop.lead,
        vendor_id=str(shop.vendor.id),
        scope="更换面板",
        insurance="有",
        arrive_at=(shop.clock.now() + timedelta(hours=4)).isoformat(),
        finish_at=(shop.clock.now() + timedelta(hours=24)).isoformat(),
    )


def test_a_contractor_works_and_the_lead_accepts(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="outsource", finding="要专业设备")
    engage(shop, on_site)
    shop.do(on_site, "vendor_arrive", shop.vendor)
    shop.do(on_site, "vendor_finish", shop.vendor, work_done="已换", photos=[shop.photo(shop.vendor)])
    shop.do(
        on_site,
        "accept_work",
        shop.lead,
        outcome="redo",
        note="左角还漏",
        finish_at=(shop.clock.now() + timedelta(hours=5)).isoformat(),
    )
    assert "左角还漏" in [text for _, text in opened(shop, on_site, "vendor_finish").facts]
    shop.do(on_site, "vendor_finish", shop.vendor, work_done="重做", photos=[shop.photo(shop.vendor)])
    shop.do(on_site, "accept_work", shop.lead, outcome="accepted", charge=0)
    assert shop.steps(on_site) == ["confirm"]
    with shop.engine.reading(shop.lead) as work:
        judged = [one for one in story.story(work, on_site) if one.kind == "vendor_judged"]
    assert len(judged) == 2


def test_the_owner_reads_the_outside_firm_as_who_did_the_repair(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="outsource", finding="要专业设备")
    engage(shop, on_site)
    with shop.engine.reading(shop.owner) as work:
        firm = work.engine.directory.names(work.connection, [shop.vendor.id])[shop.vendor.id]
        assert queries.order(work, on_site).line.worker == firm
    shop.do(on_site, "vendor_arrive", shop.vendor)
    shop.do(on_site, "vendor_finish", shop.vendor, work_done="已换", photos=[shop.photo(shop.vendor)])
    shop.do(on_site, "accept_work", shop.lead, outcome="accepted", charge=0)
    with shop.engine.reading(shop.owner) as work:
        assert queries.order(work, on_site).line.worker == firm
        told = [one.kind for one in story.story(work, on_site)]
        facts = dict(inbox.detail(work, shop.task(on_site, "confirm").id).opened.facts)
    assert "finished" not in told
    assert "vendor_accepted" in told
    assert set(facts["维修人员"]) == {firm}
    with shop.engine.reading(shop.lead) as work:
        assert crew.repairers(work.connection, shop.order(on_site).id) == []


def test_a_contractor_who_is_a_day_late_is_engaged_anew(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="outsource", finding="要专业设备")
    engage(shop, on_site)
    shop.later(hours=28)
    assert shop.steps(on_site) == ["engage"]


def test_the_lead_who_gives_a_contractor_up_decides_anew(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="outsource", finding="要专业设备")
    engage(shop, on_site)
    shop.do(on_site, "vendor_arrive", shop.vendor)
    shop.do(on_site, "vendor_finish", shop.vendor, work_done="修不了", photos=[shop.photo(shop.vendor)])
    shop.do(on_site, "accept_work", shop.lead, outcome="give_up")
    assert shop.steps(on_site) == ["lead_decide"]


def test_a_warranty_defect_goes_to_the_developer(shop: Shop) -> None:
    number = shop.report(fault="X02", text="墙面空鼓")
    shop.do(number, "accept", shop.clerk, outcome="warranty")
    assert shop.steps(number) == ["engage"]


def test_major_works_are_decided_by_the_project_manager(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="major", finding="主管锈蚀")
    assert shop.steps(on_site) == ["decide_major"]
    shop.do(on_site, "decide_major", shop.manager, outcome="rejected", reason="先局部处理")
    assert (shop.order(on_site).state, shop.order(on_site).outcome) == ("closed", "major_rejected")


# --- faults that hide ---------------------------------------------------------------------------------------


def test_a_fault_that_cannot_be_found_is_watched_and_asked_about(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="not_found", finding="现场不漏")
    assert shop.task(on_site, "observe").group_code == "cs"
    shop.do(on_site, "observe", shop.clerk, outcome="gone")
    assert (shop.order(on_site).state, shop.order(on_site).outcome) == ("closed", "fault_gone")


def test_a_fault_that_comes_back_gets_a_second_opinion(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="not_found", finding="现场不漏")
    shop.do(on_site, "observe", shop.clerk, outcome="again")
    assert shop.steps(on_site) == ["lead_decide"]


def test_unsafe_work_stops_and_may_raise_the_urgency(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="repair", finding="墙内漏")
    shop.do(on_site, "do_work", shop.plumber, outcome="stop", raise_to="P1", note="墙内有电线")
    assert shop.order(on_site).urgency == "P1"
    assert shop.steps(on_site) == ["lead_decide"]


def test_working_may_pause_for_parts_and_resumes_by_itself(shop: Shop, on_site: str) -> None:
    from engine import deadlines

    shop.do(on_site, "diagnose", shop.plumber, outcome="repair", finding="换垫圈")
    task = shop.task(on_site, "do_work")
    with shop.engine.work(shop.plumber) as work:
        deadlines.pause(work, task.id, "parts", shop.clock.now() + timedelta(days=2))
    assert shop.task(on_site, "do_work").paused_at is not None
    shop.later(days=2)
    resumed = shop.task(on_site, "do_work")
    assert resumed.paused_at is None
    assert resumed.due_at == task.due_at + timedelta(days=2)


def test_two_people_cannot_finish_the_same_step(shop: Shop, on_site: str) -> None:
    from engine import tasks

    diagnosing = shop.task(on_site, "diagnose").id
    answers: dict[str, Json] = {"outcome": "repair", "finding": "垫圈"}
    shop.engine.run(shop.plumber, lambda work: tasks.complete(work, diagnosing, answers))
    with pytest.raises(Conflict):
        shop.engine.run(shop.plumber, lambda work: tasks.complete(work, diagnosing, answers))
