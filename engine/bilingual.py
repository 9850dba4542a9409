"""Texts that are shown to readers of either language: what the product says as (Chinese, English).

What a person wrote, a name, a number or a place is a plain string and stays as it is.
"""

from collections.abc import Iterable
from typing import Any

Text = str | tuple[str, str]
"""A plain string as somebody wrote it, or the same thing said in Chinese and in English."""


def in_both(text: Text) -> tuple[str, str]:
    """Return a text in Chinese and in English."""
    return (text, text) if isinstance(text, str) else text


def chinese(text: Text) -> str:
    """Return a text in Chinese, as logs and programs get it."""
    return in_both(text)[0]


def joined(texts: Iterable[Text], between: tuple[str, str] = ("、", ", ")) -> Text:
    """List texts one after the other; an empty string when there are none."""
    both = [in_both(text) for text in texts]
    if not both:
        return ""
    in_chinese, in_english = zip(*both, strict=True)
    return between[0].join(in_chinese), between[1].join(in_english)


def beside(*texts: Text) -> Text:
    """Put texts side by side with a space between them, leaving out what is empty."""
    return joined((text for text in texts if any(in_both(text))), (" ", " "))


def named(thing: Any) -> Text:
    """Return the name of something that has `name` and `name_en`; the Chinese one serves for both."""
    return thing.name, thing.name_en or thing.name


def from_json(stored: object) -> Text:
    """Read a text that was kept as JSON, where a pair is a list."""
    if isinstance(stored, list) and len(stored) == 2:
        return str(stored[0]), str(stored[1])
    return str(stored)
