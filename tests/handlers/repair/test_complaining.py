"""A complaint about a repair is answered, carried out, asked after and, if need be, reviewed."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import history, inbox, instances, tasks
from engine.errors import NotAllowed, Refused
from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import user_task
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordNotFound, RuleRefused
from handlers.repair import adding, commands, queries, remarks, story
from handlers.repair.records import Area
from handlers.shared import attachments, limits
from handlers.shared.attachments import Attachment
from handlers.shared.masks import mask_phone
from handlers.shared.records import access_log
from tests.handlers.repair.repair_world import FULL_MARKS, OWNER_PHONE, Shop
from tests.handlers.repair.test_paths_confirming import rework

NOTHING: dict[str, Json] = {"met": "in_person", "said": "说好了", "outcome": "nothing", "answer": "给您道歉"}


def promise(shop: Shop, days: int = 2) -> dict[str, Json]:
    day = (shop.clock.now() + timedelta(days=days)).astimezone(shop.engine.zone).date()
    return NOTHING | {"outcome": "money", "promised_on": day.isoformat()}


@pytest.fixture
def complained(shop: Shop) -> str:
    """A repair whose owner was not content when somebody called back."""
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **(FULL_MARKS | {"speed": "1"}))
    shop.do(number, "visit_by_lead", shop.desk_lead, outcome="c", comment="还在漏")
    return number


def test_whoever_looks_at_a_complaint_reads_what_was_reported_before_they_take_it(
    shop: Shop, complained: str
) -> None:
    with shop.engine.reading(shop.manager) as work:
        facts = dict(inbox.detail(work, shop.task(complained, "answer_complaint").id).opened.facts)
    assert facts["描述"] == "厨房水龙头滴漏"
    assert facts["联系电话"] == mask_phone(OWNER_PHONE)
    assert "报修时间" in facts


def telling(shop: Shop, number: str) -> list[str]:
    return [f"repair_order:{shop.order(number).id}"]


def test_a_bad_return_visit_is_answered_by_the_manager_within_a_day(shop: Shop, complained: str) -> None:
    task = shop.task(complained, "answer_complaint")
    assert (task.group_code, task.due_at) == ("pm", shop.clock.now() + timedelta(hours=24))
    assert shop.told("repair_complaint") == [
        [f"account:{shop.manager.id}"],
        [f"account:{shop.desk_lead.id}"],
    ]
    order = shop.order(complained)
    assert (order.state, order.outcome, order.return_visit_grade) == ("closed", "complaint", "C")


def test_an_answer_that_is_late_is_told_to_the_quality_department(shop: Shop, complained: str) -> None:
    quality = shop.staff(Post.QA)
    shop.later(hours=24)
    told = shop.told("task_escalated")
    assert str(quality.id) in told[-1]


def test_what_was_promised_is_done_by_the_day_and_then_asked_after(shop: Shop, complained: str) -> None:
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    due = shop.task(complained, "carry_out").due_at.astimezone(shop.engine.zone)
    assert (due.date().isoformat(), due.hour) == (promise(shop)["promised_on"], 18)
    assert shop.told("repair_complaint_answered") == [telling(shop, complained)]
    assert shop.told("repair_complaint_promise") == [[f"account:{shop.lead.id}"]]
    shop.do(complained, "carry_out", shop.lead, done="已退款")
    assert shop.told("repair_complaint_done") == [telling(shop, complained)]
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome="a")
    assert shop.told("repair_complaint_closed") == [telling(shop, complained)]
    assert shop.case(complained).state == "completed"
    assert shop.order(complained).return_visit_grade == "C"


def test_an_answer_that_promises_nothing_is_asked_after_at_once(shop: Shop, complained: str) -> None:
    shop.do(complained, "answer_complaint", shop.manager, **NOTHING)
    assert shop.steps(complained) == ["ask_complainant"]
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome="a")
    assert shop.events(complained)[-2:] == ["complaint_visited", "complaint_closed"]


def test_who_is_not_reached_after_the_answer_does_not_count_as_content(shop: Shop, complained: str) -> None:
    shop.do(complained, "answer_complaint", shop.manager, **NOTHING)
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome="unreachable")
    assert shop.events(complained)[-2:] == ["complaint_visited", "complaint_unreached"]
    assert shop.told("repair_complaint_closed") == []
    assert shop.told("repair_complaint_unreached") == [telling(shop, complained)]
    with shop.engine.reading(SYSTEM) as work:
        steps = {one.step_id for one in history.events(work, shop.case(complained).id)}
    assert "end_unreached" in steps
    assert "end_settled" not in steps


def test_who_is_still_not_content_is_reviewed_and_told_the_ways_outside(shop: Shop, complained: str) -> None:
    quality = shop.staff(Post.QA)
    shop.do(complained, "answer_complaint", shop.manager, **NOTHING)
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome="c", problem="要退钱")
    assert shop.told("repair_complaint_review") == [[f"account:{quality.id}"]]
    with shop.engine.reading(quality) as work:
        facts = dict(inbox.detail(work, shop.task(complained, "review_complaint").id).opened.facts)
    assert "要退钱" in facts.values()
    assert "给您道歉" in facts.values()
    shop.do(complained, "review_complaint", quality, finding="记录齐全", answer="质保延长半年")
    assert shop.told("repair_complaint_reviewed") == [telling(shop, complained)]
    with shop.engine.reading(shop.owner) as work:
        assert queries.order(work, complained).complaint == ("给您道歉", "", "质保延长半年")
    assert shop.case(complained).state == "completed"


@pytest.mark.parametrize("days", [-1, 11])
def test_a_promise_lies_between_today_and_the_longest_that_the_table_allows(
    shop: Shop, complained: str, days: int
) -> None:
    with pytest.raises(FieldsInvalid):
        shop.do(complained, "answer_complaint", shop.manager, **promise(shop, days))
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop, 10))


def test_the_owner_of_a_repair_at_home_is_met(shop: Shop, complained: str) -> None:
    with pytest.raises(FieldsInvalid):
        shop.do(complained, "answer_complaint", shop.manager, **(NOTHING | {"met": "nobody"}))


@pytest.mark.parametrize(
    ("step", "post", "answers"),
    [
        ("answer_complaint", Post.PM, NOTHING),
        ("carry_out", Post.RPL, {"done": "修好了"}),
        ("ask_complainant", Post.CSL, {"outcome": "a"}),
        ("review_complaint", Post.QA, {"finding": "没问题", "answer": "没问题"}),
    ],
)
def test_who_was_sent_handles_no_complaint_about_it(
    shop: Shop, complained: str, step: str, post: Post, answers: dict[str, Json]
) -> None:
    on_the_way: list[tuple[str, Actor, dict[str, Json]]] = [
        ("answer_complaint", shop.manager, promise(shop)),
        ("carry_out", shop.lead, {"done": "已退款"}),
        ("ask_complainant", shop.desk_lead, {"outcome": "c", "problem": "不行"}),
    ]
    for before, by, said in on_the_way:
        if before == step:
            break
        shop.do(complained, before, by, **said)
    with shop.engine.work(SYSTEM) as work:
        staff.insert_post(work, shop.plumber.id, post, shop.community)
    with pytest.raises(Refused, match="不能办理"):
        shop.do(complained, step, shop.plumber, **answers)


def test_what_the_owner_said_of_them_is_not_for_who_was_sent(shop: Shop, complained: str) -> None:
    shop.do(complained, "answer_complaint", shop.manager, **(NOTHING | {"said": "师傅态度差"}))
    for reader, reads in ((shop.plumber, False), (shop.desk_lead, True)):
        with shop.engine.reading(reader) as work:
            written = [one.body for one in remarks.of_order(work, shop.order(complained))]
        assert ("师傅态度差" in written) is reads


def test_who_was_sent_loses_the_number_a_day_after_the_repair_though_the_complaint_goes_on(
    shop: Shop, complained: str
) -> None:
    with shop.engine.reading(shop.plumber) as work:
        assert commands.may_reveal(work, shop.order(complained))
    shop.clock.advance(days=1, seconds=1)
    with shop.engine.reading(shop.plumber) as work:
        assert not commands.may_reveal(work, shop.order(complained))
    with shop.engine.reading(shop.desk_lead) as work:
        assert commands.may_reveal(work, shop.order(complained))


def test_the_owner_reads_that_the_complaint_goes_on_and_that_it_is_over(shop: Shop, complained: str) -> None:
    def is_open() -> bool:
        with shop.engine.reading(shop.owner) as work:
            return queries.own_reports(work)[0].is_complaint

    assert is_open()
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    with shop.engine.reading(shop.owner) as work:
        (told,) = [one for one in story.story(work, complained) if one.kind == "complaint_promised"]
    assert str(told.params["promised_at"]).endswith("18:00")
    shop.do(complained, "carry_out", shop.lead, done="已退款")
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome="b")
    assert not is_open()


def test_only_the_lead_of_the_desk_withdraws_a_complaint_and_the_owner_is_told(
    shop: Shop, complained: str
) -> None:
    for who in (shop.owner, shop.clerk, shop.lead, shop.manager):
        with pytest.raises((NotAllowed, Refused)), shop.engine.work(who) as work:
            instances.cancel(work, shop.case(complained).id, "不闹了")
    with shop.engine.work(shop.desk_lead) as work:
        commands.cancel(work, complained, "业主书面撤回")
    assert shop.told("repair_complaint_withdrawn") == [telling(shop, complained)]
    assert shop.events(complained)[-1] == "complaint_withdrawn"
    assert shop.order(complained).outcome == "complaint"


def test_the_third_rejection_of_a_common_part_meets_no_owner(shop: Shop) -> None:
    number = shop.report(fault="P05", text="一楼楼道灯不亮", area=Area.COMMON, place="一楼楼道")
    shop.accept(number, shop.electrician)
    shop.repair(number, shop.electrician)
    second = shop.staff(Post.RP)
    shop.skill(second, "electric")
    shop.on_duty(second, shop.clock.now(), timedelta(days=9))
    for again in (shop.electrician, second):
        shop.do(number, "inspect", shop.lead, outcome="unsatisfied", problem="还不亮")
        rework(shop, number, again)
    shop.do(number, "inspect", shop.lead, outcome="unsatisfied", problem="还不亮")
    nobody = {key: value for key, value in NOTHING.items() if key != "said"} | {"met": "nobody"}
    shop.do(number, "answer_complaint", shop.manager, **nobody)
    assert shop.told("repair_complaint_taken", "repair_complaint_answered") == []


def add(shop: Shop, number: str, text: str, *photos: str) -> None:
    ids = tuple(int(photo) for photo in photos)
    shop.engine.run(shop.owner, lambda work: adding.add(work, number, text, ids))


def quotes(shop: Shop, number: str, reader: Actor) -> list[str]:
    with shop.engine.reading(reader) as work:
        return [one.quote for one in story.story(work, number) if one.kind == "complaint_added"]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_what_the_owner_adds_reaches_whoever_has_the_complaint_in_hand(shop: Shop, complained: str) -> None:
    add(shop, complained, "今天又漏了", shop.photo(shop.owner))
    assert shop.told("repair_added") == [[f"account:{shop.manager.id}"]]
    shop.do(complained, "answer_complaint", shop.manager, **promise(shop))
    task = shop.task(complained, "carry_out")
    shop.staff(Post.RPL)
    shop.engine.run(shop.lead, lambda work: tasks.claim(work, task.id))
    add(shop, complained, "晚上在家")
    assert shop.told("repair_added")[1:] == [[f"account:{shop.lead.id}"]]
    with shop.engine.reading(shop.lead) as work:
        facts = dict(inbox.detail(work, task.id).opened.facts)
    assert ("今天又漏了；晚上在家", "今天又漏了; 晚上在家") in facts.values()


def test_what_the_owner_adds_to_a_complaint_is_not_for_who_was_sent(shop: Shop, complained: str) -> None:
    add(shop, complained, "师傅态度差")
    assert quotes(shop, complained, shop.owner) == quotes(shop, complained, shop.manager) == ["师傅态度差"]
    assert quotes(shop, complained, shop.plumber) == [""]
    with shop.engine.reading(shop.plumber) as work:
        assert "师傅态度差" not in [one.body for one in remarks.of_order(work, shop.order(complained))]


def photos(shop: Shop, number: str, reader: Actor) -> list[Attachment]:
    with shop.engine.reading(reader) as work:
        return [one for one in queries.order(work, number).media if one.owner_kind == "repair_complaint"]


def test_what_the_owner_photographs_for_a_complaint_is_not_for_who_was_sent(
    shop: Shop, complained: str
) -> None:
    add(shop, complained, "", shop.photo(shop.owner))
    (photo,) = photos(shop, complained, shop.owner)
    assert photos(shop, complained, shop.plumber) == []
    with pytest.raises(RecordNotFound), shop.engine.reading(shop.plumber) as work:
        attachments.read(work, photo.id)
    for reader in (shop.owner, shop.manager, shop.desk_lead):
        assert photos(shop, complained, reader) == [photo]
        with shop.engine.reading(reader) as work:
            attachments.read(work, photo.id)


def test_who_repairs_again_sees_what_the_owner_photographed(shop: Shop, complained: str) -> None:
    add(shop, complained, "", shop.photo(shop.owner))
    shop.do(complained, "answer_complaint", shop.manager, **(promise(shop) | {"outcome": "again"}))
    shop.do(
        complained,
        "send_again",
        shop.lead,
        worker_id=str(shop.second_plumber.id),
        visit_at=(shop.clock.now() + timedelta(hours=20)).isoformat(),
        measure="换阀芯",
    )
    (photo,) = photos(shop, complained, shop.second_plumber)
    with shop.engine.reading(shop.second_plumber) as work:
        attachments.read(work, photo.id)


def test_nothing_is_added_to_a_complaint_that_is_over(shop: Shop, complained: str) -> None:
    def may_add() -> bool:
        with shop.engine.reading(shop.owner) as work:
            return adding.may_add(work, shop.order(complained))

    assert may_add()
    shop.do(complained, "answer_complaint", shop.manager, **NOTHING)
    shop.do(complained, "ask_complainant", shop.desk_lead, outcome="a")
    assert not may_add()
    with pytest.raises(RuleRefused, match="已经结束"):
        add(shop, complained, "还有一句")


def test_what_is_added_to_a_complaint_counts_to_the_limit_of_a_day(shop: Shop, complained: str) -> None:
    for count in range(limits.ADDITIONS_PER_DAY):
        add(shop, complained, f"第 {count} 次")
    with pytest.raises(RuleRefused, match="一天最多"):
        add(shop, complained, "再一次")


def looked_up(shop: Shop, number: str, by: Actor) -> tuple[str, str]:
    return shop.engine.run(by, lambda work: commands.reveal_contact(work, number, "complaint"))


def test_who_holds_a_step_of_the_complaint_may_call_the_owner_until_it_is_done(
    shop: Shop, complained: str
) -> None:
    quality = shop.staff(Post.QA)
    on_the_way: list[tuple[str, Actor, dict[str, Json]]] = [
        ("answer_complaint", shop.manager, NOTHING),
        ("ask_complainant", shop.desk_lead, {"outcome": "c", "problem": "不行"}),
        ("review_complaint", quality, {"finding": "记录齐全", "answer": "质保延长"}),
    ]
    for step, by, answers in on_the_way:
        task_id = shop.task(complained, step).id
        if by is not shop.desk_lead:
            with pytest.raises(ActionNotAllowed, match="不能查看"):
                looked_up(shop, complained, by)
        shop.engine.run(by, lambda work, task_id=task_id: tasks.claim(work, task_id))
        assert looked_up(shop, complained, by) == ("李明", OWNER_PHONE)
        shop.do(complained, step, by, **answers)
        with pytest.raises(ActionNotAllowed, match="不能查看"):
            if by is shop.desk_lead:
                looked_up(shop, complained, shop.manager)
            looked_up(shop, complained, by)
    with shop.engine.reading(SYSTEM) as work:
        noted = work.connection.execute(
            select(access_log.c.actor_id, access_log.c.purpose).where(access_log.c.action == "reveal_phone")
        ).all()
    assert {row.actor_id for row in noted} >= {shop.manager.id, quality.id}
    assert {row.purpose for row in noted} == {"complaint"}


def test_who_was_sent_calls_no_owner_by_a_step_of_the_complaint_about_it(shop: Shop, complained: str) -> None:
    with shop.engine.work(SYSTEM) as work:
        staff.insert_post(work, shop.plumber.id, Post.PM, shop.community)
    task_id = shop.task(complained, "answer_complaint").id
    with shop.engine.work(SYSTEM) as work:  # as in cases that began before it was refused
        mine = user_task.update().where(user_task.c.id == task_id)
        work.connection.execute(mine.values(assignee_id=shop.plumber.id))
    shop.clock.advance(days=1, seconds=1)
    with pytest.raises(ActionNotAllowed, match="不能查看"):
        looked_up(shop, complained, shop.plumber)
