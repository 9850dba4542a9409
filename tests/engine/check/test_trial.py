"""The trial: procedures are loaded in a child process that is stopped when it takes too much."""

import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from engine.bpmn import trial
from engine.bpmn.check.rules import Report
from engine.bpmn.check.whole import Whole
from engine.bpmn.nursery import TooLate
from engine.bpmn.trial import Trial, try_out
from engine.clock import SettableClock
from engine.topics import Topics
from tests.engine.check.good import examined, files, source
from tests.engine.check.mutants import flow
from tests.engine.check.test_hostile import diagram


@pytest.fixture
def good(clock: SettableClock) -> Trial:
    """A trial of the good procedure."""
    topics = Topics.parse(source("topics.toml").encode())
    forms = {
        key: {**form.variables, **topics.set_by(form.on_complete)}
        for key, form in examined({}).whole.forms.items()
    }
    return Trial(("repair", "visit_process"), files(), topics, forms, clock.now(), "Asia/Shanghai")


def findings(tried: Trial) -> list[tuple[str, str, str]]:
    """Return file, element and rule of what a trial finds."""
    report = Report()
    try_out(tried, examined({}).whole, report)
    return [(found.resource, found.element_id, found.rule) for found in report.problems]


def test_a_good_procedure_loads(good):
    assert findings(good) == []


def test_what_cannot_be_compiled_is_told_at_its_element(good):
    broken = files()["visit.bpmn"].replace(b"${worker_id}", b"${worker_id")
    found = findings(replace(good, files=files() | {"visit.bpmn": broken}))
    assert {rule for _, _, rule in found} == {"not_loadable"}
    assert ("visit.bpmn", "go", "not_loadable") in found


def with_a_namesake(changed: dict[str, bytes]) -> Whole:
    """Examine the good procedure beside a file of another process with the same elements."""
    namesake = files()["visit.bpmn"].replace(b"visit_process", b"other_process")
    return examined({"a.bpmn": namesake, **changed}).whole


@pytest.mark.parametrize(
    ("old", "new", "element"),
    [(b"${worker_id}", b"${worker_id", "go"), (b"${is_urgent ?", b"${ ?", "go"), (b">P1D<", b">P1<", "slow")],
)
def test_an_element_is_looked_for_in_the_process_that_is_wrong(good, old, new, element):
    broken = {"visit.bpmn": files()["visit.bpmn"].replace(old, new)}
    report = Report()
    try_out(replace(good, roots=("repair",), files=files() | broken), with_a_namesake({}), report)
    assert [(found.resource, found.element_id) for found in report.problems] == [("visit.bpmn", element)]


def test_a_called_process_without_end_is_told_in_its_own_file(good):
    content = f'<bpmn:task id="go"/>{flow("f", "s", "go")}{flow("g", "go", "go")}'
    inner = diagram(content).replace('id="p"', 'id="inner"').encode()
    call = '<bpmn:callActivity id="c" calledElement="inner"/>'
    outer = diagram(call, flow("f", "s", "c"), flow("g", "c", "e")).encode()
    whole = with_a_namesake({"inner.bpmn": inner, "p.bpmn": outer})
    report = Report()
    try_out(replace(good, roots=("p",), files={"p.bpmn": outer, "inner.bpmn": inner}), whole, report)
    assert [(found.resource, found.element_id) for found in report.problems] == [("inner.bpmn", "go")]


def test_a_procedure_that_runs_without_end_is_told(good):
    endless = files()["repair.bpmn"].replace(
        b'sourceRef="decide" targetRef="accept"', b'sourceRef="decide" targetRef="decide"'
    )
    found = findings(replace(good, roots=("repair",), files=files() | {"repair.bpmn": endless}))
    assert [rule for _, _, rule in found] == ["not_loadable"] * len(found)
    assert found


def test_an_accident_in_the_child_is_a_finding_not_a_traceback(good):
    found = findings(replace(good, roots=("repair",), zone="Nowhere/Nothing"))
    assert found == [("repair.bpmn", "repair", "not_loadable")]


def test_a_child_without_memory_is_a_finding_for_the_procedure_that_needs_it(good):
    greedy = replace(good, files=files() | {"big.bpmn": b"x" * 200_000_000}, roots=("repair",))
    assert findings(greedy) == [("repair.bpmn", "repair", "too_costly")]


class TooBusy:
    """Stands for a machine that has no time left."""

    def ask(self, _request: bytes) -> bytes | None:
        """Never come to an end."""
        raise TooLate


def test_a_busy_machine_is_no_fault_of_the_file(good, monkeypatch):
    monkeypatch.setattr(trial, "_nursery", TooBusy())
    assert findings(replace(good, roots=("repair",))) == [("repair.bpmn", "repair", "too_busy")]


def confined(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program under the limits of a trial."""
    program = f"from engine.bpmn import trial; trial.confine(); {program}"
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )


def test_a_child_is_stopped_after_its_processor_time():
    assert confined("exec('while True: pass')").returncode in (-signal.SIGXCPU, -signal.SIGKILL)


def test_a_child_gets_no_more_memory_than_it_may():
    assert "MemoryError" in confined("bytearray(600_000_000)").stderr


def test_a_child_writes_no_files(tmp_path):
    done = confined(f"open({str(tmp_path / 'x')!r}, 'w').write('x' * 10_000)")
    assert done.returncode != 0


def test_several_procedures_are_tried_a_few_at_a_time(good, monkeypatch):
    monkeypatch.setattr(trial, "ROOTS_AT_ONCE", 1)
    assert findings(good) == []


def test_a_procedure_is_tried_with_the_files_of_its_bundle_only(good):
    beside = replace(good, roots=("repair",), files=files() | {"beside.bpmn": b"no diagram"})
    assert findings(beside) == [("repair.bpmn", "repair", "not_loadable")]
    assert findings(replace(beside, uses={"repair": files().keys()})) == []
