"""What somebody wants to see of the inbox: read out of an address, and carried along to find back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from engine.inbox import View
from web.numbers import ids

_MOST_FIELDS = 20


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


def read_wish(arguments: Mapping[str, str]) -> Wish:
    """Read a list out of an address; what is not understood is left out."""
    wanted = arguments.get("view", "")
    view = View(wanted) if wanted in set(View) else View.WORK
    return Wish(view, next(iter(ids([arguments.get("filter", "")])), 0))


def wish_of(origin: str) -> Wish:
    """Read a list back from one argument."""
    return read_wish(dict(parse_qsl(origin[:2000], max_num_fields=_MOST_FIELDS)) if origin else {})
