"""The table of clauses names things that exist, and leaves none out."""

import importlib
import re
from pathlib import Path

import pytest

from handlers.policy.clauses import Clause, Place, State, clauses
from handlers.policy.figures import FIGURES
from handlers.shared.permissions import Permission
from web.routes_table import ROUTES

ROOT = Path(__file__).parents[3]
PARTS = {"G": 4, "A": 4, "B": 3, "C": 4, "D": 3, "E": 3, "F": 2, "H": 3, "S": 3}
POLICY = [f"{part}{number}" for part, count in PARTS.items() for number in range(1, count + 1)]


def _id(clause: Clause) -> str:
    return clause.id


def test_every_clause_of_the_policy_has_one_row() -> None:
    assert [clause.id for clause in clauses()] == POLICY


@pytest.mark.parametrize("clause", clauses(), ids=_id)
def test_what_is_said_to_be_enforced_has_a_place_a_test_and_a_figure(clause: Clause) -> None:
    if clause.state is State.PLANNED:
        assert clause.where == clause.tests == clause.figures == ()
    else:
        assert clause.where
        assert clause.tests
        assert clause.figures
    assert bool(clause.missing[0]) == bool(clause.missing[1]) == (clause.state is not State.ENFORCED)


@pytest.mark.parametrize("clause", clauses(), ids=_id)
def test_each_test_exists(clause: Clause) -> None:
    for test in clause.tests:
        path, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), test


@pytest.mark.parametrize("clause", clauses(), ids=_id)
def test_each_place_exists(clause: Clause) -> None:
    for kind, reference in clause.where:
        assert _exists(kind, reference), (kind, reference)


def _exists(kind: Place, reference: str) -> bool:
    if kind is Place.STEP:
        file, _, element = reference.partition("#")
        return f'id="{element}"' in (ROOT / "processes" / file).read_text(encoding="utf-8")
    if kind is Place.TABLE:
        return (ROOT / "processes" / reference).is_file()
    if kind is Place.PERMISSION:
        return reference in set(Permission)
    if kind is Place.PAGE:
        return reference in ROUTES
    module, _, name = reference.partition(":")
    return hasattr(importlib.import_module(module), name)


def test_each_figure_is_known_and_none_is_left_over() -> None:
    assert {asked.name for clause in clauses() for asked in clause.figures} == set(FIGURES)
