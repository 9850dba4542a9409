"""Joining: from a lead's request to the first sign-in, with everything that goes otherwise."""

import pytest
from sqlalchemy import select

from engine import instances
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from handlers.accounts import sessions, sign_in, staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.shared.records import outbox_job
from handlers.staffing import joining, telling
from handlers.staffing.joining import Newcomer
from handlers.staffing.records import staffing_case
from tests.handlers.office import Office

FIRST, NEW = "Lantern-8-river", "Harbour-9-stone"
ZHAO = Newcomer("赵六", "13712345678", "客户服务部", Post.CS)


def asked(office: Office, newcomer: Newcomer = ZHAO, by: Actor | None = None) -> str:
    community = office.community
    wanted = Newcomer(
        newcomer.name, newcomer.phone, newcomer.department, newcomer.post, newcomer.more, community
    )
    with office.engine.work(by or office.csl) as work:
        return joining.ask(work, wanted)


def joined(office: Office, number: str) -> Actor:
    with office.engine.reading(SYSTEM) as work:
        return Actor(
            work.connection.execute(
                select(staffing_case.c.account_id).where(staffing_case.c.number == number)
            ).scalar_one(),
            "staff",
        )


def passwords_sent(office: Office) -> int:
    with office.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(outbox_job.c.name)).scalars().all()
    return sum(name == staff.FIRST_PASSWORD_JOB for name in rows)


def sign_in_first(office: Office, who: Actor) -> None:
    """Let the newcomer sign in, take a password of their own and accept the statement."""
    with office.engine.work(SYSTEM) as work:
        staff.set_first_password(work, who.id, FIRST)
    token = sign_in.sign_in(office.engine, office.login_of(who), FIRST, "192.0.2.7")
    signed_in = sessions.resume(office.engine, token)
    assert signed_in is not None
    sign_in.change_password(office.engine, signed_in, FIRST, NEW, "192.0.2.7")
    office.engine.run(who, sign_in.accept_responsibility)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_joining_runs_from_the_request_to_the_first_sign_in(office: Office) -> None:
    number = asked(office)
    office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    assert passwords_sent(office) == 0, "no password before there are rights to use it"
    office.do(number, "grant", office.sys, matches=True)
    assert passwords_sent(office) == 1
    office.do(number, "brief", office.adm, signed=True, trained=True)
    with pytest.raises(RuleRefused):
        office.do(number, "settle", office.adm, outcome="done")
    who = joined(office, number)
    sign_in_first(office, who)
    office.do(number, "settle", office.adm, outcome="done")
    assert office.is_over(number)
    with office.engine.reading(who) as work:
        assert {member.group for member in work.memberships} == {"cs"}


def test_only_administration_registers_and_only_the_system_administrator_grants(office: Office) -> None:
    number = asked(office)
    for other in (office.sys, office.sec, office.csl):
        with pytest.raises(NotPermitted):
            office.do(number, "register", other, outcome="register", login="zhaoliu")
    office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    for other in (office.adm, office.sec, office.csl):
        with pytest.raises(NotPermitted):
            office.do(number, "grant", other, matches=True)


def test_a_further_post_waits_for_the_security_administrator(office: Office) -> None:
    number = asked(office, Newcomer("赵六", "13712345678", "", Post.CS, Post.FIN))
    office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    office.do(number, "grant", office.sys, matches=True)
    assert office.steps(number) == ["approve"]
    with office.engine.reading(office.sec) as work:
        assert "加任岗位" in str(telling.told(work, number))
    office.do(number, "approve", office.sec, outcome="approve", reason="小项目，一人兼任")
    assert office.steps(number) == ["brief"]
    sign_in_first(office, joined(office, number))
    with office.engine.reading(joined(office, number)) as work:
        assert {member.group for member in work.memberships} == {"cs", "fin"}


def test_a_further_post_that_is_turned_down_is_not_granted(office: Office) -> None:
    number = asked(office, Newcomer("赵六", "13712345678", "", Post.CS, Post.FIN))
    office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    office.do(number, "grant", office.sys, matches=True)
    office.do(number, "approve", office.sec, outcome="refuse", reason="收费和客服须分开")
    sign_in_first(office, joined(office, number))
    with office.engine.reading(joined(office, number)) as work:
        assert {member.group for member in work.memberships} == {"cs"}


def test_a_guarded_post_that_is_turned_down_sends_no_first_password(office: Office) -> None:
    number = asked(office, Newcomer("赵六", "13712345678", "", Post.DPO))
    office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    office.do(number, "grant", office.sys, matches=True)
    office.do(number, "approve", office.sec, outcome="refuse", reason="不需要")
    with office.engine.reading(SYSTEM) as work:
        jobs = work.connection.execute(select(outbox_job.c.name)).scalars().all()
    assert staff.FIRST_PASSWORD_JOB not in jobs


def test_a_joining_whose_only_post_was_turned_down_ends_and_the_lead_is_told(office: Office) -> None:
    number = asked(office, Newcomer("赵六", "13712345678", "", Post.DPO))
    office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    office.do(number, "grant", office.sys, matches=True)
    office.do(number, "approve", office.sec, outcome="refuse", reason="不需要")
    assert office.is_over(number)
    with office.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(outbox_job.c.args)).scalars().all()
    assert [one["to"] for one in rows if one.get("template") == "joining_refused"] == [
        [f"account:{office.csl.id}"]
    ]


def test_administration_may_refuse(office: Office) -> None:
    number = asked(office)
    office.do(number, "register", office.adm, outcome="refuse", reason="资料不符")
    assert office.is_over(number)
    with office.engine.reading(SYSTEM) as work:
        names = work.connection.execute(select(account.c.department)).scalars().all()
    assert "客户服务部" not in names


def test_a_password_that_did_not_come_is_sent_again(office: Office) -> None:
    number = asked(office)
    office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    office.do(number, "grant", office.sys, matches=True)
    office.do(number, "brief", office.adm, signed=True, trained=True)
    office.do(number, "settle", office.adm, outcome="reissue")
    assert passwords_sent(office) == 2
    assert office.steps(number) == ["brief"]


def test_a_joining_may_be_called_off_before_it_is_registered(office: Office) -> None:
    number = asked(office)
    instance_id = office.task(number, "register").instance_id
    office.engine.run(office.adm, lambda work: instances.cancel(work, instance_id, "本人不来了"))
    assert office.is_over(number)


@pytest.mark.parametrize(("step", "hours"), [("register", 4), ("grant", 4)])
def test_registering_and_granting_have_four_hours_each(office: Office, step: str, hours: int) -> None:
    number = asked(office)
    if step == "grant":
        office.do(number, "register", office.adm, outcome="register", login="zhaoliu")
    office.later(hours=hours, minutes=1)
    assert office.task(number, step).overdue_at is not None
    told = office.told("task_escalated")
    expected = office.sec if step == "grant" else None
    assert expected is None or str(expected.id) in told or f"account:{expected.id}" in told


def test_a_clerk_asks_for_nobody_and_a_lead_only_where_they_lead(office: Office) -> None:
    with pytest.raises(NotPermitted):
        asked(office, by=office.clerk)
    elsewhere = Newcomer("赵六", "13712345678", "", Post.CS, None, office.other_community)
    with office.engine.work(office.csl) as work, pytest.raises(NotPermitted):
        joining.ask(work, elsewhere)


def test_a_request_with_gaps_is_refused_at_its_fields(office: Office) -> None:
    with office.engine.work(office.adm) as work, pytest.raises(FieldsInvalid) as invalid:
        joining.ask(work, Newcomer(" ", "12", "", None))
    assert sorted(invalid.value.fields) == ["name", "phone", "post"]


def test_what_a_joining_is_about_is_told_to_those_concerned_with_the_phone_masked(office: Office) -> None:
    number = asked(office)
    for reader in (office.csl, office.adm, office.sys):
        with office.engine.reading(reader) as work:
            said = str(telling.told(work, number))
        assert "赵六" in said
        assert "13712345678" not in said
    with office.engine.reading(office.clerk) as work, pytest.raises(Exception, match="没有这次"):
        telling.told(work, number)
