"""REL-18: whatever people, clocks, messages, versions and crashes do, cases are what a small model says."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, insert

from engine import deadlines, drafts, incidents, instances, messages, tasks
from engine.clock import SettableClock
from engine.errors import AlreadyDone, Conflict, NotFound, NotPermitted, Problem, TaskGone
from engine.ids import new_id
from engine.instances import Subject
from engine.ports import SYSTEM, Actor
from engine.service_tasks import Context
from engine.store.database import Database
from engine.store.tables import (
    incident,
    job,
)
from engine.timers import fire_due
from engine.work import Work
from tests.engine.cases.conftest import (
    CLERK,
    COMMUNITY,
    HOUSE,
    MANAGER,
    SECOND_CLERK,
    STRANGER,
    Shop,
    open_shop,
)
from tests.reliability.walk import ATTEMPTS, HOUR, Case
from tests.reliability.walking import Compared, Template

PEOPLE = (CLERK, SECOND_CLERK, MANAGER, STRANGER)
ACTORS = st.sampled_from(PEOPLE)
PICKS = st.integers(0, 63)
NUMBERS = st.sampled_from(["R1", "R2", "R3"])
ANSWERS: dict[str, dict[str, Any]] = {
    "yes": {"outcome": "yes"},
    "none": {},
    "boom": {"outcome": "no", "remark": "boom"},
}


class Walk(Compared):
    """Does the same to the engine and to the model, and compares them after each step."""

    template: Template

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="walk-"))
        self.file = self.folder / "walk.db"
        shutil.copy(self.template.file, self.file)
        self.clock = SettableClock(self.template.start)
        self.broken = False
        self.newest = "last"
        self.cases: dict[int, Case] = {}
        self.tasks: dict[tuple[int, str], int] = {}  # also of steps that are over
        self.repeat: tuple[Actor, Callable[[Work], None]] | None = None
        self.shop = self._open()

    def _open(self) -> Shop:
        database = Database(f"sqlite:///{self.file}", pool_size=1)
        for pool in (
            database.writer,
            database.reader,
        ):  # a crash of the process loses nothing that is written

            @event.listens_for(pool, "connect")
            def prepare(connection: Any, _record: object) -> None:
                connection.execute("PRAGMA synchronous=OFF")

        shop = open_shop(database, self.clock)
        shop.behave = self._behave
        return shop

    def _behave(self, _context: Context) -> None:
        if self.broken:
            raise ValueError("out of order")

    def teardown(self) -> None:
        self.shop.engine.database.dispose()
        shutil.rmtree(self.folder)

    # --- saying it to both ---------------------------------------------------------------------------------

    def _try(self, actor: Actor, call: Callable[[Work], object], expected: type[Exception] | None) -> bool:
        """Do one unit of work, which must end as the model expects; tell whether it was done."""
        try:
            self.shop.engine.run(actor, call)
        except Problem as refused:
            outcome: Problem | None = refused
        else:
            outcome = None
        # Of what is over, somebody whom it does not concern is told that there is no such task.
        kinds = (Conflict, NotFound) if expected and issubclass(expected, Conflict) else expected
        assert isinstance(outcome, kinds or type(None)), f"{outcome!r} instead of {expected}"
        return outcome is None

    def _case(self, number: str) -> Case | None:
        """Return the newest case of a number."""
        return next((case for case in reversed(self.cases.values()) if case.number == number), None)

    def _picked(self, pick: int) -> tuple[Case, str, int]:
        """Return a case and one of its tasks: mostly an open one, sometimes one that may be over."""
        known = list(self.tasks)
        still_open = [(case_id, step) for case_id, step in known if step in self.cases[case_id].steps]
        among = still_open if still_open and pick % 8 else known
        case_id, step = among[pick % len(among)]
        return self.cases[case_id], step, self.tasks[case_id, step]

    @initialize(broken=st.booleans(), done=st.integers(0, 3))
    def two_cases_are_open_and_one_is_on_its_way(self, broken: bool, done: int) -> None:
        self.start("R1", CLERK)
        self.start("R2", CLERK)
        self.broken = broken
        case = next(iter(self.cases.values()))
        for step, actor in (("first", CLERK), ("second", SECOND_CLERK))[:done]:
            self.open_work_is_what_the_model_says()
            self._complete(case, step, actor, "yes")
        if done == 3:
            self.pay("R1")

    # --- people --------------------------------------------------------------------------------------------

    @rule(number=NUMBERS, actor=st.sampled_from([CLERK, CLERK, STRANGER]))
    def start(self, number: str, actor: Actor) -> None:
        running = self._case(number)
        expected: type[Exception] | None = NotPermitted if actor == STRANGER else None
        if expected is None and running is not None and not running.is_over:
            expected = AlreadyDone
        subject, started = Subject(number, COMMUNITY, HOUSE), list[int]()

        def call(work: Work) -> None:
            started.append(
                instances.start(work, "walk", subject, message="reported", variables={"wanted": "x"}).id
            )

        if self._try(actor, call, expected):
            self.cases[started[0]] = Case.started(started[0], number, self.newest, self.clock.now())

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, actor=ACTORS)
    def claim(self, pick: int, actor: Actor) -> None:
        case, step, task_id = self._picked(pick)
        if self._try(actor, lambda work: tasks.claim(work, task_id), case.may_claim(step, actor)):
            case.steps[step].assignee = actor.id

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, actor=ACTORS)
    def release(self, pick: int, actor: Actor) -> None:
        case, step, task_id = self._picked(pick)
        if self._try(actor, lambda work: tasks.release(work, task_id), case.may_release(step, actor)):
            case.steps[step].assignee = None

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, by=ACTORS, to=ACTORS)
    def reassign(self, pick: int, by: Actor, to: Actor) -> None:
        case, step, task_id = self._picked(pick)
        expected = case.may_reassign(step, by, to)
        if self._try(by, lambda work: tasks.reassign(work, task_id, to.id, "换班"), expected):
            case.steps[step].assignee = to.id

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, actor=ACTORS, said=st.sampled_from(["yes", "none", "boom"]))
    def somebody_completes(self, pick: int, actor: Actor, said: str) -> None:
        case, step, _ = self._picked(pick)
        self._complete(case, step, actor, said)

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS)
    def the_right_person_completes(self, pick: int) -> None:
        case, step, _ = self._picked(pick)
        right = [actor for actor in PEOPLE if case.may_act(step, actor) is None]
        self._complete(case, step, right[pick % len(right)] if right else CLERK, "yes")

    def _complete(self, case: Case, step: str, actor: Actor, said: str) -> None:
        task_id = self.tasks[case.id, step]
        answers = ANSWERS[said] if step == "first" else {}
        now, key = self.clock.now(), new_id()
        expected = case.may_complete(step, actor, said, now)
        too_late = expected is TaskGone and case.may_act(step, actor) is None

        def call(work: Work) -> None:
            tasks.complete(work, task_id, answers, idempotency_key=str(key))

        if self._try(actor, call, expected):
            case.complete(step, actor, now, broken=self.broken)
            self.repeat = (actor, call)
        elif too_late:
            case.time_up(now)

    @precondition(lambda self: self.repeat is not None)
    @rule()
    def send_the_last_completion_again(self) -> None:
        assert self.repeat is not None
        self._try(*self.repeat, None)

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, actor=ACTORS, text=st.sampled_from(["阀门", "水泵"]))
    def save_a_draft(self, pick: int, actor: Actor, text: str) -> None:
        case, step, task_id = self._picked(pick)
        refused = case.may_touch(step, actor)
        if self._try(actor, lambda work: drafts.save_draft(work, task_id, {"remark": text}), refused):
            case.steps[step].drafts[actor.id] = text

    @rule(number=NUMBERS, actor=ACTORS)
    def comment(self, number: str, actor: Actor) -> None:
        if case := self._case(number):
            self._try(actor, lambda work: drafts.comment(work, case.id, "已电话告知"), None)
            case.remarks += 1

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, actor=ACTORS, hours=st.sampled_from([1, 2, 5]))
    def pause(self, pick: int, actor: Actor, hours: int) -> None:
        case, step, task_id = self._picked(pick)
        now = self.clock.now()
        until, refused = now + hours * HOUR, case.may_pause(step, actor, now)
        if self._try(actor, lambda work: deadlines.pause(work, task_id, "parts", until), refused):
            case.pause(step, until, now)

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, actor=ACTORS)
    def unpause(self, pick: int, actor: Actor) -> None:
        case, step, task_id = self._picked(pick)
        if self._try(actor, lambda work: deadlines.unpause(work, task_id), case.may_unpause(step, actor)):
            case.unpause(step, self.clock.now())

    @precondition(lambda self: self.tasks)
    @rule(pick=PICKS, actor=ACTORS, hours=st.sampled_from([1, 6]))
    def move_the_due_date(self, pick: int, actor: Actor, hours: int) -> None:
        case, step, task_id = self._picked(pick)
        due_at, refused = self.clock.now() + hours * HOUR, case.may_move(step, actor)
        if self._try(actor, lambda work: deadlines.move(work, task_id, due_at, "暴雨"), refused):
            case.steps[step].due_at = due_at

    @rule(number=NUMBERS, actor=ACTORS)
    def cancel(self, number: str, actor: Actor) -> None:
        if (case := self._case(number)) and self._try(
            actor, lambda work: instances.cancel(work, case.id, "不修了"), case.may_cancel(actor)
        ):
            case.cancel()

    @rule(number=NUMBERS, actor=st.sampled_from([MANAGER, MANAGER, CLERK]))
    def suspend_or_resume(self, number: str, actor: Actor) -> None:
        case = self._case(number)
        if case is None:
            return
        resumes = case.state == "suspended"
        refused = NotPermitted if actor != MANAGER else AlreadyDone if case.is_over else None

        def call(work: Work) -> None:
            if resumes:
                instances.resume(work, case.id)
            else:
                instances.suspend(work, case.id, "核实")

        if self._try(actor, call, refused):
            case.state = "active" if resumes else "suspended"

    # --- everything else -----------------------------------------------------------------------------------

    @rule(number=NUMBERS)
    def pay(self, number: str) -> None:
        if case := self._case(number):
            refused = None if case.awaits_payment and case.state == "active" else AlreadyDone
            if self._try(
                CLERK, lambda work: messages.correlate(work, "walk", "payment", number, {}), refused
            ):
                case.pay(self.clock.now(), broken=self.broken)

    @rule(minutes=st.sampled_from([1, 20, 61, 185]))
    def let_time_pass(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @rule(minutes=st.sampled_from([0, 1, 20, 61, 185]))
    def fire(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)
        now = self.clock.now()
        due = [
            (self.cases[row.instance_id], row.step_id)
            for row in self.shop.rows(job)
            if row.kind == "retry" and not row.held and row.due_at <= now
        ]
        fire_due(self.shop.engine)
        for case in self.cases.values():
            if case.state == "active":
                case.fire(now)
        for case, element in due:
            case.run(element, now, broken=self.broken)

    @rule()
    def break_or_mend_the_handler(self) -> None:
        self.broken = not self.broken

    @precondition(lambda self: self.broken and any(case.attempts for case in self.cases.values()))
    @rule()
    def try_in_vain_until_it_is_given_up(self) -> None:
        for _ in range(ATTEMPTS):
            self.fire(12 * 60)

    @rule()
    def retry_what_is_stuck(self) -> None:
        for row in self.shop.rows(incident):
            if row.closed_at is None:
                case = self.cases[row.instance_id]
                refused = AlreadyDone if self.broken or case.state != "active" else None
                if self._try(MANAGER, partial(incidents.retry, incident_id=row.id, reason="修好了"), refused):
                    case.run(row.step_id, self.clock.now(), broken=False)

    @precondition(lambda self: self.newest == "last")
    @rule()
    def deploy_the_second_version(self) -> None:
        with self.shop.engine.work(SYSTEM) as work:
            for table, rows in self.template.second_version.items():
                work.connection.execute(insert(table), rows)
        self.newest = "final"

    @rule()
    def crash(self) -> None:
        self.shop.engine.database.dispose()
        self.shop = self._open()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Deploy both versions once; each walk begins with a copy."""
    return Template(tmp_path_factory.mktemp("walk"), SettableClock(datetime(2026, 11, 23, 2, 0, tzinfo=UTC)))


def _walks(template: Template, examples: int) -> None:
    class WalkHere(Walk):
        pass

    WalkHere.template = template
    run_state_machine_as_test(
        WalkHere,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_few_random_walks_agree_with_the_model(template: Template) -> None:
    _walks(template, 15)


@pytest.mark.long
@pytest.mark.longest
def test_a_thousand_random_walks_agree_with_the_model(template: Template) -> None:
    _walks(template, 1000)
