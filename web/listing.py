"""Finds out which tasks a list of the inbox holds: a view, or what somebody narrowed one to."""

from dataclasses import dataclass, replace

from engine import saved_filters
from engine.inbox import View
from engine.narrowing import EVERYTHING, Narrowing
from engine.work import Work
from handlers.estate.address import as_listed
from web.texts import gettext
from web.wishes import Wish


@dataclass(frozen=True)
class Listing:
    """One list of the inbox.

    Attributes:
        name: of the filter; "" where nothing narrows the list.
        is_gone: the filter that the address names is there no more.
    """

    view: View
    wanted: Narrowing = EVERYTHING
    name: str = ""
    is_gone: bool = False


def of_wish(work: Work, wish: Wish) -> Listing:
    """Return the list that an address names; the usual one where its filter is gone."""
    if not wish.filter_id:
        return Listing(wish.view)
    found = saved_filters.opened(work, wish.filter_id)
    if found is None:
        return Listing(View.WORK, is_gone=True)
    return Listing(found.view, narrowed(found.wanted), found.name or gettext("筛选结果"))


def narrowed(wanted: Narrowing) -> Narrowing:
    """Look for a house as lists write it, however it was typed."""
    return replace(wanted, text=as_listed(wanted.text)) if wanted.text else wanted
