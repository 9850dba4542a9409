"""Everything that is said to people can be said in English too."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
FIELD = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


@cache
def english() -> Catalog:
    content = (ROOT / "web/translations/en/LC_MESSAGES/messages.po").read_bytes()
    return read_po(BytesIO(content), locale="en")


@cache
def said() -> set[str]:
    """Extract every text of the sources and templates, as the command in the Makefile does."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(ROOT), methods, options, directory_filter=lambda path: "/." not in path)
    return {text for _, _, text, _, _ in found if isinstance(text, str)}


# What is put together of them is data: places are called so. Templates name both languages as arguments.
COMPOSED_ELSEWHERE = {
    "handlers/estate/address.py",
    "handlers/repair/places.py",
    "handlers/moving/templates.py",
    "handlers/owning/templates.py",
    "handlers/privacy/texts.py",
    "handlers/repair/templates.py",
    "engine/topics.py",
}


def composed() -> Iterator[str]:
    """Name every Chinese text with values in it that no English text stands beside."""
    for path in sorted(
        (*ROOT.glob("engine/*.py"), *ROOT.glob("handlers/**/*.py"), *ROOT.glob("web/**/*.py"))
    ):
        name = str(path.relative_to(ROOT))
        if name not in COMPOSED_ELSEWHERE and "demo" not in path.parts:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from (f"{name}:{line}" for line in unpaired(tree))


def unpaired(tree: ast.Module) -> Iterator[int]:
    """Yield the lines of such texts."""
    paired: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"))):
                paired |= {id(part) for part in ast.walk(node)}
            case ast.Call(args=texts) | ast.Tuple(elts=texts):
                for text, beside in pairwise(texts):
                    if isinstance(beside, ast.JoinedStr | ast.Constant) and not is_chinese(beside):
                        paired |= {id(part) for part in ast.walk(text)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and is_chinese(node) and id(node) not in paired:
            yield node.lineno


def is_chinese(text: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Constant) and CHINESE.search(str(part.value)) is not None
        for part in ast.walk(text)
    )


def test_a_text_with_values_in_it_stands_beside_its_english() -> None:
    assert list(composed()) == []


def test_every_text_has_its_english() -> None:
    catalog = english()
    missing = sorted(text for text in said() if text not in catalog or not catalog[text].string)
    assert missing == []


def test_no_english_is_left_over_from_texts_that_are_gone() -> None:
    texts = said()
    assert sorted(str(message.id) for message in english() if message.id and message.id not in texts) == []


def test_english_names_the_same_fields_and_no_others() -> None:
    for message in english():
        known = {a or b for a, b in FIELD.findall(str(message.id))}
        used = {a or b for a, b in FIELD.findall(str(message.string))}
        assert used <= known, message.id
