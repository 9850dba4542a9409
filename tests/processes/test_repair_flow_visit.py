"""The visit: taking, giving back, appointing, arriving, and an owner who is not there."""

from datetime import timedelta

import pytest

from tests.processes.repair_case import COLLEAGUE, WORKER, Repair

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def assigned(fault: str = "W05") -> Repair:
    case = Repair.online(fault)
    case.accept()
    return case


def absent(case: Repair, absences: int = 1, *, harms_others: bool = False) -> None:
    case.done("take", "taken", needs_lead=False)
    case.done("appoint", "soon", visit_by=case.at(days=9))
    miss(case, absences, harms_others=harms_others)


def miss(case: Repair, absences: int, *, harms_others: bool = False) -> None:
    case.done(
        "arrive", "absent", absences=absences, harms_others=harms_others, reason="owner_absent",
        absent_at=case.at(),
    )  # fmt: skip


def test_the_assigned_repairer_has_the_limits_of_the_urgency() -> None:
    case = assigned()
    assert case.wait("take").assignee == WORKER
    assert case.limit("take") == 30 * MINUTE
    case.host.wait(minutes=20)
    case.done("take", "taken", needs_lead=False)
    assert case.limit("appoint") == 2 * HOUR
    case.done("appoint", "soon", visit_by=case.at(days=9))
    assert case.limit("arrive") == 4 * HOUR - 20 * MINUTE


def test_an_appointment_sets_the_time_of_arrival() -> None:
    case = assigned()
    case.done("take", "taken", needs_lead=False)
    case.done("appoint", "fixed", visit_at=case.at(days=2), visit_by=case.at(days=2, minutes=30))
    assert case.limit("arrive") == 2 * DAY + 30 * MINUTE


@pytest.mark.parametrize("outcome", ["transfer", "return"])
def test_a_repairer_hands_the_job_on(outcome: str) -> None:
    case = assigned()
    case.done("take", outcome, worker_id=COLLEAGUE, assigned_at=case.at(), needs_lead=False)
    assert case.wait("take").assignee == COLLEAGUE


def test_a_job_that_nobody_can_take_goes_to_the_lead() -> None:
    case = assigned()
    case.done("take", "return", needs_lead=True)
    assert case.wait("lead_decide").step.group == ("rpl",)
    case.done(
        "lead_decide", "reassign", worker_id=COLLEAGUE, assigned_at=case.at(), on_site=False, plan="new"
    )
    assert case.wait("take").assignee == COLLEAGUE


def test_the_lead_may_close_a_case_that_cannot_be_repaired() -> None:
    case = assigned()
    case.done("take", "return", needs_lead=True)
    case.done("lead_decide", "close")
    assert case.finished
    assert case.outcome == "end_not_repaired"


def test_an_absent_owner_has_seven_days_to_choose_a_new_time() -> None:
    case = assigned()
    absent(case)
    assert case.wait("rebook").step.group == ("resident", "cs")
    assert case.limit("rebook") == 7 * DAY
    case.done("rebook")
    assert case.steps == ["appoint"]


def test_an_owner_who_chooses_no_time_is_a_matter_for_the_lead() -> None:
    case = assigned()
    absent(case)
    case.fire("not_rebooked")
    assert case.steps == ["lead_decide"]


def test_the_third_absence_is_a_matter_for_the_lead() -> None:
    case = assigned()
    absent(case, 1)
    case.done("rebook")
    case.done("appoint", "soon", visit_by=case.at(days=9))
    miss(case, 2)
    case.done("rebook")
    case.done("appoint", "soon", visit_by=case.at(days=9))
    miss(case, 3)
    assert case.steps == ["lead_decide"]


def test_no_time_is_given_to_an_absent_owner_while_others_are_harmed() -> None:
    case = assigned()
    absent(case, harms_others=True)
    assert case.steps == ["lead_decide"]


def test_a_repairer_who_is_there_already_needs_no_appointment() -> None:
    case = Repair.online("W01")
    case.control()
    assert case.steps == ["diagnose"]


@pytest.mark.parametrize("step", ["take", "appoint", "arrive"])
def test_an_owner_may_cancel_until_somebody_has_come(step: str) -> None:
    case = assigned()
    if step != "take":
        case.done("take", "taken", needs_lead=False)
    if step == "arrive":
        case.done("appoint", "soon", visit_by=case.at(days=9))
    assert "resident" in case.wait(step).step.cancel
    assert "csl" in case.wait(step).step.cancel


def test_once_somebody_has_come_only_leads_may_cancel() -> None:
    case = Repair.at_work()
    around = [posts for one in case.program.around(case.wait("diagnose")) if (posts := one.cancel)]
    assert around == [("csl", "rpl")]
