"""Reads the checked answers of a form, each as what it stands for."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from engine.ports import Json


class Answers:
    """Answers that their form has validated; a field that was left empty is None, or an empty list."""

    def __init__(self, values: Mapping[str, Json]) -> None:
        self._values = values

    @property
    def outcome(self) -> str:
        """What the person chose to happen."""
        return self.text("outcome")

    def text(self, key: str) -> str:
        """Return a text without surrounding spaces; empty when there is none."""
        value = self._values.get(key)
        return "" if value is None else str(value).strip()

    def id(self, key: str) -> int | None:
        """Return an id that was chosen."""
        text = self.text(key)
        return int(text) if text.isdecimal() else None

    def ids(self, key: str) -> tuple[int, ...]:
        """Return ids, such as those of attachments."""
        value = self._values.get(key)
        return tuple(int(str(one)) for one in value) if isinstance(value, list) else ()

    def flag(self, key: str) -> bool:
        """Tell whether a box was ticked."""
        return self._values.get(key) is True

    def count(self, key: str) -> int | None:
        """Return a whole number."""
        value = self._values.get(key)
        return int(Decimal(str(value))) if value not in (None, "") else None

    def fen(self, key: str) -> int:
        """Return an amount that was typed in yuan; nothing typed is zero."""
        return yuan_to_fen(self._values.get(key))

    def moment(self, key: str) -> datetime | None:
        """Return a moment with its zone."""
        text = self.text(key)
        return datetime.fromisoformat(text) if text else None

    def day(self, key: str) -> date | None:
        """Return a day of the calendar."""
        text = self.text(key)
        return date.fromisoformat(text[:10]) if text else None

    def choices(self, key: str) -> tuple[str, ...]:
        """Return what was ticked of a list."""
        value = self._values.get(key)
        return tuple(str(one) for one in value) if isinstance(value, list) else ()

    def lines(self, key: str) -> "list[Answers]":
        """Return the lines of a list, each with its own answers."""
        value = self._values.get(key)
        if not isinstance(value, list):
            return []
        return [Answers(line) for line in value if isinstance(line, dict)]


def yuan_to_fen(value: object) -> int:
    """Turn an amount in yuan into fen, exactly."""
    return int((Decimal(str(value)) * 100).to_integral_value()) if value not in (None, "") else 0
