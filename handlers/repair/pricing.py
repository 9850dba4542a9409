"""Prices work from the public price list (明码标价); what is not on the list stands in one marked line."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import or_, select

from engine.bilingual import Text
from engine.ports import Json
from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.repair.orders import Order
from handlers.repair.records import repair_price
from handlers.repair.rules import QuoteLine
from handlers.shared.answers import Answers

LABOUR = "人工"
_LABOUR_EN = "Labour"
_OTHER = "其他"
_OTHER_EN = "Other"
_OTHER_NAME_LENGTH = 60


def price_list(work: Work, today: date) -> list[Order]:
    """Return the public price list of a day."""
    return list(
        work.connection.execute(
            select(repair_price)
            .where(
                repair_price.c.valid_from <= today,
                or_(repair_price.c.valid_to.is_(None), repair_price.c.valid_to >= today),
            )
            .order_by(repair_price.c.code)
        )
    )


def prices_of_today(work: Work) -> list[Order]:
    """Return the public price list as it is now."""
    return price_list(work, work.now.astimezone(work.engine.zone).date())


def priced(work: Work, given: Answers, promised: Mapping[str, int] | None = None) -> list[QuoteLine]:
    """Read the lines that a form named; what stands on the list costs what it says there.

    Args:
        promised: price in fen by code, where the owner was promised another than today's.
    Raises:
        FieldsInvalid: a line names what is not on the list.
    """
    listed = {row.code: row for row in prices_of_today(work)}
    lines = []
    for line in given.lines("lines"):
        code = line.text("price_code")
        if code and code not in listed:
            raise FieldsInvalid({"lines": ("价目表中没有“{code}”", {"code": code})})
        lines.append(_line(line, listed.get(code), promised or {}))
    # Forms of cases that began earlier ask for labour, and at the end for the whole charge, in one amount.
    for key, name in (("labour", LABOUR), ("charge", _OTHER), ("other", given.text("other_name") or _OTHER)):
        if given.fen(key):
            lines.append(QuoteLine(None, name, "", Decimal(1), given.fen(key)))
    return lines


def _line(line: Answers, row: Order | None, promised: Mapping[str, int]) -> QuoteLine:
    quantity = Decimal(line.text("quantity") or "1")
    if row is None:
        return QuoteLine(None, line.text("name") or _OTHER, line.text("unit"), quantity, line.fen("price"))
    return QuoteLine(row.code, row.name, row.unit, quantity, promised.get(row.code, row.price_fen))


def line_name(work: Work, line: Order) -> Text:
    """Say what a line is for: as the price list words it, or as the repairer wrote it, marked."""
    if line.price_code is None:
        english = {LABOUR: _LABOUR_EN, _OTHER: _OTHER_EN}.get(line.name, line.name)
        return f"{line.name}（价目表以外）", f"{english} (not on the price list)"
    row = _row_of(work, line)
    return line.name, (row.name_en if row else "") or line.name


def line_unit(work: Work, line: Order) -> Text:
    """Say in what a line counts."""
    row = _row_of(work, line) if line.unit else None
    return line.unit, (row.unit_en if row else "") or line.unit


def _row_of(work: Work, line: Order) -> Order | None:
    return work.connection.execute(
        select(repair_price)
        .where(repair_price.c.code == line.price_code, repair_price.c.name == line.name)
        .limit(1)
    ).one_or_none()


def row_values(line: QuoteLine, position: int) -> dict[str, object]:
    """Return what is kept of a line, with its price of that day."""
    return {
        "position": position,
        "price_code": line.code,
        "name": line.name,
        "unit": line.unit,
        "quantity": line.quantity,
        "price_fen": line.price_fen,
        "amount_fen": line.amount_fen,
    }


def plain(number: Decimal) -> int | float:
    """Return a number as people write it in a field: 1 piece is 1, not 1.0."""
    return int(number) if number == int(number) else float(number)


def form_values(lines: Iterable[Order]) -> dict[str, Json]:
    """Return kept lines as the form shows them: those of the list, and all others in one amount in yuan."""
    kept = list(lines)
    values: dict[str, Json] = {}
    listed: list[Json] = [
        {"price_code": line.price_code, "quantity": plain(line.quantity)} for line in kept if line.price_code
    ]
    others = [line for line in kept if not line.price_code]
    if listed:
        values["lines"] = listed
    if others:
        values["other"] = plain(Decimal(sum(line.amount_fen for line in others)) / 100)
        values["other_name"] = "、".join(line.name for line in others)[:_OTHER_NAME_LENGTH]
    return values
