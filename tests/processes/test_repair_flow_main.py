"""The main sheet of repair: from both starts to each of its ends, and the limits of the policy."""

from datetime import timedelta

import pytest

from tests.processes.repair_case import COLLEAGUE, Repair

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def finished_work() -> Repair:
    """Bring a repair to the point where the owner is asked."""
    case = Repair.at_work()
    case.diagnose("repair")
    case.repair()
    return case


def test_a_report_in_the_app_is_accepted_repaired_confirmed_and_closed() -> None:
    case = Repair.online()
    assert case.steps == ["accept"]
    assert case.limit("accept") == 30 * MINUTE
    assert case.wait("accept").step.group == ("cs",)
    case.accept()
    case.go()
    case.diagnose("repair")
    case.repair()
    assert case.steps == ["confirm"]
    assert case.wait("confirm").step.group == ("resident",)
    case.done("confirm", "satisfied")
    assert case.finished
    assert case.outcome == "end_closed"


def test_a_call_is_entered_within_ten_minutes_of_picking_up_and_accepted_within_thirty_of_the_entry() -> None:
    case = Repair.begin("repair_phone", {"called_at": "2026-11-23T02:00:00+00:00"})
    assert case.steps == ["register_call"]
    case.host.wait(minutes=4)
    assert case.limit("register_call") == 6 * MINUTE
    case.done("register_call", fault_code="P04", hint_urgency=None, confirm_by="owner", accept_from=case.at())
    assert case.limit("accept") == 30 * MINUTE


@pytest.mark.parametrize(
    ("fault", "hint", "urgency", "rank"),
    [("W05", None, "P2", 2), ("P05", None, "P3", 3), ("W05", "P1", "P1", 1), ("E01", "P1", "P0", 0)],
)
def test_the_most_urgent_of_table_and_text_counts(
    fault: str, hint: str | None, urgency: str, rank: int
) -> None:
    case = Repair.online(fault, hint)
    assert case.variables["urgency"] == urgency
    assert case.variables["rank"] == rank
    assert {wait.rank for wait in case.open()} == {rank}


def test_time_for_accepting_goes_on_while_a_clerk_changes_the_kind() -> None:
    case = Repair.online("P05")
    case.host.wait(minutes=10)
    case.done("accept", "reclassify", fault_code="P04")
    assert case.variables["urgency"] == "P2"
    assert case.limit("accept") == 20 * MINUTE


def test_a_kind_changed_to_an_urgent_one_alarms_the_shift_at_once() -> None:
    case = Repair.online("W05")
    case.done("accept", "reclassify", fault_code="W01")
    assert case.steps == ["take", "verify"]
    assert case.handled("alarm") == 1


def test_what_the_owner_adds_is_judged_anew_and_accepted_within_a_new_limit() -> None:
    case = Repair.online()
    case.done("accept", "more_info")
    assert case.wait("supply_info").step.group == ("resident",)
    case.host.wait(hours=5)
    case.done("supply_info", hint_urgency=None, accept_from=case.at())
    assert case.limit("accept") == 30 * MINUTE
    case.done("accept", "more_info")
    case.done("supply_info", hint_urgency="P0", accept_from=case.at())
    assert case.steps == ["take", "verify"]


@pytest.mark.parametrize("outcome", ["duplicate", "out_of_scope"])
def test_what_is_not_accepted_is_closed(outcome: str) -> None:
    case = Repair.online()
    case.done("accept", outcome)
    assert case.outcome == "end_not_accepted"
    assert case.finished


def test_a_defect_under_warranty_goes_to_the_developer_without_a_visit() -> None:
    case = Repair.online("X02")
    case.done("accept", "warranty", plan="developer")
    assert case.steps == ["engage"]


def test_after_two_days_customer_service_may_answer_and_the_first_answer_withdraws_the_other() -> None:
    case = finished_work()
    assert case.due["unanswered"] == case.host.now + 2 * DAY
    assert case.limit("confirm") == 7 * DAY
    case.fire("unanswered")
    assert case.steps == ["confirm", "record_confirmation"]
    assert case.wait("record_confirmation").step.group == ("cs",)
    case.done("record_confirmation", "satisfied", phone_outcome="satisfied")
    assert case.steps == []
    assert case.outcome == "end_closed"


def test_the_owners_answer_withdraws_the_call() -> None:
    case = finished_work()
    case.fire("unanswered")
    case.done("confirm", "satisfied")
    assert case.finished


def test_a_failed_call_leaves_the_owner_the_rest_of_seven_days() -> None:
    case = finished_work()
    asked_at = case.host.now
    case.fire("unanswered")
    case.done("record_confirmation", "unreachable", phone_outcome="unreachable")
    assert case.steps == ["confirm"]
    assert case.due == {"unconfirmed": asked_at + 7 * DAY}
    case.done("confirm", "satisfied")
    assert case.finished


def test_after_seven_days_without_an_answer_a_return_visit_is_made() -> None:
    case = finished_work()
    case.facts["confirmation"] = "auto"
    case.fire("unanswered")
    case.fire("unconfirmed")
    assert case.steps == ["visit_by_clerk"]
    case.done("visit_by_clerk", "a")
    assert case.outcome == "end_closed"


def signed_work() -> Repair:
    case = Repair.at_work()
    case.diagnose("repair")
    case.done("do_work", "done", next_step="none")
    case.done("finish", repaired=True, next_step="none", signed=True, asks_marks=True)
    return case


def test_the_marks_after_a_signature_have_the_time_of_a_confirmation_and_nobody_phones() -> None:
    case = signed_work()
    assert case.steps == ["rate"]
    assert case.wait("rate").step.group == ("resident",)
    assert case.limit("rate") == 7 * DAY
    assert set(case.due) == {"unconfirmed"}
    case.fire("unconfirmed")
    assert case.outcome == "end_closed"


@pytest.mark.parametrize(("outcome", "steps"), [("satisfied", []), ("unsatisfied", ["plan_rework"])])
def test_what_the_owner_says_after_a_signature_decides(outcome: str, steps: list[str]) -> None:
    case = signed_work()
    case.done("rate", outcome, signed=outcome == "satisfied")
    assert case.steps == steps


def test_a_repair_of_a_common_area_is_inspected_by_the_lead() -> None:
    case = Repair.online("P05", confirm_by="lead")
    case.accept()
    case.go()
    case.diagnose("repair")
    case.repair()
    assert case.steps == ["inspect"]
    assert case.wait("inspect").step.group == ("rpl",)
    assert "unanswered" not in case.due
    case.done("inspect", "unsatisfied")
    assert case.steps == ["plan_rework"]
    case.rework()
    case.go()
    case.diagnose("repair")
    case.repair()
    case.done("inspect", "satisfied")
    assert case.outcome == "end_closed"


def test_a_rejected_repair_is_planned_by_the_lead_and_visited_again() -> None:
    case = finished_work()
    case.done("confirm", "unsatisfied")
    assert case.wait("plan_rework").step.group == ("rpl",)
    case.rework(COLLEAGUE)
    assert case.steps == ["take"]
    assert case.wait("take").assignee == COLLEAGUE


@pytest.mark.parametrize("by_phone", [False, True])
def test_the_third_rejection_becomes_a_complaint(by_phone: bool) -> None:
    case = finished_work()
    for reworks in (1, 2, 3):
        if by_phone:
            case.fire("unanswered")
            case.done("record_confirmation", "unsatisfied", phone_outcome="unsatisfied")
        else:
            case.done("confirm", "unsatisfied")
        if reworks < 3:
            assert case.handled("raise_complaint") == 0
            case.rework(reworks=reworks)
            case.go()
            case.diagnose("repair")
            case.repair()
    assert case.handled("raise_complaint") == 1
    assert case.steps == ["answer_complaint"]


def test_a_rework_that_satisfies_after_a_rejection_by_phone_is_closed() -> None:
    case = finished_work()
    case.fire("unanswered")
    case.done("record_confirmation", "unsatisfied", phone_outcome="unsatisfied")
    case.rework()
    case.go()
    case.diagnose("repair")
    case.repair()
    case.done("confirm", "satisfied")
    assert case.outcome == "end_closed"


# --- emergencies -------------------------------------------------------------------------------------------


def test_an_emergency_reaches_repair_staff_beside_its_verification() -> None:
    case = Repair.online("E01")
    assert case.handled("alarm") == 1
    assert case.steps == ["take", "verify"]
    assert case.limit("take") == 3 * MINUTE
    assert case.limit("verify") == 5 * MINUTE
    case.done("take", worker_id="101", assigned_at=case.at())
    assert case.limit("arrive") == 15 * MINUTE  # the fault's own limit
    case.host.wait(minutes=9)
    case.done("arrive", on_site=True)
    assert case.limit("control") == 21 * MINUTE
    case.done("verify", "confirmed")
    case.done("control")
    assert case.steps == ["diagnose"]
    assert case.wait("diagnose").assignee == "101"


def test_what_was_raised_by_its_text_has_the_limits_of_the_higher_urgency() -> None:
    case = Repair.online("P04", "P1")  # on its own a socket may wait eight hours
    case.done("take", worker_id="101", assigned_at=case.at())
    assert case.limit("arrive") == 30 * MINUTE


def test_nothing_waits_for_a_clerk_who_does_not_verify() -> None:
    case = Repair.online("W01")
    case.control()
    assert case.steps == ["diagnose"]


def test_a_false_alarm_is_called_off_by_the_lead_only() -> None:
    case = Repair.online("F01")
    case.done("verify", "false_alarm")
    assert case.steps == ["confirm_false_alarm", "take"]
    assert case.wait("confirm_false_alarm").step.group == ("csl",)
    case.done("confirm_false_alarm", "false_alarm")
    assert case.finished
    assert case.outcome == "end_not_accepted"


def test_a_doubtful_alarm_goes_on() -> None:
    case = Repair.online("F01")
    case.done("verify", "false_alarm")
    case.done("confirm_false_alarm", "real")
    assert case.steps == ["take"]
    case.control()
    assert case.steps == ["diagnose"]


# --- return visits -----------------------------------------------------------------------------------------


def test_an_urgent_repair_is_always_visited() -> None:
    case = Repair.online("W01")
    case.control()
    case.diagnose("repair")
    case.repair()
    case.done("confirm", "satisfied")
    assert case.steps == ["visit_by_clerk"]
    assert case.limit("visit_by_clerk") == 3 * DAY


def test_a_bad_rating_is_visited_by_the_lead_within_a_day() -> None:
    case = finished_work()
    case.facts["low_rating"] = True
    case.done("confirm", "satisfied")
    assert case.limit("visit_by_lead") == DAY
    assert case.wait("visit_by_lead").step.group == ("csl",)
    case.done("visit_by_lead", "b")
    assert case.finished
    assert case.handled("raise_complaint") == 0


@pytest.mark.parametrize(("low_rating", "step"), [(True, "visit_by_lead"), (False, "visit_by_clerk")])
def test_a_return_visit_of_grade_c_becomes_a_complaint(low_rating: bool, step: str) -> None:
    case = finished_work()
    case.facts.update(low_rating=low_rating, lot=0)
    case.done("confirm", "satisfied")
    case.done(step, "c")
    assert case.handled("raise_complaint") == 1
    assert case.steps == ["answer_complaint"]


# --- complaints --------------------------------------------------------------------------------------------


def complaint() -> Repair:
    case = finished_work()
    case.facts.update(low_rating=True)
    case.done("confirm", "satisfied")
    case.done("visit_by_lead", "c")
    return case


def test_a_complaint_is_answered_within_a_day_and_asked_after() -> None:
    case = complaint()
    assert case.wait("answer_complaint").step.group == ("pm",)
    assert case.limit("answer_complaint") == DAY
    case.done("answer_complaint", "nothing")
    assert case.wait("ask_complainant").step.group == ("csl",)
    assert case.limit("ask_complainant") == 3 * DAY
    case.done("ask_complainant", "b")
    assert case.outcome == "end_closed"


@pytest.mark.parametrize("outcome", ["money", "other"])
def test_what_the_answer_promises_is_carried_out_by_then(outcome: str) -> None:
    case = complaint()
    case.done("answer_complaint", outcome, promised_at=case.at(days=2))
    assert case.wait("carry_out").step.group == ("rpl",)
    assert case.limit("carry_out") == 2 * DAY
    case.done("carry_out")
    assert case.steps == ["ask_complainant"]


def test_what_is_repaired_again_is_visited_by_the_promised_day_until_it_is_done() -> None:
    case = complaint()
    case.done("answer_complaint", "again", promised_at=case.at(days=2))
    assert case.wait("send_again").step.group == ("rpl",)
    assert case.limit("send_again") == DAY
    for _ in range(2):
        case.done("send_again", again_id="7")
        assert case.wait("visit_again").assignee == "7"
        assert case.limit("visit_again") == 2 * DAY
        case.done("visit_again", "not_mended")
    case.done("send_again", again_id="8")
    case.done("visit_again", "mended")
    assert case.steps == ["ask_complainant"]


@pytest.mark.parametrize(("decision", "step"), [("money", "carry_out"), ("again", "send_again")])
def test_where_no_lead_can_see_to_it_the_manager_who_answered_does_at_once(decision: str, step: str) -> None:
    case = complaint()
    case.done("answer_complaint", decision, promised_at=case.at(days=2), carrier_id="5")
    assert case.wait(step).assignee == "5"


def test_who_is_not_content_with_the_answer_is_reviewed_once() -> None:
    case = complaint()
    case.done("answer_complaint", "nothing")
    case.done("ask_complainant", "c")
    assert case.wait("review_complaint").step.group == ("qa",)
    case.done("review_complaint")
    assert case.outcome == "end_closed"
