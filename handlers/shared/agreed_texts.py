"""What people agree to, word for word and with its version: an acceptance names the text that was shown."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from engine.bilingual import Text, in_both, joined
from handlers.errors import RecordNotFound

_TABLE = Path(__file__).with_name("agreed_texts.toml")


class Kind(StrEnum):
    """What a text is about."""

    RESPONSIBILITY = "responsibility"  # of staff for their accounts
    PRIVACY_NOTICE = "privacy_notice"
    AUTHORISATION = "authorisation"  # to use somebody's contacts


@dataclass(frozen=True)
class AgreedText:
    """One version of a text; it never changes once somebody may have accepted it."""

    kind: Kind
    version: str
    title: Text
    lines: tuple[Text, ...]

    @property
    def said(self) -> Text:
        """The whole text in one piece, with its version."""
        chinese, english = in_both(joined(self.lines, ("", " ")))
        return (f"{chinese}（{self.version} 版）", f"{english} (version {self.version})")


@cache
def every() -> tuple[AgreedText, ...]:
    """Return every version of every text, the oldest of a kind first."""
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["text"]
    return tuple(
        AgreedText(Kind(row["kind"]), row["version"], _pair(row["title"]), tuple(map(_pair, row["lines"])))
        for row in rows
    )


def in_force(kind: Kind) -> AgreedText:
    """Return the text of a kind that people agree to now."""
    return [text for text in every() if text.kind is kind][-1]


def of(kind: str, version: str = "") -> AgreedText:
    """Return a version of a text, the one in force where none is named.

    Raises:
        RecordNotFound: there is no such text.
    """
    if kind not in set(Kind):
        raise RecordNotFound("text_not_found", "没有这份文本")
    if not version:
        return in_force(Kind(kind))
    found = [text for text in every() if (text.kind, text.version) == (kind, version)]
    if not found:
        raise RecordNotFound("text_not_found", "没有这份文本")
    return found[0]


def versions(kind: Kind) -> tuple[str, ...]:
    """Name the versions of a text, the newest first."""
    return tuple(text.version for text in reversed(every()) if text.kind is kind)


def _pair(texts: Iterable[str]) -> Text:
    chinese, english = texts
    return chinese, english
