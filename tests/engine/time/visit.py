"""A case with one step that can be paused, and words for what is done to its time."""

from datetime import datetime, timedelta
from typing import Any

from engine import deadlines
from engine.ports import Actor
from engine.store.tables import escalation, job
from tests.engine.cases.conftest import CLERK, MANAGER, Shop
from tests.engine.models import Model

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEAD = Actor(8, "staff")

VISIT = (
    Model("visit")
    .start()
    .user("repair", due="PT2H", follow_up="PT1H", escalation="accept", pausable="true")
    .timer("given_up", "repair", "PT4H", pausable="true")
    .timer("reminded", "repair", "PT3H", interrupting=False)
    .user("remind")
    .end()
    .end("stopped")
    .end("told")
    .flow("start", "repair", "end")
    .flow("given_up", "stopped")
    .flow("reminded", "remind", "told")
)


def pause(shop: Shop, until: datetime, reason: str = "owner_absent", actor: Actor = CLERK) -> None:
    task_id = shop.task("repair")
    shop.engine.run(actor, lambda work: deadlines.pause(work, task_id, reason, until))


def unpause(shop: Shop, actor: Actor = CLERK) -> None:
    task_id = shop.task("repair")
    shop.engine.run(actor, lambda work: deadlines.unpause(work, task_id))


def move(shop: Shop, due_at: datetime, reason: str = "下暴雨", actor: Actor = MANAGER) -> None:
    task_id = shop.task("repair")
    shop.engine.run(actor, lambda work: deadlines.move(work, task_id, due_at, reason))


def step(shop: Shop) -> Any:
    (row,) = shop.open_tasks("repair")
    return row


def jobs(shop: Shop) -> dict[str, datetime]:
    """Tell what happens next to the step and when, without its own timers."""
    return {row.kind: row.due_at for row in shop.rows(job) if row.step_id == "repair"}


def timers(shop: Shop) -> dict[str, datetime]:
    return {row.step_id: row.due_at for row in shop.rows(job) if row.kind == "timer"}


def levels(shop: Shop) -> list[int]:
    return [row.level for row in shop.rows(escalation)]
