"""What can come of a diagnosis: repair, quote, parts, vendor, observation, and back to the lead."""

from datetime import timedelta

import pytest

from tests.processes.repair_case import COLLEAGUE, VENDOR, Repair

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def quoted(yuan: int) -> Repair:
    case = Repair.at_work()
    case.diagnose("quote")
    case.done("write_quote", quote_fen=yuan * 100)
    return case


def to_buy(outcome: str = "parts") -> Repair:
    case = Repair.at_work()
    case.diagnose(outcome)
    ask_for_parts(case)
    return case


def ask_for_parts(case: Repair) -> None:
    case.done(
        "request", "purchase", parts_at=case.at(days=5), parts_asked_at=case.at(), reason="parts",
        plan="new", next_step="none",
    )  # fmt: skip


def engaged(case: Repair) -> None:
    case.done("engage", vendor_id=VENDOR, vendor_arrive_at=case.at(days=1), vendor_finish_at=case.at(days=4))


def test_what_can_be_repaired_is_repaired_within_the_faults_limit() -> None:
    case = Repair.at_work("W05")
    assert case.limit("diagnose") == HOUR
    case.diagnose("repair")
    assert case.limit("do_work") == DAY
    assert case.wait("do_work").step.pausable
    case.repair()
    assert case.steps == ["confirm"]


# --- quotes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yuan", "steps"), [(500, []), (501, ["check"]), (2000, ["check"]), (2001, ["check", "approve"])]
)
def test_a_quote_is_checked_by_whom_its_amount_demands(yuan: int, steps: list[str]) -> None:
    case = quoted(yuan)
    for step in steps:
        assert case.steps == [step]
        case.done(step, "approve")
    assert case.steps == ["answer"]
    assert case.wait("answer").step.group == ("resident",)


def test_who_made_a_quote_may_not_check_it() -> None:
    case = quoted(2001)
    assert case.wait("check").step.not_same_as == ("write_quote",)
    case.done("check", "approve")
    assert case.wait("approve").step.not_same_as == ("write_quote", "check")


@pytest.mark.parametrize("rejecting", ["check", "approve"])
def test_a_rejected_quote_is_written_again(rejecting: str) -> None:
    case = quoted(2001)
    if rejecting == "approve":
        case.done("check", "approve")
    case.done(rejecting, "reject")
    assert case.steps == ["write_quote"]


def test_work_begins_after_the_owner_agreed() -> None:
    case = quoted(300)
    assert case.limit("answer") == 2 * DAY
    case.done("answer", "agree", quote_agreed=True, next_step="none")
    assert case.steps == ["do_work"]


def test_an_owner_may_discuss_the_price() -> None:
    case = quoted(300)
    case.done("answer", "revise", quote_agreed=False, next_step="none")
    assert case.steps == ["write_quote"]


def test_a_declined_quote_ends_the_case() -> None:
    case = quoted(300)
    case.done("answer", "decline", quote_agreed=False, next_step="none")
    assert case.finished
    assert case.outcome == "end_not_repaired"


def test_parts_are_had_after_the_quote_is_agreed() -> None:
    case = Repair.at_work()
    case.diagnose("quote", parts_needed=True)
    case.done("write_quote", quote_fen=10_000)
    case.done("answer", "agree", quote_agreed=True, next_step="none")
    assert case.steps == ["request"]


def test_more_to_pay_needs_a_new_quote() -> None:
    case = Repair.at_work()
    case.diagnose("repair")
    case.done("do_work", "extra", next_step="none")
    assert case.steps == ["write_quote"]
    case.done("write_quote", quote_fen=10_000)
    case.done("answer", "agree", quote_agreed=True, next_step="none")
    case.repair()
    assert case.steps == ["confirm"]


# --- parts -------------------------------------------------------------------------------------------------


def test_parts_in_stock_lead_to_another_visit_without_a_second_diagnosis() -> None:
    case = Repair.at_work()
    case.diagnose("parts")
    case.done("request", "in_stock", plan="ready", next_step="revisit", reason="parts")
    assert case.steps == ["appoint"]
    case.done("appoint", "soon", visit_by=case.at(days=9))
    case.done("arrive", "met")
    assert case.steps == ["do_work"]
    case.repair()
    assert case.steps == ["confirm"]


def test_the_owner_is_told_when_parts_come_and_each_new_date() -> None:
    case = to_buy()
    assert case.handled("tell_date") == 1
    assert case.limit("receive") == 5 * DAY
    case.done("receive", "delayed", parts_at=case.at(days=9))
    assert case.handled("tell_date") == 2
    assert case.limit("receive") == 9 * DAY
    case.done("receive", "arrived", plan="ready", next_step="revisit")
    assert case.steps == ["appoint"]


def test_waiting_for_parts_ends_fifteen_days_after_they_were_asked_for() -> None:
    case = to_buy()
    asked_at = case.host.now
    case.host.wait(days=4)
    case.done("receive", "delayed", parts_at=case.at(days=30))
    assert case.due == {"overdue": asked_at + 15 * DAY}
    case.fire("overdue")
    assert case.handled("give_up") == 1
    assert case.steps == ["lead_decide"]


def test_parts_that_cannot_be_had_are_a_matter_for_the_lead() -> None:
    case = to_buy()
    case.done("receive", "unavailable", plan="new", next_step="none")
    assert case.steps == ["lead_decide"]


# --- vendors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["outsource", "developer"])
def test_a_vendor_comes_within_agreed_limits_and_the_lead_accepts_the_work(outcome: str) -> None:
    case = Repair.at_work()
    case.diagnose(outcome)
    assert case.wait("engage").step.group == ("rpl",)
    engaged(case)
    assert case.wait("vendor_arrive").assignee == VENDOR
    assert case.limit("vendor_arrive") == DAY
    case.done("vendor_arrive")
    assert case.limit("vendor_finish") == 4 * DAY
    case.done("vendor_finish")
    case.done("accept_work", "accepted", repaired=True, next_step="none")
    assert case.steps == ["confirm"]


def test_a_vendor_a_day_late_is_replaced_by_the_lead() -> None:
    case = Repair.at_work()
    case.diagnose("outsource")
    engaged(case)
    case.fire("vendor_late")
    assert case.steps == ["engage"]


@pytest.mark.parametrize(
    ("outcome", "step"), [("redo", "vendor_finish"), ("replace", "engage"), ("give_up", "lead_decide")]
)
def test_work_that_is_not_accepted_is_redone_replaced_or_given_up(outcome: str, step: str) -> None:
    case = Repair.at_work()
    case.diagnose("outsource")
    engaged(case)
    case.done("vendor_arrive")
    case.done("vendor_finish")
    given = {"next_step": "lead"} if outcome == "give_up" else {"vendor_finish_at": case.at(days=9)}
    case.done("accept_work", outcome, repaired=False, **given)
    assert case.steps == [step]


@pytest.mark.parametrize(("outcome", "steps"), [("approved", ["engage"]), ("rejected", [])])
def test_a_major_repair_is_decided_by_the_project_manager(outcome: str, steps: list[str]) -> None:
    case = Repair.at_work("W08")
    case.diagnose("major")
    assert case.wait("decide_major").step.group == ("pm",)
    case.done("decide_major", outcome, next_step="none")
    assert case.steps == steps
    assert case.finished is not bool(steps)


# --- everything else ---------------------------------------------------------------------------------------


def test_a_fault_that_is_not_found_is_asked_about_after_three_days() -> None:
    case = Repair.at_work()
    case.diagnose("not_found")
    assert case.wait("observe").step.group == ("cs",)
    assert case.limit("observe") == 3 * DAY
    case.done("observe", "gone", next_step="none")
    assert case.outcome == "end_not_repaired"


def test_a_fault_that_comes_back_gets_a_second_opinion() -> None:
    case = Repair.at_work()
    case.diagnose("not_found")
    case.done("observe", "again", next_step="lead")
    assert case.steps == ["lead_decide"]


def test_what_the_repairer_cannot_judge_goes_to_the_lead() -> None:
    case = Repair.at_work()
    case.diagnose("other")
    assert case.steps == ["lead_decide"]


def test_unsafe_work_stops_and_goes_to_the_lead_who_sends_somebody_else() -> None:
    case = Repair.at_work()
    case.diagnose("repair")
    case.done("do_work", "stop", next_step="lead")
    assert case.steps == ["lead_decide"]
    case.done(
        "lead_decide", "reassign", worker_id=COLLEAGUE, assigned_at=case.at(), on_site=False, plan="new"
    )
    case.go()
    assert case.wait("diagnose").assignee == COLLEAGUE
