"""A figure stands in one row of a table: another one deployed changes new cases, running ones keep theirs."""

import re
from datetime import timedelta

import pytest

from engine import definitions
from engine.bpmn.decisions import read_decisions
from engine.errors import Refused
from engine.ports import SYSTEM
from handlers.accounts.skills import SKILL_NAMES
from handlers.built_in import FOLDER
from handlers.repair import calls, commands, figures, queries
from handlers.repair.records import Urgency
from tests.handlers.repair.repair_world import FULL_MARKS, Shop

TABLE = "repair_rules.dmn"
LIMITS, FAULTS = "repair_limits.dmn", "repair_faults.dmn"


def deploy_row(shop: Shop, rule: str, answer: str) -> None:
    """Change the answer of one row, as a process owner does, and deploy the table."""
    text = (FOLDER / TABLE).read_text(encoding="utf-8")
    pattern = rf'(<outputEntry id="rules_{rule}_(?:count|span)"><text>)[^<]+(</text>)'
    changed, count = re.subn(pattern, lambda found: f"{found[1]}{answer}{found[2]}", text)
    assert count == 1
    files = {TABLE: changed.encode()}
    shop.engine.run(SYSTEM, lambda work: definitions.deploy(work, "figures", files))


def closed(shop: Shop) -> str:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    return number


def reopen(shop: Shop, number: str) -> None:
    with shop.engine.work(shop.owner) as work:
        commands.reopen(work, number, "又漏了")


def test_every_row_that_python_asks_has_its_field() -> None:
    (table,) = read_decisions((FOLDER / TABLE).read_bytes())
    rules = {rule.id.removeprefix("rules_") for rule in table.rules}
    apart = {"move_visit_before", "book_visit_after", "book_visit_within", "promise_within", "absent_after"}
    assert rules == set(figures.Figures.__slots__) | apart
    topics = definitions.Topics.parse((FOLDER / "topics.toml").read_bytes())
    assert topics.tables[figures.TABLE].rows.keys() == rules


def test_how_long_an_owner_may_come_back_is_a_row(shop: Shop) -> None:
    before = closed(shop)
    deploy_row(shop, "reopen_within", 'duration("P2D")')
    after = closed(shop)
    shop.clock.advance(days=3)
    with pytest.raises(Refused) as refused:
        reopen(shop, after)
    assert refused.value.params["within"] == timedelta(days=2)
    with shop.engine.reading(shop.owner) as work:
        assert queries.order(work, after).reopen_until is None
        assert queries.order(work, before).reopen_until is not None
    reopen(shop, before)  # its case began with thirty days


def test_after_how_many_returns_the_lead_decides_is_a_row(shop: Shop) -> None:
    before = shop.report()
    deploy_row(shop, "returns_before_lead", "1")
    after = shop.report()
    for number in (before, after):
        shop.accept(number)
        shop.do(number, "take", shop.plumber, outcome="return", reason_code="busy", note="走不开")
    assert shop.steps(before) == ["take"]
    assert shop.steps(after) == ["lead_decide"]


def test_the_window_of_a_visit_is_a_row_and_the_step_is_due_at_its_end(shop: Shop) -> None:
    deploy_row(shop, "visit_window", 'duration("PT1H")')
    number = shop.report()
    shop.accept(number)
    shop.do(number, "take", shop.plumber, outcome="taken")
    visit_at = shop.clock.now() + timedelta(hours=3)
    shop.do(number, "appoint", shop.plumber, outcome="fixed", visit_at=visit_at.isoformat())
    assert shop.order(number).window_to == visit_at + timedelta(hours=1)
    assert shop.task(number, "arrive").due_at == visit_at + timedelta(hours=1)


def test_who_comes_at_once_is_late_when_the_window_that_the_owner_reads_is_over(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.do(number, "take", shop.plumber, outcome="taken")
    shop.do(number, "appoint", shop.plumber, outcome="soon")
    assert shop.task(number, "arrive").due_at == shop.order(number).window_to


def test_which_marks_are_bad_is_a_row(shop: Shop) -> None:
    deploy_row(shop, "bad_mark", "3")
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **(FULL_MARKS | {"speed": "3"}))
    assert shop.steps(number) == ["visit_by_lead"]


@pytest.mark.parametrize(
    ("rule", "answer"),
    [("bad_mark", "2.5"), ("bad_mark", "-1"), ("reopen_within", "")],
)
def test_a_row_that_says_nothing_usable_is_refused_with_its_name(shop: Shop, rule: str, answer: str) -> None:
    with pytest.raises(definitions.DeploymentRefused) as refused:
        deploy_row(shop, rule, answer)
    (problem,) = [found for found in refused.value.problems if found.is_error]
    assert problem.resource == TABLE
    assert f"“{rule}”" in problem.en


def test_a_limit_in_months_is_refused_at_its_cell(shop: Shop) -> None:
    with pytest.raises(definitions.DeploymentRefused) as refused:
        deploy_limits(shop, (r'duration\("PT30M"\)', 'duration("P1M")'))
    found = [one for one in refused.value.problems if one.is_error]
    assert {one.resource for one in found} == {LIMITS}
    assert "P30D" in found[0].en


def test_a_lost_row_is_refused_with_its_name(shop: Shop) -> None:
    text = (FOLDER / TABLE).read_text(encoding="utf-8")
    lost = re.sub(r'<rule id="rules_merge_within">.*?</rule>', "", text, flags=re.DOTALL)
    with pytest.raises(definitions.DeploymentRefused) as refused:
        shop.engine.run(SYSTEM, lambda work: definitions.deploy(work, "lost", {TABLE: lost.encode()}))
    assert [(one.rule, "merge_within" in one.en) for one in refused.value.problems if one.is_error] == [
        ("asked_row", True)
    ]


def test_a_lost_table_is_refused_with_its_name(shop: Shop) -> None:
    text = (
        (FOLDER / TABLE)
        .read_text(encoding="utf-8")
        .replace('decision id="repair_rules"', 'decision id="other"')
    )
    with pytest.raises(definitions.DeploymentRefused) as refused:
        shop.engine.run(SYSTEM, lambda work: definitions.deploy(work, "lost", {TABLE: text.encode()}))
    assert ("asked_table", True) in [(one.rule, "repair_rules" in one.en) for one in refused.value.problems]


def deploy_limits(shop: Shop, change: tuple[str, str]) -> None:
    """Change the text of the table of limits, and deploy it."""
    text, count = re.subn(*change, (FOLDER / LIMITS).read_text(encoding="utf-8"))
    assert count >= 1
    shop.engine.run(SYSTEM, lambda work: definitions.deploy(work, "limits", {LIMITS: text.encode()}))


def ringing(shop: Shop, number: str) -> list[int]:
    with shop.engine.reading(shop.clerk) as work:
        return sorted(calls.ringing(work, shop.order(number)))


def test_which_urgencies_ring_everybody_is_a_column(shop: Shop) -> None:
    able = sorted([shop.plumber.id, shop.second_plumber.id])
    called = shop.call()  # its case begins with the table that is in force now
    deploy_limits(shop, (r'(id="limits_P1_ring_all"><text>)false', r"\1true"))
    shop.register(called, fault_code="W01")
    assert shop.order(called).urgency == "P1"
    assert ringing(shop, called) == able
    assert ringing(shop, shop.report("W01", "水管裂了")) == sorted([*able, shop.electrician.id])


LOST = r'<output id="output_ring_all".*?/>|<outputEntry id="limits_P\d_ring_all">.*?</outputEntry>', ""
RENAMED = 'name="ring_all"', 'name="ring_everybody"'


@pytest.mark.parametrize("change", [LOST, RENAMED])
def test_a_column_that_python_asks_for_is_not_lost(shop: Shop, change: tuple[str, str]) -> None:
    with pytest.raises(definitions.DeploymentRefused) as refused:
        deploy_limits(shop, change)
    found = [(one.rule, "“ring_all”" in one.zh) for one in refused.value.problems if one.is_error]
    assert found == [("asked_column", True)]


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (LIMITS, r'<rule id="limits_P3">.*?</rule>', "", ("repair_limits", "asked_code")),
        (LIMITS, r'(id="limits_P2_accept_limit"><text>)[^<]+', r"\1", ("limits_P2", "asked_cell")),
        (LIMITS, r'(id="limits_P2_alarm"><text>)false', r"\1true", ("limits_P2", "asked_cell")),
        (FAULTS, r'<rule id="fault_W05">.*?</rule>', "", ("repair_faults", "asked_code")),
        (FAULTS, r'(id="fault_W05_fault_urgency"><text>)[^<]+', r'\1"普通"', ("fault_W05", "asked_value")),
        (FAULTS, r'(id="fault_W05_skill"><text>)[^<]+', r'\1"plumbng"', ("fault_W05", "asked_value")),
        (
            "pause.dmn",
            r'(id="pause_weather_longest"><text>)[^<]+',
            r'\1duration("P2D")',
            ("pause_weather", "asked_order"),
        ),
        (
            LIMITS,
            r'(id="limits_P2_phone_after"><text>)[^<]+',
            r'\1duration("P8D")',
            ("limits_P2", "asked_order"),
        ),
        (
            LIMITS,
            r'(id="limits_P0_arrive_limit"><text>)[^<]+',
            r'\1duration("PT31M")',
            ("limits_P0", "asked_order"),
        ),
        (
            "repair_rules.dmn",
            r'(id="rules_book_visit_within_span"><text>)[^<]+',
            r'\1duration("PT1H")',
            ("rules_book_visit_within", "asked_order"),
        ),
        (
            "escalation.dmn",
            r'(id="owner_confirm_2_after"><text>)[^<]+',
            r'\1"PT1H"',
            ("owner_confirm_2", "ladder_order"),
        ),
    ],
)
def test_a_row_without_which_a_report_would_stop_is_refused_at_its_place(
    shop: Shop, name: str, old: str, new: str, told: tuple[str, str]
) -> None:
    text, count = re.subn(old, new, (FOLDER / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert count == 1
    with pytest.raises(definitions.DeploymentRefused) as refused:
        shop.engine.run(SYSTEM, lambda work: definitions.deploy(work, "lost", {name: text.encode()}))
    assert [(one.element_id, one.rule) for one in refused.value.problems if one.is_error] == [told]


def test_the_codes_of_the_product_are_those_that_a_table_may_give() -> None:
    topics = definitions.Topics.parse((FOLDER / "topics.toml").read_bytes())
    among = topics.tables["repair_faults"].among
    assert set(among["skill"]) == set(SKILL_NAMES)
    assert among["fault_urgency"] == topics.tables["repair_limits"].codes == tuple(Urgency)


def test_the_limit_of_the_entry_stands_in_the_diagram_alone(shop: Shop) -> None:
    text = (
        (FOLDER / "repair.bpmn").read_text(encoding="utf-8").replace("called_at + PT10M", "called_at + PT3M")
    )
    files = {"repair.bpmn": text.encode()}
    shop.engine.run(SYSTEM, lambda work: definitions.deploy(work, "shorter", files))
    number = shop.call()
    shop.clock.advance(minutes=4)
    shop.register(number)
    assert shop.order(number).is_late_entry
