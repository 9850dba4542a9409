"""The page of a procedure says the limits of its tables, not only that there is a table."""

from pathlib import Path

import pytest

from engine.bpmn.program import Program, compile_program
from engine.topics import TOPICS_FILE, Topics
from web.table_limits import table_limits

PROCESSES = Path(__file__).parents[2] / "processes"


@pytest.fixture(scope="module")
def repair() -> Program:
    """The procedure of repairs as it is built in."""
    files = {path.name: path.read_bytes() for path in PROCESSES.iterdir() if path.is_file()}
    return compile_program("repair", files, Topics.parse(files[TOPICS_FILE]))


@pytest.mark.parametrize(
    ("process", "step", "said"),
    [
        ("repair", "accept", "紧急、加急 5 分，一般、不急 30 分"),
        ("repair_urgent", "control", "紧急 30 分，加急 2 时"),
        ("repair_visit", "arrive", "紧急 10 分，加急 30 分，一般 4 时，不急 1 天；少数故障另有规定"),
        ("repair", "confirm", "7 天"),
        ("repair_return_visit", "visit_by_lead", "1 天 至 3 天"),
        ("repair_work", "diagnose", ""),
        ("repair_parts", "receive", ""),
    ],
    ids=lambda value: value.split()[0] if value else "none",
)
def test_a_step_says_the_limits_of_its_table(repair: Program, process: str, step: str, said: str) -> None:
    assert table_limits(repair, repair.steps[process, step]) == said
