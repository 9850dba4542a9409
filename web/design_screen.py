"""What the page of the design language shows: the tokens of the stylesheet, and samples of every part."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from flask import current_app

from web.i18n import now
from web.texts import gettext, lazy_gettext
from web.words import TimeLeft, span, time_left

TOKENS = Path(__file__).parent / "static" / "css" / "tokens.css"
_COLOUR = re.compile(r"--([\w-]+): (?:var\(--day, (#\w+)\) var\(--night, (#\w+)\)|(#\w+));")
_SIZE = re.compile(r"--(text[\w-]*|s\d|control[\w-]*|bar|touch|radius[\w-]*): (\d+px);")
STEPS = (
    (lazy_gettext("已报修"), "done"),
    (lazy_gettext("受理"), "done"),
    (lazy_gettext("上门"), "now"),
    (lazy_gettext("维修"), ""),
    (lazy_gettext("完成"), ""),
)


@dataclass(frozen=True)
class Colour:
    """A colour token and its two values."""

    name: str
    day: str
    night: str


@dataclass(frozen=True)
class StripStep:
    """One step of a strip."""

    label: str
    state: str


@dataclass(frozen=True)
class DesignScreen:
    """Samples for every part."""

    colours: tuple[Colour, ...]
    sizes: tuple[tuple[str, str], ...]
    icons: Sequence[str]
    clocks: tuple[TimeLeft, ...]
    strip: tuple[StripStep, ...]


@cache
def colours() -> tuple[Colour, ...]:
    """Read every colour token of the stylesheet."""
    found = _COLOUR.findall(TOKENS.read_text(encoding="utf-8"))
    return tuple(Colour(name, day or both, night or both) for name, day, night, both in found)


@cache
def sizes() -> tuple[tuple[str, str], ...]:
    """Read the sizes at a desk; a phone's stand further down in the stylesheet."""
    found = dict[str, str]()
    for name, value in _SIZE.findall(TOKENS.read_text(encoding="utf-8")):
        found.setdefault(name, value)
    return tuple(found.items())


def icons() -> tuple[str, ...]:
    """List the icons in the order of their file."""
    template = current_app.jinja_env.get_template("parts/icons.html")
    return tuple(template.module.ICONS)  # type: ignore[attr-defined]  # what a template sets at its top


def design_screen() -> DesignScreen:
    """Gather the samples."""
    return DesignScreen(colours=colours(), sizes=sizes(), icons=icons(), clocks=_clocks(), strip=_strip())


def _clocks() -> tuple[TimeLeft, ...]:
    """Show each state; the words stand still, so that the page looks the same every day."""
    return (
        TimeLeft("late", gettext("超时 0").replace("0", span(timedelta(minutes=12)), 1)),
        TimeLeft("soon", gettext("剩 0").replace("0", span(timedelta(minutes=6)), 1)),
        TimeLeft("fine", gettext("剩 0").replace("0", span(timedelta(minutes=130)), 1)),
        time_left(now(), None, paused=True),
        time_left(now(), None),
    )


def _strip() -> tuple[StripStep, ...]:
    return tuple(StripStep(str(label), state) for label, state in STEPS)
