"""The measurements run, and have a figure for every promise that is made about speed."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.sizes import FULL, QUICK

ROOT = Path(__file__).resolve().parents[2]
PROMISES = (
    "complete one human task, service layer, SQLite",
    "statements per completion",
    "commits per completion",
    "bytes per open instance",
    "complete one task over HTTP",
    "sweep with nothing due",
    "timer lateness",
    "marked, escalated",
    "all instances advanced, each once",
    "inbox page over HTTP meanwhile",
    "inbox query at",
    "inbox page over HTTP",
    "people who poll the counts",
    "overdue report over",
)


def test_every_size_of_a_quick_run_is_smaller() -> None:
    full = asdict(FULL)
    assert [name for name, size in asdict(QUICK).items() if size >= full[name]] == []


@pytest.mark.long
def test_a_quick_run_has_a_figure_for_every_promise(tmp_path: Path) -> None:
    kept = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--json", str(kept)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    figures = json.loads(kept.read_text(encoding="utf-8"))["figures"]
    for promise in PROMISES:
        found = [figure for figure in figures if promise in figure["what"]]
        assert found, promise
        assert all(figure["value"] > 0 for figure in found), promise
        assert all(figure["what"] in done.stdout for figure in found), promise
