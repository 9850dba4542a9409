"""Repairs that leave the house: contractors, the developer, major works."""

from sqlalchemy import func, select

from engine.ids import new_id
from engine.ports import Json
from engine.service_tasks import Context, completion
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_post
from handlers.errors import FieldsInvalid
from handlers.repair import crew, media, notices, orders, quoting, rules
from handlers.repair.closing import close
from handlers.repair.orders import Order
from handlers.repair.records import OrderState, repair_engagement
from handlers.repair.working import finished
from handlers.shared.answers import Answers


@completion("repair.decide_major")
def decide_major(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Note whether a major repair is done, and from which fund it is paid."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "major", given.text("reason"))
    orders.tell(work, order.id, "major_decided", {"outcome": given.outcome, "fund": given.text("fund")})
    if given.outcome == "rejected":
        close(work, order, "major_rejected", "repair_major_rejected")
    return {"next_step": "none"}


@completion("repair.engage_vendor")
def engage_vendor(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Hand the repair to a contractor with limits for coming and finishing.

    Returns:
        vendor_id is the account that reports for the contractor: the lead's own where it has none.
    """
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    arrive_at, finish_at = given.moment("arrive_at"), given.moment("finish_at")
    if arrive_at is None or finish_at is None or not work.now <= arrive_at <= finish_at:
        raise FieldsInvalid({"finish_at": ("到场不能早于现在，完工不能早于到场", {})})
    vendor_id = given.id("vendor_id")
    _end(work, order)
    work.connection.execute(
        repair_engagement.insert().values(
            id=new_id(),
            order_id=order.id,
            vendor_id=vendor_id,
            engaged_at=work.now,
            engaged_by=work.actor.id,
            arrive_by=arrive_at,
            finish_by=finish_at,
        )
    )
    orders.note(work, order.id, "scope", given.text("scope"))
    orders.note(work, order.id, "insurance", given.text("insurance"))
    orders.tell(work, order.id, "engaged", {"vendor_id": str(vendor_id or "")})
    crew.end(work, order.id, "outsourced")  # whoever found the cause does not do the repair
    order = orders.enter(work, order, OrderState.OUTSOURCED)
    order = orders.change(work, order, worker_id=None)
    if vendor_id is not None:
        notices.to_accounts(work, order, [vendor_id], "repair_engaged")
    notices.to_owner(work, order, "repair_outsourced", arrive_at=arrive_at.isoformat())
    return {
        "vendor_id": str(vendor_id or work.actor.id),
        "vendor_arrive_at": arrive_at.isoformat(),
        "vendor_finish_at": finish_at.isoformat(),
    }


@completion("repair.vendor_arrive")
def vendor_arrive(context: Context, answers: dict[str, Json]) -> None:
    """Note that the contractor came."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "vendor_arrival", given.text("note"))
    media.attach(work, order, given.ids("photos"))
    orders.tell(work, order.id, "vendor_arrived")
    _mark(work, order, arrived_at=work.now)
    order = orders.change(work, order, arrived_at=order.arrived_at or work.now)
    notices.to_owner(work, order, "repair_vendor_arrived")


@completion("repair.vendor_finish")
def vendor_finish(context: Context, answers: dict[str, Json]) -> None:
    """Note that the contractor is done; the lead looks at it next."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "vendor_work", given.text("work_done"))
    media.attach(work, order, given.ids("photos"))
    orders.tell(work, order.id, "vendor_finished")
    _mark(work, order, finished_at=work.now)
    notices.to_post(work, order, Post.RPL, "repair_vendor_finished")


@completion("repair.accept_vendor_work")
def accept_vendor_work(context: Context, answers: dict[str, Json]) -> dict[str, Json]:
    """Accept a contractor's work, have it done again, or take the repair back."""
    given = Answers(answers)
    work, order = context.work, orders.of(context)
    orders.note(work, order.id, "vendor_acceptance", given.text("note"))
    orders.tell(work, order.id, "vendor_judged", {"outcome": given.outcome})
    if given.outcome == "accepted":
        rules.require_within_quote(given.fen("charge"), quoting.agreed_fen(work, order))
        _end(work, order)
        finished(work, order, given.fen("charge"), told="vendor_accepted")
        return {"repaired": True, "next_step": "none", "signed": False}
    if given.outcome == "redo":
        finish_at = given.moment("finish_at")
        if finish_at is None or finish_at < work.now:
            raise FieldsInvalid({"finish_at": ("请填写新的完工时间，不早于现在", {})})
        _mark(work, order, finish_by=finish_at, finished_at=None)
        return {"vendor_finish_at": finish_at.isoformat()}
    _end(work, order)
    return {"repaired": False, "next_step": "lead"} if given.outcome == "give_up" else {}


def _mark(work: Work, order: Order, **values: object) -> None:
    work.connection.execute(
        repair_engagement.update()
        .where(repair_engagement.c.order_id == order.id, repair_engagement.c.ended_at.is_(None))
        .values(**values)
    )


def _end(work: Work, order: Order) -> None:
    _mark(work, order, ended_at=work.now)


def vendors(work: Work, community_id: int) -> list[int]:
    """Return the accounts that report for contractors of a community."""
    return list(
        work.connection.execute(
            select(account.c.id)
            .distinct()
            .join(account_post, account_post.c.account_id == account.c.id)
            .where(
                account.c.state == "active",
                account_post.c.post == Post.VEN,
                account_post.c.community_id.is_(None) | (account_post.c.community_id == community_id),
                account_post.c.ended_at.is_(None) | (account_post.c.ended_at > work.now),
            )
            .order_by(account.c.id)
        ).scalars()
    )


def times_late(work: Work, vendor_id: int) -> int:
    """Count how often a contractor came or finished later than agreed."""
    late = (repair_engagement.c.arrived_at > repair_engagement.c.arrive_by) | (
        repair_engagement.c.finished_at > repair_engagement.c.finish_by
    )
    counted: int = work.connection.execute(
        select(func.count())
        .select_from(repair_engagement)
        .where(repair_engagement.c.vendor_id == vendor_id, late)
    ).scalar_one()
    return counted
