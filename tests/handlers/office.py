"""An office where procedures of the company run: who claims what, what is open, who was told."""

from typing import Any

from sqlalchemy import select

from engine import tasks, timers
from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import instance, task_history, user_task
from engine.work import Engine, Work
from handlers.accounts.permissions import Post
from handlers.shared.records import outbox_job
from tests.handlers.estate_world import World


class Office(World):
    """Administration, both administrators, auditor, data protection officer, manager, lead and clerk."""

    def __init__(self, engine: Engine, clock: SettableClock) -> None:
        super().__init__(engine)
        self.clock = clock
        self.adm, self.sys, self.sec, self.aud, self.dpo = (
            self.staff(post, everywhere=True) for post in (Post.ADM, Post.SYS, Post.SEC, Post.AUD, Post.DPO)
        )
        self.pm, self.csl, self.clerk = (self.staff(post) for post in (Post.PM, Post.CSL, Post.CS))

    def do(self, number: str, step: str, by: Actor, **answers: Json) -> None:
        """Let somebody claim an open step and complete it."""
        task_id = self.task(number, step).id

        def claim_and_complete(work: Work) -> None:
            tasks.claim(work, task_id)
            tasks.complete(work, task_id, answers)

        self.engine.run(by, claim_and_complete)

    def later(self, **parts: float) -> None:
        """Let time pass, and fire what is due then."""
        self.clock.advance(**parts)
        timers.fire_due(self.engine)

    def steps(self, number: str) -> list[str]:
        """Return the open steps."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(
                select(user_task.c.step_id)
                .join(instance, instance.c.id == user_task.c.instance_id)
                .where(instance.c.business_key == number)
                .order_by(user_task.c.step_id)
            )
            return list(rows.scalars())

    def task(self, number: str, step: str) -> Any:
        """Return the row of an open step."""
        with self.engine.reading(SYSTEM) as work:
            found = work.connection.execute(
                select(user_task)
                .join(instance, instance.c.id == user_task.c.instance_id)
                .where(instance.c.business_key == number, user_task.c.step_id == step)
            ).one_or_none()
        assert found is not None, f"{step} is not open, but {self.steps(number)}"
        return found

    def done(self, number: str) -> list[str]:
        """Return the steps that were completed."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(
                select(task_history.c.step_id)
                .join(instance, instance.c.id == task_history.c.instance_id)
                .where(instance.c.business_key == number, task_history.c.end_kind == "completed")
                .order_by(task_history.c.ended_at, task_history.c.id)
            )
            return list(rows.scalars())

    def told(self, template: str) -> set[str]:
        """Return who was told a message, as "account:ID"."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(select(outbox_job.c.args)).scalars().all()
        found = [args["to"] for args in rows if args.get("template") == template and "to" in args]
        return {one for to in found for one in (to if isinstance(to, list) else [to])}

    def is_over(self, number: str) -> bool:
        """Tell whether the case has ended."""
        with self.engine.reading(SYSTEM) as work:
            row = work.connection.execute(select(instance).where(instance.c.business_key == number)).one()
        return row.ended_at is not None


def account(actor: Actor) -> str:
    """Write an account as a recipient of messages."""
    return f"account:{actor.id}"
