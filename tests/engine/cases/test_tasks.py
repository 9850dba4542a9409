"""People and steps: who may act, who was faster, and what stays behind."""

import threading
from datetime import timedelta

import pytest

from engine import handing, inbox, instances, tasks
from engine.errors import AlreadyDone, Invalid, NotPermitted, Refused, TaskGone, TaskNotFound
from engine.ports import SYSTEM, Grants, Membership
from engine.store.tables import (
    history_event,
    instance,
    job,
    step_delta,
    task_history,
    user_task,
)
from tests.engine.cases.conftest import (
    CLERK,
    COMMUNITY,
    HOUSE,
    MANAGER,
    OTHER_COMMUNITY,
    RESIDENT,
    SECOND_CLERK,
    STRANGER,
    TWO_STEPS,
    Shop,
)
from tests.engine.models import Model


def test_a_case_opens_its_first_step_with_its_limit(two: Shop) -> None:
    (task,) = two.open_tasks()

    assert (task.step_id, task.group_code, task.scope_id) == ("first", "cs", COMMUNITY)
    assert task.due_at == two.clock.now() + timedelta(minutes=30)
    assert [row.kind for row in two.rows(job)] == ["deadline"]


def test_completing_moves_on_and_remembers_who_and_when(two: Shop) -> None:
    two.clock.advance(minutes=10)
    two.complete("first")

    (done,) = two.rows(task_history)
    assert two.steps() == ["second"]
    assert (done.step_id, done.actor_id, done.end_kind, done.late) == ("first", CLERK.id, "completed", False)
    assert [row.late for row in two.rows(step_delta)] == [False]


def test_a_step_completed_after_its_limit_is_late(two: Shop) -> None:
    two.clock.advance(minutes=31)
    two.complete("first")

    assert [(row.late, row.late_seconds) for row in two.rows(step_delta)] == [(True, 60)]


def test_the_last_step_ends_the_case(two: Shop) -> None:
    two.complete("first")
    two.complete("second", outcome="yes")

    (case,) = two.rows(instance)
    assert (case.state, case.outcome, case.waits) == ("completed", "end", {})
    assert two.open_tasks() == []
    assert two.rows(job) == []


def test_a_stranger_learns_nothing_and_changes_nothing(two: Shop) -> None:
    for step in (tasks.claim, tasks.release, inbox.detail):
        with pytest.raises(TaskNotFound), two.engine.work(STRANGER) as work:
            step(work, two.task("first"))
    assert two.steps() == ["first"]


def test_a_claimed_task_is_its_claimers(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(CLERK) as work:
        tasks.claim(work, task_id)

    with pytest.raises(TaskGone) as refused:
        two.complete("first", SECOND_CLERK)

    assert refused.value.params["who"] == "员工1"


def test_releasing_gives_it_back(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(CLERK) as work:
        tasks.claim(work, task_id)
        tasks.release(work, task_id)
    two.complete("first", SECOND_CLERK)

    assert two.steps() == ["second"]


def test_what_is_held_in_a_suspended_case_goes_back_when_its_holder_leaves(two: Shop) -> None:
    task_id = two.task("first")
    two.engine.run(CLERK, lambda work: tasks.claim(work, task_id))
    (case,) = two.rows(instance)
    two.engine.run(MANAGER, lambda work: instances.suspend(work, case.id, "核对"))
    two.engine.run(SYSTEM, lambda work: tasks.hand_over(work, CLERK.id, None))

    assert [row.assignee_id for row in two.open_tasks("first")] == [None]


def test_a_manager_hands_a_task_to_another_candidate_with_a_reason(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(MANAGER) as work:
        tasks.reassign(work, task_id, SECOND_CLERK.id, "换班")

    with pytest.raises(TaskGone) as refused:
        two.complete("first", CLERK)
    assert f"已由员工{MANAGER.id}于" in refused.value.text()
    assert f"转交给员工{SECOND_CLERK.id}" in refused.value.text()
    two.complete("first", SECOND_CLERK)


def test_who_hands_over_what_was_handed_on_before_learns_by_whom_and_to_whom(two: Shop) -> None:
    task_id = two.task("first")
    two.engine.run(CLERK, lambda work: tasks.claim(work, task_id))
    two.engine.run(MANAGER, lambda work: tasks.reassign(work, task_id, SECOND_CLERK.id, "换班"))
    for late in (CLERK, MANAGER):
        with pytest.raises(TaskGone) as refused, two.engine.work(late) as work:
            tasks.reassign(work, task_id, SECOND_CLERK.id, "换班")
        assert f"已由员工{MANAGER.id}于" in refused.value.text()
        assert f"转交给员工{SECOND_CLERK.id}" in refused.value.text()

    assert [row.kind for row in two.rows(history_event)].count("reassigned") == 1


@pytest.mark.parametrize(("to", "reason"), [(SECOND_CLERK.id, " "), (STRANGER.id, "换班")])
def test_a_task_is_not_handed_over_without_reason_or_to_no_candidate(two: Shop, to: int, reason: str) -> None:
    task_id = two.task("first")

    with pytest.raises(Refused), two.engine.work(MANAGER) as work:
        tasks.reassign(work, task_id, to, reason)


def test_a_clerk_may_not_take_a_task_from_another(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(CLERK) as work:
        tasks.claim(work, task_id)

    with pytest.raises(NotPermitted), two.engine.work(SECOND_CLERK) as work:
        tasks.release(work, task_id)


def test_nobody_hands_over_what_is_not_theirs_without_the_permission(two: Shop) -> None:
    task_id = two.task("first")
    elsewhere = Membership("cs", OTHER_COMMUNITY)
    two.directory.give(STRANGER, Grants((elsewhere,), frozenset({("task.reassign", OTHER_COMMUNITY)})))
    for actor in (SECOND_CLERK, STRANGER):
        with pytest.raises(NotPermitted), two.engine.work(actor) as work:
            tasks.reassign(work, task_id, CLERK.id, "换班")

    assert [row.assignee_id for row in two.open_tasks("first")] == [None]


def test_a_substitute_acts_for_the_absent(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(CLERK) as work:
        tasks.claim(work, task_id)
    two.directory.give(STRANGER, Grants((Membership("cs", COMMUNITY, CLERK.id),), stands_in_for=(CLERK.id,)))
    two.complete("first", STRANGER)

    (done,) = two.rows(task_history)
    assert (done.actor_id, done.on_behalf_of) == (STRANGER.id, CLERK.id)


def test_a_second_completion_learns_who_was_faster(two: Shop) -> None:
    task_id = two.task("first")
    two.complete("first")

    with pytest.raises(TaskGone) as refused, two.engine.work(SECOND_CLERK) as work:
        tasks.complete(work, task_id, {})

    assert "员工1" in refused.value.text()


def test_a_manager_who_hands_over_too_late_learns_who_was_faster(two: Shop) -> None:
    task_id = two.task("first")
    two.complete("first")

    with pytest.raises(TaskGone) as refused, two.engine.work(MANAGER) as work:
        tasks.reassign(work, task_id, SECOND_CLERK.id, "换班")

    assert "员工1" in refused.value.text()


def test_whoever_meets_a_cancelled_case_learns_who_cancelled_it(two: Shop) -> None:
    task_id = two.task("first")
    (case,) = two.rows(instance)
    two.engine.run(MANAGER, lambda work: instances.cancel(work, case.id, "不修了"))

    with pytest.raises(TaskGone) as late, two.engine.work(CLERK) as work:
        tasks.complete(work, task_id, {})
    with pytest.raises(AlreadyDone) as again, two.engine.work(MANAGER) as work:
        instances.cancel(work, case.id, "不修了")

    assert all(
        f"员工{MANAGER.id}" in one.value.text() and "取消" in one.value.text() for one in (late, again)
    )


def test_only_those_concerned_are_told_why_a_task_is_gone(two: Shop) -> None:
    task_id = two.task("first")
    two.complete("first")

    with pytest.raises(TaskNotFound), two.engine.work(STRANGER) as work:
        tasks.complete(work, task_id, {})


def test_of_two_people_at_once_exactly_one_completes(two: Shop) -> None:
    task_id = two.task("first")
    together = threading.Barrier(2, timeout=20)
    outcomes: list[str] = []

    def complete(actor_id: int) -> None:
        actor = CLERK if actor_id == CLERK.id else SECOND_CLERK
        together.wait()
        try:
            two.engine.run(actor, lambda work: tasks.complete(work, task_id, {}))
            outcomes.append("done")
        except TaskGone:
            outcomes.append("gone")

    threads = [threading.Thread(target=complete, args=(actor.id,)) for actor in (CLERK, SECOND_CLERK)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(outcomes) == ["done", "gone"]
    assert two.steps() == ["second"]


def test_answers_that_do_not_fit_change_nothing(two: Shop) -> None:
    two.complete("first")

    with pytest.raises(Invalid) as refused:
        two.complete("second", remark="x" * 300)

    assert set(refused.value.fields) == {"outcome", "remark"}
    assert two.steps() == ["second"]


def test_a_refusal_of_the_command_refuses_the_completion(two: Shop) -> None:
    two.complete("first")

    with pytest.raises(Refused):
        two.complete("second", outcome="yes", remark="boom")

    assert two.steps() == ["second"]


def test_a_field_no_command_knows_is_kept_sealed(two: Shop) -> None:
    two.complete("first")
    two.complete("second", outcome="yes", remark="好", meter="M-77")

    done = two.rows(task_history)[-1]
    assert done.outcome == "yes"
    assert done.extra == f'sealed:task_history:extra:{done.id}:{{"meter": "M-77"}}'


def test_an_open_case_keeps_its_business_key(two: Shop) -> None:
    with pytest.raises(AlreadyDone, match="R1"):
        two.start("two", "R1")

    assert len(two.rows(instance)) == 1


def test_a_post_that_may_not_start_is_refused(shop: Shop) -> None:
    shop.deploy(TWO_STEPS)

    with pytest.raises(NotPermitted):
        shop.start("two", actor=RESIDENT)

    assert shop.rows(instance) == []


def _enter_what_is_checked(shop: Shop) -> None:
    shop.deploy(
        Model("eyes")
        .start()
        .user("enter")
        .user("check", not_same_as="enter")
        .end()
        .flow("start", "enter", "check", "end")
    )
    shop.start("eyes")
    shop.complete("enter", CLERK)


def test_who_did_a_step_may_not_check_it(shop: Shop) -> None:
    _enter_what_is_checked(shop)

    with pytest.raises(NotPermitted):
        shop.complete("check", CLERK)
    shop.complete("check", SECOND_CLERK)

    assert shop.open_tasks() == []


def test_a_check_is_not_handed_to_who_did_what_it_checks(shop: Shop) -> None:
    _enter_what_is_checked(shop)
    task_id = shop.task("check")

    with shop.engine.reading(MANAGER) as work:
        detail = inbox.detail(work, task_id)
        assert handing.people(work, detail.case, detail.task) == [SECOND_CLERK.id]
    with pytest.raises(Refused, match="不能办理"), shop.engine.work(MANAGER) as work:
        tasks.reassign(work, task_id, CLERK.id, "换班")
    shop.engine.run(MANAGER, lambda work: tasks.reassign(work, task_id, SECOND_CLERK.id, "换班"))


def test_who_began_a_case_may_not_claim_the_check_of_it(shop: Shop) -> None:
    shop.deploy(Model("begun").start().user("check", not_same_as="start").end().flow("start", "check", "end"))
    shop.start("begun", actor=CLERK)

    task_id = shop.task("check")
    with pytest.raises(NotPermitted):
        shop.engine.run(CLERK, lambda work: tasks.claim(work, task_id))
    shop.complete("check", SECOND_CLERK)

    assert shop.open_tasks() == []


def test_a_residents_step_belongs_to_the_house(shop: Shop) -> None:
    shop.deploy(Model("home").start().user("confirm", group="resident").end().flow("start", "confirm", "end"))
    shop.start("home")

    (task,) = shop.open_tasks()
    assert (task.group_code, task.scope_id) == ("resident", HOUSE)
    shop.complete("confirm", RESIDENT)
    assert shop.open_tasks() == []


def test_an_assignee_from_a_variable_gets_the_task(shop: Shop) -> None:
    shop.deploy(
        Model("named")
        .start(message="reported")
        .user("visit", assignee="${wanted}")
        .end()
        .flow("start", "visit", "end")
    )
    shop.start("named", message="reported", wanted=str(SECOND_CLERK.id))

    assert [row.assignee_id for row in shop.open_tasks()] == [SECOND_CLERK.id]
    with pytest.raises(TaskGone):
        shop.complete("visit", CLERK)


def test_a_suspended_case_waits(two: Shop) -> None:
    (case,) = two.rows(instance)
    with two.engine.work(MANAGER) as work:
        instances.suspend(work, case.id, "业主投诉核实中")
    with pytest.raises(AlreadyDone, match="暂停"):
        two.complete("first")
    with two.engine.work(MANAGER) as work:
        instances.resume(work, case.id)
    two.complete("first")

    assert two.steps() == ["second"]


def test_the_history_tells_each_step_in_order(two: Shop) -> None:
    two.complete("first")
    two.complete("second", outcome="no")

    kinds = [
        (row.kind, row.step_id) for row in two.rows(history_event) if row.kind in {"completed", "opened"}
    ]
    assert kinds == [
        ("opened", "first"),
        ("completed", "first"),
        ("opened", "second"),
        ("completed", "second"),
    ]


def test_no_row_of_work_is_left_behind(two: Shop) -> None:
    two.complete("first")
    two.complete("second", outcome="yes")

    assert two.rows(user_task) == []
    assert two.rows(job) == []


def test_the_platform_itself_is_not_a_candidate(two: Shop) -> None:
    with pytest.raises(NotPermitted):
        two.complete("first", SYSTEM)
