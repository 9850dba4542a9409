"""A waiting import is a second check like any other: told, limited, released by another, or sent back."""

from typing import Any

import pytest
from sqlalchemy import select

from engine import tasks, timers
from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import Actor, Json
from engine.store.tables import escalation, user_task
from engine.work import SYSTEM, Engine, Work
from handlers.accounts.permissions import Post
from handlers.checking.records import second_check
from handlers.errors import FieldsInvalid
from handlers.estate import import_undo, importing
from handlers.shared.records import outbox_job
from tests.handlers.estate.lists_made import row, workbook
from tests.handlers.estate_world import World
from tests.handlers.inline import inline_worker


class Office:
    """Two leads; the first one imports."""

    def __init__(self, engine: Engine, world: World, clock: SettableClock, *more: list[object]) -> None:
        self.engine = engine
        self.clock = clock
        self.lead, self.second = world.staff(Post.CSL), world.staff(Post.CSL)
        self.import_id = importing.import_estate(engine, self.lead, workbook([row(), *more])).import_id
        self.work()

    def work(self) -> None:
        """Run what the outbox holds."""
        inline_worker(self.engine).drain()

    def tasks(self) -> list[int]:
        """Return the open steps."""
        with self.engine.reading(SYSTEM) as work:
            return list(work.connection.execute(select(user_task.c.id)).scalars())

    def decide(self, by: Actor, **answers: Json) -> None:
        """Let somebody complete the release."""
        (task_id,) = self.tasks()

        def complete(work: Work) -> None:
            tasks.claim(work, task_id)
            tasks.complete(work, task_id, answers)

        self.engine.run(by, complete)

    def check(self) -> Any:
        """Return the row of the check."""
        with self.engine.reading(SYSTEM) as work:
            return work.connection.execute(select(second_check)).one()

    def state(self) -> str:
        """Return how far the import is."""
        with self.engine.reading(self.lead) as work:
            return importing.one_import(work, self.import_id).state.value

    def told(self, template: str) -> list[list[str]]:
        """Return who was told something."""
        with self.engine.reading(SYSTEM) as work:
            args = work.connection.execute(select(outbox_job.c.args)).scalars()
            return [
                one["to"] for one in args if one.get("template") == template and isinstance(one["to"], list)
            ]


@pytest.fixture
def office(engine: Engine, world: World, clock: SettableClock) -> Office:
    """An import that waits."""
    return Office(engine, world, clock)


@pytest.mark.both_stores
def test_the_other_lead_is_told_and_releases_it(office: Office) -> None:
    assert office.told("check_waiting") == [[str(office.second.id)]]
    with pytest.raises(NotPermitted):
        office.decide(office.lead, outcome="release")

    office.decide(office.second, outcome="release")
    office.work()

    check = office.check()
    assert (office.state(), check.state, check.checked_by) == ("released", "confirmed", office.second.id)
    assert office.tasks() == []


def test_a_list_that_is_not_whole_is_released_with_a_reason_only(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    office = Office(engine, world, clock, row(房号="505", 证件号码=110105194912310020))
    with pytest.raises(FieldsInvalid):
        office.decide(office.second, outcome="release")
    office.decide(office.second, outcome="release", difference="505 的证件号待更正")
    assert office.state() == "released"


def test_it_is_sent_back_with_a_reason(office: Office) -> None:
    office.decide(office.second, outcome="return", reason="3 栋少两户")

    assert (office.state(), office.check().state) == ("waiting", "rejected")
    assert office.told("import_returned") == [[str(office.lead.id)]]


def test_a_release_on_its_page_ends_the_step(office: Office) -> None:
    office.engine.run(office.second, lambda work: importing.release_import(work, office.import_id))
    office.work()

    check = office.check()
    assert (office.tasks(), check.state, check.checked_by) == ([], "confirmed", office.second.id)


def test_taking_it_back_ends_the_step(office: Office) -> None:
    office.engine.run(office.lead, lambda work: import_undo.begin_undo(work, office.import_id))
    office.work()

    assert (office.tasks(), office.check().state) == ([], "withdrawn")


def test_a_release_that_is_late_escalates(office: Office) -> None:
    office.clock.advance(hours=4, minutes=1)
    timers.fire_due(office.engine)
    office.clock.advance(hours=20)
    timers.fire_due(office.engine)

    with office.engine.reading(SYSTEM) as work:
        levels = sorted(work.connection.execute(select(escalation.c.level)).scalars())
    assert levels[-2:] == [2, 3]
