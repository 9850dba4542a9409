"""Danger: the repair staff are called at once, whatever the desk does."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import timers
from engine.errors import NotAllowed, Refused
from engine.ids import new_id
from engine.ports import SYSTEM
from engine.store.database import Database
from handlers import bootstrap, settings
from handlers.accounts.records import account_substitution
from handlers.repair import calls, orders, queries, remarks
from handlers.repair.records import Area, repair_assignment
from handlers.shared import outbox
from handlers.shared.channels import Channels, Message
from handlers.shared.outbox import JobContext
from handlers.shared.records import outbox_call
from tests.handlers.repair.repair_world import FULL_MARKS, Shop


def gas(shop: Shop) -> str:
    """Let the owner smell gas."""
    return shop.report(fault="G01", text="厨房有燃气味")


def rescue(shop: Shop, number: str, worker: object) -> None:
    """Let somebody take an urgent order, arrive and make it safe."""
    shop.do(number, "take", worker, minutes=5)
    shop.do(number, "arrive", worker, situation="阀门未关")
    shop.do(number, "control", worker, measures=["shut_water"], outside_help="none", note="已关阀通风")


def ringing(shop: Shop, number: str) -> list[int]:
    with shop.engine.reading(shop.clerk) as work:
        return sorted(calls.ringing(work, shop.order(number)))


def test_a_gas_smell_reaches_every_repairer_though_verification_is_open(shop: Shop) -> None:
    number = gas(shop)
    assert shop.order(number).urgency == "P0"
    crew = [shop.plumber.id, shop.second_plumber.id, shop.electrician.id]
    assert ringing(shop, number) == sorted(crew)
    assert {"verify", "take"} <= set(shop.steps(number))
    shop.do(number, "take", shop.electrician, minutes=5)
    assert "verify" in shop.steps(number)
    shop.do(number, "arrive", shop.electrician, situation="阀门未关")
    shop.do(number, "control", shop.electrician, measures=["shut_water"], outside_help="none")
    assert shop.order(number).worker_id == shop.electrician.id
    assert shop.order(number).controlled_at is not None


def test_who_is_away_is_not_rung_though_they_are_named_for_somebodys_shift(shop: Shop) -> None:
    pairs = ((shop.second_plumber, shop.plumber), (shop.plumber, shop.electrician))
    for absent, substitute in pairs:  # no command names a chain; two at the same moment might
        with shop.engine.work(shop.manager) as work:
            work.connection.execute(
                account_substitution.insert().values(
                    id=new_id(),
                    absent_id=absent.id,
                    substitute_id=substitute.id,
                    starts_at=work.now,
                    ends_at=work.now + timedelta(days=1),
                    set_by=shop.manager.id,
                )
            )
    assert ringing(shop, gas(shop)) == [shop.electrician.id]


def test_verifying_leaves_who_accepted_a_report_before_and_when(shop: Shop) -> None:
    number = gas(shop)
    before = shop.clock.now() - timedelta(minutes=9)
    with shop.engine.work(SYSTEM) as work:
        orders.change(work, shop.order(number), accepted_at=before, accepted_by=shop.desk_lead.id)
    shop.do(number, "verify", shop.clerk, outcome="confirmed", note="阀门处有味")
    order = shop.order(number)
    assert (order.accepted_at, order.accepted_by) == (before, shop.desk_lead.id)
    assert order.verified_at == shop.clock.now()


def test_verifying_accepts_a_report(shop: Shop) -> None:
    number = gas(shop)
    shop.do(number, "verify", shop.clerk, outcome="confirmed", note="阀门处有味")
    order = shop.order(number)
    assert (order.accepted_at, order.accepted_by) == (shop.clock.now(), shop.clerk.id)


def test_verification_has_five_minutes_and_taking_three(shop: Shop) -> None:
    number = gas(shop)
    assert shop.task(number, "verify").due_at == shop.clock.now() + timedelta(minutes=5)
    assert shop.task(number, "take").due_at == shop.clock.now() + timedelta(minutes=3)


def test_p1_rings_who_can_do_it(shop: Shop) -> None:
    number = shop.report(fault="W01", text="水管裂了")
    assert ringing(shop, number) == sorted([shop.plumber.id, shop.second_plumber.id])


def test_acknowledging_silences_every_phone(shop: Shop) -> None:
    number = gas(shop)
    with shop.engine.work(shop.plumber) as work:
        calls.acknowledge(work, number)
    assert ringing(shop, number) == []
    assert "acknowledged" in shop.events(number)
    with pytest.raises(NotAllowed), shop.engine.work(shop.electrician) as work:
        calls.acknowledge(work, number)


def test_taking_silences_every_phone(shop: Shop) -> None:
    number = gas(shop)
    shop.do(number, "take", shop.plumber, minutes=5)
    assert ringing(shop, number) == []


def test_with_nobody_on_shift_the_shift_lead_is_rung(shop: Shop) -> None:
    shop.off_duty(shop.plumber, shop.second_plumber, shop.electrician, shop.clerk)
    shop.on_duty(shop.clerk, shop.clock.now(), timedelta(hours=8), is_lead=True)
    number = gas(shop)
    assert ringing(shop, number) == [shop.clerk.id]


def test_an_urgent_order_that_nobody_takes_escalates_once_even_after_a_restart(shop: Shop) -> None:
    number = gas(shop)
    shop.later(minutes=4)
    level = shop.task(number, "take").level
    assert level > 0
    told = shop.told("task_escalated")
    restarted = bootstrap.build(settings.of(shop.engine), shop.clock, Database(str(shop.engine.database.url)))
    timers.fire_due(restarted)
    restarted.database.dispose()
    assert shop.task(number, "take").level == level
    assert shop.told("task_escalated") == told != []


def test_after_the_danger_the_repair_goes_on_and_is_always_visited(shop: Shop) -> None:
    number = gas(shop)
    rescue(shop, number, shop.plumber)
    assert ("verify", "withdrawn") in shop.done(number)
    shop.mend(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    assert shop.steps(number) == ["visit_by_clerk"]


def test_what_was_said_and_seen_of_a_danger_is_kept(shop: Shop) -> None:
    number = gas(shop)
    assert shop.told("repair_nobody_to_ring") == []
    shop.do(number, "verify", shop.clerk, outcome="confirmed", note="业主已开窗")
    verified_at = shop.order(number).verified_at
    shop.clock.advance(minutes=1)
    shop.do(number, "take", shop.plumber, minutes=5)
    photo = shop.photo(shop.plumber)
    shop.do(number, "arrive", shop.plumber, situation="阀门未关", photos=[photo])
    shop.do(number, "control", shop.plumber, measures=["shut_water"], outside_help="none", note="已关阀通风")
    order = shop.order(number)
    assert order.verified_at == verified_at < order.arrived_at
    with shop.engine.reading(shop.desk_lead) as work:
        written = [one.body for one in remarks.of_order(work, order)]
        assert len(queries.order(work, number).media) == 1
        taken = select(repair_assignment.c.taken_at).where(repair_assignment.c.order_id == order.id)
        assert work.connection.execute(taken).scalars().all() == [order.taken_at]
    assert written == ["业主已开窗", "阀门未关", "已关阀通风"]


def urgent_call(shop: Shop) -> str:
    number = shop.call()
    shop.register(number, fault_code="G01", description="厨房有燃气味")
    return number


def test_who_entered_an_urgent_call_verifies_it_alone_on_duty_and_by_reading_back_only(shop: Shop) -> None:
    number = urgent_call(shop)
    with pytest.raises(Refused, match="复述"):
        shop.do(number, "verify", shop.clerk, outcome="confirmed")
    with pytest.raises(Refused, match="其他客服在班"):
        shop.do(number, "verify", shop.clerk, outcome="confirmed", read_back=True)
    shop.off_duty(shop.other_clerk)
    shop.do(number, "verify", shop.clerk, outcome="confirmed", read_back=True)
    assert (shop.order(number).second_check, len(shop.told("repair_read_back"))) == ("read_back", 1)


def test_an_urgent_call_is_checked_by_whoever_verifies_or_comes(shop: Shop) -> None:
    number = urgent_call(shop)
    assert shop.order(number).second_check == "pending"
    shop.do(number, "verify", shop.other_clerk, outcome="confirmed")
    assert shop.order(number).second_check == "checked"
    number = urgent_call(shop)
    rescue(shop, number, shop.plumber)
    assert (shop.order(number).second_check, shop.order(number).second_check_by) == (
        "checked",
        shop.plumber.id,
    )


def test_a_phone_rings_every_minute_until_somebody_answers(shop: Shop) -> None:
    number = gas(shop)
    run_jobs(shop)
    shop.clock.advance(minutes=1)
    run_jobs(shop)
    assert rings(shop) == [2, 2, 2]
    with shop.engine.work(shop.plumber) as work:
        calls.acknowledge(work, number)
    shop.clock.advance(minutes=1)
    run_jobs(shop)
    assert rings(shop) == [2, 2, 2]


class NobodyAnswers:
    """A telephone that rings in vain, and messages that go nowhere."""

    def ring(self, message: Message) -> bool:
        return False

    def send(self, message: Message) -> None:
        pass


def run_jobs(shop: Shop) -> None:
    """Run what is in the outbox and due, while nobody answers."""
    nobody = NobodyAnswers()
    channels = Channels(sms=nobody, wechat=nobody, mail=nobody, voice=nobody)
    while jobs := outbox.claim(shop.engine, 50, timedelta(minutes=1)):
        for job in jobs:
            bootstrap.JOBS[job.name](JobContext(shop.engine, channels, bootstrap.message_book(), job))


def rings(shop: Shop) -> list[int]:
    with shop.engine.reading(SYSTEM) as work:
        return list(work.connection.execute(select(outbox_call.c.rings)).scalars())


def test_a_false_alarm_is_called_off_by_the_lead_of_the_desk_only(shop: Shop) -> None:
    number = gas(shop)
    shop.do(number, "take", shop.plumber, minutes=5)
    shop.do(number, "verify", shop.clerk, outcome="false_alarm", note="邻居在喷漆")
    with pytest.raises(NotAllowed):
        shop.do(number, "confirm_false_alarm", shop.clerk, outcome="false_alarm", reason="喷漆")
    shop.do(number, "confirm_false_alarm", shop.desk_lead, outcome="false_alarm", reason="喷漆")
    assert (shop.order(number).state, shop.order(number).outcome) == ("closed", "false_alarm")
    assert shop.case(number).state == "completed"
    assert shop.told("repair_called_back") == [[f"account:{shop.plumber.id}"]]


def test_an_unreachable_caller_does_not_stop_the_rescue(shop: Shop) -> None:
    number = gas(shop)
    shop.do(number, "verify", shop.clerk, outcome="unreachable")
    rescue(shop, number, shop.plumber)
    assert shop.order(number).state in {"arrived", "working"}


def test_an_urgent_report_is_cancelled_by_the_lead_after_verification_only(shop: Shop) -> None:
    from handlers.repair import commands

    number = gas(shop)
    with pytest.raises(NotAllowed), shop.engine.work(shop.owner) as work:
        commands.cancel(work, number, "没事了")
    with pytest.raises(Refused, match="核实"), shop.engine.work(shop.desk_lead) as work:
        commands.cancel(work, number, "没事了")
    shop.do(number, "verify", shop.clerk, outcome="confirmed")
    with shop.engine.work(shop.desk_lead) as work:
        commands.cancel(work, number, "燃气公司已处理")
    assert (shop.order(number).state, shop.case(number).state) == ("cancelled", "cancelled")


def test_reports_of_one_outage_are_merged_and_end_together(shop: Shop) -> None:
    from handlers.repair import commands, merging

    first, second = (
        shop.report(fault="P01", text="整栋停电", area=Area.COMMON, place="公共") for _ in range(2)
    )
    with shop.engine.work(shop.clerk) as work:
        assert [[one.number for one in group] for group in merging.groups(work, shop.community)] == [
            [first, second]
        ]
        merging.merge(work, first, second)
    assert (shop.order(second).state, shop.steps(second)) == ("merged", [])
    assert ringing(shop, second) == []
    with pytest.raises(Refused, match="已有报修合并到此单"), shop.engine.work(shop.desk_lead) as work:
        commands.cancel(work, first, "重复报修")
    rescue(shop, first, shop.electrician)
    shop.mend(first, shop.electrician)
    shop.do(first, "inspect", shop.lead, outcome="satisfied")
    assert (shop.order(second).state, shop.order(second).outcome) == ("closed", "repaired")
    assert len(shop.told("repair_merged_closed")) == 1
