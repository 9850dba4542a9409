"""Everything that is said to people can be said in English too."""

import re
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
FIELD = re.compile(r"%\((\w+)\)s|\{(\w+)\}")


def english() -> Catalog:
    content = (ROOT / "web/translations/en/LC_MESSAGES/messages.po").read_bytes()
    return read_po(BytesIO(content), locale="en")


def said() -> set[str]:
    """Extract every text of the sources and templates, as the command in the Makefile does."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(str(ROOT), methods, options, directory_filter=lambda path: "/." not in path)
    return {text for _, _, text, _, _ in found if isinstance(text, str)}


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
