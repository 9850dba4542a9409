"""The tables give the limits of the policy and the trade, each limit in one place."""

from datetime import timedelta
from typing import Any

import pytest

from engine.bpmn.decisions import Decision, read_decisions
from engine.durations import Duration
from engine.escalation import parse_ladder
from tests.processes.sheets import BPMN, CAMUNDA, FOLDER, SHEETS, sheet

TABLES: dict[str, Decision] = {
    path.stem: read_decisions(path.read_bytes())[0] for path in sorted(FOLDER.glob("*.dmn"))
}
URGENCIES = ("P0", "P1", "P2", "P3")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# One fault of each kind, as the trade's catalogue has it: urgency, skill, charge, arrival, completion.
CATALOGUE = {
    "E01": ("P0", "lift_vendor", "free", 15 * MINUTE, 2 * HOUR),
    "G01": ("P0", "emergency", "free", 10 * MINUTE, 2 * HOUR),
    "F01": ("P0", "emergency", "free", 5 * MINUTE, 2 * HOUR),
    "S01": ("P0", "emergency", "free", 10 * MINUTE, 72 * HOUR),
    "W01": ("P1", "plumbing", "by_location", 15 * MINUTE, 12 * HOUR),
    "H01": ("P1", "plumbing", "by_location", 60 * MINUTE, 24 * HOUR),
    "W05": ("P2", "plumbing", "paid", 240 * MINUTE, 24 * HOUR),
    "W08": ("P2", "building", "maint_fund", 1440 * MINUTE, 720 * HOUR),
    "P05": ("P3", "electric", "free", 480 * MINUTE, 48 * HOUR),
    "X02": ("P3", "developer", "free", 2880 * MINUTE, 360 * HOUR),
    "X99": ("P2", "cs_lead", "by_cause", 480 * MINUTE, 48 * HOUR),
}
LIMITS = {  # accept, take, arrive, control, finish
    "P0": (5 * MINUTE, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE, 2 * HOUR),
    "P1": (5 * MINUTE, 10 * MINUTE, 30 * MINUTE, 120 * MINUTE, 24 * HOUR),
    "P2": (30 * MINUTE, 30 * MINUTE, 240 * MINUTE, None, 48 * HOUR),
    "P3": (30 * MINUTE, 60 * MINUTE, 1440 * MINUTE, None, 72 * HOUR),
}


def _only(table: str, **values: Any) -> dict[str, Any]:
    rows = TABLES[table].evaluate(values).rows
    assert len(rows) == 1
    return {name: value.exact if isinstance(value, Duration) else value for name, value in rows[0].items()}


def _visit(**facts: Any) -> tuple[str, timedelta | None]:
    usual = {
        "reachable": True,
        "low_rating": False,
        "rejections": 0,
        "urgency": "P2",
        "confirmation": "owner",
    }
    row = _only("repair_return_visit", **{**usual, "lot": 50, **facts})
    return row["visit"], row["visit_limit"]


def test_each_file_holds_the_table_of_its_name() -> None:
    assert [table.id for table in TABLES.values()] == list(TABLES)


def test_the_catalogue_has_38_faults_of_the_four_urgencies() -> None:
    codes = {
        row["code"]
        for area in ("private", "common")
        for row in TABLES["repair_fault_list"].evaluate({"area": area}).rows
    }
    found = [_only("repair_faults", fault_code=code)["fault_urgency"] for code in codes]
    assert len(TABLES["repair_faults"].rules) == len(codes) == 38
    assert [found.count(urgency) for urgency in URGENCIES] == [5, 14, 13, 6]


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_fault_has_the_urgency_skill_charge_and_limits_of_the_trade(code: str) -> None:
    fault = _only("repair_faults", fault_code=code)
    limits = _only("repair_limits", urgency=fault["fault_urgency"])
    arrive = fault["arrive_override"] or limits["arrive_limit"]
    finish = fault["finish_override"] or limits["finish_limit"]
    assert (fault["fault_urgency"], fault["skill"], fault["charge"], arrive, finish) == CATALOGUE[code]


def test_a_fault_overrides_a_limit_only_where_it_differs() -> None:
    for rule in TABLES["repair_faults"].rules:
        fault = _only("repair_faults", fault_code=rule.id.removeprefix("fault_"))
        limits = _only("repair_limits", urgency=fault["fault_urgency"])
        assert fault["arrive_override"] != limits["arrive_limit"], rule.id
        assert fault["finish_override"] != limits["finish_limit"], rule.id


@pytest.mark.parametrize("urgency", URGENCIES)
def test_an_urgency_has_the_limits_of_the_policy(urgency: str) -> None:
    row = _only("repair_limits", urgency=urgency)
    names = ("accept_limit", "take_limit", "arrive_limit", "control_limit", "finish_limit")
    assert tuple(row[name] for name in names) == LIMITS[urgency]
    assert row["rank"] == URGENCIES.index(urgency)
    assert row["alarm"] is (urgency in ("P0", "P1"))
    assert (row["phone_after"], row["confirm_limit"]) == (2 * DAY, 7 * DAY)


def test_the_limits_of_the_table_stand_nowhere_else() -> None:
    """A step whose limit is in the table takes it from there; the call of clause E1 has no urgency yet."""
    literal = {
        node.get("id")
        for name in SHEETS
        if name.startswith("repair")
        for node in sheet(name).root.iter(f"{BPMN}userTask")
        if not node.get(f"{CAMUNDA}dueDate", "").startswith("${")
    }
    assert literal.isdisjoint(
        {"register_call", "accept", "verify", "take", "arrive", "control", "do_work", "confirm"}
    )
    call = sheet("repair").elements["register_call"]
    assert call.get(f"{CAMUNDA}dueDate") == "${called_at + PT10M}"


def test_texts_of_reports_name_danger_in_whole_phrases() -> None:
    hints = TABLES["repair_hints"].evaluate({"kind": "hint"}).rows
    phrases = {str(row["phrase"]): row for row in hints}
    assert {"被困", "困在电梯", "燃气味", "水漫", "爆管"} <= set(phrases)
    assert all(len(phrase) >= 2 for phrase in phrases)
    assert {row["urgency"] for row in hints} == {"P0", "P1"}
    assert all(row["danger"] is (row["urgency"] == "P0") for row in hints)
    codes = {rule.id.removeprefix("fault_") for rule in TABLES["repair_faults"].rules}
    assert {row["fault_code"] for row in hints} - {None} <= codes


def test_one_question_is_asked_where_a_phrase_is_unclear() -> None:
    rows = TABLES["repair_hints"].evaluate({"kind": "question"}).rows
    assert rows
    assert all(row["question"] and row["question_en"] for row in rows)


def test_ladders_warn_the_assignee_then_the_lead() -> None:
    for ladder, lead in (("cs", "csl"), ("rp", "rpl")):
        warning, overdue = parse_ladder(TABLES["escalation"].evaluate({"ladder": ladder}).rows)
        assert warning.notify == ("assignee",)
        assert lead in overdue.notify
        assert str(overdue.after) == "1"


# Changes of owner and tenant: 24 hours in all.
HANDS = {"transfer_16", "transfer_lead", "transfer_20", "transfer_24"}


def test_only_urgent_ladders_and_those_of_leads_reach_the_project_manager() -> None:
    ladders = {rule.id.rpartition("_")[0] for rule in TABLES["escalation"].rules}
    reach = {
        ladder
        for ladder in ladders
        for rung in parse_ladder(TABLES["escalation"].evaluate({"ladder": ladder}).rows)
        if "pm" in rung.notify
    }
    assert reach - HANDS == {
        *("cs_urgent", "rp_urgent", "csl", "rpl", "second_check", "second_check_lead"),
        *("correction_lead", "complaint_promise", "complaint_send", "complaint_again"),
        *("incident", "incident_admin", "incident_step"),
        "export",
        "privacy",
    }


@pytest.mark.parametrize(
    ("reason", "days"), [("owner_absent", 7), ("parts", 15), ("quote", 30), ("weather", 30)]
)
def test_a_pause_has_a_cap_and_three_free_days(reason: str, days: int) -> None:
    assert _only("pause", reason=reason) == {"longest": days * DAY, "free": 3 * DAY}


@pytest.mark.parametrize(
    ("facts", "visit"),
    [
        ({}, ("none", None)),
        ({"lot": 9}, ("cs", 3 * DAY)),
        ({"lot": 10}, ("none", None)),
        ({"urgency": "P0"}, ("cs", 3 * DAY)),
        ({"urgency": "P1"}, ("cs", 3 * DAY)),
        ({"rejections": 1}, ("cs", 3 * DAY)),
        ({"confirmation": "auto"}, ("cs", 3 * DAY)),
        ({"confirmation": "none"}, ("cs", 3 * DAY)),
        ({"low_rating": True, "urgency": "P0"}, ("csl", 1 * DAY)),
        ({"reachable": False, "urgency": "P0"}, ("none", None)),
    ],
)
def test_a_return_visit_is_made_where_the_policy_wants_one(
    facts: dict[str, Any], visit: tuple[str, Any]
) -> None:
    assert _visit(**facts) == visit
