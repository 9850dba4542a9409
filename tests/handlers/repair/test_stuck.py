"""Whoever can help is told at once that a case is stuck."""

from engine import stuck
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from tests.handlers.inline import inline_worker
from tests.handlers.repair.repair_world import Shop


def test_administrators_the_manager_and_the_lead_of_the_desk_are_told_of_a_stuck_case(shop: Shop) -> None:
    administrator = shop.staff(Post.SYS)
    case = shop.case(shop.report())
    shop.engine.run(SYSTEM, lambda work: stuck.tell(work, case.id, [1]))
    inline_worker(shop.engine).drain()
    told = sorted(map(str, shop.told("case_stuck")))
    assert told == sorted(f"account:{one.id}" for one in (administrator, shop.manager, shop.desk_lead))
