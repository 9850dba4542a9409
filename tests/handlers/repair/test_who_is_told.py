"""Who is told when a repair goes wrong, what ends with what, and who may not."""

from datetime import timedelta

import pytest

from engine import tasks
from engine.errors import NotAllowed, Refused
from engine.ports import Actor, Json
from handlers.repair import commands, merging, phone_checks, quoting
from handlers.repair.records import Area
from tests.handlers.repair.repair_world import FULL_MARKS, Shop


@pytest.fixture
def on_site(shop: Shop) -> str:
    """A repairer stands before a dripping tap."""
    number = shop.report()
    shop.accept(number)
    shop.go_to(number)
    return number


def owner_of(shop: Shop, number: str) -> list[str]:
    return [f"repair_order:{shop.order(number).id}"]


def cancel(shop: Shop, number: str, who: Actor) -> None:
    with shop.engine.work(who) as work:
        commands.cancel(work, number, "不用修了")


# --- told ---------------------------------------------------------------------------------------------------


def test_a_rejection_is_told_to_the_lead_of_repair_and_the_owner_that_it_is_done_again(
    shop: Shop, on_site: str
) -> None:
    shop.mend(on_site)
    shop.do(on_site, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    assert shop.told("repair_rejected") == [[f"account:{shop.lead.id}"]]
    assert shop.told("repair_rework") == [owner_of(shop, on_site)]


def test_who_declines_a_quote_is_told_that_it_ends_there_and_the_repairer_is_not_sent_on(
    shop: Shop, on_site: str
) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="quote", finding="阀芯坏")
    shop.do(on_site, "write_quote", shop.plumber, lines=[{"price_code": "M03", "quantity": 1}])
    shop.do(on_site, "answer", shop.owner, outcome="decline", reason="太贵")
    assert shop.told("repair_quote_declined") == [owner_of(shop, on_site)]
    assert shop.told("repair_quote_agreed") == []
    assert shop.order(on_site).state == "closed"


def test_parts_that_cannot_be_had_are_told_to_the_owner_and_the_lead(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="parts", finding="缺阀芯")
    day = (shop.clock.now() + timedelta(days=3)).date().isoformat()
    wanted: list[Json] = [{"name": "阀芯", "quantity": 1, "unit": "个"}]
    shop.do(on_site, "request", shop.plumber, outcome="purchase", parts=wanted, parts_on=day)
    shop.do(on_site, "receive", shop.lead, outcome="unavailable", note="停产")
    assert shop.told("repair_parts_late") == [owner_of(shop, on_site)]
    assert shop.told("repair_needs_lead") == [[f"account:{shop.lead.id}"]]


# --- what ends with what ------------------------------------------------------------------------------------


def test_a_report_that_others_were_merged_into_is_cancelled_by_nobody(shop: Shop) -> None:
    first, second = (shop.report("P05", "一楼楼道灯不亮", area=Area.COMMON, place="一楼") for _ in range(2))
    with shop.engine.work(shop.clerk) as work:
        merging.merge(work, first, second)
    with pytest.raises(Refused, match="已有报修合并到此单"):
        cancel(shop, first, shop.desk_lead)
    assert shop.order(second).state == "merged"


def test_a_common_fault_that_nobody_verified_is_not_cancelled_even_by_the_lead(shop: Shop) -> None:
    number = shop.report("P05", "一楼楼道灯不亮", area=Area.COMMON, place="一楼")
    with pytest.raises(Refused, match="须先核实"):
        cancel(shop, number, shop.desk_lead)


def test_once_somebody_came_only_the_lead_of_the_desk_cancels_and_the_repairer_is_called_back(
    shop: Shop, on_site: str
) -> None:
    for who in (shop.owner, shop.clerk, shop.lead):
        with pytest.raises(NotAllowed):
            cancel(shop, on_site, who)
    cancel(shop, on_site, shop.desk_lead)
    assert shop.told("repair_called_back") == [[f"account:{shop.plumber.id}"]]
    assert shop.told("repair_cancelled") == [owner_of(shop, on_site)]


def test_a_clerk_who_finds_the_same_common_fault_merges_and_both_stories_say_so(shop: Shop) -> None:
    first, second = (shop.report("P05", "一楼楼道灯不亮", area=Area.COMMON, place="一楼") for _ in range(2))
    original = str(shop.order(first).id)
    shop.do(second, "accept", shop.clerk, outcome="duplicate", duplicate_of=original)
    assert shop.order(second).state == "merged"
    assert "merged_in" in shop.events(first)
    assert "merged" in shop.events(second)


def test_only_the_desk_merges(shop: Shop) -> None:
    first, second = (shop.report("P05", "一楼楼道灯不亮", area=Area.COMMON, place="一楼") for _ in range(2))
    for who in (shop.plumber, shop.owner):
        with pytest.raises(NotAllowed), shop.engine.work(who) as work:
            merging.merge(work, first, second)


def test_a_call_in_vain_before_a_rework_is_none_after_it(shop: Shop, on_site: str) -> None:
    shop.mend(on_site)
    shop.later(days=2)
    shop.do(on_site, "record_confirmation", shop.other_clerk, outcome="unreachable")
    shop.do(on_site, "confirm", shop.owner, outcome="unsatisfied", problem="还在漏")
    plan = {"cause": "x", "measure": "y", "worker_id": str(shop.plumber.id)}
    shop.do(on_site, "plan_rework", shop.lead, **plan)
    shop.clock.advance(hours=1)
    shop.repair(on_site)
    shop.later(days=7)
    assert shop.order(on_site).confirmed_by is None
    assert "auto_confirmed" not in shop.events(on_site)


def test_who_is_not_content_at_the_return_visit_has_confirmed_nothing(shop: Shop, on_site: str) -> None:
    shop.mend(on_site)
    shop.later(days=7)
    shop.do(on_site, "visit_by_clerk", shop.other_clerk, outcome="c", comment="还在漏")
    order = shop.order(on_site)
    assert (order.confirmed_by, order.is_recorded_by_phone, order.outcome) == (None, False, "complaint")


def test_a_quote_that_the_owner_sent_back_allows_no_charge(shop: Shop, on_site: str) -> None:
    shop.do(on_site, "diagnose", shop.plumber, outcome="quote", finding="阀芯坏")
    shop.do(on_site, "write_quote", shop.plumber, lines=[{"price_code": "M03", "quantity": 2}])
    shop.do(on_site, "answer", shop.owner, outcome="revise", reason="太贵")
    with shop.engine.reading(shop.lead) as work:
        assert quoting.agreed_fen(work, shop.order(on_site)) is None


# --- the second look ----------------------------------------------------------------------------------------


def test_what_a_clerk_wrote_down_waits_for_others_until_it_was_looked_at_or_is_over(shop: Shop) -> None:
    number = shop.call()
    shop.register(number)

    def waiting(who: Actor) -> tuple[int, list[bool]]:
        with shop.engine.reading(who) as work:
            return phone_checks.waiting_count(work), [one.is_mine for one in phone_checks.waiting(work)]

    assert waiting(shop.clerk) == (0, [True])
    assert waiting(shop.other_clerk) == (1, [False])
    assert waiting(shop.owner) == waiting(shop.plumber) == (0, [])
    cancel(shop, number, shop.clerk)
    assert waiting(shop.other_clerk) == (0, [])


def test_marks_just_above_a_bad_one_bring_nobody(shop: Shop, on_site: str) -> None:
    shop.mend(on_site)
    task_id = shop.task(on_site, "confirm").id
    marks = FULL_MARKS | {"speed": "3"}
    shop.engine.run(shop.owner, lambda work: tasks.complete(work, task_id, marks))
    assert "visit_by_lead" not in shop.steps(on_site)
