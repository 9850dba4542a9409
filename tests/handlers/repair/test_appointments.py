"""Moving a visit: by the owner, to a free time, before anybody sets out."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine import inbox
from engine.errors import Invalid, NotFound, Refused
from engine.ports import Actor
from handlers.errors import FieldsInvalid
from handlers.repair import appointments, rules
from tests.handlers.repair.repair_world import Shop

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=ZONE)
WITHIN = MONDAY_NOON + timedelta(hours=2), MONDAY_NOON + timedelta(days=3)


def local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d %H}"


def agreed(shop: Shop, fault: str = "W05", **later: float) -> str:
    """Report, accept, take, and agree on tomorrow at two."""
    number = shop.report(fault=fault)
    shop.accept(number)
    shop.do(number, "take", shop.plumber, outcome="taken")
    visit_at = tomorrow_at(shop, 14)
    agreed = {"outcome": "fixed", "visit_at": visit_at.isoformat(), "late_reason": "owner"}
    shop.do(number, "appoint", shop.plumber, **agreed)
    return number


def tomorrow_at(shop: Shop, hour: int) -> datetime:
    day = shop.clock.now().astimezone(ZONE) + timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def move(shop: Shop, number: str, to: datetime, by: Actor | None = None, key: str | None = None) -> None:
    shop.engine.run(
        by or shop.owner, lambda work: appointments.move(work, number, to, "下班晚", idempotency_key=key)
    )


def offered(shop: Shop, number: str, to: Actor | None = None) -> list[str]:
    with shop.engine.reading(to or shop.owner) as work:
        return [local(one.at) for one in appointments.windows(work, number)]


def test_times_are_offered_from_the_first_moment_to_the_last() -> None:
    times = rules.visit_times(WITHIN, ZONE, [], [])
    assert [local(at) for at in times[:3]] == ["23 14", "23 16", "23 19"]
    assert local(times[-1]) == "26 11"


def test_a_time_beside_another_visit_is_taken() -> None:
    other = (MONDAY_NOON + timedelta(hours=3, minutes=45), MONDAY_NOON + timedelta(hours=5, minutes=30))
    times = rules.visit_times(WITHIN, ZONE, [other], [])
    assert [local(at) for at in times[:2]] == ["23 14", "23 19"]


def test_only_hours_of_the_shift_are_offered_on_a_day_that_is_planned() -> None:
    shift = (MONDAY_NOON, MONDAY_NOON + timedelta(hours=5))
    times = rules.visit_times(WITHIN, ZONE, [], [shift])
    assert [local(at) for at in times if at.date() == MONDAY_NOON.date()] == ["23 14", "23 16"]
    assert len([at for at in times if at.date() != MONDAY_NOON.date()]) == 12


def test_moving_a_visit_moves_window_and_limit_and_tells_the_repairer(shop: Shop) -> None:
    number = agreed(shop)
    to = tomorrow_at(shop, 19)
    move(shop, number, to)
    order = shop.order(number)
    assert (order.window_from, order.window_to) == (to - timedelta(minutes=30), to + timedelta(minutes=30))
    assert shop.task(number, "arrive").due_at == order.window_to.astimezone(UTC)
    assert shop.told("repair_visit_moved") == [[f"account:{shop.plumber.id}"]]
    assert shop.events(number)[-1] == "visit_moved"


def test_the_time_that_is_agreed_on_is_not_offered_again(shop: Shop) -> None:
    number = agreed(shop)
    assert "24 14" not in offered(shop, number)
    assert "24 16" in offered(shop, number)


def test_the_hours_offered_are_those_of_the_shift_of_who_comes(shop: Shop) -> None:
    number = agreed(shop)
    shop.off_duty(shop.plumber, shop.second_plumber)
    shop.on_duty(shop.plumber, tomorrow_at(shop, 9), timedelta(hours=3))
    shop.on_duty(shop.second_plumber, tomorrow_at(shop, 14), timedelta(hours=6))
    assert [one for one in offered(shop, number) if one.startswith("24")] == ["24 09", "24 11"]


def test_a_time_nobody_offered_is_refused(shop: Shop) -> None:
    number = agreed(shop)
    with pytest.raises(FieldsInvalid):
        move(shop, number, tomorrow_at(shop, 3))


def test_sending_twice_moves_once(shop: Shop) -> None:
    number = agreed(shop)
    for _ in range(2):
        move(shop, number, tomorrow_at(shop, 19), key="k")
    assert shop.events(number).count("visit_moved") == 1


def test_an_hour_before_nobody_is_called_back(shop: Shop) -> None:
    number = agreed(shop)
    shop.clock.set(tomorrow_at(shop, 12).astimezone(UTC) + timedelta(minutes=45))
    assert offered(shop, number) == []
    with pytest.raises(Refused, match="前台"):
        move(shop, number, tomorrow_at(shop, 16))


def test_the_desk_moves_a_visit_for_who_calls_and_a_neighbour_cannot(shop: Shop) -> None:
    number = agreed(shop)
    with pytest.raises(NotFound):
        move(shop, number, tomorrow_at(shop, 19), by=shop.stranger)
    move(shop, number, tomorrow_at(shop, 19), by=shop.clerk)
    assert shop.events(number)[-1] == "visit_moved"


def test_before_a_visit_is_agreed_on_there_is_nothing_to_move(shop: Shop) -> None:
    number = shop.report()
    assert offered(shop, number) == []


def test_an_hour_in_which_the_repairer_is_expected_elsewhere_is_not_agreed_on(shop: Shop) -> None:
    first = agreed(shop)
    second = shop.report(fault="W06", text="洗手盆漏水")
    shop.accept(second)
    shop.do(second, "take", shop.plumber, outcome="taken")
    with shop.engine.reading(shop.plumber) as work:
        facts = dict(inbox.detail(work, shop.task(second, "appoint").id).opened.facts)
    place = shop.order(first).place
    assert facts["已约的上门"] == (f"11-24 13:30–14:30 {place}",) * 2
    for minutes in (-59, 0, 59):
        with pytest.raises(Invalid) as refused:
            fixed(shop, second, tomorrow_at(shop, 14) + timedelta(minutes=minutes))
        said = refused.value.fields["visit_at"][1]
        assert said == {"window": "11-24 13:30–14:30", "place": place}
    fixed(shop, second, tomorrow_at(shop, 15))
    assert shop.steps(second) == ["arrive"]


def test_another_repairer_and_a_repair_that_is_over_take_nobody_s_hour(shop: Shop) -> None:
    done = agreed(shop)
    shop.do(done, "arrive", shop.plumber, outcome="met")
    shop.mend(done)
    other = shop.report(fault="W06", text="洗手盆漏水")
    shop.accept(other, shop.second_plumber)
    shop.do(other, "take", shop.second_plumber, outcome="taken")
    fixed(shop, other, tomorrow_at(shop, 14), shop.second_plumber)
    third = shop.report(fault="W07", text="淋浴漏水")
    shop.accept(third)
    shop.do(third, "take", shop.plumber, outcome="taken")
    fixed(shop, third, tomorrow_at(shop, 14))
    assert shop.order(third).window_to == shop.order(other).window_to == shop.order(done).window_to


def test_an_owner_is_offered_an_hour_that_is_free_and_reads_nothing_of_other_visits(shop: Shop) -> None:
    absent = shop.report()
    shop.accept(absent)
    shop.do(absent, "take", shop.plumber, outcome="taken")
    shop.do(absent, "appoint", shop.plumber, outcome="soon")
    shop.clock.advance(minutes=25)
    shop.do(absent, "arrive", shop.plumber, outcome="absent", called_times=3, card_left=True)
    other = shop.report(fault="W06", text="洗手盆漏水")
    shop.accept(other)
    shop.do(other, "take", shop.plumber, outcome="taken")
    fixed(shop, other, tomorrow_at(shop, 9))
    with shop.engine.reading(shop.owner) as work:
        values = inbox.detail(work, shop.task(absent, "rebook").id).opened.values
    assert values["visit_at"] == tomorrow_at(shop, 10).isoformat()
    with pytest.raises(Invalid) as refused:
        shop.do(absent, "rebook", shop.owner, visit_at=tomorrow_at(shop, 9).isoformat())
    assert refused.value.fields["visit_at"] == ("这个时间已约满，请另选", {})
    shop.do(absent, "rebook", shop.owner, visit_at=tomorrow_at(shop, 10).isoformat())
    move(shop, other, tomorrow_at(shop, 11))
    fixed(shop, absent, tomorrow_at(shop, 10))


def fixed(shop: Shop, number: str, visit_at: datetime, by: Actor | None = None) -> None:
    answers = {"outcome": "fixed", "visit_at": visit_at.isoformat(), "late_reason": "owner"}
    shop.do(number, "appoint", by or shop.plumber, **answers)
