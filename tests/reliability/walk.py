"""What a case of the procedure "walk" should look like: plain Python that knows no engine."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.errors import AlreadyDone, Invalid, NotPermitted, Refused, RuleBroken, TaskGone
from engine.ports import Actor
from tests.engine.cases.conftest import CLERK, MANAGER, SECOND_CLERK
from tests.engine.models import Model

HOUR = timedelta(hours=1)
ATTEMPTS = 5
GROUPS = {"first": "cs", "second": "cs", "last": "cs", "final": "cs", "call": "cs", "chase": "pm"}
MEMBERS = {"cs": (CLERK, SECOND_CLERK), "pm": (MANAGER,)}
READERS = (CLERK, SECOND_CLERK, MANAGER)  # of every case here; for others a task that is not theirs is none


def walk(last: str) -> Model:
    """Draw the procedure; `last` names its last step, which tells its versions apart."""
    return (
        Model("walk", properties={"on_cancel": "test.cancelled"})
        .start(message="reported")
        .user("first", form="check", due="PT2H", cancel="cs", pausable="true")
        .timer("time_up", "first", "PT4H", pausable="true")
        .timer("remind", "first", "PT3H", interrupting=False)
        .user("call")
        .user("chase", group="pm")
        .parallel("fork")
        .receive("paid", "payment")
        .user("second", not_same_as="first")
        .parallel("join")
        .service("note", "test.note")
        .user(last)
        .end()
        .end("reminded")
        .end("chased")
        .flow("start", "first", "fork", "paid", "join", "note", last, "end")
        .flow("fork", "second", "join")
        .flow("time_up", "chase", "chased")
        .flow("remind", "call", "reminded")
    )


@dataclass
class Step:
    """An open human step."""

    due_at: datetime
    assignee: int | None = None
    pauses: int = 0
    paused: tuple[datetime, datetime, datetime] | None = None  # from, until, due before
    drafts: dict[int, str] = field(default_factory=dict)


@dataclass
class Case:
    """What a case is at, who may do what, and what was done."""

    id: int
    number: str
    last: str
    state: str = "active"
    steps: dict[str, Step] = field(default_factory=dict)
    timers: dict[str, datetime] = field(default_factory=dict)
    awaits_payment: bool = False
    attempts: dict[str, int] = field(default_factory=dict)  # of automatic steps that failed
    first_done_by: int | None = None
    done: list[tuple[str, int]] = field(default_factory=list)
    fired: int = 0
    remarks: int = 0

    @staticmethod
    def started(case_id: int, number: str, last: str, now: datetime) -> "Case":
        """Begin where every case begins."""
        case = Case(case_id, number, last)
        case.steps["first"] = Step(now + 2 * HOUR)
        case.timers = {"remind": now + 3 * HOUR, "time_up": now + 4 * HOUR}
        return case

    @property
    def is_over(self) -> bool:
        return self.state in {"completed", "cancelled"}

    # --- who may -------------------------------------------------------------------------------------------

    def may_touch(self, step: str, actor: Actor) -> type[Exception] | None:
        """Tell why this actor may not work on a step now."""
        if self.state == "suspended":
            return AlreadyDone
        if step not in self.steps:
            return TaskGone
        candidate = actor in MEMBERS[GROUPS[step]]
        holder = self.steps[step].assignee
        if holder == actor.id or (holder is None and candidate):
            return None
        return TaskGone if candidate else NotPermitted

    def may_act(self, step: str, actor: Actor) -> type[Exception] | None:
        """Tell why this actor may not work on a step now, four eyes included."""
        refused = self.may_touch(step, actor)
        return NotPermitted if refused is None and self._has_seen(step, actor) else refused

    def may_claim(self, step: str, actor: Actor) -> type[Exception] | None:
        refused = self.may_touch(step, actor)
        if refused is None and self.steps[step].assignee is None and self._has_seen(step, actor):
            return NotPermitted
        return refused

    def may_complete(self, step: str, actor: Actor, answers: str, now: datetime) -> type[Exception] | None:
        refused = self.may_act(step, actor)
        if refused is not None or step != "first":
            return refused
        if self.timers["time_up"] <= now:
            return TaskGone
        return {"none": Invalid, "boom": Refused}.get(answers)

    def _has_seen(self, step: str, actor: Actor) -> bool:
        return step == "second" and self.first_done_by == actor.id

    def may_release(self, step: str, actor: Actor) -> type[Exception] | None:
        if self.state == "suspended" or step not in self.steps:
            return AlreadyDone if self.state == "suspended" else TaskGone
        holder = self.steps[step].assignee
        is_free = holder is None and actor in READERS
        return None if is_free or holder == actor.id or actor == MANAGER else NotPermitted

    def may_pause(self, step: str, actor: Actor, now: datetime) -> type[Exception] | None:
        refused = self._may_change_time(step, actor)
        if refused is not None:
            return refused
        it = self.steps[step]
        if step != "first":
            return RuleBroken
        if self.timers["time_up"] <= now:
            return TaskGone
        if it.paused is not None:
            return AlreadyDone
        if now > it.due_at:
            return RuleBroken
        return NotPermitted if it.pauses else None

    def may_unpause(self, step: str, actor: Actor) -> type[Exception] | None:
        refused = self._may_change_time(step, actor)
        return refused or (None if self.steps[step].paused else AlreadyDone)

    def _may_change_time(self, step: str, actor: Actor) -> type[Exception] | None:
        if self.state == "suspended" or step not in self.steps:
            return AlreadyDone if self.state == "suspended" else TaskGone
        if actor == MANAGER or self.may_touch(step, actor) is None:
            return None
        return NotPermitted

    def may_move(self, step: str, actor: Actor) -> type[Exception] | None:
        refused = self._may_change_time(step, actor)
        if refused is not None or actor == MANAGER:
            return refused or (AlreadyDone if self.steps[step].paused else None)
        return NotPermitted

    def may_reassign(self, step: str, actor: Actor, to: Actor) -> type[Exception] | None:
        refused = self.may_release(step, actor)
        if refused in (AlreadyDone, TaskGone):
            return refused
        holder = self.steps[step].assignee
        if actor != MANAGER and holder != actor.id:
            is_too_late = holder is not None and actor in MEMBERS[GROUPS[step]]
            return TaskGone if is_too_late else NotPermitted
        if holder == to.id:
            return TaskGone
        is_able = to in MEMBERS[GROUPS[step]] and not self._has_seen(step, to)
        return None if is_able else Refused

    def may_cancel(self, actor: Actor) -> type[Exception] | None:
        if self.is_over:
            return AlreadyDone
        if actor == MANAGER:
            return None
        only_first = set(self.steps) == {"first"} and not self.attempts
        return None if only_first and actor in MEMBERS["cs"] else NotPermitted

    # --- what happens --------------------------------------------------------------------------------------

    def complete(self, step: str, actor: Actor, now: datetime, *, broken: bool) -> None:
        del self.steps[step]
        self.done.append((step, actor.id))
        if step == "first":
            self.first_done_by = actor.id
            self.timers.clear()
            self.awaits_payment = True
            self.steps["second"] = Step(now + HOUR / 2)
        elif step == "second":
            self._join(now, broken=broken)
        self._end_if_idle()

    def pay(self, now: datetime, *, broken: bool) -> None:
        self.awaits_payment = False
        self._join(now, broken=broken)

    def _join(self, now: datetime, *, broken: bool) -> None:
        if not self.awaits_payment and "second" not in self.steps:
            self.run("note", now, broken=broken)

    def run(self, element: str, now: datetime, *, broken: bool) -> None:
        """Let an automatic step run: it fails while the handler is broken."""
        if broken:
            self.attempts[element] = self.attempts.get(element, 0) + 1
            return
        self.attempts.pop(element, None)
        if element == "note":
            self.steps[self.last] = Step(now + HOUR / 2)
        self._end_if_idle()

    def time_up(self, now: datetime) -> None:
        """The first step is taken away from whoever has it."""
        del self.steps["first"]
        self.timers.clear()
        self.fired += 1
        self.steps["chase"] = Step(now + HOUR / 2)

    def fire(self, now: datetime) -> None:
        """Let everything that is due by now happen, in the order in which it came due."""
        first = self.steps.get("first")
        if first is not None and first.paused is not None and first.paused[1] <= now:
            self.unpause("first", first.paused[1])
        if self.timers.get("remind", now + HOUR) <= now:
            del self.timers["remind"]
            self.fired += 1
            self.steps["call"] = Step(now + HOUR / 2)
        if self.timers.get("time_up", now + HOUR) <= now:
            self.time_up(now)

    def pause(self, step: str, until: datetime, now: datetime) -> None:
        it = self.steps[step]
        it.paused, it.pauses = (now, until, it.due_at), it.pauses + 1
        it.due_at += until - now
        self.timers["time_up"] += until - now

    def unpause(self, step: str, now: datetime) -> None:
        it = self.steps[step]
        assert it.paused is not None
        begun, until, due_before = it.paused
        ended = min(now, until)
        it.paused, it.due_at = None, due_before + (ended - begun)
        self.timers["time_up"] += ended - until

    def cancel(self) -> None:
        self.state = "cancelled"
        self.steps.clear()
        self.timers.clear()
        self.attempts.clear()
        self.awaits_payment = False

    def _end_if_idle(self) -> None:
        if not self.steps and not self.awaits_payment and not self.attempts:
            self.state = "completed"
