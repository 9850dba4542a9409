"""Looks for orders from one field: number, house, phone or words; who looked for a phone is written down."""

from dataclasses import dataclass

from engine import case_texts, cases, filters
from engine.errors import RuleBroken
from engine.work import Work
from handlers.repair import matching, queries
from handlers.repair.phone_numbers import digits_of
from handlers.repair.queries import OrderLine
from handlers.shared import access_log

SEARCH_PHONE = "search_phone"


def begin(work: Work, text: str) -> int:
    """Keep a search and return its id; a search for a phone is noted in the access log, without the number.

    Raises:
        RuleBroken: nothing was typed, or too much, or a single character.
    """
    if len(text.strip()) == 1:
        raise RuleBroken("search_short", "请至少输入两个字")
    search_id = filters.keep_search(work, text)
    kind = _kind_of_phone(text.strip())
    if kind:
        access_log.append(work, access_log.Entry(SEARCH_PHONE, "repair_order", 0, detail={"kind": kind}))
    return search_id


@dataclass(frozen=True)
class Found:
    """What a search led to, as far as the actor may see it.

    Attributes:
        cut_at: of how many cases with such words only the newest were looked at; 0 where all were.
    """

    text: str
    orders: list[OrderLine]
    cut_at: int = 0


def found(work: Work, search_id: int) -> Found:
    """Return what was looked for and the orders that match."""
    text = filters.search_text(work, search_id)
    if not text:
        return Found("", [])
    orders = queries.search(work, text)
    is_cut = len(orders) < matching.MOST and matching.is_cut(work, text)
    return Found(text, orders, case_texts.FEW if is_cut else 0)


def number_of(work: Work, text: str) -> str | None:
    """Return the number of a case that was typed as a whole, if the actor may see it.

    Any other number is looked for as words are, so that nobody learns whether there is such a case.
    """
    number = text.strip().upper()
    return number if cases.is_open_to(work, number) else None


def _kind_of_phone(text: str) -> str:
    if digits_of(text):
        return "full"
    return "tail" if len(text) == 4 and text.isdigit() else ""
