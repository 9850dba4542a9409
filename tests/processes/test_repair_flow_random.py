"""Cases that go their way by chance: each ends, and together they pass through every node of every sheet."""

from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Any

import pytest

from tests.processes.repair_case import COLLEAGUE, VENDOR, WORKER, Repair, forms
from tests.processes.sheets import NODES, SHEETS, sheet

FEW, MANY = 70, 700  # cases
LONGEST = 400  # completed steps, fired timers
FAULTS = ("W05", "W05", "P05", "E01", "W01", "X02", "W08")
PLANS = {"outsource": "vendor", "developer": "developer", "major": "major", "warranty": "developer"}


def _sent(case: Repair, chance: Random) -> dict[str, Any]:
    return {"worker_id": chance.choice([WORKER, COLLEAGUE]), "assigned_at": case.at()}


def _registered(case: Repair, _: str | None, chance: Random) -> dict[str, Any]:
    return {
        "fault_code": chance.choice(FAULTS),
        "hint_urgency": chance.choice([None, None, "P0", "P1"]),
        "accept_from": case.at(),
        "confirm_by": "owner",
    }


def _accepted(case: Repair, outcome: str | None, chance: Random) -> dict[str, Any]:
    return _sent(case, chance) | {
        "plan": PLANS.get(outcome or "", "new"),
        "fault_code": chance.choice(FAULTS),
    }


def _reworked(case: Repair, _: str | None, chance: Random) -> dict[str, Any]:
    reworks = int(case.variables.get("reworks") or 0) + 1
    return _sent(case, chance) | {"on_site": False, "repaired": False, "plan": "new", "reworks": reworks}


def _taken(case: Repair, outcome: str | None, chance: Random) -> dict[str, Any]:
    return _sent(case, chance) | ({"needs_lead": outcome == "return"} if outcome else {})


def _arrived(case: Repair, outcome: str | None, chance: Random) -> dict[str, Any]:
    if outcome is None:
        return {"on_site": True}
    away = {"absences": chance.randint(1, 3), "harms_others": chance.random() < 0.2}
    return away | {"reason": "owner_absent", "absent_at": case.at()}


def _diagnosed(_case: Repair, outcome: str | None, chance: Random) -> dict[str, Any]:
    next_step = "lead" if outcome == "other" else "none"
    plan = PLANS.get(outcome or "", "new")
    return {"plan": plan, "parts_needed": chance.random() < 0.3, "next_step": next_step}


def _parts(case: Repair, outcome: str | None, _: Random) -> dict[str, Any]:
    is_there = outcome in ("in_stock", "arrived")
    ready = {"plan": "ready", "next_step": "revisit"} if is_there else {"plan": "new", "next_step": "none"}
    return ready | {"parts_at": case.at(days=4)}


def _vendor_judged(case: Repair, outcome: str | None, _: Random) -> dict[str, Any]:
    is_good = outcome == "accepted"
    next_step = "none" if is_good else "lead"
    return {"repaired": is_good, "next_step": next_step, "vendor_finish_at": case.at(days=2), "signed": False}


Said = Callable[[Repair, str | None, Random], dict[str, Any]]

# What the command behind the form of a step could return for an outcome.
SAID: Mapping[str, Said] = {
    "register_call": _registered,
    "accept": _accepted,
    "supply_info": lambda case, _, __: {"hint_urgency": None, "accept_from": case.at()},
    "record_confirmation": lambda _, outcome, __: {"phone_outcome": outcome},
    "plan_rework": _reworked,
    "take": _taken,
    "arrive": _arrived,
    "appoint": lambda case, _, __: {"visit_at": case.at(days=1), "visit_by": case.at(days=1, minutes=30)},
    "lead_decide": lambda case, _, chance: _sent(case, chance) | {"on_site": False, "plan": "new"},
    "diagnose": _diagnosed,
    "observe": lambda _, outcome, __: {"next_step": "lead" if outcome == "again" else "none"},
    "do_work": lambda _, outcome, __: {"next_step": "lead" if outcome == "stop" else "none"},
    "finish": lambda _, __, chance: {
        "repaired": True,
        "next_step": "none",
        "signed": chance.random() < 0.2,
        "asks_marks": chance.random() < 0.5,
    },
    "rate": lambda _, outcome, __: {"signed": outcome == "satisfied"},
    "write_quote": lambda _, __, chance: {"quote_fen": chance.choice([10_000, 80_000, 300_000])},
    "answer": lambda _, outcome, __: {"quote_agreed": outcome == "agree", "next_step": "none"},
    "request": lambda case, outcome, chance: (
        _parts(case, outcome, chance) | {"parts_asked_at": case.at(), "reason": "parts"}
    ),
    "receive": _parts,
    "decide_major": lambda *_: {"next_step": "none"},
    "engage": lambda case, _, __: {
        "vendor_id": VENDOR,
        "vendor_arrive_at": case.at(days=1),
        "vendor_finish_at": case.at(days=3),
    },
    "accept_work": _vendor_judged,
    "answer_complaint": lambda case, *_: {"promised_at": case.at(days=2)},
    "send_again": lambda *_: {"again_id": "7"},
}


def begun(chance: Random) -> Repair:
    if chance.random() < 0.2:
        return Repair.begin("repair_phone", {"called_at": "2026-11-23T02:00:00+00:00"})
    hint = chance.choice([None, None, None, "P1"])
    return Repair.online(chance.choice(FAULTS), hint, chance.choice(["owner", "owner", "lead"]))


def step_on(case: Repair, chance: Random) -> None:
    timers = case.waits("timer")
    if timers and chance.random() < 0.3:
        case.fire(chance.choice(timers).element)
        return
    wait = chance.choice(case.open())
    outcomes = forms()[wait.step.form or ""].outcomes
    likely = outcomes[:1] if chance.random() < 0.4 else outcomes  # the usual one comes first in a form
    outcome = chance.choice(likely).value if outcomes else None
    said = SAID.get(wait.element, lambda *_: {})
    case.done(wait.element, outcome, **said(case, outcome, chance))


@cache
def walked(count: int) -> tuple[frozenset[str], tuple[Repair, ...]]:
    """Let so many cases go to their ends; return what they passed through."""
    entered: set[str] = set()
    cases = []
    for seed in range(count):
        chance = Random(seed)
        case = begun(chance)
        case.facts.update(
            low_rating=chance.random() < 0.3, lot=chance.randint(0, 30), reachable=chance.random() < 0.9
        )
        for _ in range(LONGEST):
            if case.finished:
                break
            step_on(case, chance)
        entered |= {element for _, element in case.log}
        cases.append(case)
    return frozenset(entered), tuple(cases)


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
def test_every_case_ends_whatever_people_decide(count: int) -> None:
    ends = {case.outcome for case in walked(count)[1] if case.finished}
    assert all(case.finished for case in walked(count)[1])
    assert ends == {"end_closed", "end_not_accepted", "end_not_repaired"}


@pytest.mark.long
def test_every_node_of_every_sheet_can_be_reached() -> None:
    repair = [name for name in SHEETS if name.startswith("repair")]
    nodes = {node for name in repair for node in sheet(name).of(*NODES)}
    assert nodes - walked(MANY)[0] == set()
