"""What the product never does: open a shell, make objects of bytes or templates of texts, rely on chance."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = [path for folder in ("engine", "handlers", "web") for path in sorted((ROOT / folder).rglob("*.py"))]
COMMANDS = ROOT / "web/cli"  # of the operator at the keyboard: a free port, the address to serve on
INVENTED = ROOT / "handlers/demo"  # people and houses that are made up may be left to chance

# Names of modules, functions, attributes and arguments, by what they would open.
SHELL = {"system", "popen", "getoutput", "getstatusoutput", "shell"}
OBJECTS = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "yaml"}
TEMPLATES = {"render_template_string", "from_string"}
CHANCE = {"random", "uuid1"}
UNPROVEN_SERVERS = {"CERT_NONE", "_create_unverified_context", "check_hostname"}
WHOLE_RECORDS = {"asdict", "_asdict", "_mapping", "__dict__", "vars"}

# Modules that speak to other servers, and who does: each to an address of the settings alone.
OUTSIDE = {"http.client", "smtplib", "socket", "urllib.request", "ftplib", "asyncio", "requests", "httpx"}
SPEAKERS = {
    "handlers/owning/face.py",
    "handlers/shared/channels/gateway.py",
    "handlers/shared/channels/mail.py",
    "handlers/shared/channels/suppliers.py",
}
# Templates that show what they hold themselves as it is: drawings.
DRAWN = {"parts/icons.html", "resident/pictures.html"}
RAW = re.compile(r"\|\s*safe\b|autoescape\s+false|contenteditable")


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


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere, such as "http.client"."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update([node.module, *(f"{node.module}.{one.name}" for one in node.names)])
    return found


def test_other_servers_are_spoken_to_by_those_alone_that_have_their_address_from_the_settings() -> None:
    product = [path for path in PRODUCT if COMMANDS not in path.parents]
    speakers = {str(path.relative_to(ROOT)) for path in product if OUTSIDE & imported(path)}
    assert speakers == SPEAKERS


def test_no_page_takes_or_shows_markup_of_people() -> None:
    templates = ROOT / "web/templates"
    found = {
        str(path.relative_to(templates))
        for path in templates.rglob("*.html")
        if RAW.search(path.read_text(encoding="utf-8"))
    }
    assert found == DRAWN


def test_no_answer_is_a_whole_record() -> None:
    pages = [path for path in PRODUCT if ROOT / "web" in path.parents and COMMANDS not in path.parents]
    assert found(WHOLE_RECORDS, pages) == {
        "web/houses.py": {"asdict"},  # a suggestion: address, its short form, community
        "web/lists.py": {"_mapping"},  # columns of the list, for a template
        "web/offline.py": {"asdict"},  # numbers of the desk, hashed
    }


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
