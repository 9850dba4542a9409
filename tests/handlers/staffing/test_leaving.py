"""Leaving: what a departing clerk could keep, and does not."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import drafts, incidents, instances, tasks
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.store.tables import task_draft, user_task
from handlers.accounts import granting, installation, sessions, sign_in, staff, substitution
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_post, account_shift
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.safety import reporting
from handlers.safety.reporting import Odd
from handlers.shared.permissions import Permission
from handlers.staffing import joining, leaving
from handlers.staffing.joining import Newcomer
from tests.handlers.estate_world import PASSWORD
from tests.handlers.office import Office


def left(office: Office, who: Actor, hours: float | None = None) -> str:
    with office.engine.work(office.adm) as work:
        at = None if hours is None else work.now + timedelta(hours=hours)
        return leaving.ask(work, who.id, at)


def holder(office: Office, task_id: int) -> int | None:
    with office.engine.reading(SYSTEM) as work:
        return work.connection.execute(
            select(user_task.c.assignee_id).where(user_task.c.id == task_id)
        ).scalar_one()


def claimed(office: Office, by: Actor) -> int:
    """Give somebody of administration a task in hand."""
    with office.engine.work(office.csl) as work:
        wanted = Newcomer("赵六", "13712345678", "", Post.CS, None, office.community)
        number = joining.ask(work, wanted)
    task_id = int(office.task(number, "register").id)
    office.engine.run(by, lambda work: tasks.claim(work, task_id))
    office.engine.run(by, lambda work: drafts.save_draft(work, task_id, {"login": "zhaoliu"}))
    return task_id


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_access_ends_at_the_agreed_moment_and_the_open_tasks_are_handed_over(office: Office) -> None:
    leaver, successor = (office.staff(Post.ADM, everywhere=True) for _ in range(2))
    task_id = claimed(office, leaver)
    token = sign_in.sign_in(office.engine, office.login_of(leaver), PASSWORD, "192.0.2.7")
    number = left(office, leaver, hours=8)
    office.do(number, "prepare", office.adm, successor_id=str(successor.id), note="门禁卡两张")
    assert office.steps(number) == []
    office.later(hours=7)
    assert holder(office, task_id) == leaver.id
    office.later(hours=1, minutes=1)
    assert sessions.resume(office.engine, token) is None
    assert holder(office, task_id) == successor.id
    with office.engine.reading(leaver) as work:
        assert work.grants.memberships == ()
        assert work.connection.execute(select(task_draft)).all() == []
    office.do(number, "collect", office.adm, returned=["keys", "phone"])
    office.do(number, "review", office.aud, outcome="fine", note="无导出")
    assert office.is_over(number)


def test_whoever_is_dismissed_has_nothing_left_at_once(office: Office) -> None:
    leaver, other = (office.staff(Post.SYS, everywhere=True) for _ in range(2))
    with office.engine.work(leaver) as work:
        program = installation.create_token(work, "collector", Post.RP)
    office.shift(leaver, office.clock.now() + timedelta(days=1), office.clock.now() + timedelta(days=2))
    with office.engine.work(other) as work:
        substitution.set_substitute(work, other.id, leaver.id, work.now, work.now + timedelta(days=3))
    token = sign_in.sign_in(office.engine, office.login_of(leaver), PASSWORD, "192.0.2.7")
    number = left(office, leaver)
    assert office.steps(number) == ["collect", "review"]
    assert sessions.resume(office.engine, token) is None
    assert installation.actor_of_token(office.engine, program) is None
    with pytest.raises(sign_in.SignInRefused):
        sign_in.sign_in(office.engine, office.login_of(leaver), PASSWORD, "192.0.2.7")
    with office.engine.reading(SYSTEM) as work:
        open_posts = select(account_post.c.id).where(
            account_post.c.account_id == leaver.id, account_post.c.ended_at.is_(None)
        )
        shifts = select(account_shift.c.id).where(account_shift.c.account_id == leaver.id)
        assert work.connection.execute(open_posts).all() == []
        assert work.connection.execute(shifts).all() == []
    with office.engine.reading(other) as work:
        assert substitution.own_substitutions(work) == []


def test_a_task_without_a_successor_goes_back_to_its_post(office: Office) -> None:
    leaver = office.staff(Post.ADM, everywhere=True)
    task_id = claimed(office, leaver)
    left(office, leaver)
    assert holder(office, task_id) is None
    office.engine.run(office.adm, lambda work: tasks.claim(work, task_id))


def test_an_account_switched_off_keeps_nothing_and_gets_no_post_back_when_switched_on(office: Office) -> None:
    clerk = office.staff(Post.ADM, everywhere=True)
    task_id = claimed(office, clerk)
    office.shift(clerk, office.clock.now() + timedelta(days=1), office.clock.now() + timedelta(days=2))
    office.engine.run(office.adm, lambda work: staff.disable(work, clerk.id))
    assert holder(office, task_id) is None
    with office.engine.reading(SYSTEM) as work:
        shifts = select(account_shift.c.id).where(account_shift.c.account_id == clerk.id)
        assert work.connection.execute(shifts).all() == []
    office.engine.run(office.adm, lambda work: staff.enable(work, clerk.id))
    with office.engine.reading(clerk) as work:
        assert work.grants.memberships == ()


def test_a_post_asked_for_an_account_that_is_switched_off_is_approved_no_more(office: Office) -> None:
    clerk = office.staff(Post.CS)
    office.engine.run(
        office.sys, lambda work: granting.grant_post(work, clerk.id, Post.CSL, office.community)
    )
    with office.engine.reading(office.sec) as work:
        (asked,) = granting.waiting(work)
    office.engine.run(office.adm, lambda work: staff.disable(work, clerk.id))
    with pytest.raises(RecordNotFound), office.engine.work(office.sec) as work:
        granting.approve(work, asked.id)


def test_an_account_whose_tasks_administration_may_not_see_is_switched_off_too(office: Office) -> None:
    guard = office.staff(Post.SEC, everywhere=True)
    number = reporting.report(office.engine, office.clerk, Odd("leak", "名单外传"))
    assert number is not None
    task_id = int(office.task(number, "triage").id)
    office.engine.run(guard, lambda work: tasks.claim(work, task_id))
    office.engine.run(office.adm, lambda work: staff.disable(work, guard.id))
    assert holder(office, task_id) is None


def test_a_hand_over_that_nobody_arranged_keeps_no_access_open(office: Office) -> None:
    leaver = office.staff(Post.CS)
    number = left(office, leaver, hours=8)
    office.later(hours=4, minutes=1)
    assert office.task(number, "prepare").overdue_at is not None
    office.later(hours=4)
    assert office.steps(number) == ["collect", "review"]
    with office.engine.reading(leaver) as work:
        assert work.grants.memberships == ()


def test_somebody_who_stays_after_all_keeps_everything(office: Office) -> None:
    leaver = office.staff(Post.CS)
    number = left(office, leaver, hours=8)
    instance_id = office.task(number, "prepare").instance_id
    office.engine.run(office.adm, lambda work: instances.cancel(work, instance_id, "留任"))
    office.later(hours=9)
    with office.engine.reading(leaver) as work:
        assert work.grants.memberships != ()
    left(office, leaver, hours=8)


def test_nobody_but_administration_lets_people_go_and_nobody_themselves(office: Office) -> None:
    for other in (office.sys, office.pm, office.clerk):
        with office.engine.work(other) as work, pytest.raises(NotPermitted):
            leaving.ask(work, office.clerk.id, None)
    with office.engine.work(office.adm) as work, pytest.raises(ActionNotAllowed):
        leaving.ask(work, office.adm.id, None)


def test_a_leaving_lies_in_the_future_and_is_under_way_once(office: Office) -> None:
    leaver = office.staff(Post.CS)
    with office.engine.work(office.adm) as work, pytest.raises(FieldsInvalid):
        leaving.ask(work, leaver.id, work.now - timedelta(hours=1))
    left(office, leaver, hours=8)
    with pytest.raises(RecordConflict):
        left(office, leaver)


def test_an_incident_in_hand_goes_back_to_both_administrators(office: Office) -> None:
    leaver = office.staff(Post.SEC, everywhere=True)
    number = reporting.report(office.engine, office.clerk, Odd("leak", "名单外传"))
    assert number is not None
    task_id = int(office.task(number, "triage").id)
    office.engine.run(leaver, lambda work: tasks.claim(work, task_id))
    left(office, leaver)
    office.do(number, "triage", office.sys, outcome="real", origin="inside", text="已停用")


def test_the_last_auditor_does_not_leave_before_there_is_another(office: Office) -> None:
    with pytest.raises(RuleRefused) as refused:
        left(office, office.aud)
    assert refused.value.code == "last_of_post"


def test_of_two_who_leave_on_one_day_the_second_stays_until_there_is_another(office: Office) -> None:
    other = office.staff(Post.AUD, everywhere=True)
    first, second = left(office, other, hours=8), left(office, office.aud, hours=9)
    office.later(hours=9, minutes=1)
    assert office.steps(first) == ["collect", "review"]
    with office.engine.reading(office.aud) as work:
        assert work.may(Permission.AUDIT_READ)
    office.staff(Post.AUD, everywhere=True)
    with office.engine.reading(office.sys) as work:
        [trouble] = incidents.open_incidents(work)
    office.engine.run(office.sys, lambda work: incidents.retry(work, trouble.id, "已有另一位审计员"))
    office.later(minutes=1)
    assert office.steps(second) == ["collect", "review"]
