"""What random walks begin with and are held against: a deployed database, and comparisons with the model."""

import shutil
from collections import Counter
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine, invariant

from engine.clock import SettableClock
from engine.store import schema
from engine.store.database import Database
from engine.store.tables import (
    bundle,
    definition,
    deployment,
    history_event,
    incident,
    instance,
    job,
    resource,
    task_draft,
    task_history,
    user_task,
)
from tests.engine.cases.conftest import Shop, open_shop
from tests.engine.time.tables import PAUSES
from tests.reliability.invariants import violations
from tests.reliability.walk import ATTEMPTS, Case, walk

_DEPLOYED = (deployment, resource, definition, bundle)


class Template:
    """A database with version 1 deployed, and the rows that deploying version 2 would add to it."""

    def __init__(self, folder: Path, clock: SettableClock) -> None:
        self.start = clock.now()
        self.file, second = folder / "template.db", folder / "second.db"
        shop = self._open(self.file, clock)
        schema.create(shop.engine.database)
        shop.deploy(walk("last"), PAUSES)
        known = {table: {row.id for row in shop.rows(table)} for table in _DEPLOYED}
        shop.engine.database.dispose()
        shutil.copy(self.file, second)
        shop = self._open(second, clock)
        shop.deploy(walk("final"))
        self.second_version = {
            table: [dict(row._mapping) for row in shop.rows(table) if row.id not in known[table]]
            for table in _DEPLOYED
        }
        shop.engine.database.dispose()

    @staticmethod
    def _open(file: Path, clock: SettableClock) -> Shop:
        return open_shop(Database(f"sqlite:///{file}", pool_size=1), clock)


class Compared(RuleBasedStateMachine):
    """Compares the engine with the model after each step."""

    shop: Shop
    cases: dict[int, Case]
    tasks: dict[tuple[int, str], int]

    @invariant()
    def nothing_contradicts_itself(self) -> None:
        assert violations(self.shop.engine) == []

    @invariant()
    def open_work_is_what_the_model_says(self) -> None:
        shop, cases = self.shop, self.cases
        rows = shop.rows(user_task)
        self.tasks |= {(row.instance_id, row.step_id): row.id for row in rows}
        # What was typed for a step that has ended is kept for whoever typed it; the model forgets it.
        is_open = {row.id for row in rows}
        is_draft = {(row.task_id, row.actor_id) for row in shop.rows(task_draft) if row.task_id in is_open}
        assert {row.id: row.state for row in shop.rows(instance)} == {
            case.id: case.state for case in cases.values()
        }
        assert {
            (row.instance_id, row.step_id): (row.assignee_id, row.due_at, row.paused_at is not None)
            for row in rows
        } == {
            (case.id, name): (step.assignee, step.due_at, step.paused is not None)
            for case in cases.values()
            for name, step in case.steps.items()
        }
        assert is_draft == {
            (self.tasks[case.id, name], actor_id)
            for case in cases.values()
            for name, step in case.steps.items()
            for actor_id in step.drafts
        }

    @invariant()
    def what_was_done_and_what_is_stuck_are_what_the_model_says(self) -> None:
        shop, cases = self.shop, self.cases.values()
        kinds = Counter((row.instance_id, row.kind) for row in shop.rows(history_event))
        done = [row for row in shop.rows(task_history) if row.end_kind == "completed"]
        failing = {
            (row.instance_id, row.step_id): row.attempts for row in shop.rows(job) if row.kind == "retry"
        }
        given_up = [(row.instance_id, row.step_id) for row in shop.rows(incident) if row.closed_at is None]
        assert Counter((row.instance_id, row.step_id, row.actor_id) for row in done) == Counter(
            (case.id, *what) for case in cases for what in case.done
        )
        assert [kinds[case.id, "fired"] for case in cases] == [case.fired for case in cases]
        assert [kinds[case.id, "commented"] for case in cases] == [case.remarks for case in cases]
        assert failing | dict.fromkeys(given_up, ATTEMPTS) == {
            (case.id, element): count for case in cases for element, count in case.attempts.items()
        }
