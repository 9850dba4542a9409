"""A small installation that can be killed: its model, its engine, and the loops its processes run."""

import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.request import Request, urlopen

from sqlalchemy import select

from engine import deploying, instances, tasks
from engine.clock import SystemClock
from engine.errors import Problem
from engine.ids import new_id
from engine.instances import Subject
from engine.ports import SYSTEM, Actor, Grants, Library, Membership, OutboxItem
from engine.service_tasks import Context
from engine.store.database import Database
from engine.store.tables import instance, user_task
from engine.timers import fire_due
from engine.work import Engine
from handlers.shared import outbox
from handlers.shared.outbox import TableOutbox
from tests.engine.models import Model
from tests.engine.ports import FakeDirectory, PlainVault

COMMUNITY = 11
CLERKS = tuple(Actor(number, "staff") for number in (1, 2, 3))
TOPICS = b'[handler."test.tell"]\n'
FORM = (
    b'{"type": "default", "id": "plain", "schemaVersion": 18, "properties": {"name": "x", "name_en": "x"}, '
    b'"components": [{"type": "text", "text": "x"}]}'
)
MODEL = (
    Model("kill")
    .start()
    .user("take")
    .service("tell", "test.tell")
    .user("finish")
    .timer("soon", "take", "PT1M", interrupting=False)
    .service("remind", "test.tell")
    .end("reminded")
    .end()
    .flow("start", "take", "tell", "finish", "end")
    .flow("soon", "remind", "reminded")
)
FILES = {"kill.bpmn": MODEL.xml(), "plain.form": FORM, "topics.toml": TOPICS}
_LEASE = timedelta(seconds=2)


def _tell(context: Context) -> None:
    item = OutboxItem("tell", {"case": context.business_key}, f"tell:{context.key}")
    context.work.engine.outbox.put_many(context.connection, [item], context.now)


def build(url: str) -> Engine:
    """Open the plant's engine; every process of it does this."""
    directory = FakeDirectory()
    for clerk in CLERKS:
        directory.give(clerk, Grants((Membership("cs", COMMUNITY),)))
    library = Library({"test.tell": _tell}, {}, {})
    return Engine(Database(url, pool_size=2), directory, PlainVault(), TableOutbox(), library, SystemClock())


def deploy(engine: Engine) -> None:
    """Deploy the model."""
    with engine.work(SYSTEM) as work:
        deploying.deploy(work, "plant", FILES)


@dataclass(frozen=True)
class Duty:
    """What one process does until it is killed.

    Attributes:
        receiver: URL that outside effects are posted to.
        seed: of its choices.
        cases: how many cases it keeps open.
    """

    url: str
    receiver: str
    seed: int
    cases: int = 30


def clerk(duty: Duty) -> None:
    """Start cases and complete open tasks, for ever."""
    engine, choose = build(duty.url), random.Random(duty.seed)
    while True:
        work_once(engine, choose, duty.cases)


def work_once(engine: Engine, choose: random.Random, cases: int) -> bool:
    """Do one thing that a clerk does; return False when nothing was left to do."""
    actor = choose.choice(CLERKS)
    with engine.reading(actor) as work:
        ids = list(work.connection.scalars(select(user_task.c.id).limit(50)))
    if len(ids) < cases:
        number = f"K{new_id()}"
        engine.run(actor, lambda work: instances.start(work, "kill", Subject(number, COMMUNITY)))
    if not ids:
        return cases > 0
    task_id = choose.choice(ids)
    with suppress(Problem):  # another clerk was faster, which is what is being provoked
        engine.run(
            actor, lambda work: tasks.complete(work, task_id, {}, idempotency_key=f"{task_id}:{actor.id}")
        )
    return True


def clock(duty: Duty) -> None:
    """Fire timers and deliver the outbox, for ever."""
    engine = build(duty.url)
    while True:
        fire_due(engine)
        deliver_once(engine, duty.receiver)


def deliver_once(engine: Engine, receiver: str) -> int:
    """Claim some outbox jobs, post each with its key, mark it done; return how many."""
    jobs = outbox.claim(engine, 5, _LEASE)
    for job in jobs:
        request = Request(receiver, data=str(job.args["case"]).encode(), headers={"Idempotency-Key": job.key})
        with urlopen(request, timeout=10) as answer:
            answer.read()
        with engine.work(SYSTEM) as work:
            outbox.finish(work.connection, job, work.now)
    return len(jobs)


def open_cases(engine: Engine) -> int:
    """Count cases that are not over."""
    with engine.reading(SYSTEM) as work:
        return len(work.connection.execute(select(instance.c.id).where(instance.c.state == "active")).all())
