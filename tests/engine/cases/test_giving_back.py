"""A step that was given back is at once somebody's."""

import pytest
from sqlalchemy import select

from engine import handing, instances, tasks
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Grants, Membership
from engine.store.tables import instance, task_candidate
from tests.engine.cases.conftest import CLERK, COMMUNITY, MANAGER, SECOND_CLERK, Shop
from tests.engine.models import Model


def given_by_name(shop: Shop, group: str) -> None:
    """Start a case whose step is the clerk's by name, of a post that nobody holds."""
    shop.directory.give(MANAGER, Grants((Membership("pm", COMMUNITY),), frozenset({("task.reassign", None)})))
    model = Model("left").start(message="reported").user("visit", group=group, assignee="${wanted}").end()
    shop.deploy(model.flow("start", "visit", "end"))
    shop.start("left", message="reported", wanted=str(CLERK.id))


def test_what_nobody_of_its_post_can_do_is_the_managers_once_it_was_given_back(shop: Shop) -> None:
    given_by_name(shop, "rpl")
    task_id = shop.task("visit")

    shop.engine.run(CLERK, lambda work: tasks.release(work, task_id))

    (told,) = (one.args for one in shop.outbox.items.values() if one.args["template"] == "task_given_back")
    assert (told["to"], told["task_id"]) == ([str(MANAGER.id)], str(task_id))
    shop.complete("visit", MANAGER)
    assert shop.open_tasks() == []


def test_a_post_that_no_manager_stands_behind_is_not_left_to_one(shop: Shop) -> None:
    given_by_name(shop, "fin")

    shop.engine.run(CLERK, lambda work: tasks.release(work, shop.task("visit")))

    with pytest.raises(NotPermitted):
        shop.complete("visit", MANAGER)


def test_what_only_who_leaves_could_do_is_the_managers_at_once(two: Shop) -> None:
    two.directory.give(MANAGER, Grants((Membership("pm", COMMUNITY),), frozenset({("task.reassign", None)})))
    two.directory.give(SECOND_CLERK, Grants())
    two.engine.run(CLERK, lambda work: tasks.claim(work, two.task("first")))

    two.engine.run(SYSTEM, lambda work: tasks.hand_over(work, CLERK.id, None))

    two.complete("first", MANAGER)
    assert two.steps() == ["second"]


def test_what_is_given_back_to_a_post_that_the_ladder_names_again_is_taken_once(shop: Shop) -> None:
    given_by_name(shop, "rpl")
    task_id = shop.task("visit")
    shop.engine.run(CLERK, lambda work: tasks.release(work, task_id))
    shop.engine.run(MANAGER, lambda work: tasks.claim(work, task_id))
    shop.directory.give(MANAGER, Grants())
    shop.engine.run(SYSTEM, lambda work: tasks.hand_over(work, MANAGER.id, None))
    with shop.engine.reading(SYSTEM) as work:
        assert list(work.connection.execute(select(task_candidate.c.group_code)).scalars()) == ["pm", "qa"]


def test_who_holds_a_step_sees_whom_it_can_be_handed_to_and_nobody_else_does(two: Shop) -> None:
    task_id = two.task("first")
    two.engine.run(CLERK, lambda work: tasks.claim(work, task_id))
    with two.engine.reading(CLERK) as work:
        assert handing.choices(work, [task_id]) == {task_id: [SECOND_CLERK.id]}
    with two.engine.reading(SECOND_CLERK) as work:
        assert handing.choices(work, [task_id]) == {}


def test_a_step_of_a_suspended_case_is_handed_to_nobody(two: Shop) -> None:
    task_id = two.task("first")
    two.engine.run(CLERK, lambda work: tasks.claim(work, task_id))
    (case,) = two.rows(instance)
    two.engine.run(MANAGER, lambda work: instances.suspend(work, case.id, "核对"))
    with two.engine.reading(CLERK) as work:
        assert handing.choices(work, [task_id]) == {}


def test_a_residents_step_is_handed_to_no_resident(shop: Shop) -> None:
    shop.deploy(Model("home").start().user("confirm", group="resident").end().flow("start", "confirm", "end"))
    shop.start("home")
    task_id = shop.task("confirm")
    shop.directory.give(MANAGER, Grants((), frozenset({("task.reassign", None)})))
    with shop.engine.reading(MANAGER) as work:
        assert handing.choices(work, [task_id]) == {task_id: []}
