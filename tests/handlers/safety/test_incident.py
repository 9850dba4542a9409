"""A security incident, from somebody who finds something odd to its lessons."""

from collections import Counter
from dataclasses import replace

import pytest

from engine import instances
from engine.errors import Invalid, NotPermitted
from engine.ports import Actor
from engine.work import Engine
from handlers.errors import FieldsInvalid, RecordNotFound, RuleRefused
from handlers.safety import incidents, reporting
from handlers.safety.reporting import Odd
from handlers.shared import limits
from tests.handlers.office import Office, account
from tests.reliability.together import together

ODD = Odd("sign_in", "凌晨三点有人用我的账号登录")


def reported(office: Office, by: Actor | None = None, odd: Odd = ODD) -> str:
    number = reporting.report(office.engine, by or office.clerk, odd)
    assert number is not None
    return number


def graded(office: Office, grade: str) -> str:
    """Bring an incident to where three things are done at once."""
    number = reported(office)
    office.do(number, "triage", office.sec, outcome="real", origin="outside", text="已退出全部登录")
    office.do(number, "grade", office.dpo, grade=grade, persons=120, text="涉及两栋楼")
    office.do(number, "inform", office.pm, text="尽快查清")
    return number


def facts(office: Office, actor: Actor, number: str) -> str:
    with office.engine.reading(actor) as work:
        return str(incidents.told(work, number))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_an_incident_runs_from_the_report_to_its_lessons(office: Office) -> None:
    number = graded(office, "4")
    assert office.steps(number) == ["investigate", "notify", "report"]
    office.do(number, "notify", office.dpo, outcome="told", text="已逐一电话告知")
    office.do(number, "report", office.dpo, outcome="not_required", text="一般事件")
    office.do(number, "investigate", office.aud, preserved=True, text="密码外借")
    office.do(number, "recover", office.sys, checked=True, text="已重置密码")
    office.do(number, "conclude", office.sec, text="账号外借造成")
    line = {"measure": "全员培训", "owner": "行政部", "due_on": "2026-12-20"}
    office.do(number, "lessons", office.pm, lines=[line])
    assert office.is_over(number)
    with office.engine.reading(office.sec) as work:
        [one] = incidents.incidents(work)
    assert (one.number, one.state, one.grade) == (number, "closed", 4)
    said = facts(office, office.aud, number)
    assert all(text in said for text in ("凌晨三点", "密码外借", "全员培训", "2026-12-20"))


def test_both_administrators_are_told_at_the_same_moment(office: Office) -> None:
    number = reported(office)
    assert office.told("odd_reported") == {account(office.sys), account(office.sec)}
    assert office.steps(number) == ["triage"]
    office.do(number, "triage", office.sys, outcome="real", origin="inside", text="已停用账号")


def test_a_false_alarm_is_closed_by_two_roles(office: Office) -> None:
    number = reported(office)
    office.do(number, "triage", office.sec, outcome="false", origin="unknown", text="是本人换了手机")
    with pytest.raises(NotPermitted):
        office.do(number, "confirm_false", office.sec, outcome="false", text="确认")
    office.do(number, "confirm_false", office.sys, outcome="false", text="与本人核实")
    assert office.is_over(number)
    with office.engine.reading(office.sec) as work:
        assert incidents.incidents(work)[0].state == "false_alarm"


def test_whoever_looks_a_second_time_may_say_that_it_is_real(office: Office) -> None:
    number = reported(office)
    office.do(number, "triage", office.sec, outcome="false", origin="unknown", text="像误报")
    office.do(number, "confirm_false", office.aud, outcome="real", text="日志里有别人")
    assert office.steps(number) == ["grade"]


def test_what_is_said_about_an_administrator_passes_both_by(office: Office) -> None:
    number = reported(office, odd=Odd("leak", "管理员在看业主电话", about_admin=True))
    assert office.told("odd_reported") == {account(office.aud), account(office.dpo)}
    assert office.steps(number) == ["triage_by_auditor"]
    for watcher in (office.sys, office.sec):
        with pytest.raises(NotPermitted):
            office.do(number, "triage_by_auditor", watcher, outcome="false", origin="inside", text="没事")
        with pytest.raises(RecordNotFound):
            facts(office, watcher, number)
    assert "管理员在看" in facts(office, office.aud, number)
    office.do(number, "triage_by_auditor", office.aud, outcome="real", origin="inside", text="已导出日志")
    assert office.steps(number) == ["grade"]


@pytest.mark.parametrize("grade", ["1", "2", "3"])
def test_a_larger_incident_must_be_reported_to_the_authority(office: Office, grade: str) -> None:
    number = graded(office, grade)
    with pytest.raises(RuleRefused) as refused:
        office.do(number, "report", office.dpo, outcome="not_required", text="不想报")
    assert refused.value.code == "must_report"
    with pytest.raises(Invalid):
        office.do(number, "report", office.dpo, outcome="reported", text="已报")
    office.do(number, "report", office.dpo, outcome="reported", reference="省网信办 2026-118", text="已报")


def test_logs_are_kept_and_data_compared_before_anything_is_called_done(office: Office) -> None:
    number = graded(office, "4")
    with pytest.raises(Invalid):
        office.do(number, "investigate", office.sec, preserved=False, text="没留日志")
    office.do(number, "investigate", office.sec, preserved=True, text="密码外借")
    office.do(number, "notify", office.dpo, outcome="no_harm", text="没有业主信息")
    office.do(number, "report", office.dpo, outcome="not_required", text="一般事件")
    with pytest.raises(Invalid):
        office.do(number, "recover", office.sys, checked=False, text="没核对")


@pytest.mark.parametrize(("minutes", "told"), [(16, ("sec", "sys")), (31, ("pm",)), (46, ("pm", "dpo"))])
def test_an_incident_that_nobody_looks_at_goes_up_every_quarter_of_an_hour(
    office: Office, minutes: int, told: tuple[str, ...]
) -> None:
    number = reported(office)
    office.later(minutes=minutes)
    people = {account(getattr(office, one)) for one in told} | {str(getattr(office, one).id) for one in told}
    reached = office.told("task_escalated") | office.told("task_warning")
    assert len(people & reached) == len(told), reached
    assert office.steps(number) == ["triage"], "time alone never skips a step"


@pytest.mark.parametrize(
    ("step", "hours"), [("grade", 1), ("report", 4), ("notify", 72), ("investigate", 168)]
)
def test_each_step_has_its_limit(office: Office, step: str, hours: int) -> None:
    number = reported(office)
    office.do(number, "triage", office.sec, outcome="real", origin="outside", text="已处理")
    if step != "grade":
        office.do(number, "grade", office.dpo, grade="3", persons=1, text="涉及一人")
        office.do(number, "inform", office.pm, text="")
    task = office.task(number, step)
    assert (task.due_at - task.opened_at).total_seconds() == hours * 3600
    office.later(hours=hours, minutes=1)
    assert office.task(number, step).overdue_at is not None


def test_a_resident_reports_without_a_name_and_nobody_learns_who(office: Office, engine: Engine) -> None:
    person = office.person("陈静", "13900000001")
    office.relate(person, office.house)
    resident = office.resident(person)
    number = reported(office, resident, Odd("fraud", "有人冒充物业收钱", is_nameless=True))
    assert "No name given" in facts(office, office.sec, number)
    with pytest.raises(RecordNotFound):
        facts(office, resident, number)


def test_the_text_of_a_report_is_read_by_those_who_watch_over_security_only(office: Office) -> None:
    number = reported(office)
    for watcher in (office.sys, office.sec, office.aud, office.dpo, office.pm):
        assert "凌晨三点" in facts(office, watcher, number)
    for other in (office.clerk, office.csl, office.adm):
        with pytest.raises(RecordNotFound):
            facts(office, other, number)
        with office.engine.reading(other) as work, pytest.raises(NotPermitted):
            incidents.incidents(work)


def test_a_report_says_something_and_nobody_floods_the_administrators(office: Office) -> None:
    for odd, field in ((Odd("sign_in", "  "), "description"), (Odd("unusual", "x"), "kind")):
        with pytest.raises(FieldsInvalid) as invalid:
            reported(office, odd=odd)
        assert list(invalid.value.fields) == [field]
    for _ in range(limits.ODD_REPORTS_PER_HOUR):
        reported(office)
    with pytest.raises(RuleRefused):
        reported(office)
    office.clock.advance(hours=1, minutes=1)
    reported(office)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("odd", [ODD, replace(ODD, is_nameless=True)])
@pytest.mark.both_stores
def test_reports_at_the_same_moment_do_not_share_the_last_one_of_the_hour(office: Office, odd: Odd) -> None:
    most = limits.NAMELESS_REPORTS_PER_HOUR if odd.is_nameless else limits.ODD_REPORTS_PER_HOUR
    for _ in range(most - 2):
        reported(office, odd=odd)
    outcomes = together(*[lambda: reported(office, odd=odd)] * 8)
    assert Counter(outcomes) == {"done": 2, "many_reports": 6}


def test_nobody_waits_for_a_clock_that_was_put_back_before_reporting(office: Office) -> None:
    for _ in range(limits.ODD_REPORTS_PER_HOUR):
        reported(office)
    office.clock.advance(hours=-3)
    reported(office)


def test_nobody_cancels_an_incident(office: Office) -> None:
    number = reported(office)
    case = office.task(number, "triage").instance_id
    with pytest.raises(RuleRefused, match="不能取消"):
        office.engine.run(office.pm, lambda work: instances.cancel(work, case, "不想管"))
    assert office.steps(number) == ["triage"]
