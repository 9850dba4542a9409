"""Speaks the trade for tests: people of a repair shop who work on real cases of the real procedure."""

import io
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from engine import tasks, timers
from engine.clock import SettableClock
from engine.ids import new_id
from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import instance, task_history, user_task
from engine.work import Engine, Work
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_shift
from handlers.demo.prices import PRICES
from handlers.repair import orders, phone, reporting
from handlers.repair.orders import Order
from handlers.repair.records import Area, repair_event, repair_price
from handlers.repair.reporting import Report
from handlers.shared import attachments
from handlers.shared.records import outbox_job
from tests.handlers.estate_world import World
from tests.handlers.shared.uploads_made import picture

OWNER_PHONE = "13811112222"
FULL_MARKS: dict[str, Json] = {"outcome": "satisfied", "speed": "5", "quality": "5", "attitude": "5"}
_PHOTO = picture(size=(16, 12))
DAYS = 45


def publish_prices(engine: Engine) -> None:
    """Hang out a public price list."""
    names = ("code", "name", "name_en", "unit", "unit_en", "price_fen", "skill")
    since = (engine.clock.now() - timedelta(days=100)).date()
    rows = [{"id": new_id(), "valid_from": since, **dict(zip(names, row, strict=True))} for row in PRICES]
    with engine.work(SYSTEM) as work:
        work.connection.execute(insert(repair_price), rows)


class Shop(World):
    """Two clerks, their lead, three repairers with their lead, a project manager; 李明 lives in 301."""

    def __init__(self, engine: Engine, clock: SettableClock) -> None:
        super().__init__(engine)
        self.clock = clock
        self.clerk, self.other_clerk = self.staff(Post.CS), self.staff(Post.CS)
        self.desk_lead = self.staff(Post.CSL)
        self.plumber, self.second_plumber = self.staff(Post.RP), self.staff(Post.RP)
        self.electrician = self.staff(Post.RP)
        self.lead, self.manager = self.staff(Post.RPL), self.staff(Post.PM)
        self.vendor = self.staff(Post.VEN)
        self.skill(self.plumber, "plumbing", "building", "emergency")
        self.skill(self.second_plumber, "plumbing", "building")
        self.skill(self.electrician, "electric", "weak_current")
        for one in (self.clerk, self.other_clerk, self.plumber, self.second_plumber, self.electrician):
            self.on_duty(one, clock.now() - timedelta(days=1), timedelta(days=DAYS))
        self.owner_person = self.person("李明", OWNER_PHONE)
        self.relate(self.owner_person, self.house)
        self.owner = self.resident(self.owner_person)
        neighbour = self.person("王芳", "13833334444")
        self.relate(neighbour, self.neighbour)
        self.stranger = self.resident(neighbour)
        publish_prices(engine)

    def skill(self, actor: Actor, *skills: str) -> None:
        """Say what somebody is able to repair."""
        with self.engine.work(SYSTEM) as work:
            staff.set_skills(work, actor.id, frozenset(skills))

    def on_duty(self, actor: Actor, since: datetime, span: timedelta, *, is_lead: bool = False) -> None:
        """Put somebody on the roster for as long as a test needs."""
        row = {"id": new_id(), "account_id": actor.id, "community_id": self.community, "planned_by": 0}
        with self.engine.work(SYSTEM) as work:
            work.connection.execute(
                insert(account_shift).values(**row, starts_at=since, ends_at=since + span, is_lead=is_lead)
            )

    def off_duty(self, *actors: Actor) -> None:
        """Send people home."""
        with self.engine.work(SYSTEM) as work:
            work.connection.execute(
                account_shift.update()
                .where(account_shift.c.account_id.in_([one.id for one in actors]))
                .values(ends_at=work.now)
            )

    # --- what people do -------------------------------------------------------------------------------------

    def report(
        self, fault: str = "W05", text: str = "厨房水龙头滴漏", *, area: Area = Area.PRIVATE, **more: Any
    ) -> str:
        """Let the owner report online, and return the number."""
        report = Report(area, fault, text, "李明", OWNER_PHONE, house_id=self.house, **more)
        with self.engine.work(self.owner) as work:
            return reporting.report_online(work, report).number

    def call(self, caller: str = OWNER_PHONE) -> str:
        """Let the clerk pick up the phone, and return the number."""
        with self.engine.work(self.clerk) as work:
            return phone.press_call(work, self.community, caller).number

    def register(self, number: str, by: Actor | None = None, **more: Json) -> None:
        """Let the clerk enter the call."""
        answers: dict[str, Json] = {
            "called_at": self.order(number).called_at.isoformat(),
            "area": "private",
            "house_id": str(self.house),
            "fault_code": "W05",
            "description": "厨房水龙头滴漏",
            "contact_name": "李明",
            "contact_phone": OWNER_PHONE,
        }
        self.do(number, "register_call", by or self.clerk, **(answers | more))

    def do(self, number: str, step: str, by: Actor, **answers: Json) -> None:
        """Let somebody claim an open step and complete it."""
        task_id = self.task(number, step).id

        def claim_and_complete(work: Work) -> None:
            tasks.claim(work, task_id)
            tasks.complete(work, task_id, answers)

        self.engine.run(by, claim_and_complete)

    def accept(self, number: str, worker: Actor | None = None, by: Actor | None = None) -> None:
        """Let the clerk accept and assign."""
        self.do(
            number, "accept", by or self.clerk, outcome="accept", worker_id=str((worker or self.plumber).id)
        )

    def go_to(self, number: str, worker: Actor | None = None) -> None:
        """Let the repairer take the order, agree on a time and arrive."""
        who = worker or self.plumber
        self.do(number, "take", who, outcome="taken")
        self.do(number, "appoint", who, outcome="soon")
        self.do(number, "arrive", who, outcome="met")

    def photo(self, by: Actor) -> str:
        """Let somebody upload a photo, and return its id."""
        return str(attachments.upload(self.engine, by, io.BytesIO(_PHOTO), "photo.jpg"))

    def repair(self, number: str, worker: Actor | None = None) -> None:
        """Let the repairer do everything from taking the order to finishing, free of charge."""
        who = worker or self.plumber
        self.go_to(number, who)
        self.mend(number, who)

    def mend(self, number: str, worker: Actor | None = None) -> None:
        """Let the repairer find the cause, work and finish, free of charge."""
        who = worker or self.plumber
        self.do(number, "diagnose", who, outcome="repair", finding="垫圈老化")
        self.do(number, "do_work", who, outcome="done")
        self.do(number, "finish", who, note="已更换垫圈", photos=[self.photo(who)])

    # --- time -----------------------------------------------------------------------------------------------

    def later(self, **parts: float) -> None:
        """Let time pass, and fire what is due then."""
        self.clock.advance(**parts)
        timers.fire_due(self.engine)

    # --- what can be seen -----------------------------------------------------------------------------------

    def order(self, number: str) -> Order:
        """Return the order."""
        with self.engine.reading(SYSTEM) as work:
            return orders.by_number(work.connection, number)

    def opened(self, order: Order, column: str) -> str:
        """Open a sealed column of an order."""
        with self.engine.reading(SYSTEM) as work:
            return orders.opened(work, order, column)

    def case(self, number: str) -> Any:
        """Return the row of the newest case with this number."""
        with self.engine.reading(SYSTEM) as work:
            return work.connection.execute(
                select(instance).where(instance.c.business_key == number).order_by(instance.c.id.desc())
            ).first()

    def outcomes(self, number: str, step: str) -> list[str]:
        """Return what came of a step, each time that it was finished."""
        with self.engine.reading(SYSTEM) as work:
            query = (
                select(task_history.c.outcome)
                .join(instance, instance.c.id == task_history.c.instance_id)
                .where(instance.c.business_key == number, task_history.c.step_id == step)
            )
            return list(work.connection.execute(query.order_by(task_history.c.ended_at)).scalars())

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

    def done(self, number: str) -> list[tuple[str, str]]:
        """Return the finished steps with how they ended."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(
                select(task_history.c.step_id, task_history.c.end_kind)
                .join(instance, instance.c.id == task_history.c.instance_id)
                .where(instance.c.business_key == number)
                .order_by(task_history.c.ended_at, task_history.c.id)
            )
            return [tuple(row) for row in rows]

    def events(self, number: str) -> list[str]:
        """Return what happened to the order, by kind."""
        with self.engine.reading(SYSTEM) as work:
            return list(
                work.connection.execute(
                    select(repair_event.c.kind)
                    .where(repair_event.c.order_id == self.order(number).id)
                    .order_by(repair_event.c.id)
                ).scalars()
            )

    def told(self, *templates: str) -> list[list[str]]:
        """Return who was told each of some messages, in order."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(select(outbox_job.c.args).order_by(outbox_job.c.id)).scalars()
            return [args["to"] for args in rows if args.get("template") in templates]
