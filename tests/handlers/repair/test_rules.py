"""What the trade decides, with plain values."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.errors import Refused
from handlers.repair import rules
from handlers.repair.confirming import lot
from handlers.repair.records import Channel, SecondCheck
from handlers.repair.rules import QuoteLine

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("minutes", "late"), [(0, False), (10, False), (11, True)])
def test_a_phone_report_is_late_after_its_limit(minutes: int, late: bool) -> None:
    entered_at = NOON + timedelta(minutes=minutes)
    assert rules.is_late_entry(NOON, entered_at, timedelta(minutes=10)) is late
    assert not rules.is_late_entry(NOON, entered_at, None)


def test_a_call_time_said_afterwards_is_marked() -> None:
    earlier = NOON - timedelta(minutes=25)
    assert rules.called_at_of(NOON, earlier) == (earlier, True)
    assert rules.called_at_of(NOON, None) == (NOON, False)
    pressed = NOON + timedelta(seconds=35, microseconds=7)
    assert rules.called_at_of(pressed, NOON) == (pressed, False)
    with pytest.raises(Refused, match="不能晚于"):
        rules.called_at_of(NOON, NOON + timedelta(seconds=1))


def test_only_reports_by_phone_are_checked_twice() -> None:
    assert rules.second_check_of(Channel.PHONE) is SecondCheck.PENDING
    assert rules.second_check_of(Channel.ONLINE) is SecondCheck.NOT_NEEDED


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [("P2", "P0", "P0"), ("P1", "P3", "P1"), ("P2", None, "P2"), (None, None, None)],
)
def test_urgency_only_rises(first: str | None, second: str | None, result: str | None) -> None:
    assert rules.more_urgent(first, second) == result


def test_only_common_faults_of_about_the_same_time_are_merged() -> None:
    within = timedelta(hours=2)
    assert rules.may_merge("common", NOON, NOON + within, within)
    assert rules.may_merge("common", NOON + within, NOON, within)
    assert not rules.may_merge("common", NOON, NOON + within + timedelta(seconds=1), within)
    assert not rules.may_merge("private", NOON, NOON, within)


@pytest.mark.parametrize(
    ("area", "is_urgent", "may"),
    [("private", False, True), ("private", True, False), ("common", False, False), ("common", True, False)],
)
def test_nothing_that_can_harm_others_is_closed_for_absence(area: str, is_urgent: bool, may: bool) -> None:
    assert rules.may_close_as_absent(area, is_urgent=is_urgent) is may


def line(quantity: str, price_fen: int) -> QuoteLine:
    return QuoteLine("M01", "水龙头", "个", Decimal(quantity), price_fen)


def test_a_quote_is_exact_to_the_fen() -> None:
    assert rules.quote_total_fen([line("3", 3333), line("0.5", 3333)]) == 9999 + 1667
    assert rules.quote_total_fen([line("0.01", 50)]) == 1


@pytest.mark.parametrize("lines", [[], [line("0", 100)], [line("1", -1)]])
def test_a_quote_that_counts_nothing_is_refused(lines: list[QuoteLine]) -> None:
    with pytest.raises(Refused):
        rules.quote_total_fen(lines)


def test_a_charge_above_the_agreed_quote_is_refused() -> None:
    rules.require_within_quote(5000, 5000)
    rules.require_within_quote(0, None)
    with pytest.raises(Refused, match=r"50\.01"):
        rules.require_within_quote(5001, 5000)
    with pytest.raises(Refused):
        rules.require_within_quote(1, None)


@pytest.mark.parametrize(("fen", "text"), [(123456, "1,234.56"), (5, "0.05"), (-250, "-2.50")])
def test_amounts_read_as_yuan(fen: int, text: str) -> None:
    assert rules.yuan(fen) == text


def test_the_lots_of_the_sample_are_even_and_always_the_same() -> None:
    numbers = [f"R2026{day:04d}-{n:04d}" for day in range(1101, 1131) for n in range(100)]
    lots = [lot(number) for number in numbers]
    assert lots == [lot(number) for number in numbers]
    assert set(lots) == set(range(100))
    assert 0.08 < sum(one < 10 for one in lots) / len(lots) < 0.12


def test_who_repaired_does_not_ask_how_it_went() -> None:
    rules.require_other_person(3, {1, 2})
    with pytest.raises(Refused, match="回访"):
        rules.require_other_person(1, {1, 2})


def test_an_order_can_be_reopened_for_a_while() -> None:
    within = timedelta(days=30)
    assert rules.may_reopen(NOON, NOON + within, within)
    assert not rules.may_reopen(NOON, NOON + within + timedelta(seconds=1), within)
    assert not rules.may_reopen(None, NOON, within)


def test_an_incomplete_record_names_what_it_lacks() -> None:
    assert rules.missing_facts({"fault": "W01", "place": "", "phone": None}) == ("place", "phone")
