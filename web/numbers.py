"""Reads ids and moments that a browser sent, and takes none that no record can have."""

from collections.abc import Iterable
from datetime import UTC, datetime

from flask import Flask, request
from werkzeug.routing import IntegerConverter, Map

from engine.durations import FIRST_YEAR, LAST_YEAR
from engine.errors import RuleBroken
from web import context

LARGEST_ID = 2**63 - 1


class IdConverter(IntegerConverter):
    """Reads an id in an address; one larger than any id leads nowhere."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_ID)


def posted_id(name: str) -> int:
    """Read an id of a form; 0, which no record has, when it is none."""
    number = request.form.get(name, 0, int)
    return number if 0 <= number <= LARGEST_ID else 0


def ids(values: Iterable[object]) -> tuple[int, ...]:
    """Read ids of a list of a form, and leave out what cannot be one."""
    texts = (str(value) for value in values)
    numbers = (int(text) for text in texts if text.isascii() and text.isdecimal())
    return tuple(number for number in numbers if number <= LARGEST_ID)


def end_of_page(moment: object, number: object) -> tuple[datetime, int] | None:
    """Read where a page of a list ended, as its address says; None when no page can end there."""
    try:
        at, last = datetime.fromisoformat(str(moment)).astimezone(UTC), int(str(number))
    except (ValueError, OverflowError):
        return None
    return (at, last) if 0 <= last <= LARGEST_ID else None


def moment_of(text: str) -> datetime | None:
    """Read a moment that a page wrote into an address; None when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def posted_moment(name: str) -> datetime:
    """Read a local date and time of a form; the reader's zone is the installation's.

    Raises:
        RuleBroken: it is none, or lies outside the years that the platform knows.
    """
    try:
        moment = datetime.fromisoformat(request.form.get(name, ""))
    except ValueError as error:
        raise RuleBroken("bad_moment", "请填写有效的日期和时间") from error
    # A year short of the ends, so that no zone leads out of them.
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        raise RuleBroken("bad_moment", "请填写有效的日期和时间")
    return moment if moment.tzinfo else moment.replace(tzinfo=context.engine().zone)


def init_app(app: Flask) -> None:
    """Have every `<int:...>` of an address read as an id."""
    app.url_map.converters["int"] = IdConverter
