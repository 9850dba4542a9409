"""What is sent twice under one key is done once, and a key serves one request of one person."""

import pytest

from engine import idempotency, instances, tasks
from engine.errors import RuleBroken, TaskGone
from engine.instances import Subject
from engine.ports import SYSTEM
from engine.store.tables import instance, task_history
from tests.engine.cases.conftest import CLERK, COMMUNITY, SECOND_CLERK, TWO_STEPS, Shop


def test_the_same_submission_twice_completes_once(two: Shop) -> None:
    task_id = two.task("first")
    for _ in range(2):
        two.engine.run(CLERK, lambda work: tasks.complete(work, task_id, {}, idempotency_key="k1"))

    assert two.steps() == ["second"]
    assert len(two.rows(task_history)) == 1


def test_a_key_serves_one_submission_only(two: Shop) -> None:
    task_id = two.task("first")
    two.engine.run(CLERK, lambda work: tasks.complete(work, task_id, {}, idempotency_key="k1"))
    second = two.task("second")

    with pytest.raises(RuleBroken):
        two.engine.run(
            CLERK, lambda work: tasks.complete(work, second, {"outcome": "yes"}, idempotency_key="k1")
        )


def test_a_key_sent_again_with_other_answers_is_refused(two: Shop) -> None:
    two.complete("first")
    second = two.task("second")
    answers = {"outcome": "yes"}
    two.engine.run(CLERK, lambda work: tasks.complete(work, second, answers, idempotency_key="k1"))
    two.engine.run(CLERK, lambda work: tasks.complete(work, second, answers, idempotency_key="k1"))

    with pytest.raises(RuleBroken):
        two.engine.run(
            CLERK, lambda work: tasks.complete(work, second, {"outcome": "no"}, idempotency_key="k1")
        )


def test_a_key_is_its_senders_alone(two: Shop) -> None:
    task_id = two.task("first")
    two.engine.run(CLERK, lambda work: tasks.complete(work, task_id, {}, idempotency_key="k1"))

    with pytest.raises(TaskGone):  # and no answer that says it was theirs
        two.engine.run(SECOND_CLERK, lambda work: tasks.complete(work, task_id, {}, idempotency_key="k1"))


def test_starting_twice_with_one_key_starts_once(shop: Shop) -> None:
    shop.deploy(TWO_STEPS)
    subject = Subject("R9", COMMUNITY)
    started = [
        shop.engine.run(CLERK, lambda work: instances.start(work, "two", subject, idempotency_key="s1"))
        for _ in range(2)
    ]

    assert started[0] == started[1]
    assert len(shop.rows(instance)) == 1


def test_an_answer_is_forgotten_after_a_week(two: Shop) -> None:
    task_id = two.task("first")
    two.engine.run(CLERK, lambda work: tasks.complete(work, task_id, {}, idempotency_key="k1"))
    two.clock.advance(days=6)
    assert two.engine.run(SYSTEM, idempotency.forget_old) == 0
    two.clock.advance(days=2)

    assert two.engine.run(SYSTEM, idempotency.forget_old) == 1


def test_what_was_answered_is_told_of_that_very_request_and_its_sender(shop: Shop) -> None:
    digest, other = idempotency.fingerprint("one"), idempotency.fingerprint("another")
    with shop.engine.work(CLERK) as work:
        idempotency.recall(work, "sent", "save", digest)
        idempotency.remember(work, "sent", {"number": "R1"})
    with shop.engine.reading(CLERK) as work:
        assert idempotency.was_answered(work, "sent", "save", digest)
        assert not idempotency.was_answered(work, "sent", "save", other)
        assert not idempotency.was_answered(work, "sent", "erase", digest)
        assert not idempotency.was_answered(work, "unsent", "save", digest)
        assert idempotency.is_used(work, "sent")
        assert not any(idempotency.is_used(work, key) for key in ("unsent", "", None))
    with shop.engine.reading(SECOND_CLERK) as work:
        assert not idempotency.is_used(work, "sent")
        assert not idempotency.was_answered(work, "sent", "save", digest)
