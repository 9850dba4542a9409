"""Speaks the trade for tests: a front desk that handles changes of owner on the real procedures."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import escalation, instance, user_task
from engine.work import Engine
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.estate.records import RelationKind, estate_person, estate_relation
from handlers.moving import cases, starting
from handlers.moving.starting import Notice
from handlers.shared.records import outbox_job
from tests.handlers.repair.repair_world import Shop

NEW_OWNER = {"name": "赵敏", "id_number": "11010519491231002X", "phone": "13955556666"}
TENANT_PHONE = "13877778888"
AGAIN: dict[str, Json] = {
    "outcome": "confirm",
    "again_name": NEW_OWNER["name"],
    "again_id_number": NEW_OWNER["id_number"],
    "again_phone": NEW_OWNER["phone"],
}
ENTRY: dict[str, Json] = {
    "entry": "new", "notice_given": True, "scopes": ["repair", "notice"], "id_type": "id_card", **NEW_OWNER,
}  # fmt: skip


class Desk(Shop):
    """The shop's people, finance and quality; 李明 owns 301, his wife and a tenant live there."""

    def __init__(self, engine: Engine, clock: SettableClock) -> None:
        super().__init__(engine, clock)
        self.finance, self.finance_lead = self.staff(Post.FIN), self.staff(Post.FINL)
        self.quality = self.staff(Post.QA, everywhere=True)
        self.wife_person = self.person("孙丽", "13822220000")
        self.family(self.wife_person, self.owner_person)
        self.wife = self.resident(self.wife_person)
        self.tenant_person = self.person("周强", TENANT_PHONE)
        self.relate(self.tenant_person, self.house, RelationKind.TENANT)
        self.tenant = self.resident(self.tenant_person)

    def family(self, person_id: int, of_person_id: int) -> int:
        """Relate somebody to the house as family of somebody."""
        relation_id = self.relate(person_id, self.house, RelationKind.FAMILY)
        with self.engine.work(SYSTEM) as work:
            work.connection.execute(
                estate_relation.update()
                .where(estate_relation.c.id == relation_id)
                .values(through_person_id=of_person_id)
            )
        return relation_id

    # --- what people do -------------------------------------------------------------------------------------

    def told_of_transfer(self, ago: timedelta = timedelta(0), by: Actor | None = None) -> str:
        """Let the clerk take a notice in that came some time ago, and return the number."""
        notice = Notice(self.house, self.clock.now() - ago, "phone")
        with self.engine.work(by or self.clerk) as work:
            return starting.notice_of_transfer(work, notice).number

    def register(self, number: str, way: str = "sale") -> None:
        """Write down why and who told us."""
        self.do(
            number,
            "register",
            self.clerk,
            way=way,
            told_by="owner",
            contact_name="李明",
            contact_phone="13811112222",
        )

    def papers(self, number: str, proof: str = "certificate") -> None:
        """Find the papers complete."""
        self.do(
            number,
            "verify",
            self.clerk,
            outcome="complete",
            proof_kind=proof,
            proof_number="京(2026)0001234",
        )

    def tell_old(self, number: str, outcome: str = "told", **more: Json) -> None:
        """Tell the old owner."""
        self.do(number, "tell_old", self.clerk, outcome=outcome, how="phone", **more)

    def enter(self, number: str, by: Actor | None = None, **more: Json) -> None:
        """Enter the new owner."""
        self.do(number, "enter", by or self.clerk, **(ENTRY | more))

    def check(self, number: str, by: Actor | None = None, **more: Json) -> None:
        """Type the new owner again, a minute later."""
        self.later(minutes=1)
        self.do(number, "second_check", by or self.desk_lead, **(AGAIN | more))

    def to_entry(self, way: str = "sale", ago: timedelta = timedelta(0)) -> str:
        """Bring an ordinary transfer to the entry of the new owner."""
        number = self.told_of_transfer(ago)
        self.register(number, way)
        self.papers(number)
        self.tell_old(number)
        return number

    def to_check(self, ago: timedelta = timedelta(0)) -> str:
        """Bring an ordinary transfer to the second check."""
        number = self.to_entry(ago=ago)
        self.enter(number)
        return number

    def switched(self) -> str:
        """Bring an ordinary transfer over the switch."""
        number = self.to_check()
        self.check(number)
        return number

    def hand_over(self, number: str) -> None:
        """Settle fees, vehicles, keys and open matters."""
        today = self.clock.now().date().isoformat()
        self.do(number, "fees", self.finance, payer="old_owner", settled_on=today)
        self.do(number, "vehicles", self.clerk, cards_stopped=True)
        self.do(number, "keys", self.clerk, keys="between_owners")
        self.do(number, "matters", self.clerk)

    def moved_out(self, number: str) -> None:
        """Confirm that a tenant has left, and let another clerk find it so."""
        today = self.clock.now().date().isoformat()
        self.do(number, "confirm_out", self.clerk, moved_out_on=today, keys_returned=True)
        self.do(number, "check_out", self.other_clerk, outcome="confirm", how="tenant")

    # --- what can be seen -----------------------------------------------------------------------------------

    def record(self, number: str) -> Any:
        """Return the record of a case."""
        with self.engine.reading(SYSTEM) as work:
            return cases.by_number(work.connection, number)

    def may_act(self, actor: Actor) -> bool:
        """Tell whether somebody may act for the house now."""
        with self.engine.reading(actor) as work:
            return any(member.scope_id == self.house for member in work.memberships)

    def relations(self, kind: RelationKind | None = None) -> list[Any]:
        """Return the relations to the house, the oldest first."""
        query = select(estate_relation).where(estate_relation.c.house_id == self.house)
        query = query.where(estate_relation.c.kind == kind) if kind else query
        with self.engine.reading(SYSTEM) as work:
            return list(work.connection.execute(query.order_by(estate_relation.c.id)))

    def account_of_new_owner(self) -> Actor | None:
        """Return the new owner's account, made usable as if they had set their own password."""
        owners = [one for one in self.relations(RelationKind.OWNER) if one.valid_to is None]
        with self.engine.work(SYSTEM) as work:
            row = work.connection.execute(
                account.update()
                .where(account.c.person_id == owners[-1].person_id)
                .values(must_change_password=False)
                .returning(account.c.id)
            ).one_or_none()
        return Actor(row.id, "resident") if row else None

    def people_count(self) -> int:
        """Count the people on record."""
        with self.engine.reading(SYSTEM) as work:
            return len(work.connection.execute(select(estate_person.c.id)).all())

    def warned(self, number: str) -> list[tuple[str, int]]:
        """Return the rungs that fired on open steps, with the level."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(
                select(user_task.c.step_id, escalation.c.level)
                .join(user_task, user_task.c.id == escalation.c.task_id)
                .join(instance, instance.c.id == user_task.c.instance_id)
                .where(instance.c.business_key == number)
                .order_by(escalation.c.id)
            )
            return [tuple(row) for row in rows]

    def escalated_to(self) -> list[str]:
        """Return to which groups escalations went, in order."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(select(outbox_job.c.args).order_by(outbox_job.c.id)).scalars()
            return [
                str(args.get("group") or args.get("to"))
                for args in rows
                if args.get("template") in ("task_escalated", "task_warning")
            ]

    def at(self, moment: datetime) -> None:
        """Let time pass until a moment."""
        self.later(seconds=(moment - self.clock.now()).total_seconds())
