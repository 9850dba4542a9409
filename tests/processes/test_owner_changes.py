"""What a process owner does to repair with an editor works, or is refused where it is, with what to do."""

import re
from datetime import UTC, datetime

import pytest

from engine.bpmn.check.examine import examine
from engine.bpmn.check.whole import Surroundings
from tests.processes.sheets import FOLDER
from tests.processes.test_lint import POSTS, _files

SHEET, LIMITS, RULES = "repair.bpmn", "repair_limits.dmn", "repair_rules.dmn"
P2_ACCEPT = r'(id="limits_P2_accept_limit"><text>)[^<]*'
INFO_DUE = r'(formRef="repair_info" camunda:dueDate=)"P1D"'
MORE_INFO = r'\$\{outcome == "more_info"\}'
PHONE_TIMER = r"<bpmn:timeDuration[^>]*>\$\{phone_after\}</bpmn:timeDuration>"
PAST_TIMER = "<bpmn:timeDate>2020-01-01T00:00:00Z</bpmn:timeDate>"
INFO_STEP = r'<bpmn:userTask id="supply_info".*?</bpmn:userTask>'
LIMITS_SET = r'(id="set_limits_to_is_urgent".*?targetRef=)"is_urgent"'
ACCEPT_TYPE = r'(name="accept_limit" typeRef=)"dayTimeDuration"'
ALARM_COLUMN = r'(<output id="output_alarm"[^>]*/>)'

FINE = [
    (SHEET, r'(id="lane_cs" name=)"客服"', r'\1"客服中心"'),
    (SHEET, r"called_at \+ PT10M", "called_at + PT15M"),
    (SHEET, r'== "accept" or outcome', '== "accept" || outcome'),
    (SHEET, INFO_DUE, r'\1"p2d"'),
    (LIMITS, P2_ACCEPT, r'\1duration("PT45M")'),
    (LIMITS, P2_ACCEPT, r'\1"PT45M"'),
    (LIMITS, r'hitPolicy="UNIQUE"', 'hitPolicy="FIRST"'),
    (LIMITS, r'(name="rank" typeRef=)"number"', r'\1"integer"'),
]
REFUSED = [
    (SHEET, r'(name="post" value=)"cs"', r'\1"kf"', "lane_cs", "unknown_group"),
    (SHEET, r'<camunda:property name="post" value="rpl" />', "", "plan_rework", "no_post"),
    (SHEET, INFO_DUE, r'\1"30分钟"', "supply_info", "bad_expression"),
    (SHEET, INFO_DUE, r'\1""', "supply_info", "no_limit"),
    (SHEET, INFO_DUE, r'\1"2020-01-01T09:00:00+08:00"', "supply_info", "past_moment"),
    (SHEET, INFO_STEP, "", "accepted_to_supply_info", "flow_ends"),
    (SHEET, r' camunda:formRef="repair_info"', "", "supply_info", "no_form"),
    (SHEET, "repair_info", "repair_infos", "supply_info", "unknown_form"),
    (SHEET, LIMITS_SET, r'\1"classify"', "classify", "cycle_without_wait"),
    (SHEET, MORE_INFO, "${outcome == more_info}", "accepted_to_supply_info", "unknown_name"),
    (SHEET, MORE_INFO, "${outcome == “more_info”}", "accepted_to_supply_info", "bad_expression"),
    (SHEET, MORE_INFO, '${outcome = "more_info"}', "accepted_to_supply_info", "bad_expression"),
    (SHEET, MORE_INFO, '${outcom == "more_info"}', "accepted_to_supply_info", "unknown_name"),
    (SHEET, MORE_INFO, '${outcome == "more_infos"}', "accepted_to_supply_info", "no_such_option"),
    (SHEET, MORE_INFO, '${outcome == "satisfied"}', "accepted_to_supply_info", "no_such_option"),
    (SHEET, r"\$\{repaired == true\}", "修好", "is_repaired_to_confirmation", "bad_expression"),
    (SHEET, ' default="is_urgent_to_accept"', "", "is_urgent_to_accept", "no_condition"),
    (SHEET, 'calledElement="repair_visit"', 'calledElement="repair_visits"', "visit", "called"),
    (SHEET, 'out source="repaired"', 'out source="repared"', "visit", "missing_out"),
    (SHEET, PHONE_TIMER, "<bpmn:timeDuration>两天</bpmn:timeDuration>", "unanswered", "bad_expression"),
    (SHEET, PHONE_TIMER, PAST_TIMER, "unanswered", "past_moment"),
    (SHEET, r'(name="escalation" value=)"cs_call"', r'\1"cs_cal"', "register_call", "unknown_ladder"),
    (SHEET, r'"escalation"( value="cs_call")', r'"escalate"\1', "register_call", "unknown_property"),
    (SHEET, r'(name="rank" value=)"1"', r'\1"高"', "register_call", "no_rank"),
    (SHEET, '(name="报修" isExecutable=)"true"', r'\1"false"', "repair", "not_executable"),
    (SHEET, r'topic="repair.set_urgency"', 'topic="repair.set_urgentcy"', "set_urgency", "unknown_topic"),
    (SHEET, r"</bpmn:process>.*", "", "", "malformed"),
    (LIMITS, P2_ACCEPT, r"\g<1>45", "limits_P2_accept_limit", "table"),
    (LIMITS, P2_ACCEPT, r'\1"45分钟"', "limits_P2_accept_limit", "table"),
    (LIMITS, P2_ACCEPT, r"\1", "limits_P2", "asked_cell"),
    (LIMITS, ACCEPT_TYPE, r'\1"string"', "limits_P0_accept_limit", "table"),
    (LIMITS, r'<rule id="limits_P3">.*?</rule>', "", "repair_limits", "asked_code"),
    (LIMITS, r'"P3"', '"P2"', "limits_P3", "table"),
    (LIMITS, r'"P3"', "P3", "repair_limits", "table"),
    (LIMITS, r'hitPolicy="UNIQUE"', 'hitPolicy="COLLECT" aggregation="SUM"', "table_repair_limits", "table"),
    (LIMITS, r'hitPolicy="UNIQUE"', 'hitPolicy="OUTPUT ORDER"', "table_repair_limits", "table"),
    (LIMITS, ALARM_COLUMN, r'\1<output id="new" name="note" typeRef="string" />', "limits_P0", "table"),
    (LIMITS, 'name="ring_all"', 'name="ring_everybody"', "repair_limits", "asked_column"),
    (RULES, '"bad_mark"', '"bad_marks"', "repair_rules", "asked_row"),
    (RULES, r'(id="rules_bad_mark_count"><text>)2', r"\1-2", "repair_rules", "asked_row"),
]


def first_of_each_rule() -> list[object]:
    """Each slip of another kind; further ones of a kind are for the long run."""
    seen: set[tuple[str, str]] = set()
    slips: list[object] = []
    for slip in REFUSED:
        kind = (slip[0], slip[-1])
        slips.append(pytest.param(*slip, marks=[pytest.mark.long] if kind in seen else []))
        seen.add(kind)
    return slips


def changed(name: str, old: str, new: str) -> dict[str, bytes]:
    """Change a file as with a text editor."""
    text, count = re.subn(old, new, (FOLDER / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert count, old
    return _files() | {name: text.encode()}


AROUND = Surroundings(POSTS, frozenset({"24x7", "office"}), now=datetime(2026, 11, 23, tzinfo=UTC))


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_flow_that_leads_nowhere_is_the_one_finding(end: str) -> None:
    wrong = rf'(id="accept_to_accepted".*?{end}Ref=)"\w+"'
    (found,) = examine(changed(SHEET, wrong, r'\1"nowhere"'), AROUND).problems
    assert (found.element_id, found.rule) == ("accept_to_accepted", "flow_ends")
    assert f"no node “nowhere” as its {end}" in found.en
    assert f"{end}Ref" in found.remedy_en


@pytest.mark.parametrize(("name", "old", "new"), FINE)
def test_a_change_that_a_process_owner_may_make_passes(name: str, old: str, new: str) -> None:
    assert examine(changed(name, old, new), AROUND).errors == ()


@pytest.mark.parametrize(("name", "old", "new", "element", "rule"), first_of_each_rule())
def test_a_slip_is_refused_where_it_is_with_what_to_do(
    name: str, old: str, new: str, element: str, rule: str
) -> None:
    found = [one for one in examine(changed(name, old, new), AROUND).errors if one.resource == name]
    assert (element, rule) in [(one.element_id, one.rule) for one in found]
    for one in found:
        for text in (one.zh, one.en, one.remedy_zh, one.remedy_en):
            assert text.strip(), one
