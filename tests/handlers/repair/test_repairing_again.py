"""What a complaint promised to repair again has a visit of its own: somebody else, a time, photos."""

from datetime import datetime, timedelta

import pytest

from engine import handing, inbox, tasks
from engine.errors import Invalid, NotFound, Refused
from engine.ports import SYSTEM, Actor, Json
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, FieldsInvalid
from handlers.repair import adding, commands, crew, jobs, media, queries, remarks, story
from handlers.repair.records import repair_assignment
from tests.handlers.repair.repair_world import FULL_MARKS, OWNER_PHONE, Shop
from tests.handlers.repair.test_appointments import offered as free_times
from tests.handlers.repair.test_appointments import tomorrow_at
from tests.handlers.repair.test_complaining import complained, promise, telling
from tests.handlers.repair.test_crew import stand_in

__all__ = ["complained"]


@pytest.fixture
def promised(shop: Shop, complained: str) -> str:
    """A complaint whose answer was to repair it again within two days."""
    shop.do(complained, "answer_complaint", shop.manager, **(promise(shop) | {"outcome": "again"}))
    return complained


def send(shop: Shop, number: str, worker: Actor | None = None, at: datetime | None = None) -> None:
    visit_at = at or shop.clock.now() + timedelta(hours=20)
    shop.do(
        number,
        "send_again",
        shop.lead,
        worker_id=str((worker or shop.second_plumber).id),
        visit_at=visit_at.isoformat(),
        measure="换阀芯",
    )


def visit(shop: Shop, number: str, outcome: str = "mended", **more: Json) -> None:
    answers: dict[str, Json] = {
        "arrived_at": shop.clock.now().isoformat(),
        "done": "换了阀芯",
        "photos": [shop.photo(shop.second_plumber)],
    }
    shop.do(number, "visit_again", shop.second_plumber, outcome=outcome, **(answers | more))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_somebody_else_comes_at_the_agreed_time_and_shows_what_was_done(shop: Shop, promised: str) -> None:
    send(shop, promised)
    assert shop.told("repair_assigned")[-1] == [f"account:{shop.second_plumber.id}"]
    assert shop.told("repair_appointed")[-1] == telling(shop, promised)
    task = shop.task(promised, "visit_again")
    assert task.assignee_id == shop.second_plumber.id
    assert task.due_at.astimezone(shop.engine.zone).date().isoformat() == promise(shop)["promised_on"]
    shop.clock.advance(hours=20)
    visit(shop, promised)
    assert shop.told("repair_complaint_done") == [telling(shop, promised)]
    with shop.engine.reading(shop.owner) as work:
        seen = queries.order(work, promised)
        told = {one.kind: one.params for one in story.story(work, promised)}
    assert seen.complaint[1] == "换了阀芯"
    assert len(seen.media) == 2
    assert str(told["complaint_mended"]["arrived_at"]).endswith("06:00")
    assert shop.steps(promised) == ["ask_complainant"]


def test_who_repairs_again_reads_what_to_do_and_may_call_until_it_is_done(shop: Shop, promised: str) -> None:
    shop.engine.run(shop.owner, lambda work: adding.add(work, promised, "请换厨房那个"))
    with pytest.raises(NotFound), shop.engine.reading(shop.second_plumber) as work:
        queries.order(work, promised)
    send(shop, promised)
    visit_at = shop.clock.now() + timedelta(hours=20)
    with shop.engine.reading(shop.second_plumber) as work:
        facts = dict(inbox.detail(work, shop.task(promised, "visit_again").id).opened.facts)
        assert queries.order(work, promised).contact_name == "李*"
        assert jobs.spots(work, [promised])[promised].window_from == visit_at - timedelta(minutes=30)
    assert {"换阀芯", "给您道歉", ("请换厨房那个", "请换厨房那个")} <= set(facts.values())
    assert facts["预约时间"] == "11-24 05:30–06:30"
    assert "说好了" not in facts.values()
    called = shop.engine.run(
        shop.second_plumber, lambda work: commands.reveal_contact(work, promised, "repair")
    )
    assert called == ("李明", OWNER_PHONE)
    visit(shop, promised)
    with pytest.raises((NotFound, ActionNotAllowed)):
        shop.engine.run(shop.second_plumber, lambda work: commands.reveal_contact(work, promised, "repair"))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_who_stands_in_for_who_repairs_again_sees_the_report_and_may_call(shop: Shop, promised: str) -> None:
    helper = shop.staff(Post.RP)
    send(shop, promised)
    shop.clock.advance(days=1, seconds=1)
    stand_in(shop, shop.second_plumber, helper)
    with shop.engine.reading(helper) as work:
        assert queries.order(work, promised).contact_name == "李*"
    called = shop.engine.run(helper, lambda work: commands.reveal_contact(work, promised, "repair"))
    assert called == ("李明", OWNER_PHONE)
    with pytest.raises(NotFound), shop.engine.reading(shop.plumber) as work:
        queries.order(work, promised)


def test_who_was_sent_before_sees_no_report_by_standing_in(shop: Shop, promised: str) -> None:
    send(shop, promised)
    shop.clock.advance(days=1, seconds=1)
    stand_in(shop, shop.second_plumber, shop.plumber)
    with pytest.raises(NotFound), shop.engine.reading(shop.plumber) as work:
        queries.order(work, promised)


def test_nobody_is_sent_again_at_an_hour_that_another_owner_was_promised(shop: Shop, promised: str) -> None:
    other = shop.report(fault="W06", text="洗手盆漏水")
    shop.accept(other, shop.second_plumber)
    shop.do(other, "take", shop.second_plumber, outcome="taken")
    at = tomorrow_at(shop, 11)
    answers = {"outcome": "fixed", "visit_at": at.isoformat(), "late_reason": "owner"}
    shop.do(other, "appoint", shop.second_plumber, **answers)
    with pytest.raises(Invalid) as refused:
        send(shop, promised, at=at)
    assert refused.value.fields["visit_at"][1]["place"] == shop.order(other).place
    send(shop, promised, at=tomorrow_at(shop, 12))
    assert shop.steps(promised) == ["visit_again"]


def test_who_came_again_neither_asks_after_the_complaint_nor_reviews_it(shop: Shop, promised: str) -> None:
    send(shop, promised)
    shop.clock.advance(hours=20)
    visit(shop, promised, "not_mended", done="缺配件")
    shop.off_duty(shop.second_plumber)
    send(shop, promised, shop.lead, at=shop.clock.now() + timedelta(hours=1))
    mended = {"outcome": "mended", "done": "换了阀芯", "photos": [shop.photo(shop.lead)]}
    shop.do(promised, "visit_again", shop.lead, arrived_at=shop.clock.now().isoformat(), **mended)
    quality = shop.staff(Post.QA)
    came = shop.second_plumber, shop.lead
    with shop.engine.work(SYSTEM) as work:
        for one in came:
            staff.insert_post(work, one.id, Post.CSL, shop.community)
            staff.insert_post(work, one.id, Post.QA, shop.community)
    for one in came:
        with pytest.raises(Refused, match="不能办理"):
            shop.do(promised, "ask_complainant", one, outcome="c", problem="不行")
    shop.do(promised, "ask_complainant", shop.desk_lead, outcome="c", problem="不行")
    for one in came:
        with pytest.raises(Refused, match="不能办理"):
            shop.do(promised, "review_complaint", one, finding="没问题", answer="没问题")
    shop.do(promised, "review_complaint", quality, finding="记录齐全", answer="质保延长半年")
    assert shop.case(promised).state == "completed"


def test_who_was_there_before_is_not_sent_again(shop: Shop, promised: str) -> None:
    with shop.engine.reading(shop.lead) as work:
        offered = inbox.detail(work, shop.task(promised, "send_again").id).opened.options["workers"]
    assert [one["value"] for one in offered] == [str(shop.second_plumber.id)]
    with pytest.raises(Invalid):
        send(shop, promised, shop.plumber)


def test_where_nobody_else_can_the_lead_goes(shop: Shop, promised: str) -> None:
    shop.off_duty(shop.second_plumber)
    send(shop, promised, shop.lead)
    assert shop.task(promised, "visit_again").assignee_id == shop.lead.id


@pytest.mark.parametrize("hours", [-1, 60])
def test_the_visit_lies_ahead_and_within_what_was_promised(shop: Shop, promised: str, hours: int) -> None:
    with pytest.raises(FieldsInvalid):
        send(shop, promised, at=shop.clock.now() + timedelta(hours=hours))


def test_a_visit_because_of_a_complaint_may_be_agreed_on_for_any_hour_but_no_further_ahead_than_others(
    shop: Shop, promised: str
) -> None:
    shop.clock.advance(days=3)  # what was promised is broken, and limits no more
    with pytest.raises(FieldsInvalid):
        send(shop, promised, at=shop.clock.now() + timedelta(days=3, minutes=1))
    at_night = (shop.clock.now() + timedelta(hours=12)).replace(minute=30)
    send(shop, promised, at=at_night)
    assert shop.order(promised).window_to == at_night + timedelta(minutes=30)


def test_a_promise_that_is_broken_already_forbids_no_visit(shop: Shop, promised: str) -> None:
    shop.clock.advance(days=3)
    send(shop, promised)
    assert shop.steps(promised) == ["visit_again"]


@pytest.mark.parametrize("minutes", [-2, 1])
def test_nobody_arrived_before_they_were_sent_or_later_than_now(
    shop: Shop, promised: str, minutes: int
) -> None:
    send(shop, promised)
    arrived_at = shop.clock.now() + timedelta(minutes=minutes)
    with pytest.raises(FieldsInvalid):
        visit(shop, promised, arrived_at=arrived_at.isoformat())
    visit(shop, promised)


def test_what_could_not_be_repaired_goes_back_to_who_sent_and_says_why(shop: Shop, promised: str) -> None:
    send(shop, promised)
    visit(shop, promised, "not_mended", done="业主不在家")
    assert shop.told("repair_complaint_not_mended") == [[f"account:{shop.lead.id}"]]
    assert shop.told("repair_complaint_done") == []
    with shop.engine.reading(shop.lead) as work:
        facts = dict(inbox.detail(work, shop.task(promised, "send_again").id).opened.facts)
    assert "业主不在家" in facts.values()
    send(shop, promised)
    assert shop.steps(promised) == ["visit_again"]


def offered(shop: Shop, number: str, step: str, by: Actor) -> list[int]:
    """Return whom a step can be handed to."""
    with shop.engine.reading(by) as work:
        detail = inbox.detail(work, shop.task(number, step).id)
        return handing.people(work, detail.case, detail.task)


def test_whoever_the_visit_is_handed_to_was_not_there_before(shop: Shop, promised: str) -> None:
    helper = shop.staff(Post.RP)
    shop.on_duty(helper, shop.clock.now(), timedelta(days=9))
    send(shop, promised)
    assert set(offered(shop, promised, "visit_again", shop.lead)) == {shop.electrician.id, helper.id}
    task_id = shop.task(promised, "visit_again").id
    with pytest.raises(Refused, match="不能办理"):
        shop.engine.run(shop.lead, lambda work: tasks.reassign(work, task_id, shop.plumber.id, "换人"))
    shop.engine.run(shop.lead, lambda work: tasks.reassign(work, task_id, helper.id, "换人"))
    shop.do(
        promised,
        "visit_again",
        helper,
        outcome="mended",
        arrived_at=shop.clock.now().isoformat(),
        done="修好了",
        photos=[shop.photo(helper)],
    )


def test_of_several_steps_it_is_said_who_can_be_given_which(shop: Shop, promised: str) -> None:
    send(shop, promised)
    other = shop.report(fault="W06", text="洗手盆漏水")
    shop.accept(other)
    visit, take = shop.task(promised, "visit_again").id, shop.task(other, "take").id
    with shop.engine.reading(shop.lead) as work:
        found = {task_id: set(people) for task_id, people in handing.choices(work, [visit, take]).items()}
    assert found == {
        visit: {shop.electrician.id},
        take: {shop.second_plumber.id, shop.electrician.id},
    }
    with shop.engine.reading(shop.electrician) as work:
        assert handing.choices(work, [visit, take]) == {}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_the_visit_because_of_a_complaint_is_one_of_who_goes_and_takes_its_time(
    shop: Shop, promised: str
) -> None:
    send(shop, promised, at=tomorrow_at(shop, 16))
    other = shop.report(fault="W06", text="洗手盆漏水")
    shop.accept(other, shop.second_plumber)
    shop.do(other, "take", shop.second_plumber, outcome="taken")
    visit_at = tomorrow_at(shop, 11).isoformat()
    shop.do(other, "appoint", shop.second_plumber, outcome="fixed", visit_at=visit_at, late_reason="owner")
    assert loads(shop) == {shop.second_plumber.id: 2}
    assert {"24 14", "24 19"} <= set(free_times(shop, other))
    assert "24 16" not in free_times(shop, other)
    visit(shop, promised)
    assert loads(shop) == {shop.second_plumber.id: 1}
    assert "24 16" in free_times(shop, other)


def kinds_of_photos(shop: Shop, number: str) -> list[str]:
    """Return what each photo was taken for, as the owner sees them."""
    with shop.engine.reading(shop.owner) as work:
        return [one.owner_kind for one in queries.order(work, number).media]


def test_what_is_photographed_for_the_diagnosis_is_kept_with_the_visit(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.go_to(number, shop.plumber)
    photo = shop.photo(shop.plumber)
    shop.do(number, "diagnose", shop.plumber, outcome="repair", finding="垫圈老化", photos=[photo])
    assert kinds_of_photos(shop, number) == ["repair_assignment"]


def test_photos_are_of_the_report_of_the_visit_or_of_the_complaint_that_goes_on(shop: Shop) -> None:
    number = shop.report()
    before = int(shop.photo(shop.owner))
    shop.engine.run(shop.owner, lambda work: adding.add(work, number, "", [before]))
    shop.accept(number)
    shop.repair(number)
    assert kinds_of_photos(shop, number) == ["repair_order", "repair_assignment"]
    shop.do(number, "confirm", shop.owner, **(FULL_MARKS | {"speed": "1"}))
    shop.do(number, "visit_by_lead", shop.desk_lead, outcome="c", comment="还在漏")
    shop.do(number, "answer_complaint", shop.manager, **(promise(shop) | {"outcome": "again"}))
    send(shop, number)
    visit(shop, number)
    assert kinds_of_photos(shop, number) == ["repair_order", "repair_assignment", "repair_complaint"]


def loads(shop: Shop) -> dict[int, int]:
    """Return how much each plumber has in hand."""
    with shop.engine.reading(SYSTEM) as work:
        return crew.open_orders(work.connection, [shop.plumber.id, shop.second_plumber.id])


def test_who_leaves_hands_no_complaint_to_who_was_there_before(shop: Shop, promised: str) -> None:
    send(shop, promised)
    with shop.engine.work(SYSTEM) as work:
        tasks.hand_over(work, shop.second_plumber.id, shop.plumber.id)
    assert shop.task(promised, "visit_again").assignee_id is None


def done_by_the_lead(shop: Shop, number: str) -> None:
    """Let the only lead of repair have done the repair."""
    with shop.engine.work(SYSTEM) as work:
        work.connection.execute(
            repair_assignment.update()
            .where(repair_assignment.c.order_id == shop.order(number).id)
            .values(worker_id=shop.lead.id)
        )


@pytest.mark.parametrize(("outcome", "step"), [("money", "carry_out"), ("again", "send_again")])
def test_what_only_the_manager_can_do_and_gave_back_they_take_again_at_once(
    shop: Shop, complained: str, outcome: str, step: str
) -> None:
    other_manager = shop.staff(Post.PM)
    done_by_the_lead(shop, complained)
    shop.do(complained, "answer_complaint", shop.manager, **(promise(shop) | {"outcome": outcome}))
    task_id = shop.task(complained, step).id
    shop.engine.run(shop.manager, lambda work: tasks.release(work, task_id))
    with shop.engine.reading(shop.lead) as work:
        assert not inbox.detail(work, task_id).may_claim
    assert offered(shop, complained, step, shop.manager) == [shop.manager.id, other_manager.id]
    shop.engine.run(other_manager, lambda work: tasks.claim(work, task_id))
    shop.engine.run(other_manager, lambda work: tasks.release(work, task_id))
    shop.engine.run(shop.manager, lambda work: tasks.claim(work, task_id))
    assert shop.task(complained, step).assignee_id == shop.manager.id


def test_what_a_lead_can_do_and_gave_back_is_not_yet_for_the_manager(shop: Shop, complained: str) -> None:
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    task_id = shop.task(complained, "carry_out").id
    shop.engine.run(shop.lead, lambda work: tasks.claim(work, task_id))
    shop.engine.run(shop.lead, lambda work: tasks.release(work, task_id))
    assert offered(shop, complained, "carry_out", shop.lead) == [shop.lead.id]


def test_a_lead_who_did_the_repair_reads_nothing_of_the_complaint_about_it(
    shop: Shop, complained: str
) -> None:
    other_lead = shop.staff(Post.RPL)
    done_by_the_lead(shop, complained)
    photo = int(shop.photo(shop.owner))
    shop.engine.run(shop.owner, lambda work: adding.add(work, complained, "还在漏", [photo]))
    for reader, reads in ((shop.lead, False), (other_lead, True)):
        with shop.engine.reading(reader) as work:
            order = shop.order(complained)
            opened = inbox.detail(work, shop.task(complained, "answer_complaint").id).opened
            assert bool(opened.facts) is (opened.form is not None) is reads
            assert bool(media.of_order(work, order)[1:]) is reads
            assert ("还在漏" in [one.body for one in remarks.of_order(work, order)]) is reads
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    task_id = shop.task(complained, "carry_out").id
    for reader, reads in ((shop.lead, False), (other_lead, True)):
        with shop.engine.reading(reader) as work:
            detail = inbox.detail(work, task_id)
        assert (bool(detail.opened.facts), detail.is_kept_out) == (reads, not reads)


def test_where_the_only_lead_did_the_work_the_manager_sees_to_it_at_once(shop: Shop, complained: str) -> None:
    done_by_the_lead(shop, complained)
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    assert shop.task(complained, "carry_out").assignee_id == shop.manager.id
    assert shop.told("repair_complaint_promise") == [[f"account:{shop.manager.id}"]]
    shop.do(complained, "carry_out", shop.manager, done="已退款")
    assert shop.steps(complained) == ["ask_complainant"]


def test_where_another_lead_can_see_to_it_the_manager_does_not(shop: Shop, complained: str) -> None:
    with shop.engine.work(SYSTEM) as work:
        staff.insert_post(work, shop.plumber.id, Post.RPL, shop.community)
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    assert shop.task(complained, "carry_out").assignee_id is None
    assert shop.told("repair_complaint_promise") == [[f"account:{shop.lead.id}"]]
