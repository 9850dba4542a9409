"""Takes texts and photos out of repairs that were closed long ago; what was done, when and by whom stays."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select

from engine.work import Work
from handlers.privacy.erasing_traces import ids, of_sibling
from handlers.privacy.erasing_wiping import Wipe, wipe_orders
from handlers.privacy.retention_parts import Due, Part, delete_files, drop_attachments, first, last_of
from handlers.shared.records import attachment


def texts(work: Work, cutoff: datetime, _after: int) -> Part:
    """Empty repairs of homes."""
    return _texts(work, cutoff, of_sibling("repair_order").c.area != "common")


def texts_of_common_areas(work: Work, cutoff: datetime, _after: int) -> Part:
    """Empty repairs of common areas."""
    return _texts(work, cutoff, of_sibling("repair_order").c.area == "common")


def photos(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete what was photographed and filmed for a repair; signatures stay as long as its texts."""
    order, visit = of_sibling("repair_order"), of_sibling("repair_assignment")

    def parts() -> Iterator[Part]:
        report = attachment.join(order, order.c.id == attachment.c.owner_id)
        of_report = (attachment.c.owner_kind.in_(("repair_order", "repair_complaint")), _is_settled())
        yield delete_files(work, Due(attachment, order.c.closed_at, of_report, report), cutoff)
        visits = attachment.join(visit, visit.c.id == attachment.c.owner_id).join(
            order, order.c.id == visit.c.order_id
        )
        of_visit = (attachment.c.owner_kind == "repair_assignment", _is_settled())
        yield delete_files(work, Due(attachment, order.c.closed_at, of_visit, visits), cutoff)

    return first(parts())


def _texts(work: Work, cutoff: datetime, area: ColumnElement[bool]) -> Part:
    order, signature = of_sibling("repair_order"), of_sibling("repair_signature")
    due = Due(order, order.c.closed_at, (area, _says_something(), _is_settled())).ids(work, cutoff)
    if due:
        signed = ids(work, signature.c.id, signature.c.order_id.in_(due))
        is_picture = and_(attachment.c.owner_kind == "repair_signature", attachment.c.owner_id.in_(signed))
        drop_attachments(work, is_picture)
        wipe_orders(Wipe(work), due)
    return Part(len(due), 0, last_of(due))


def _says_something() -> ColumnElement[bool]:
    order = of_sibling("repair_order")
    filled = (order.c[name].is_not(None) for name in ("contact_name", "contact_phone", "description"))
    beside = (
        exists(select(table.c.id).where(table.c.order_id == order.c.id))
        for table in (of_sibling("repair_note"), of_sibling("repair_signature"))
    )
    return or_(*filled, order.c.rating_text.is_not(None), order.c.search_text != "", *beside)


def _is_settled() -> ColumnElement[bool]:
    """Say that nobody has reopened it: while the new order is open, the old one is evidence."""
    order = of_sibling("repair_order")
    later = order.alias("later")
    return ~exists(
        select(later.c.id).where(later.c.reopens_id == order.c.id, later.c.closed_at.is_(None))
    ).correlate(order)
