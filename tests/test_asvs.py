"""The table of OWASP ASVS 5.0 names tests that exist, and leaves no item out."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
# The items of level 1 and 2 that apply; 3.7.2 because every sign-in leads on.
ITEMS = """
    1.2.1 1.2.4 1.2.5 1.2.9 1.3.1 1.3.2 1.3.4 1.3.6 1.3.7 1.3.10 1.5.1 1.5.2 2.1.3 2.2.1 2.2.2 2.2.3
    2.3.1 2.3.2 2.3.3 2.3.4 2.4.1 3.2.1 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6
    3.5.1 3.5.3 3.7.2 4.1.1 4.1.3 5.1.1 5.2.1 5.2.2 5.2.3 5.3.1 5.3.2 5.4.1 5.4.2 5.4.3 6.2.1 6.2.2
    6.2.3 6.2.4 6.2.8 6.2.9 6.2.11 6.2.12 6.3.1 6.3.2 6.3.3 6.3.4 6.4.1 6.4.3 6.5.1 6.5.2 6.5.3 6.5.4
    6.5.5 6.6.2 6.6.3 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.5 7.5.1 8.2.1 8.2.2 8.2.3 8.3.1 8.4.1
    9.1.1 11.2.2 11.3.1 11.3.2 11.3.3 11.4.2 11.5.1 12.1.1 12.2.1 12.3.2 13.2.2 13.3.1 13.4.1 13.4.2
    13.4.5 14.2.1 14.2.4 14.3.2 14.3.3 15.1.2 15.2.1 15.2.2 15.3.1 15.3.3 15.3.4 16.2.1 16.2.2 16.2.5
    16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3
"""
TABLE: list[dict[str, Any]] = tomllib.loads((ROOT / "tests/asvs.toml").read_text(encoding="utf-8"))["item"]


def test_every_item_has_one_row() -> None:
    assert [item["id"] for item in TABLE] == ITEMS.split()


@pytest.mark.parametrize("item", TABLE, ids=[item["id"] for item in TABLE])
def test_each_item_names_a_test_that_exists_or_says_why_there_is_none(item: dict[str, Any]) -> None:
    assert ("tests" in item) is not ("without" in item)
    assert item.get("tests") or item.get("without", "").endswith(".")
    for test in item.get("tests", ()):
        path, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), test
