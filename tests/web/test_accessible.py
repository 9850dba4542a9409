"""Every page has a row in the table of where axe looks at it, and every test that a row names does look."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "web" / "templates"
TABLE = tomllib.loads((ROOT / "tests" / "browser" / "accessible.toml").read_text(encoding="utf-8"))
# A script that opens a dialog, draws an element, or shows what a template holds ready.
OPENS = r"showModal\(|createElement\(|details\.menu|has-pane|\[data-remembered\]|\[data-fresh-news\]"
LOOKS = re.compile(r"\bexpect_accessible(?:_by_day_and_night|_everywhere)?\(|\bAxe\(\)")


def having(folder: Path, kind: str, pattern: str) -> set[Path]:
    """Find the files of a kind in which a pattern stands."""
    return {path for path in folder.rglob(kind) if re.search(pattern, path.read_text(encoding="utf-8"))}


def pages() -> set[str]:
    """Name the templates that are drawn by themselves."""
    found = having(TEMPLATES, "*.html", "{% extends|<html") - {TEMPLATES / "layout.html"}
    return {path.relative_to(TEMPLATES).as_posix() for path in found}


def opened() -> set[str]:
    """Name the templates that hold a dialog or a menu, and the scripts that open one or draw something."""
    holding = having(TEMPLATES, "*.html", r'<dialog\b|<details class="menu\b')
    drawing = having(TEMPLATES.parent / "assets", "*.js", OPENS)
    return {path.relative_to(TEMPLATES.parent).as_posix() for path in holding | drawing}


def test_every_page_and_whatever_scripts_open_has_its_states_in_the_table() -> None:
    assert set(TABLE) == pages() | opened()
    assert [name for name, states in TABLE.items() if not states] == []


def test_every_state_is_looked_at_in_some_test() -> None:
    assert [
        (name, state) for name, states in TABLE.items() for state, test in states.items() if not test
    ] == []


def test_every_test_of_the_table_lets_axe_look() -> None:
    for test in {test for states in TABLE.values() for test in states.values()}:
        module, name = test.split("::")
        source = (ROOT / "tests" / "browser" / f"{module}.py").read_text(encoding="utf-8")
        assert f"\ndef {name}(" in source, test
        assert LOOKS.search(source), test
