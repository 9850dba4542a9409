"""Lets a few homes of the demonstration change hands: each case stops where somebody has to act next."""

from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy import select, update

from engine import tasks, timers
from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import instance, user_task
from engine.work import Engine, Work
from handlers.demo.names import Inventor
from handlers.demo.settling import Dweller, Settled
from handlers.estate.records import RelationKind, estate_relation
from handlers.moving import leases, starting
from handlers.moving.records import Kind
from handlers.moving.starting import Notice

Answers = dict[str, Json]
Step = tuple[str, str, Answers]  # step, post that does it, answers

_BLOCK = 7  # of invented numbers, apart from those of the estate
_LEASE_DAYS = 12


class Moves:
    """A few cases of the first community, told step by step on a clock moved by hand."""

    def __init__(self, engine: Engine, clock: SettableClock, settled: Settled, seed: int) -> None:
        self._engine = engine
        self._clock = clock
        self._community = settled.communities[0]
        self._homes = _homes(settled.dwellers[self._community])
        self._inventor = Inventor(Random(seed + 11), _BLOCK)  # noqa: S311  # inventing, not guarding

    def run(self, until: datetime) -> int:
        """Begin and bring along every case; return how many there are."""
        new = self._newcomer()
        register: Step = ("register", "cs", _NOTICE | self._told_by())
        examined: Step = ("verify", "cs", _PROOF)
        told: Step = ("tell_old", "cs", {"outcome": "told", "how": "phone"})
        entered: Step = ("enter", "cs", _ENTRY | new)
        waits: Step = ("verify", "cs", _CONTRACT)
        transfers: tuple[tuple[float, tuple[Step, ...]], ...] = (
            (30, (register, examined, told, entered, ("second_check", "csl", _again(new)))),
            (17, (register, examined, told, ("enter", "cs", _ENTRY | self._newcomer()))),
            (26, (register, waits)),
            (2, (register, examined)),
        )
        for (ago, steps), home in zip(transfers, self._homes, strict=False):
            self._tell(until - timedelta(hours=ago), Kind.TRANSFER, home, steps)
        self._move_in(until)
        self._lease_ends(until)
        self._clock.set(until)
        timers.fire_due(self._engine)
        return len(transfers) + 2

    def _move_in(self, until: datetime) -> None:
        seen: Answers = {"outcome": "complete", "appears": "owner", "seen": ["id", "contract"]}
        agreed: Answers = {"notice_given": True, "scopes": ["repair", "notice"]}
        steps: tuple[Step, ...] = (("check_papers", "cs", seen), ("consent", "cs", agreed))
        self._tell(until - timedelta(minutes=20), Kind.MOVE_IN, self._homes[-1], steps)

    def _lease_ends(self, until: datetime) -> None:
        """Let one lease end soon, and the platform ask what becomes of it."""
        self._clock.set(until)
        ends_on = until.date() + timedelta(days=_LEASE_DAYS)
        self._engine.run(SYSTEM, partial(_end_lease, home=self._homes[-2], on=ends_on))
        leases.watch(self._engine)

    def _tell(self, at: datetime, kind: Kind, house_id: int, steps: tuple[Step, ...]) -> None:
        self._clock.set(at)
        notice = Notice(house_id, at, "phone" if kind is Kind.TRANSFER else "counter")
        begun = self._engine.run(self._one_of("cs"), lambda work: starting.begin(work, kind, notice))
        for step, post, answers in steps:
            self._clock.advance(minutes=6)
            self._engine.run(
                self._one_of(post), partial(_do, instance_id=begun.instance_id, step=step, answers=answers)
            )

    def _one_of(self, post: str) -> Actor:
        with self._engine.reading(SYSTEM) as work:
            found = self._engine.directory.recipients(work.connection, post, self._community, work.now)
        return Actor(found[0], "staff")

    def _told_by(self) -> Answers:
        return {"contact_name": self._inventor.name(), "contact_phone": self._inventor.phone()}

    def _newcomer(self) -> Answers:
        name, phone = self._inventor.name(), self._inventor.phone()
        return {"name": name, "phone": phone, "id_number": self._inventor.id_number(1985, "male")}


_NOTICE: Answers = {"way": "sale", "told_by": "agent"}
_PROOF: Answers = {"outcome": "complete", "proof_kind": "certificate", "proof_number": "演示-2026-0001"}
_CONTRACT: Answers = {
    "outcome": "missing",
    "proof_kind": "contract",
    "missing": ["proof"],
    "note": "等不动产证",
}
_ENTRY: Answers = {"entry": "new", "notice_given": True, "scopes": ["repair"], "id_type": "id_card"}


def _again(newcomer: Answers) -> Answers:
    return {"outcome": "confirm"} | {f"again_{key}": value for key, value in newcomer.items()}


def _homes(dwellers: list[Dweller]) -> list[int]:
    """Return homes of owners, those first that report least."""
    owned = [one.house_id for one in dwellers if one.relation == RelationKind.OWNER]
    return list(dict.fromkeys(reversed(owned)))[:8]


def _do(work: Work, instance_id: int, step: str, answers: Answers) -> None:
    task_id = work.connection.execute(
        select(user_task.c.id)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .where(instance.c.id == instance_id, user_task.c.step_id == step)
    ).scalar_one()
    tasks.claim(work, task_id)
    tasks.complete(work, task_id, answers)


def _end_lease(work: Work, home: int, on: date) -> None:
    """Let the lease of a tenant end soon."""
    relation = work.connection.execute(
        select(estate_relation.c.id)
        .where(estate_relation.c.kind == RelationKind.TENANT, estate_relation.c.valid_to.is_(None))
        .order_by(estate_relation.c.house_id != home, estate_relation.c.id)
        .limit(1)
    ).scalar()
    work.connection.execute(
        update(estate_relation).where(estate_relation.c.id == relation).values(lease_ends_on=on)
    )
