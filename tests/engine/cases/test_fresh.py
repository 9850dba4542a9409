"""Which tasks came to somebody since a list was shown."""

import pytest

from engine import fresh, tasks
from engine.clock import SystemClock
from engine.ids import first_of, new_id
from engine.ports import Actor
from tests.engine.cases.conftest import CLERK, MANAGER, SECOND_CLERK, STRANGER, Shop
from tests.engine.models import Model


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Return a shop whose cases have one step; ids follow the machine's clock, so its clock does too."""
    shop.deploy(Model("one").start().user("only").end().flow("start", "only", "end"))
    shop.clock.set(SystemClock().now())
    return shop


def came(shop: Shop, actor: Actor) -> list[int]:
    moment = shop.clock.now()
    with shop.engine.reading(actor) as work:
        return fresh.since(work, moment)


def test_ids_compare_with_moments() -> None:
    before = SystemClock().now()
    drawn = new_id()
    assert first_of(before) <= drawn <= first_of(SystemClock().now()) + (1 << 22)


def test_work_of_ones_groups_came_and_nobody_elses(shop: Shop) -> None:
    shop.start("one")
    (task,) = shop.open_tasks()
    assert came(shop, CLERK) == [task.id]
    assert came(shop, STRANGER) == []


def test_what_came_long_ago_is_not_new(shop: Shop) -> None:
    shop.start("one")
    shop.clock.advance(minutes=5)
    assert came(shop, CLERK) == []


def test_an_old_task_that_is_handed_over_is_new_to_who_gets_it_and_to_nobody_else(shop: Shop) -> None:
    shop.start("one")
    (task,) = shop.open_tasks()
    shop.clock.advance(minutes=5)
    with shop.engine.work(MANAGER) as work:
        tasks.reassign(work, task.id, SECOND_CLERK.id, "当班")
    assert came(shop, SECOND_CLERK) == [task.id]
    assert came(shop, CLERK) == []


def test_only_so_many_are_counted(shop: Shop) -> None:
    for number in range(fresh.MOST + 5):
        shop.start("one", f"R{number}")
    assert len(came(shop, CLERK)) == fresh.MOST
