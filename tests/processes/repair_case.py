"""Walks a repair through its sheets, as people do: only what the form of a step can say is accepted."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Self

from engine.bpmn.program import Program, compile_program
from engine.bpmn.runtime import Run, Wait
from engine.durations import format_moment
from engine.forms import Form
from engine.topics import Topics
from tests.engine.bpmn.cases import MORNING, Case, FakeHost
from tests.processes.sheets import FOLDER

WORKER, COLLEAGUE, VENDOR = "101", "102", "201"


@cache
def forms() -> Mapping[str, Form]:
    return {path.stem: Form.parse(path.read_bytes(), path.name) for path in FOLDER.glob("*.form")}


@cache
def topics() -> Topics:
    return Topics.parse((FOLDER / "topics.toml").read_bytes())


@cache
def program() -> Program:
    files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in (".bpmn", ".dmn")}
    variables = {
        name: {**form.variables, **topics().outputs_of(form.on_complete)} for name, form in forms().items()
    }
    return compile_program("repair", files, topics(), forms=variables)


class Repair(Case):
    """One repair case on a fake host; `facts` are what `repair.settle` finds in the books."""

    facts: dict[str, Any]

    @classmethod
    def begin(cls, message: str, variables: Mapping[str, Any]) -> Self:
        host = FakeHost()
        case = cls(program(), host)
        case.facts = {
            "confirmation": "owner", "low_rating": False, "rejections": 0, "lot": 50, "reachable": True,
        }  # fmt: skip
        host.handlers = {
            "repair.set_urgency": lambda given: {
                "urgency": min(filter(None, (given["fault_urgency"], given["hint_urgency"])))
            },
            "repair.alarm_shift": lambda _: {"alarmed_at": format_moment(host.now)},
            "repair.give_up_parts": lambda _: {"next_step": "lead"},
            "repair.settle": lambda _: case.facts,
        }
        case._keep(Run.start(case.program, host, message=message, variables=variables))
        return case

    @classmethod
    def online(cls, fault: str = "W05", hint: str | None = None, confirm_by: str = "owner") -> Self:
        """Report a fault in the app."""
        given = {"fault_code": fault, "hint_urgency": hint, "confirm_by": confirm_by}
        return cls.begin("repair_online", {**given, "accept_from": format_moment(MORNING)})

    @classmethod
    def at_work(cls, fault: str = "W05") -> Self:
        """Report a fault and bring a repairer to the door."""
        case = cls.online(fault)
        case.accept()
        case.go()
        return case

    def done(self, step: str, outcome: str | None = None, **variables: Any) -> None:
        """Complete a step with an outcome of its form and what its command returns."""
        form = forms()[self.wait(step).step.form or ""]
        outcomes = {option.value for option in form.outcomes}
        assert (outcome in outcomes) if outcomes else outcome is None, (step, outcome)
        if "outcome" in form.variables:
            variables["outcome"] = outcome
        assert variables.keys() <= form.variables.keys() | topics().outputs_of(form.on_complete).keys()
        self.complete(step, **variables)

    def wait(self, step: str) -> Wait:
        """Return the one open step of this element."""
        (found,) = self.open(step)
        return found

    def limit(self, step: str) -> timedelta:
        """Return how much time a step has from now."""
        due = self.wait(step).due
        assert due is not None
        if isinstance(due, datetime):
            return due - self.host.now
        assert not due.months
        return due.exact

    def at(self, **span: float) -> str:
        """Write a moment from now."""
        return format_moment(self.host.now + timedelta(**span))

    def handled(self, step: str) -> int:
        """Count how often an automatic step ran."""
        return sum(element == step for element, _, _ in self.host.handled)

    # --- the usual way --------------------------------------------------------------------------------------

    def accept(self, worker: str = WORKER) -> None:
        self.done("accept", "accept", worker_id=worker, assigned_at=self.at(), plan="new")

    def go(self) -> None:
        self.done("take", "taken", needs_lead=False)
        self.done("appoint", "soon", visit_by=self.at(days=9))
        self.done("arrive", "met")

    def diagnose(self, outcome: str, **variables: Any) -> None:
        plan = {"outsource": "vendor", "developer": "developer", "major": "major"}.get(outcome, "new")
        step = "lead" if outcome == "other" else "none"
        self.done(
            "diagnose", outcome, **{"plan": plan, "parts_needed": False, "next_step": step, **variables}
        )

    def repair(self) -> None:
        """Do the work and finish it."""
        self.done("do_work", "done", next_step="none")
        self.done("finish", repaired=True, next_step="none")

    def rework(self, worker: str = COLLEAGUE, reworks: int = 1) -> None:
        self.done(
            "plan_rework", worker_id=worker, assigned_at=self.at(), on_site=False, repaired=False, plan="new",
            reworks=reworks,
        )  # fmt: skip

    def control(self) -> None:
        """Take an emergency, go there and bring it under control."""
        self.done("take", worker_id=WORKER, assigned_at=self.at())
        self.done("arrive", on_site=True)
        self.done("control")
