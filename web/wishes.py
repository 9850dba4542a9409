"""What somebody wants to see of the inbox: read out of an address, and carried along to find back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import url_for

from engine.inbox import View
from web.numbers import ids

_MOST_FIELDS = 20
_NUMBER = 6_021_023_023_023_023_023  # stands in no other place of an address


@dataclass(frozen=True)
class Wish:
    """One list of the inbox.

    Attributes:
        filter_id: of what it is narrowed to, which says the view as well; 0 where nothing narrows it.
    """

    view: View = View.WORK
    filter_id: int = 0

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the list's address; the usual list needs none."""
        if self.filter_id:
            return {"filter": self.filter_id}
        return {"view": self.view.value} if self.view is not View.WORK else {}

    def origin(self) -> str:
        """Write the list into one argument, for pages that lead back to it; "" is the usual list."""
        return urlencode(self.arguments())

    def carried(self) -> dict[str, Any]:
        """Return the argument that pages carry along to find back to this list."""
        origin = self.origin()
        return {"from": origin} if origin else {}

    def address_of(self, task_id: int) -> str:
        """Return the address of a task that leads back to this list."""
        before, after = self._around
        return f"{before}{task_id}{after}"

    @cached_property
    def _around(self) -> tuple[str, str]:
        """What stands around the number; to build each address of a list took a tenth of its page."""
        before, _, after = url_for("tasks.show", task_id=_NUMBER, **self.carried()).partition(str(_NUMBER))
        return before, after


def read_wish(arguments: Mapping[str, str]) -> Wish:
    """Read a list out of an address; what is not understood is left out."""
    wanted = arguments.get("view", "")
    view = View(wanted) if wanted in set(View) else View.WORK
    return Wish(view, next(iter(ids([arguments.get("filter", "")])), 0))


def wish_of(origin: str) -> Wish:
    """Read a list back from one argument."""
    return read_wish(dict(parse_qsl(origin[:2000], max_num_fields=_MOST_FIELDS)) if origin else {})
