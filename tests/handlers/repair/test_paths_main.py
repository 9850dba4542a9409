"""A repair from the report to the return visit, and how reports come in."""

from datetime import timedelta

import pytest

from engine import inbox, tasks
from engine.errors import Invalid, NotAllowed, Refused
from handlers.repair import reporting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from tests.handlers.repair.repair_world import FULL_MARKS, Shop

STORES = ("sqlite", "postgresql")


@pytest.mark.parametrize("database", STORES, indirect=True)
@pytest.mark.both_stores
def test_a_report_is_accepted_repaired_confirmed_and_closed(shop: Shop) -> None:
    number = shop.report()
    assert shop.steps(number) == ["accept"]
    shop.later(minutes=12)
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    order = shop.order(number)
    assert (order.state, order.outcome, order.confirmed_by) == ("closed", "repaired", "owner")
    assert (order.urgency, order.worker_id, order.charge_fen) == ("P2", shop.plumber.id, 0)
    assert (order.rating_speed, order.rating_quality, order.rating_attitude) == (5, 5, 5)
    assert order.accepted_at - order.called_at == timedelta(minutes=12)
    if "visit_by_clerk" not in shop.steps(number):
        assert shop.case(number).state == "completed"


def test_the_accepting_clerk_has_thirty_minutes_from_the_report(shop: Shop) -> None:
    number = shop.report()
    assert shop.task(number, "accept").due_at == shop.clock.now() + timedelta(minutes=30)


def test_each_change_of_state_is_told_to_the_owner(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    order_address = [f"repair_order:{shop.order(number).id}"]
    for template in ("received", "dispatched", "taken", "appointed", "arrived", "finished"):
        assert shop.told(f"repair_{template}") == [order_address], template


def test_a_number_is_drawn_for_each_day(shop: Shop) -> None:
    first, second = shop.report(), shop.report(text="马桶堵了", fault="W06")
    shop.clock.advance(days=1)
    third = shop.report(text="窗坏了", fault="D03")
    assert [first, second, third] == ["R20261123-0001", "R20261123-0002", "R20261124-0001"]


def test_a_phone_report_begins_when_the_phone_is_picked_up(shop: Shop) -> None:
    picked_up = shop.clock.now()
    number = shop.call()
    assert shop.task(number, "register_call").assignee_id == shop.clerk.id
    assert shop.task(number, "register_call").due_at == picked_up + timedelta(minutes=10)
    shop.later(minutes=9)
    shop.register(number)
    order = shop.order(number)
    assert (order.called_at, order.is_late_entry, order.is_backdated) == (picked_up, False, False)
    assert shop.task(number, "accept").due_at == shop.clock.now() + timedelta(minutes=30)


def test_a_phone_report_entered_after_eleven_minutes_is_flagged(shop: Shop) -> None:
    number = shop.call()
    shop.later(minutes=11)
    assert shop.task(number, "register_call").overdue_at is not None
    shop.register(number)
    assert shop.order(number).is_late_entry


def test_a_call_time_before_the_button_is_marked_and_counts(shop: Shop) -> None:
    number = shop.call()
    called_at = shop.clock.now() - timedelta(minutes=25)
    shop.register(number, called_at=called_at.isoformat())
    order = shop.order(number)
    assert (order.called_at, order.is_backdated, order.is_late_entry) == (called_at, True, True)


def test_a_phone_report_is_checked_by_another_clerk(shop: Shop) -> None:
    number = shop.call()
    shop.register(number)
    with pytest.raises(Refused, match="另一位客服核对"):
        shop.accept(number, by=shop.clerk)
    shop.accept(number, by=shop.other_clerk)
    order = shop.order(number)
    assert (order.second_check, order.second_check_by) == ("checked", shop.other_clerk.id)


def test_a_neighbour_may_call_about_another_house(shop: Shop) -> None:
    number = shop.call("13833334444")
    with shop.engine.reading(shop.clerk) as work:
        opened = inbox.detail(work, shop.task(number, "register_call").id).opened
    offered = [one["value"] for one in opened.options["houses"]]
    assert offered == [str(shop.neighbour), "other"]
    shop.register(number, house_id="other", house="1栋2单元301")
    assert shop.order(number).house_id == shop.house


def test_who_reported_by_phone_confirms_in_the_app(shop: Shop) -> None:
    """Symptom: the house was known only after the case had begun, and nobody of it could confirm."""
    number = shop.call()
    shop.register(number)
    shop.accept(number, by=shop.other_clerk)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    assert shop.order(number).confirmed_by == "owner"


def test_a_clerk_alone_at_night_reads_back(shop: Shop) -> None:
    number = shop.call()
    shop.register(number)
    worker = str(shop.plumber.id)
    with pytest.raises(Refused, match="其他客服在班"):
        shop.do(number, "accept", shop.clerk, outcome="accept", worker_id=worker, read_back=True)
    shop.off_duty(shop.other_clerk)
    shop.do(number, "accept", shop.clerk, outcome="accept", worker_id=worker, read_back=True)
    assert shop.order(number).second_check == "read_back"
    assert len(shop.told("repair_read_back")) == 1


def test_words_of_danger_raise_the_urgency_and_never_lower_it(shop: Shop) -> None:
    flooded = shop.report(fault="W05", text="水龙头爆管，水漫到客厅")
    assert shop.order(flooded).urgency == "P1"
    calm = shop.report(fault="W01", text="有一点滴水", area=Area.COMMON)
    assert shop.order(calm).urgency == "P1"


def test_what_the_owner_adds_starts_the_clerks_time_anew(shop: Shop) -> None:
    number = shop.report()
    shop.later(minutes=20)
    shop.do(number, "accept", shop.clerk, outcome="more_info", question="是哪个水龙头？")
    assert shop.order(number).state == "needs_info"
    shop.later(hours=3)
    shop.do(number, "supply_info", shop.owner, answer="厨房的")
    assert shop.task(number, "accept").due_at == shop.clock.now() + timedelta(minutes=30)


def test_an_out_of_scope_report_is_closed_with_a_reason(shop: Shop) -> None:
    number = shop.report()
    with pytest.raises(Invalid):
        shop.do(number, "accept", shop.clerk, outcome="out_of_scope")
    shop.do(number, "accept", shop.clerk, outcome="out_of_scope", reason="自购电器请联系厂家")
    assert (shop.order(number).state, shop.order(number).outcome) == ("closed", "out_of_scope")
    assert shop.case(number).state == "completed"
    assert len(shop.told("repair_out_of_scope")) == 1


def test_a_duplicate_is_linked_and_closed(shop: Shop) -> None:
    first, second = shop.report(), shop.report(text="还是那个水龙头")
    original = shop.order(first)
    shop.do(second, "accept", shop.clerk, outcome="duplicate", duplicate_of=str(original.id))
    order = shop.order(second)
    assert (order.state, order.outcome, order.duplicate_of_id) == ("closed", "duplicate", original.id)
    assert shop.steps(first) == ["accept"]


def of_neighbour(shop: Shop, fault: str = "W05", area: Area = Area.PRIVATE) -> str:
    report = Report(area, fault, "楼上漏水，楼道灯也不亮", "王芳", "13833334444", house_id=shop.neighbour)
    with shop.engine.work(shop.stranger) as work:
        return reporting.report_online(work, report).number


def test_another_homes_trouble_is_no_duplicate(shop: Shop) -> None:
    theirs, common, own = of_neighbour(shop), of_neighbour(shop, "P05", Area.COMMON), shop.report()
    number = shop.report(text="还是那个水龙头")
    with shop.engine.work(shop.clerk) as work:
        task_id = shop.task(number, "accept").id
        tasks.claim(work, task_id)
        offered = [one["value"] for one in inbox.detail(work, task_id).opened.options["duplicates"]]
    assert offered == [str(shop.order(one).id) for one in (own, common)]
    with pytest.raises(Invalid):
        shop.do(number, "accept", shop.clerk, outcome="duplicate", duplicate_of=str(shop.order(theirs).id))
    assert shop.order(number).outcome is None


def test_a_report_with_nothing_beside_it_cannot_be_called_a_duplicate(shop: Shop) -> None:
    number = shop.report()
    with shop.engine.work(shop.clerk) as work:
        task_id = shop.task(number, "accept").id
        tasks.claim(work, task_id)
        form = inbox.detail(work, task_id).opened.form
    offered = [choice.value for one in form.components if one.key == "outcome" for choice in one.options]
    assert "accept" in offered
    assert "duplicate" not in offered


def test_a_stranger_can_neither_report_for_a_house_nor_confirm_its_repair(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    with pytest.raises(NotAllowed):
        shop.do(number, "confirm", shop.stranger, **FULL_MARKS)
    shop.owner, mine = shop.stranger, shop.owner
    with pytest.raises(NotAllowed):
        shop.report()
    shop.owner = mine


def test_a_repairer_cannot_confirm_the_own_repair(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    with pytest.raises(NotAllowed):
        shop.do(number, "confirm", shop.plumber, **FULL_MARKS)
