"""A step that opens with nobody who could take it is at once somebody's."""

from typing import Any

import pytest
from sqlalchemy import select

from engine.ports import Grants, Membership
from engine.store.tables import task_candidate
from tests.engine.cases.conftest import CLERK, COMMUNITY, MANAGER, SECOND_CLERK, Shop
from tests.engine.models import Model


def appoint(shop: Shop, **posts: Any) -> None:
    for post, actor in posts.items():
        shop.directory.give(actor, Grants((Membership(post, COMMUNITY),), frozenset()))


def told(shop: Shop) -> list[Any]:
    return [one.args["to"] for one in shop.outbox.items.values() if one.args["template"] == "task_offered"]


def candidates(shop: Shop) -> list[str]:
    with shop.engine.reading(CLERK) as work:
        return list(work.connection.execute(select(task_candidate.c.group_code)).scalars())


def open_step(shop: Shop, group: str) -> None:
    shop.deploy(Model("left").start().user("visit", group=group).end().flow("start", "visit", "end"))
    shop.start("left")


def test_a_step_of_a_post_that_nobody_holds_is_the_managers_and_they_are_told(shop: Shop) -> None:
    appoint(shop, pm=MANAGER)
    open_step(shop, "rp")
    assert told(shop) == [[str(MANAGER.id)]]
    shop.complete("visit", MANAGER)
    assert shop.open_tasks() == []


def test_what_no_manager_can_do_either_goes_to_who_stands_behind_them(shop: Shop) -> None:
    shop.directory.give(MANAGER, Grants())
    appoint(shop, qa=SECOND_CLERK)
    open_step(shop, "rp")
    assert told(shop) == [[str(SECOND_CLERK.id)]]


@pytest.mark.parametrize("group", ["rp", "fin", "resident"])
def test_a_step_that_is_somebodys_or_that_nobody_stands_behind_stays_where_it_is(
    shop: Shop, group: str
) -> None:
    appoint(shop, pm=MANAGER, rp=SECOND_CLERK)
    open_step(shop, group)
    assert (told(shop), candidates(shop)) == ([], [])


def test_what_the_only_one_of_a_post_did_is_checked_by_who_stands_behind(shop: Shop) -> None:
    appoint(shop, pm=MANAGER, rp=SECOND_CLERK)
    model = Model("left").start().user("work", group="rp").user("check", group="rp", not_same_as="work")
    shop.deploy(model.end().flow("start", "work", "check", "end"))
    shop.start("left")
    assert told(shop) == []
    shop.complete("work", SECOND_CLERK)
    assert told(shop) == [[str(MANAGER.id)]]
