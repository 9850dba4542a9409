"""Which task is opened once one is done."""

from engine import going_on, tasks
from engine.inbox import View
from engine.ports import Actor
from tests.engine.cases.conftest import CLERK, SECOND_CLERK, Shop
from tests.engine.models import Model

CHECKED = (
    Model("checked")
    .start()
    .user("enter")
    .user("check", not_same_as="enter")
    .end()
    .flow("start", "enter", "check", "end")
)


def goes_on_with(shop: Shop, actor: Actor, done: int) -> int | None:
    """Complete a task, and return the one to open next."""
    with shop.engine.work(actor) as work:
        left = going_on.standing(work, done)
        tasks.complete(work, done, {})
        return going_on.next_task(work, left, going_on.read_view(work, View.WORK))


def test_what_somebody_else_has_to_check_is_passed_over(shop: Shop) -> None:
    shop.deploy(CHECKED)
    for number in ("R1", "R2", "R3"):
        shop.start("checked", number)
    first, second, third = (row.id for row in shop.open_tasks("enter"))
    with shop.engine.work(SECOND_CLERK) as work:
        tasks.complete(work, first, {})
    (others,) = (row.id for row in shop.open_tasks("check"))

    assert goes_on_with(shop, CLERK, second) in (others, third)
    own = {row.id for row in shop.open_tasks("check")} - {others}
    assert goes_on_with(shop, CLERK, third) == others
    shop.engine.run(CLERK, lambda work: tasks.complete(work, others, {}))
    assert shop.steps() == ["check", "check"]
    with shop.engine.reading(CLERK) as work:
        stood = going_on.standing(work, *own)
        assert going_on.next_task(work, stood, going_on.read_view(work, View.WORK)) is None
    with shop.engine.reading(SECOND_CLERK) as work:
        found = going_on.next_task(work, stood, going_on.read_view(work, View.WORK))
    assert found in {row.id for row in shop.open_tasks("check")}
