"""Children of the outbox worker: a job that hangs or crashes costs its child, never the worker."""

import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.shared.outbox import Job
from handlers.shared.outbox_worker import Child

PATIENCE = 30  # seconds


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child("tests.handlers.shared.child_jobs:runner", {})
    yield child
    child.stop()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.txt"


def job(name: str, notes: Path) -> Job:
    return Job(1, name, {"file": str(notes)}, "key", 1, "claim")


def ends(process_id: int) -> bool:
    """Wait until a process has ended, as a killed one does in its own time; no process is an ended one."""
    try:
        handle = os.pidfd_open(process_id)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], PATIENCE)[0])
    finally:
        os.close(handle)


def test_one_child_runs_job_after_job(child: Child, notes: Path) -> None:
    assert child.run(job("note", notes), 30) is None
    assert child.run(job("note", notes), 30) is None
    assert len(set(notes.read_text().split())) == 1


def test_a_hanging_job_is_killed_with_all_it_started_and_the_next_one_runs(child: Child, notes: Path) -> None:
    child.run(job("note", notes), 30)
    assert child.run(job("hang", notes), 1) == "killed after 1 seconds"
    hung = int(notes.read_text().split()[-1])
    assert ends(hung)
    assert ends(int(notes.with_suffix(".grandchild").read_text()))
    assert child.run(job("note", notes), 30) is None
    assert int(notes.read_text().split()[-1]) != hung


def test_a_crashing_job_is_a_failed_attempt_and_the_next_one_runs(child: Child, notes: Path) -> None:
    assert "ended" in (child.run(job("die", notes), 30) or "")
    assert child.run(job("note", notes), 30) is None


def test_what_a_library_prints_is_not_taken_for_an_answer(child: Child, notes: Path) -> None:
    assert child.run(job("chatter", notes), 30) is None


def test_an_errors_text_may_hold_personal_data_and_is_not_kept(child: Child, notes: Path) -> None:
    error = child.run(job("blunder", notes), 30) or ""
    assert error.startswith("ValueError in blunder, child_jobs.py:")
    assert "张三" not in error


def test_a_child_ends_when_its_parent_is_gone(child: Child, notes: Path) -> None:
    child.run(job("note", notes), 30)
    process = child.process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # as the system does for a killed parent
    assert process.wait(10) == 0
    assert ends(process.pid)
    assert os.path.exists(notes)
    child.process = None
    assert process.stdout is not None
    process.stdout.close()
