"""What residents add to an open report unasked: a remark, photos, or both."""

from collections.abc import Sequence

from sqlalchemy import func, select

from engine import idempotency
from engine.forms.answers import BadAnswer, clean
from engine.store.tables import user_task
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RuleRefused
from handlers.repair import complaints, media, notices, orders, visibility
from handlers.repair.orders import Order
from handlers.repair.records import OVER, repair_engagement, repair_event, repair_order
from handlers.shared import attachments, limits
from handlers.shared.permissions import Permission

LENGTH = 500
_RESIDENT = "resident"


def may_add(work: Work, order: Order) -> bool:
    """Tell whether the actor may add to a report now: whoever may act for its house, until it ends.

    A complaint about it ends later than the repair.
    """
    return (order.state not in OVER or complaints.goes_on(work, order)) and _is_of_house(work, order)


def add(
    work: Work, number: str, text: str, photos: Sequence[int] = (), *, idempotency_key: str | None = None
) -> None:
    """Add a remark with photos to an open report; whoever works on it, or on the complaint about it, is told.

    Raises:
        OrderNotFound: there is none, or not for this actor.
        ActionNotAllowed: the actor may not act for its house.
        RuleRefused: the report has ended, or enough was added today.
        FieldsInvalid: neither text nor photo, or too long.
    """
    order = visibility.seen(work, number)
    if not _is_of_house(work, order):
        raise ActionNotAllowed("add_not_own", "只有这套房屋的住户能补充说明")
    digest = idempotency.fingerprint(number, text, [*attachments.digests_of(work, photos)])
    if idempotency.recall(work, idempotency_key, "repair.add", digest) is not None:
        return
    # Lock first: two of the family may add at the same time, and the report may be closed meanwhile.
    work.connection.execute(select(repair_order.c.id).where(repair_order.c.id == order.id).with_for_update())
    order = orders.by_id(work.connection, order.id)
    is_complaint = order.state in OVER and complaints.goes_on(work, order)
    if order.state in OVER and not is_complaint:
        raise RuleRefused("report_over", "报修 {number} 已经结束，不能再补充", number=number)
    said = _said(text, has_photos=bool(photos))
    if _today(work, order) >= limits.ADDITIONS_PER_DAY:
        raise RuleRefused(
            "added_enough",
            "一天最多补充 {most} 次，有急事请打前台电话",
            most=limits.ADDITIONS_PER_DAY,
        )
    kind = orders.ADDED_TO_COMPLAINT if is_complaint else orders.ADDED
    media.attach(work, order, photos)
    orders.note(work, order.id, kind, said)
    orders.tell(work, order.id, kind, {"photos": len(set(photos))})
    if is_complaint:
        _tell_who_handles_it(work, order)
    else:
        _tell(work, order)
    idempotency.remember(work, idempotency_key, {"number": number})


def _is_of_house(work: Work, order: Order) -> bool:
    is_resident = work.actor.kind == _RESIDENT and order.house_id is not None
    return is_resident and work.may(Permission.REPAIR_SUBMIT, order.house_id)


def _said(text: str, *, has_photos: bool) -> str:
    if not text.strip() and not has_photos:
        raise FieldsInvalid({"added": ("请写几句，或选照片", {})})
    if len(text) > LENGTH:
        raise FieldsInvalid({"added": ("最多 {most} 个字", {"most": LENGTH})})
    try:
        return clean(text, is_paragraph=True) if text.strip() else ""
    except BadAnswer as bad:
        raise FieldsInvalid({"added": bad.message}) from bad


def _today(work: Work, order: Order) -> int:
    midnight = work.now.astimezone(work.engine.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    count: int = work.connection.execute(
        select(func.count())
        .select_from(repair_event)
        .where(
            repair_event.c.order_id == order.id,
            repair_event.c.kind.in_((orders.ADDED, orders.ADDED_TO_COMPLAINT)),
            repair_event.c.at >= midnight,
        )
    ).scalar_one()
    return count


def _tell(work: Work, order: Order) -> None:
    """Tell whoever has the report in hand; while nobody has, the desk."""
    holding = select(user_task.c.assignee_id).where(
        user_task.c.instance_id == order.instance_id,
        user_task.c.assignee_id.is_not(None),
        user_task.c.group_code != _RESIDENT,
    )
    engaged = select(repair_engagement.c.vendor_id).where(
        repair_engagement.c.order_id == order.id,
        repair_engagement.c.vendor_id.is_not(None),
        repair_engagement.c.ended_at.is_(None),
    )
    told = {order.worker_id, *work.connection.execute(holding.union(engaged)).scalars()} - {None}
    if told:
        notices.to_accounts(work, order, sorted(told), "repair_added")
    else:
        notices.to_post(work, order, Post.CS, "repair_added")


def _tell_who_handles_it(work: Work, order: Order) -> None:
    """Tell whoever holds the step of the complaint, or its post; never who did the repair."""
    for step in complaints.steps(work, order):
        if step.assignee_id is not None:
            notices.to_accounts(work, order, [step.assignee_id], "repair_added")
        else:
            notices.to_post(work, order, step.group_code, "repair_added")
