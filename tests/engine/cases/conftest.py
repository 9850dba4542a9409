"""An engine with real stores, a library of small handlers, and people who may act."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from engine import definitions, instances, tasks
from engine.clock import SettableClock
from engine.errors import Refused
from engine.instances import StartedInstance, Subject
from engine.ports import SYSTEM, Actor, Grants, Json, Library, Membership
from engine.service_tasks import Context
from engine.store.database import Database
from engine.store.tables import user_task
from engine.work import Engine
from tests.engine.models import Model
from tests.engine.ports import FakeDirectory, MemoryOutbox, PlainVault

COMMUNITY, OTHER_COMMUNITY, HOUSE = 11, 12, 501
CLERK, SECOND_CLERK, STRANGER, MANAGER, RESIDENT, WORKER = (
    Actor(1, "staff"),
    Actor(2, "staff"),
    Actor(3, "staff"),
    Actor(4, "staff"),
    Actor(5, "resident"),
    Actor(6, "service"),
)

TOPICS = b"""
[handler."test.note"]
inputs = ["wanted"]
outputs = { noted = "code" }
errors = ["no_crew"]
[handler."test.cancelled"]
[external."test.outside"]
inputs = ["wanted"]
outputs = { measured = "number" }
errors = ["broken"]
[completion."test.record"]
answers = ["outcome", "remark"]
outputs = { doubled = "number" }
[start.reported]
variables = { wanted = "code", ready = "boolean" }
"""

FORM = {
    "type": "default",
    "id": "check",
    "schemaVersion": 18,
    "on_complete": "test.record",
    "properties": {"name": "核对", "name_en": "Check"},
    "components": [
        {
            "type": "radio",
            "key": "outcome",
            "label": "结果",
            "variable": True,
            "validate": {"required": True},
            "values": [{"label": "同意", "value": "yes"}, {"label": "拒绝", "value": "no"}],
        },
        {"type": "textfield", "key": "remark", "label": "备注"},
        {"type": "textfield", "key": "meter", "label": "表号"},
    ],
}

PLAIN_FORM = {
    "type": "default",
    "id": "plain",
    "schemaVersion": 18,
    "components": [{"type": "text", "text": "请办理"}],
    "properties": {"name": "办理", "name_en": "Do it"},
}


TWO_STEPS = (
    Model("two")
    .start()
    .user("first")
    .user("second", form="check")
    .end()
    .flow("start", "first", "second", "end")
)


@dataclass
class Shop:
    """An engine, its clock, and what its handlers saw and are told to do."""

    engine: Engine
    clock: SettableClock
    directory: FakeDirectory
    outbox: MemoryOutbox
    calls: list[tuple[str, str | None]] = field(default_factory=list)
    behave: Callable[[Context], None] = lambda _context: None

    def deploy(self, *models: Model | tuple[str, bytes]) -> None:
        """Deploy models with the topics and the forms of this shop."""
        files = {"topics.toml": TOPICS, "check.form": json.dumps(FORM).encode()}
        files["plain.form"] = json.dumps(PLAIN_FORM).encode()
        for model in models:
            if isinstance(model, Model):
                files[f"{model.key}.bpmn"] = model.xml()
            else:
                files[model[0]] = model[1]
        with self.engine.work(SYSTEM) as work:
            definitions.deploy(work, "test", files)

    def start(
        self, key: str, number: str = "R1", *, message: str = "", actor: Actor = CLERK, **variables: Json
    ) -> StartedInstance:
        """Start a case in the community, about the house."""
        subject = Subject(number, COMMUNITY, HOUSE, title=f"案件 {number}")
        return self.engine.run(
            actor,
            lambda work: instances.start(work, key, subject, message=message, variables=dict(variables)),
        )

    def task(self, step: str, number: str | None = None) -> int:
        """Return the one open task of a step."""
        found = self.open_tasks(step)
        assert len(found) == 1, f"{len(found)} open tasks of {step}"
        return int(found[0].id)

    def open_tasks(self, step: str | None = None) -> list[Any]:
        """Return the rows of open tasks."""
        with self.engine.reading(SYSTEM) as work:
            rows = work.connection.execute(select(user_task).order_by(user_task.c.id)).all()
        return [row for row in rows if step in (None, row.step_id)]

    def steps(self) -> list[str]:
        """Name the open steps."""
        return sorted(row.step_id for row in self.open_tasks())

    def complete(self, step: str, actor: Actor = CLERK, **answers: Json) -> None:
        """Complete the one open task of a step."""
        task_id = self.task(step)
        self.engine.run(actor, lambda work: tasks.complete(work, task_id, answers))

    def rows(self, table: Any) -> list[Any]:
        """Return every row of a table, by id."""
        with self.engine.reading(SYSTEM) as work:
            return list(work.connection.execute(select(table).order_by(table.c.id)).all())


@pytest.fixture
def shop(database: Database, clock: SettableClock) -> Shop:
    """Return an engine on each store, with a clerk, a manager, a resident, a worker and a stranger."""
    return open_shop(database, clock)


@pytest.fixture
def two(shop: Shop) -> Shop:
    """Return a shop with one case of two steps."""
    shop.deploy(TWO_STEPS)
    shop.start("two")
    return shop


def open_shop(database: Database, clock: SettableClock) -> Shop:
    """Open the shop on a database: an engine whose people and handlers are always the same."""
    directory, outbox = FakeDirectory(), MemoryOutbox()
    here = Membership("cs", COMMUNITY)
    for clerk in (CLERK, SECOND_CLERK):
        directory.give(clerk, Grants((here,), frozenset({("case.read", COMMUNITY)})))
    directory.give(STRANGER, Grants((Membership("cs", OTHER_COMMUNITY),)))
    manages = {
        "instance.operate",
        "task.reassign",
        "task.move_due",
        "case.read",
        "instance.start",
        "report.read",
    }
    directory.give(
        MANAGER,
        Grants((Membership("pm", COMMUNITY),), frozenset((right, COMMUNITY) for right in manages)),
    )
    directory.give(RESIDENT, Grants((Membership("resident", HOUSE),)))
    directory.give(WORKER, Grants((), frozenset({("external_task.work", None)})))
    shop: Shop

    def note(context: Context, wanted: Json) -> dict[str, Json]:
        shop.calls.append((context.business_key, wanted if isinstance(wanted, str) else None))
        shop.behave(context)
        return {"noted": f"{wanted}-done"}

    def cancelled(context: Context, reason: str) -> None:
        shop.calls.append((context.business_key, reason))
        if reason == "不可取消":
            raise Refused("not_now", "现在不能取消")

    def record(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
        if answers.get("remark") == "boom":
            raise Refused("bad_remark", "备注不可用")
        return {"doubled": 2}

    library = Library({"test.note": note, "test.cancelled": cancelled}, {"test.record": record}, {})
    engine = Engine(database, directory, PlainVault(), outbox, library, clock)
    shop = Shop(engine, clock, directory, outbox)
    return shop
