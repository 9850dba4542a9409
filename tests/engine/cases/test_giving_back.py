"""A step that was given back is at once somebody's."""

import pytest

from engine import tasks
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Grants, Membership
from tests.engine.cases.conftest import CLERK, COMMUNITY, MANAGER, SECOND_CLERK, Shop
from tests.engine.models import Model


def test_what_nobody_of_its_post_can_do_is_the_managers_once_it_was_given_back(shop: Shop) -> None:
    shop.directory.give(MANAGER, Grants((Membership("pm", COMMUNITY),), frozenset({("task.reassign", None)})))
    model = Model("left").start(message="reported").user("visit", group="rpl", assignee="${wanted}").end()
    shop.deploy(model.flow("start", "visit", "end"))
    shop.start("left", message="reported", wanted=str(CLERK.id))
    task_id = shop.task("visit")

    shop.engine.run(CLERK, lambda work: tasks.release(work, task_id))

    (told,) = (one.args for one in shop.outbox.items.values() if one.args["template"] == "task_given_back")
    assert (told["to"], told["task_id"]) == ([str(MANAGER.id)], str(task_id))
    shop.complete("visit", MANAGER)
    assert shop.open_tasks() == []


def test_a_post_that_no_manager_stands_behind_is_not_left_to_one(shop: Shop) -> None:
    shop.directory.give(MANAGER, Grants((Membership("pm", COMMUNITY),), frozenset({("task.reassign", None)})))
    model = Model("left").start(message="reported").user("check", group="fin", assignee="${wanted}").end()
    shop.deploy(model.flow("start", "check", "end"))
    shop.start("left", message="reported", wanted=str(CLERK.id))

    shop.engine.run(CLERK, lambda work: tasks.release(work, shop.task("check")))

    with pytest.raises(NotPermitted):
        shop.complete("check", MANAGER)


def test_what_only_who_leaves_could_do_is_the_managers_at_once(two: Shop) -> None:
    two.directory.give(MANAGER, Grants((Membership("pm", COMMUNITY),), frozenset({("task.reassign", None)})))
    two.directory.give(SECOND_CLERK, Grants())
    two.engine.run(CLERK, lambda work: tasks.claim(work, two.task("first")))

    two.engine.run(SYSTEM, lambda work: tasks.hand_over(work, CLERK.id, None))

    two.complete("first", MANAGER)
    assert two.steps() == ["second"]
