"""What the product never does: open a shell, make objects of bytes or templates of texts, rely on chance."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = [path for folder in ("engine", "handlers", "web") for path in sorted((ROOT / folder).rglob("*.py"))]
INVENTED = ROOT / "handlers/demo"  # people and houses that are made up may be left to chance

# Names of modules, functions, attributes and arguments, by what they would open.
SHELL = {"system", "popen", "getoutput", "getstatusoutput", "shell"}
OBJECTS = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml"}
TEMPLATES = {"render_template_string", "from_string"}
CHANCE = {"random", "uuid1"}
UNPROVEN_SERVERS = {"CERT_NONE", "_create_unverified_context", "check_hostname"}


def names(tree: ast.AST) -> Iterator[str]:
    """Yield every name that is imported, looked up on something, or given as an argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (part for one in node.names for part in one.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg


def found(meant: set[str], paths: list[Path]) -> dict[str, set[str]]:
    """Map each file that holds one of the names to those it holds."""
    held = {
        str(path.relative_to(ROOT)): meant.intersection(names(ast.parse(path.read_text(encoding="utf-8"))))
        for path in paths
    }
    return {path: those for path, those in held.items() if those}


def test_no_command_goes_through_a_shell() -> None:
    assert found(SHELL, PRODUCT) == {}


def test_no_object_is_made_of_bytes_that_came_from_elsewhere() -> None:
    assert found(OBJECTS, PRODUCT) == {}


def test_no_template_is_made_of_a_text() -> None:
    assert found(TEMPLATES, PRODUCT) == {}


def test_nothing_secret_is_left_to_chance_that_can_be_foreseen() -> None:
    assert found(CHANCE, [path for path in PRODUCT if INVENTED not in path.parents]) == {}


def test_no_server_is_spoken_to_whose_certificate_is_not_checked() -> None:
    assert found(UNPROVEN_SERVERS, PRODUCT) == {}


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("import subprocess\nsubprocess.run('id', shell=True)", SHELL),
        ("from os import system", SHELL),
        ("import pickle as p", OBJECTS),
        ("import yaml.reader", OBJECTS),
        ("from flask import render_template_string as show", TEMPLATES),
        ("app.jinja_env.from_string(text)", TEMPLATES),
        ("from random import choice", CHANCE),
        ("import ssl\ncontext.verify_mode = ssl.CERT_NONE", UNPROVEN_SERVERS),
        ("context.check_hostname = False", UNPROVEN_SERVERS),
    ],
)
def test_each_of_them_would_be_seen(code: str, meant: set[str]) -> None:
    assert meant.intersection(names(ast.parse(code)))
