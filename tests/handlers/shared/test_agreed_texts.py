"""What somebody accepted stays word for word what it was, and says it in both languages."""

import hashlib

import pytest

from handlers.errors import RecordNotFound
from handlers.shared import agreed_texts
from handlers.shared.agreed_texts import Kind

# Of each version that somebody may have accepted. A new wording is a new version with a line of its own here.
ACCEPTED = {
    ("responsibility", "2026-11"): "c5dc1ccce33c6ea8",
    ("privacy_notice", "2026-11"): "070b3f788b68f474",
    ("authorisation", "2026-11"): "e2646fbae3e2622b",
}


def digest(text: agreed_texts.AgreedText) -> str:
    return hashlib.sha256(repr((text.title, text.lines)).encode()).hexdigest()[:16]


def test_no_version_was_changed_after_it_could_be_accepted() -> None:
    assert {(text.kind.value, text.version): digest(text) for text in agreed_texts.every()} == ACCEPTED


def test_every_line_is_there_in_both_languages() -> None:
    for text in agreed_texts.every():
        for chinese, english in (text.title, *text.lines):
            assert any("\u4e00" <= character <= "\u9fff" for character in chinese)
            assert english.isascii() or "“" in english


@pytest.mark.parametrize("kind", list(Kind))
def test_the_last_version_is_in_force(kind: Kind) -> None:
    newest = agreed_texts.versions(kind)[0]
    assert agreed_texts.of(kind).version == agreed_texts.of(kind, newest).version == newest


@pytest.mark.parametrize(("kind", "version"), [("lease", ""), ("responsibility", "1999-01")])
def test_a_text_that_never_was_is_not_found(kind: str, version: str) -> None:
    with pytest.raises(RecordNotFound):
        agreed_texts.of(kind, version)
