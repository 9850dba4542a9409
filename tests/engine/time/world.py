"""Cases and open steps written straight into the tables, so that ten thousand of them cost little."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Table, func, insert, select

from engine.clock import SettableClock
from engine.escalation import parse_ladder
from engine.ids import new_id
from engine.limits import keep_ladder
from engine.ports import SYSTEM, Actor, Grants, Library, Membership
from engine.store.database import Database
from engine.store.tables import bundle, deployment, escalation, history_event, instance, job, user_task
from engine.work import Engine, Work
from tests.engine.ports import FakeDirectory, MemoryOutbox, PlainVault

BUNDLE = 1
COMMUNITY = 10
HOUSE = 77
CLERK = Actor(1, "staff")
LEAD = Actor(2, "staff")
LADDER = parse_ladder(
    [
        {"level": 1, "after": "80%", "notify": "assignee"},
        {"level": 2, "after": "100%", "notify": "assignee, csl", "widen": "csl"},
        {"level": 3, "after": "PT3H", "notify": "pm"},
    ]
)


def new_engine(database: Database, clock: SettableClock) -> Engine:
    """Make a node on a database: a clerk, a lead, and a ladder called "accept"."""
    directory = FakeDirectory()
    directory.give(CLERK, Grants((Membership("cs", COMMUNITY),)))
    directory.give(LEAD, Grants((Membership("csl", COMMUNITY),)))
    engine = Engine(database, directory, PlainVault(), MemoryOutbox(), Library({}, {}, {}), clock)
    keep_ladder(engine, BUNDLE, "accept", LADDER)
    return engine


def prepare(engine: Engine) -> None:
    """Write the bundle that all cases run on."""
    with engine.work(SYSTEM) as work:
        work.connection.execute(
            insert(deployment).values(id=1, name="repair", source="", deployed_at=work.now, actor_id=0)
        )
        work.connection.execute(
            insert(bundle).values(
                id=BUNDLE,
                process_key="repair",
                version=1,
                created_at=work.now,
                resources={},
                deployment_id=1,
            )
        )


def open_steps(engine: Engine, count: int = 1, **facts: Any) -> list[int]:
    """Open steps now, each in a case of its own, due in half an hour; return their task ids.

    Args:
        facts: columns of user_task, `job_in` (from now to the first job) or `job_kind`.
    """
    with engine.work(SYSTEM) as work:
        rows = list(_rows(work, count, facts))
        for table in (instance, user_task, job):
            work.connection.execute(insert(table), [row[table.name] for row in rows])
    return [row["user_task"]["id"] for row in rows]


def _rows(work: Work, count: int, facts: dict[str, Any]) -> Iterator[dict[str, dict[str, Any]]]:
    for number in range(count):
        case_id, task_id = new_id(), new_id()
        due_at = facts.get("due_at", work.now + timedelta(minutes=30))
        columns = {key: value for key, value in facts.items() if key in user_task.c}
        job_at = work.now + facts["job_in"] if "job_in" in facts else due_at
        yield {
            "instance": {
                "id": case_id,
                "bundle_id": BUNDLE,
                "process_key": "repair",
                "business_key": f"R{number}-{case_id}",
                "scope_id": COMMUNITY,
                "resident_scope_id": HOUSE,
                "state": "active",
                "started_at": work.now,
                "starter_id": 0,
                "waits": {},
            },
            "user_task": {
                "id": task_id,
                "instance_id": case_id,
                "token": f"{task_id:032x}",
                "process_key": "repair",
                "called_process": "repair",
                "step_id": "accept",
                "name": "受理派单",
                "group_code": "cs",
                "scope_id": COMMUNITY,
                "rank": 2,
                "opened_at": work.now,
                "clock": "24x7",
                "original_due_at": due_at,
                "due_sort": due_at or datetime.max.replace(tzinfo=work.now.tzinfo),
                "due_at": due_at,
                **columns,
            },
            "job": {
                "id": new_id(),
                "kind": facts.get("job_kind", "deadline"),
                "instance_id": case_id,
                "task_id": task_id,
                "token": f"{task_id:032x}",
                "step_id": "accept",
                "due_at": job_at,
                "scheduled_at": job_at,
            },
        }


def fetch(engine: Engine, table: Table, *order: Any) -> list[Any]:
    """Read a whole table."""
    with engine.reading(SYSTEM) as work:
        return list(work.connection.execute(select(table).order_by(*order)).all())


def count(engine: Engine, table: Table, *where: Any) -> int:
    """Count the rows of a table."""
    with engine.reading(SYSTEM) as work:
        return work.connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def fired(engine: Engine) -> list[tuple[int, int]]:
    """Return (task, level) of every rung that fired, warnings with level 0."""
    return [(row.task_id, row.level) for row in fetch(engine, escalation, escalation.c.id)]


def story(engine: Engine) -> list[str]:
    """Return the kinds of all history events in their order."""
    return [row.kind for row in fetch(engine, history_event, history_event.c.id)]


def messages(engine: Engine) -> list[Any]:
    """Return what was put into the outbox."""
    assert isinstance(engine.outbox, MemoryOutbox)
    return list(engine.outbox.items.values())
