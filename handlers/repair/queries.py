"""Lists and single orders for pages, each as much as the person who asks may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from engine.bilingual import Text
from engine.store.tables import instance
from engine.work import Work
from handlers.estate.entry import house_row
from handlers.repair import (
    catalogue,
    charging,
    complaints,
    contacts,
    crew,
    figures,
    matching,
    media,
    orders,
    parts,
    places,
    pricing,
    quoting,
    rules,
    visibility,
)
from handlers.repair.fact_lines import last_note, marks
from handlers.repair.merging import groups
from handlers.repair.orders import Order
from handlers.repair.records import OVER, OrderState, repair_order
from handlers.shared.attachments import Attachment
from handlers.shared.permissions import Permission

PAGE = 50


@dataclass(frozen=True)
class OrderLine:
    """One line of a list of orders.

    Attributes:
        worker: name of the repairer, or of the outside firm; empty while nobody is assigned.
        is_complaint: the repair is over, and the complaint about it is not.
        marks: what is out of the ordinary.
        proposed_at: when the owner would like somebody to come who was not at home before.
    """

    id: int
    number: str
    house_id: int | None
    instance_id: int | None
    fault_code: str | None
    fault: str
    fault_en: str
    area: str
    place: str
    urgency: str | None
    state: str
    called_at: datetime
    closed_at: datetime | None
    worker: str
    is_complaint: bool
    window_from: datetime | None
    window_to: datetime | None
    marks: tuple[Text, ...]
    proposed_at: datetime | None = None


@dataclass(frozen=True)
class Line:
    """A line of a quote or of a charge, amounts in fen."""

    name: Text
    unit: Text
    quantity: str
    price_fen: int
    amount_fen: int


@dataclass(frozen=True)
class OrderView:
    """All of an order that the reader may see.

    Attributes:
        contact_name, contact_phone: masked, but for the resident who gave them.
        rating: speed, quality, attitude; empty when nothing was rated.
        refusal: why it was not repaired, in the words of whoever decided so and wrote to the owner.
        complaint: what the owner was answered, what was done about it, and what the review answered.
        is_low_rated: one of the marks is so bad that somebody calls back.
        visit_note, quote_note: what the owner was told with the appointment and with the quote.
        community_phone: of the desk.
        reopen_until: until when the resident can come back on it; None where they cannot.
    """

    line: OrderLine
    channel: str
    description: str
    contact_name: str
    contact_phone: str
    finding: str
    result: str
    quote: tuple[Line, ...]
    quote_total_fen: int | None
    quote_decision: str | None
    charge_fen: int
    charges: tuple[Line, ...]
    materials: tuple[str, ...]
    rating: tuple[int, ...]
    rating_text: str
    outcome: str | None
    refusal: str
    media: tuple[Attachment, ...]
    duplicate_of: str | None
    reopens: str | None
    complaint: tuple[str, str, str]
    is_low_rated: bool
    visit_note: str
    quote_note: str
    community_phone: str
    reopen_until: datetime | None


_REFUSALS = {
    "out_of_scope": "out_of_scope",
    "major_rejected": "major",
}  # how it ended -> the note that says why


def own_reports(work: Work, *, before: datetime | None = None) -> list[OrderLine]:
    """List what was reported from the houses of a resident, the newest first."""
    condition = visibility.visible(work)
    if before is not None:
        condition = and_(condition, repair_order.c.called_at < before)
    return _lines(work, condition, repair_order.c.called_at.desc())


def own_jobs(work: Work) -> list[OrderLine]:
    """List the orders in a repairer's or contractor's hands, the most urgent first."""
    return _lines(
        work,
        and_(visibility.in_own_hands(work), repair_order.c.state.not_in(OVER)),
        repair_order.c.urgency,
        repair_order.c.window_from,
        repair_order.c.called_at,
    )


def of_house(work: Work, house_id: int) -> list[OrderLine]:
    """List what was repaired at a house, the newest first: its service record (policy D2)."""
    work.require(Permission.SERVICE_READ, house_row(work, house_id).community_id)
    return _lines(work, repair_order.c.house_id == house_id, repair_order.c.called_at.desc())


def own_version(work: Work, number: str = "") -> str:
    """Return a text that changes whenever something happens to the reports a resident sees, or to one."""
    condition = visibility.visible(work)
    if number:
        condition = and_(condition, repair_order.c.number == number)
    rows = work.connection.execute(
        select(repair_order.c.id, repair_order.c.state_at, repair_order.c.window_from, instance.c.revision)
        .join(instance, instance.c.id == repair_order.c.instance_id)
        .where(condition)
        .order_by(repair_order.c.called_at.desc())
        .limit(PAGE)
    )
    return sha256(repr([tuple(row) for row in rows]).encode()).hexdigest()[:24]


def order(work: Work, number: str) -> OrderView:
    """Return one order.

    Raises:
        OrderNotFound: there is none, or not for this actor.
    """
    row = visibility.seen(work, number)
    name, phone = visibility.contact(work, row)
    quote = quoting.last_quote(work, row)
    marked = (row.rating_speed, row.rating_quality, row.rating_attitude)
    rating = tuple(mark for mark in marked if mark is not None)
    return OrderView(
        line=_line(row, _known(work, [row])),
        channel=row.channel,
        description=orders.opened(work, row, "description"),
        contact_name=name,
        contact_phone=phone,
        finding=last_note(work, row, "finding"),
        result=last_note(work, row, "finished", "vendor_work"),
        quote=tuple(_quote_line(work, one) for one in quoting.lines_of(work, quote)),
        quote_total_fen=quote.total_fen if quote else None,
        quote_decision=quote.decision if quote else None,
        charge_fen=row.charge_fen,
        charges=tuple(_quote_line(work, one) for one in charging.lines_of(work, row)),
        materials=tuple(
            f"{one.name} {one.quantity.normalize():f}{one.unit}"
            for one in parts.wanted(work, row)
            if one.state == "used"
        ),
        rating=rating,
        rating_text=orders.opened(work, row, "rating_text"),
        outcome=row.outcome,
        refusal=last_note(work, row, _REFUSALS[row.outcome]) if row.outcome in _REFUSALS else "",
        media=tuple(media.of_order(work, row)),
        duplicate_of=_number(work, row.duplicate_of_id),
        reopens=_number(work, row.reopens_id),
        complaint=_answered(work, row),
        is_low_rated=bool(rating) and min(rating) <= figures.of(work, row).bad_mark,
        visit_note=last_note(work, row, "appointment"),
        quote_note=last_note(work, row, "quote"),
        community_phone=places.desk_phone(work.connection, row.community_id),
        reopen_until=_reopen_until(work, row),
    )


def _answered(work: Work, row: Order) -> tuple[str, str, str]:
    if (
        row.outcome != complaints.OUTCOME or work.actor.kind != "resident"
    ):  # staff read remarks, as far as they may
        return "", "", ""
    answer, done, review = (
        last_note(work, row, kind) for kind in ("complaint_answer", "complaint_done", "complaint_review")
    )
    return answer, done, review


def _reopen_until(work: Work, row: Order) -> datetime | None:
    if row.state != OrderState.CLOSED or row.house_id is None or row.fault_code is None:
        return None
    if work.actor.kind == "resident" and not contacts.may_come_back(work, row):
        return None
    within = figures.of(work, row).reopen_within
    return row.closed_at + within if rules.may_reopen(row.closed_at, work.now, within) else None


def _quote_line(work: Work, row: Order) -> Line:
    quantity = f"{row.quantity.normalize():f}"
    name, unit = pricing.line_name(work, row), pricing.line_unit(work, row)
    return Line(name, unit, quantity, row.price_fen, row.amount_fen)


def search(work: Work, text: str) -> list[OrderLine]:
    """Find orders by number, phone, house or words of the report, among those the actor may see.

    Args:
        text: a number or its end; a phone, or its last four digits; an address; or words.
    """
    wanted = text.strip()
    found = matching.ids(work, wanted) if wanted else set()
    if not found:
        return []
    return _lines(work, repair_order.c.id.in_(found), repair_order.c.called_at.desc())


def merge_proposals(work: Work, community_id: int) -> list[tuple[OrderLine, tuple[OrderLine, ...]]]:
    """Propose open common-area orders that may be one fault, each with those reported after it."""
    work.require(Permission.REPAIR_DISPATCH, community_id)
    proposed = groups(work, community_id)
    every = [one for group in proposed for one in group]
    known = _known(work, every)
    return [(_line(first, known), tuple(_line(one, known) for one in rest)) for first, *rest in proposed]


# --- rows to lines ------------------------------------------------------------------------------------------


def _lines(work: Work, condition: ColumnElement[bool], *order_by: Any) -> list[OrderLine]:
    rows = work.connection.execute(
        select(repair_order).where(condition).order_by(*order_by, repair_order.c.id).limit(PAGE)
    ).all()
    known = _known(work, rows)
    return [_line(row, known) for row in rows]


@dataclass(frozen=True)
class Known:
    """What lines say beside their rows.

    Attributes:
        names: id of an order -> who has it in hand, or did it.
        complaints: ids of the orders whose complaint goes on.
    """

    faults: dict[str, catalogue.Fault | None]
    names: dict[int, str]
    complaints: frozenset[int]


_MAY_BE_OUTSIDE = frozenset(
    {
        OrderState.OUTSOURCED,
        OrderState.FINISHED,
        OrderState.CONFIRMED,
        OrderState.REWORK,
        OrderState.CLOSED,
    }
)


def _known(work: Work, rows: Iterable[Order]) -> Known:
    rows = list(rows)
    faults = {row.fault_code: catalogue.fault(work, row.fault_code) for row in rows if row.fault_code}
    workers = {row.id: row.worker_id for row in rows if row.worker_id is not None}
    if outside := [row.id for row in rows if row.worker_id is None and row.state in _MAY_BE_OUTSIDE]:
        workers |= crew.firms(work.connection, outside)
    known = work.engine.directory.names(work.connection, set(workers.values())) if workers else {}
    names = {order_id: known.get(worker, "") for order_id, worker in workers.items()}
    return Known(faults, names, complaints.going_on(work, rows))


def _line(row: Order, known: Known) -> OrderLine:
    fault = known.faults.get(row.fault_code or "")
    return OrderLine(
        id=row.id,
        number=row.number,
        house_id=row.house_id,
        instance_id=row.instance_id,
        fault_code=row.fault_code,
        fault=fault.name if fault else "",
        fault_en=fault.name_en if fault else "",
        area=row.area,
        place=row.place,
        urgency=row.urgency,
        state=row.state,
        called_at=row.called_at,
        closed_at=row.closed_at,
        worker=known.names.get(row.id, ""),
        is_complaint=row.id in known.complaints,
        window_from=row.window_from,
        window_to=row.window_to,
        marks=tuple(marks(row)),
        proposed_at=row.proposed_at,
    )


def _number(work: Work, order_id: int | None) -> str | None:
    if order_id is None:
        return None
    number: str | None = work.connection.execute(
        select(repair_order.c.number).where(repair_order.c.id == order_id)
    ).scalar_one_or_none()
    return number
