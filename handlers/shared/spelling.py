"""Brings names and addresses to the one spelling in which they are kept, shown and found."""

import unicodedata

_CONTROLS = ("Cc", "Cf", "Cn", "Co", "Cs")
_MARKS = ("Mn", "Me")


def one_spelling(text: str) -> str:
    """Return a short text without what nobody sees: full-width forms become plain, spaces single.

    Marks that turn the writing direction, join or hide characters go, and so do accents that stand on
    nothing: two names that look the same are the same, and no name turns the text around it.
    """
    kept: list[str] = []
    for character in unicodedata.normalize("NFKC", " ".join(text.split())):
        kind = unicodedata.category(character)
        has_base = bool(kept) and kept[-1] != " "
        if kind in _CONTROLS or (kind in _MARKS and not has_base):
            continue
        kept.append(character)
    return " ".join("".join(kept).split())
