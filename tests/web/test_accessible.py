"""Every page has a row in the table of where axe looks at it, and every test that a row names does look."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "web" / "templates"
TABLE = tomllib.loads((ROOT / "tests" / "browser" / "accessible.toml").read_text(encoding="utf-8"))
LOOKS = re.compile(r"\bexpect_accessible(?:_by_day_and_night)?\(|\bAxe\(\)")


def pages() -> set[str]:
    """Name the templates that are drawn by themselves."""
    found = {path for path in TEMPLATES.rglob("*.html") if "{% extends" in path.read_text(encoding="utf-8")}
    return {path.relative_to(TEMPLATES).as_posix() for path in found}


def test_every_page_has_its_states_in_the_table() -> None:
    assert set(TABLE) == pages()
    assert [name for name, states in TABLE.items() if not states] == []


def test_every_test_of_the_table_lets_axe_look() -> None:
    named = {test for states in TABLE.values() for test in states.values() if test}
    for test in named:
        module, name = test.split("::")
        source = (ROOT / "tests" / "browser" / f"{module}.py").read_text(encoding="utf-8")
        assert f"\ndef {name}(" in source, test
        assert LOOKS.search(source), test
