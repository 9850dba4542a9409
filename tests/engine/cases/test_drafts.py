"""What people type before they send it: kept for them alone, merged, given back, forgotten."""

import pytest

from engine import drafts
from engine.errors import Refused, TaskNotFound
from engine.ports import SYSTEM, Actor, Json
from tests.engine.cases.conftest import CLERK, SECOND_CLERK, STRANGER, Shop
from tests.engine.models import Model


@pytest.fixture
def two(shop: Shop) -> Shop:
    """Return a shop with one case of two steps."""
    model = Model("two").start().user("first").user("second", form="check").end()
    shop.deploy(model.flow("start", "first", "second", "end"))
    shop.start("two")
    return shop


def test_a_draft_is_kept_sealed_until_the_task_is_done(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(CLERK) as work:
        drafts.save_draft(work, task_id, {"remark": "半句话"})
        drafts.save_draft(work, task_id, {"remark": "一句话"})

    assert kept(two, CLERK, task_id) == {"remark": "一句话"}
    assert kept(two, SECOND_CLERK, task_id) is None
    two.complete("first", SECOND_CLERK)
    assert kept(two, CLERK, task_id) == {"remark": "一句话"}, "another closed it: nothing typed is lost"


def test_completing_a_task_forgets_ones_own_draft(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(CLERK) as work:
        drafts.save_draft(work, task_id, {"remark": "一句话"})
    two.complete("first", CLERK)
    assert kept(two, CLERK, task_id) is None


def test_two_open_pages_of_one_form_do_not_undo_each_others_draft(two: Shop) -> None:
    task_id = two.task("first")
    with two.engine.work(CLERK) as work:
        drafts.save_draft(work, task_id, {"remark": "这一页", "meter": ""}, ["remark"])
        drafts.save_draft(work, task_id, {"remark": "", "meter": "A17"}, ["meter"])
    assert kept(two, CLERK, task_id) == {"remark": "这一页", "meter": "A17"}


def test_a_draft_has_a_limit_and_is_forgotten_when_nobody_comes_back(two: Shop) -> None:
    task_id = two.task("first")
    with pytest.raises(Refused, match="过长"), two.engine.work(CLERK) as work:
        drafts.save_draft(work, task_id, {"remark": "长" * 70_000})
    with two.engine.work(CLERK) as work:
        drafts.save_draft(work, task_id, {"remark": "一句话"})
    two.clock.advance(days=31)
    assert two.engine.run(SYSTEM, drafts.forget_old) == 1


def test_nobody_keeps_a_draft_for_a_task_of_others(two: Shop) -> None:
    task_id = two.task("first")
    with pytest.raises(TaskNotFound), two.engine.work(STRANGER) as work:
        drafts.save_draft(work, task_id, {"remark": "一句话"})


def kept(shop: Shop, actor: Actor, task_id: int) -> dict[str, Json] | None:
    with shop.engine.reading(actor) as work:
        found = drafts.draft(work, task_id)
    return found.answers if found else None
