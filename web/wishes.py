"""What somebody wants to see of the inbox: read out of an address, and carried along to find back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from engine.inbox import View

_MOST_FIELDS = 20


@dataclass(frozen=True)
class Wish:
    """One list of the inbox."""

    view: View = View.WORK

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the list's address; the usual list needs none."""
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
    return Wish(view)


def wish_of(origin: str) -> Wish:
    """Read a list back from one argument."""
    return read_wish(dict(parse_qsl(origin[:2000], max_num_fields=_MOST_FIELDS)) if origin else {})
