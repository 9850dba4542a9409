"""A reminder of a step that nobody holds reaches everybody who may take it, and nobody who may not."""

from engine import reminding
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.repair.records import repair_assignment
from tests.handlers.repair.repair_world import Shop
from tests.handlers.repair.test_complaining import complained
from tests.handlers.repair.test_paths_visit import absent

__all__ = ["complained"]


def reminded(shop: Shop, number: str, step: str) -> list[str]:
    """Let the manager remind of a step, and return who is told."""
    task_id = shop.task(number, step).id
    shop.engine.run(shop.manager, lambda work: reminding.remind(work, task_id))
    return sorted(shop.told("task_reminded")[-1])


def test_a_reminder_reaches_each_post_that_may_take_the_step(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.do(number, "take", shop.plumber, outcome="taken")
    absent(shop, number)
    everybody = (shop.owner, shop.clerk, shop.other_clerk)
    assert reminded(shop, number, "rebook") == sorted(str(one.id) for one in everybody)


def test_a_reminder_about_a_complaint_does_not_reach_who_did_the_repair(shop: Shop, complained: str) -> None:
    other = shop.staff(Post.PM)
    with shop.engine.work(SYSTEM) as work:
        work.connection.execute(
            repair_assignment.update()
            .where(repair_assignment.c.order_id == shop.order(complained).id)
            .values(worker_id=other.id)
        )
    told = reminded(shop, complained, "answer_complaint")
    assert str(other.id) not in told
    assert str(shop.manager.id) in told


def test_where_nobody_is_on_shift_whoever_stands_in_for_the_post_is_reminded(shop: Shop) -> None:
    number = shop.report()
    shop.off_duty(shop.clerk, shop.other_clerk)
    shop.clock.advance(minutes=1)
    assert str(shop.desk_lead.id) in reminded(shop, number, "accept")
