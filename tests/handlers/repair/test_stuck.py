"""Whoever can help is told at once that a case is stuck."""

from types import SimpleNamespace

from sqlalchemy import select

from engine import incidents, stuck
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.shared.records import outbox_job
from tests.handlers.inline import inline_worker
from tests.handlers.repair.repair_world import Shop


def test_administrators_the_manager_and_the_lead_of_the_desk_are_told_of_a_stuck_case(shop: Shop) -> None:
    administrator = shop.staff(Post.SYS)
    case = shop.case(shop.report())
    shop.engine.run(SYSTEM, lambda work: stuck.tell(work, case.id, [1]))
    inline_worker(shop.engine).drain()
    told = sorted(map(str, shop.told("case_stuck")))
    assert told == sorted(f"account:{one.id}" for one in (administrator, shop.manager, shop.desk_lead))


def stop(shop: Shop, number: str, step: str = "alarm") -> None:
    """Let the case of a number stand still."""
    failed = {"id": 0, "kind": "timer", "instance_id": shop.case(number).id, "step_id": step, "token": "t"}
    with shop.engine.work(SYSTEM) as work:
        incidents.open_for_job(work, SimpleNamespace(**failed), ValueError())


def counted(shop: Shop) -> list[object]:
    """Return the numbers that the gathered messages name, in order."""
    with shop.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(outbox_job.c.args).order_by(outbox_job.c.id)).scalars()
        return [args["count"] for args in rows if args.get("template") == "cases_stuck"]


def test_what_stands_still_at_one_step_within_the_hour_is_one_more_message_with_its_number(
    shop: Shop,
) -> None:
    shop.clock.advance(minutes=1)
    for _ in range(5):
        stop(shop, shop.report())
    inline_worker(shop.engine).drain()
    assert len(shop.told("case_stuck")) == len((shop.manager, shop.desk_lead))
    assert counted(shop) == []
    shop.clock.advance(minutes=15)
    inline_worker(shop.engine).drain()
    assert counted(shop) == [5, 5]
    assert len(shop.told("case_stuck")) == len((shop.manager, shop.desk_lead))


def test_the_same_case_is_told_of_once_an_hour_and_another_step_at_once(shop: Shop) -> None:
    number = shop.report()
    stop(shop, number)
    stop(shop, number, "classify")
    stop(shop, shop.report(), "accept")
    inline_worker(shop.engine).drain()
    assert len(shop.told("case_stuck")) == 2 * len((shop.manager, shop.desk_lead))
    shop.clock.advance(hours=2)
    stop(shop, number)
    inline_worker(shop.engine).drain()
    assert len(shop.told("case_stuck")) == 3 * len((shop.manager, shop.desk_lead))
