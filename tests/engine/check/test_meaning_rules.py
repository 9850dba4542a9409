"""Rules about events, people, services, variables and calls: mutants that only they find."""

import pytest

from tests.engine.check.good import examined
from tests.engine.check.mutants import (
    Change,
    Mutant,
    add,
    boundary,
    event,
    extend,
    flow,
    mutant,
    node,
    prop,
    put,
    say,
    swap,
    timer,
)

VISIT = "visit.bpmn"
HANDS_IN = '<camunda:in source="worker_id" target="worker_id"/>'
CARDINALITY = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>10000000</bpmn:loopCardinality>"
    "</bpmn:multiInstanceLoopCharacteristics>"
)
DECIDES_AGAIN = (
    '<bpmn:businessRuleTask id="remind" camunda:decisionRef="urgency_table" '
    'camunda:resultVariable="found" camunda:mapDecisionResult="singleEntry"/>'
)
CARRIES_SUM = (
    '<bpmn:messageEventDefinition messageRef="m_paid"><bpmn:extensionElements>'
    '<camunda:in source="sum" target="sum"/></bpmn:extensionElements></bpmn:messageEventDefinition>'
)


def standard_loop(**attributes: str) -> str:
    """Write a loop marker."""
    words = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<bpmn:standardLoopCharacteristics{words}/>"


def instances(**attributes: str) -> str:
    """Write a parallel multi-instance marker."""
    words = "".join(f' camunda:{name}="{value}"' for name, value in attributes.items())
    return f"<bpmn:multiInstanceLoopCharacteristics{words}/>"


def on(activity: str, inner: str) -> Change:
    """Draw one more boundary event on an activity, with an end of its own."""
    return add(
        "repair",
        boundary("more", activity, inner),
        flow("mf", "more", "more_end"),
        node("endEvent", "more_end"),
    )


def second_call(called: str) -> tuple[Change, ...]:
    """Draw one more call before 受理派单."""
    call = node("callActivity", "second", calledElement=called)
    return add("repair", call, flow("f3b", "second", "accept")), put("f3", "targetRef", "second")


EVENTS = [
    mutant("several_starts", "phone", swap("phone", node("startEvent", "phone"))),
    mutant("same_start", "phone", put("d2", "messageRef", "m_online")),
    mutant("no_reference", "paid", put("m_paid", "name", "")),
    mutant("no_reference", "paid", put("d10", "messageRef", None)),
    mutant("no_reference", "paid", put("d10", "messageRef", "x:m_paid")),
    mutant("no_reference", "done", add("done", event("error"))),
    mutant("no_reference", "done", add("done", event("escalation", escalationRef="nowhere"))),
    mutant("no_reference", "done", add("done", event("signal"))),
    mutant("no_reference", "remind", swap("remind", node("sendTask", "remind"))),
    mutant(
        "no_reference",
        "more",
        put("d4", "errorRef", None),
        on("dispatch", event("error", errorRef="nowhere")),
    ),
    mutant(
        "error_interrupts",
        "nobody",
        put("nobody", "cancelActivity", "false"),
        put("f9", "targetRef", "rejected"),
    ),
    mutant("never_thrown", "nobody", put("e_none", "errorCode", "no_workers")),
    mutant("never_thrown", "away", put("e_absent", "errorCode", "away")),
    mutant("never_thrown", "more", on("remind", event("error"))),
    mutant("never_thrown", "more", on("visit", event("escalation", escalationRef="x_big"))),
    mutant("same_boundary", "more", on("dispatch", event("error", errorRef="e_none"))),
    mutant("uncaught_error", "rejected", add("rejected", event("error", errorRef="e_absent"))),
    mutant("no_time", "waited", say("waited", "timeDuration", " ")),
    mutant("no_time", "waited", add("d11", "<bpmn:timeDate>2026-11-23T09:00:00+08:00</bpmn:timeDate>")),
    mutant("too_short", "waited", say("waited", "timeDuration", "PT59S")),
    mutant("too_short", "late", say("late", "timeCycle", "R3/PT1S")),
    mutant("cycle_place", "waited", say("waited", "timeDuration", "R3/PT1H")),
    mutant("cycle_place", "expired", say("expired", "timeDuration", "R3/P1D")),
    mutant("cycle_opens", "silent", say("silent", "timeDuration", "R/P1D")),
    mutant("cycle_opens", "silent", say("silent", "timeDuration", "R11/P1D")),
    mutant("not_a_time", "accept", put("accept", "camunda:dueDate", "R3/PT1H")),
    mutant("not_a_time", "visit_process", prop("visit_process", "dueDate", "R3/PT1H"), file=VISIT),
    mutant("loop_bound", "remind", add("remind", standard_loop())),
    mutant("loop_bound", "remind", add("remind", standard_loop(loopMaximum="101"))),
    mutant("loop_bound", "remind", add("remind", standard_loop(loopMaximum="${n}"))),
    mutant("loop_bound", "remind", add("remind", instances())),
    mutant("loop_bound", "remind", add("remind", CARDINALITY)),
    mutant("loop_place", "done", add("done", standard_loop(loopMaximum="3"))),
]

PEOPLE = [
    mutant("no_post", "parts", prop("lane_rp", "post", None)),
    mutant("named_person", "accept", put("accept", "camunda:assignee", "demo")),
    mutant("unknown_group", "lane_rp", prop("lane_rp", "post", "repairers")),
    mutant("two_lanes", "parts", add("lane_cs", "<bpmn:flowNodeRef>parts</bpmn:flowNodeRef>")),
    mutant("unknown_group", "rate", put("rate", "camunda:candidateGroups", "resident,owners")),
    mutant("unknown_group", "accept", prop("accept", "cancel", "cs,boss")),
    mutant("unknown_group", "repair", put("repair", "camunda:candidateStarterGroups", "everyone")),
    mutant("no_limit", "parts", put("parts", "camunda:dueDate", None), prop("repair", "dueDate", None)),
    mutant("no_form", "parts", put("parts", "camunda:formRef", None)),
    mutant("unknown_form", "parts", put("parts", "camunda:formRef", "part_form")),
    mutant("unknown_ladder", "accept", prop("accept", "escalation", "standart")),
    mutant("unknown_calendar", "accept", prop("accept", "clock", "weekdays")),
    mutant("bad_flag", "accept", prop("accept", "pausable", "yes")),
    mutant("unknown_step", "accept", prop("accept", "not_same_as", "billing")),
    mutant("unknown_cancel", "repair", prop("repair", "on_cancel", "repair.undo")),
    mutant("unknown_cancel", "repair", prop("repair", "on_cancel", "meter.read")),
]

SERVICES = [
    mutant("no_topic", "remind", put("remind", "camunda:topic", None)),
    mutant("no_topic", "remind", put("remind", "camunda:type", None)),
    mutant("unknown_topic", "remind", put("remind", "camunda:topic", "repair.notifi")),
    mutant("no_decision", "decide", put("decide", "camunda:decisionRef", "urgent_table")),
    mutant("no_decision", "decide", put("decide", "camunda:decisionRef", None)),
    mutant("mapping", "decide", put("decide", "camunda:mapDecisionResult", "firstResult")),
    mutant("mapping", "decide", put("decide", "camunda:mapDecisionResult", "resultList")),
    mutant("mapping", "remind", swap("remind", DECIDES_AGAIN)),
]

NAMES = [
    mutant("unknown_name", "f7", say("f7", "conditionExpression", '${outcom == "accept"}')),
    mutant("unknown_name", "accept", put("accept", "camunda:dueDate", "${acept_limit}")),
    mutant("unknown_name", "accept", put("accept", "camunda:followUpDate", "${report_at + PT20M}")),
    mutant("unknown_name", "go", put("go", "camunda:assignee", "${worker}"), file=VISIT),
    mutant("unknown_name", "go", prop("go", "rank", "${is_slow ? 0 : 2}"), file=VISIT),
    mutant("unknown_name", "parts", put("parts", "camunda:assignee", "${nightly}")),
    mutant("unknown_name", "waited", say("waited", "timeDuration", "${pay_limit}")),
    mutant("unknown_name", "repair", prop("repair", "dueDate", "${case_limit}")),
    mutant("unknown_name", "done", add("done", CARRIES_SUM)),
    mutant(
        "shared_by_instances",
        "dispatch",
        add("dispatch", instances(collection="days", elementVariable="day")),
    ),
    mutant("bad_expression", "f7", say("f7", "conditionExpression", "outcome == 1")),
    mutant("bad_expression", "f7", say("f7", "conditionExpression", "${__import__('os').system('id')}")),
    mutant("bad_expression", "f7", say("f7", "conditionExpression", "${urgency = 1}")),
    mutant("bad_expression", "accept", put("accept", "camunda:dueDate", "30 minutes")),
    mutant("bad_expression", "accept", put("accept", "camunda:followUpDate", "-PT5M")),
    mutant("bad_expression", "waited", say("waited", "timeDuration", "0 0 * * *")),
    mutant("bad_expression", "waited", say("waited", "timeDuration", "2026-11-23T09:00:00")),
    mutant("bad_expression", "parts", say("parts", "completionCondition", "${9**9**9}")),
]

TYPES = [
    mutant("no_moment", "accept", put("accept", "camunda:dueDate", "${1/0}")),
    mutant("no_moment", "accept", put("accept", "camunda:dueDate", "${stars}")),
    mutant("no_moment", "accept", put("accept", "camunda:followUpDate", "${stars + 1}")),
    mutant("no_moment", "silent", say("silent", "timeDuration", "${stars}")),
    mutant("not_boolean", "f7", say("f7", "conditionExpression", "${stars}")),
    mutant("not_boolean", "f7", say("f7", "conditionExpression", "${coalesce(outcome, urgency)}")),
    mutant("unlike", "f7", say("f7", "conditionExpression", "${outcome > 3}")),
    mutant("unlike", "f20", say("f20", "conditionExpression", '${stars == "3"}')),
    mutant("no_numbers", "f7", say("f7", "conditionExpression", '${"a" * 10000000000 == "a"}')),
    mutant("no_numbers", "f7", say("f7", "conditionExpression", "${outcome * 3 > 3}")),
    mutant("no_such_option", "f7", say("f7", "conditionExpression", '${outcome == "acept"}')),
    mutant("no_rank", "accept", prop("accept", "rank", "高")),
    mutant("no_rank", "accept", prop("accept", "rank", "10")),
    mutant("no_rank", "repair", prop("repair", "rank", "${outcome}")),
    mutant("no_priority", "dispatch", put("dispatch", "camunda:taskPriority", "高")),
    mutant("no_priority", "dispatch", put("dispatch", "camunda:taskPriority", "2147483648")),
    mutant("no_priority", "dispatch", put("dispatch", "camunda:taskPriority", "${outcome}")),
    mutant("no_priority", "repair", put("repair", "camunda:taskPriority", "1.5")),
    mutant("past_moment", "accept", put("accept", "camunda:dueDate", "2026-10-31T09:00:00+08:00")),
    mutant("past_moment", "waited", swap("d11", timer("timeDate", "2026-10-31T09:00:00+08:00"))),
    mutant("warned_late", "parts", put("parts", "camunda:followUpDate", "PT5H")),
    mutant("due_at_once", "accept", put("accept", "camunda:dueDate", "PT0S")),
    mutant("due_at_once", "repair", prop("repair", "dueDate", "P0D")),
    mutant("never_due", "accept", put("accept", "camunda:dueDate", "P100Y")),
    mutant("never_due", "repair", prop("repair", "dueDate", "P3660D")),
]

CALLS = [
    mutant("called", "second", *second_call("visits")),
    mutant("called", "second", *second_call("${which}")),
    mutant("crossing", "visit", extend("visit", '<camunda:in variables="all"/>')),
    mutant("crossing", "visit", extend("visit", '<camunda:out source="repaired"/>')),
    mutant("unused_in", "visit", extend("visit", '<camunda:in source="order_id" target="order_no"/>')),
    mutant("missing_out", "visit", extend("visit", '<camunda:out source="repairs" target="repairs"/>')),
    mutant("missing_in", "second", *second_call("visit_process"), extend("second", HANDS_IN)),
]


@pytest.mark.parametrize("broken", [*EVENTS, *PEOPLE, *SERVICES, *NAMES, *TYPES, *CALLS], ids=str)
def test_only_this_rule_finds_this_mutant(broken: Mutant) -> None:
    assert broken.findings() == [(broken.file, broken.rule, broken.element)]


def test_a_step_in_two_lanes_is_told_with_both_of_them() -> None:
    (twice,) = [broken for broken in PEOPLE if broken.rule == "two_lanes"]
    (problem,) = examined({twice.file: twice.content()}).errors
    assert "“客服”和“维修”" in problem.zh


def test_a_lane_may_list_what_a_lane_inside_it_lists() -> None:
    lane = '<bpmn:lane id="lane_plumbers" name="水电"><bpmn:flowNodeRef>parts</bpmn:flowNodeRef></bpmn:lane>'
    inside = add("lane_rp", f'<bpmn:childLaneSet id="inner">{lane}</bpmn:childLaneSet>')
    assert "two_lanes" not in {rule for _, rule, _ in mutant("", "", inside).findings()}
