"""What repair staff, contractors and owners read before they act on an order."""

from datetime import datetime, timedelta

from sqlalchemy import select

from engine.bilingual import Text, beside, joined
from engine.ports import Json
from engine.service_tasks import Context, form_data
from engine.work import Work
from handlers.repair import (
    booked,
    catalogue,
    charging,
    orders,
    outsourcing,
    parts,
    pricing,
    quoting,
    remarks,
    visibility,
    visiting,
)
from handlers.repair.dispatching import not_instead, sendable
from handlers.repair.fact_lines import (
    last_note,
    material,
    money,
    price_options,
    priced_lines,
    report,
    window,
    worker_options,
)
from handlers.repair.orders import Order
from handlers.repair.records import OVER, Area, OrderState, repair_order
from handlers.shared.facts import Facts, Pairs, local, names, option, pairs

_HISTORY = timedelta(days=365)
_WRITTEN_FOR_THE_JOB = (
    "acceptance", "verification", "answer", "rebooking", "appointment", "arrival", "situation", "control",
    "finding", "problem", "rework_measure",
)  # fmt: skip
_MORNING, _AFTERNOON = 9, 14
_FREE_AGAIN = ("返工免费，不再收费", "The rework is free, nothing further is charged")


@form_data("repair.job_facts")
def job_facts(context: Context) -> Facts:
    """Say what is to do where, and what was done there before."""
    work, order = context.work, orders.of(context)
    return {"facts": job(work, order)}


@form_data("repair.appoint_facts")
def appoint_facts(context: Context) -> Facts:
    """Say what is to do, by when somebody has to be there, what can be booked, and what the owner wishes."""
    work, order = context.work, orders.of(context)
    last, wished = visiting.last_bookable(work), order.proposed_at
    limit = local(work, visiting.arrive_by(work, order))
    values: dict[str, Json] = {"arrive_by": limit}
    if wished is not None and work.now < wished <= last:
        free = booked.first_free(work, order, order.worker_id, wished)
        values["visit_at"] = free.astimezone(work.engine.zone).isoformat()
    facts = job(work, order) + pairs(("到场时限", limit), ("最晚可约", local(work, last)))
    facts += pairs(("已约的上门", _elsewhere(work, order)))
    return {"facts": facts, "values": values}


def _elsewhere(work: Work, order: Order) -> Text:
    """List when the repairer is expected elsewhere, and where as far as the reader may see it."""
    if order.worker_id is None:
        return ""
    found = booked.visits(work, order.worker_id, order.id)
    lines = (
        f"{window(work, one)} {one.place}" if visibility.sees(work, one) else window(work, one)
        for one in found
    )
    return joined(lines, ("\n", "\n"))


@form_data("repair.arrive_facts")
def arrive_facts(context: Context) -> Facts:
    """Say what is to do, and until when to wait for an owner who is not there."""
    work, order = context.work, orders.of(context)
    until = visiting.waits_until(work, order)
    return {"facts": job(work, order) + pairs(("业主不在，至少等到", local(work, until)))}


def job(work: Work, order: Order) -> Pairs:
    """Say what was reported and what came to light since, with what was repaired there before."""
    dates = pairs(("预约时间", window(work, order)), ("业主建议时间", local(work, order.proposed_at)))
    written = remarks.latest(work, order, *_WRITTEN_FOR_THE_JOB)
    past = pairs(("此处一年内维修", _history(work, order)))
    return report(work, order) + dates + written + past


def _history(work: Work, order: Order) -> Text:
    if order.house_id is None and order.building_id is None:
        return ""
    column = repair_order.c.house_id if order.house_id else repair_order.c.building_id
    rows = work.connection.execute(
        select(repair_order.c.fault_code, repair_order.c.called_at)
        .where(
            column == (order.house_id or order.building_id),
            repair_order.c.area == order.area,
            repair_order.c.id != order.id,
            repair_order.c.state.in_(OVER),
            repair_order.c.called_at > work.now - _HISTORY,
        )
        .order_by(repair_order.c.called_at.desc())
        .limit(3)
    )
    past = (
        beside(
            f"{row.called_at.astimezone(work.engine.zone):%Y-%m-%d}", catalogue.name_of(work, row.fault_code)
        )
        for row in rows
    )
    return joined(past, ("；", "; "))


@form_data("repair.take_facts")
def take_facts(context: Context) -> Facts:
    """Say what is to do, and to whom it could be handed."""
    work, order = context.work, orders.of(context)
    not_again = not_instead(work, order) | {context.actor.id}
    colleagues = sendable(work, order, not_again)
    return {"facts": job(work, order), "options": {"colleagues": worker_options(work, colleagues)}}


@form_data("repair.diagnose_facts")
def diagnose_facts(context: Context) -> Facts:
    """Say what is to do, with the public price list."""
    work = context.work
    return {"facts": job(work, orders.of(context)), "options": {"prices": price_options(work)}}


@form_data("repair.quote_facts")
def quote_facts(context: Context) -> Facts:
    """Offer the price list, and the lines of the last quote to start from."""
    work, order = context.work, orders.of(context)
    last = quoting.last_quote(work, order)
    facts = (
        report(work, order)
        + pairs(
            ("诊断", last_note(work, order, "finding")),
            ("退回原因", last_note(work, order, "quote_answer", "quote_check") if last else ""),
        )
        + (remarks.latest(work, order, "quote") if last else [])
    )
    return {
        "facts": facts,
        "values": pricing.form_values(quoting.lines_of(work, last)),
        "options": {"prices": price_options(work)},
    }


@form_data("repair.quote_answer_facts")
def quote_answer_facts(context: Context) -> Facts:
    """Say what the repair would cost, line by line, and who checked it."""
    work, order = context.work, orders.of(context)
    quote = quoting.last_quote(work, order)
    facts = pairs(("编号", order.number), ("位置", order.place), ("诊断", last_note(work, order, "finding")))
    facts += priced_lines(work, quoting.lines_of(work, quote))
    if quote is not None:
        checkers = [one for one in (quote.checked_by, quote.approved_by) if one]
        facts += pairs(("合计", money(quote.total_fen)), ("审核", names(work, checkers)))
        facts += remarks.latest(work, order, "quote")
    return {"facts": facts}


@form_data("repair.finish_facts")
def finish_facts(context: Context) -> Facts:
    """Say what was agreed, and start with the material that was asked for since it was last finished."""
    work, order = context.work, orders.of(context)
    is_again = charging.is_free_rework(work, order)
    agreed = None if is_again else quoting.agreed_quote(work, order)
    lines = quoting.lines_of(work, agreed)
    facts = report(work, order)
    if is_again:
        facts.append(["实际收费", _FREE_AGAIN])
    if agreed is not None:
        facts.append(["同意的报价", money(agreed.total_fen)])
        facts += priced_lines(work, lines)
    arrived: list[Json] = [
        {"name": one.name, "quantity": pricing.plain(one.quantity), "unit": one.unit}
        for one in parts.wanted(work, order)
        if one.state == "arrived" and (order.finished_at is None or one.at > order.finished_at)
    ]
    values = pricing.form_values(lines) | ({"parts": arrived} if arrived else {})
    if agreed is not None:  # cases that began earlier ask for the whole charge in one amount
        values["charge"] = agreed.total_fen / 100
    without: list[Json] = ["signed", "signature"] if order.area == Area.COMMON else []  # a lead accepts those
    if agreed is None:  # nothing is charged that nobody agreed to
        without += ["lines", "other", "other_name", *(["charge"] if is_again else [])]
    return {
        "facts": facts,
        "values": values,
        "options": {"prices": price_options(work, charging.promised(work, order))},
        "without": without,
    }


@form_data("repair.parts_facts")
def parts_facts(context: Context) -> Facts:
    """Say which parts are awaited, and which dates the owner was told."""
    work, order = context.work, orders.of(context)
    told = orders.events(work, order.id, "parts_date")
    dates = joined(local(work, datetime.fromisoformat(one.params["expected_at"])) for one in told)
    asked = material(parts.wanted(work, order))
    facts = report(work, order) + pairs(("所需材料", asked), ("已告知业主的日期", dates))
    return {"facts": facts + remarks.latest(work, order, "parts")}


@form_data("repair.rebook_facts")
def rebook_facts(context: Context) -> Facts:
    """Say who came when in vain, and propose the next morning or afternoon."""
    work, order = context.work, orders.of(context)
    came = orders.events(work, order.id, "absent")
    tomorrow = work.now.astimezone(work.engine.zone) + timedelta(days=1)
    hour = _AFTERNOON if tomorrow.hour >= 12 else _MORNING
    proposed = tomorrow.replace(hour=hour, minute=0, second=0, microsecond=0)
    free = booked.first_free(work, order, order.worker_id, proposed).astimezone(work.engine.zone)
    return {
        "facts": pairs(
            ("编号", order.number),
            ("位置", order.place),
            ("维修人员", names(work, [order.worker_id] if order.worker_id else [])),
            ("曾上门未遇", joined(local(work, one.at) for one in came)),
        ),
        "values": {"visit_at": free.isoformat()},
    }


@form_data("repair.info_facts")
def info_facts(context: Context) -> Facts:
    """Say what the clerk would like to know."""
    work, order = context.work, orders.of(context)
    return {
        "facts": pairs(
            ("编号", order.number),
            ("位置", order.place),
            ("您的描述", orders.opened(work, order, "description")),
            ("客服想了解", last_note(work, order, "question")),
        )
    }


@form_data("repair.major_facts")
def major_facts(context: Context) -> Facts:
    """Say what was found, and what it would cost as far as anybody knows."""
    work, order = context.work, orders.of(context)
    quote = quoting.last_quote(work, order)
    facts = report(work, order) + pairs(
        ("诊断", last_note(work, order, "finding")),
        ("估价", money(quote.total_fen) if quote else ""),
    )
    return {"facts": facts}


@form_data("repair.vendor_facts")
def vendor_facts(context: Context) -> Facts:
    """Offer the contractors of the community, each with how often it was late."""
    work, order = context.work, orders.of(context)
    known = outsourcing.vendors(work, order.community_id)
    called = work.engine.directory.names(work.connection, known)
    options = [
        option(
            one,
            (
                f"{called.get(one, one)}（迟到 {late} 次）",
                f"{called.get(one, one)} (late {late} times)",
            ),
        )
        for one in known
        for late in [outsourcing.times_late(work, one)]
    ]
    return {
        "facts": report(work, order) + remarks.latest(work, order, "finding", "major"),
        "options": {"vendors": options},
    }


@form_data("repair.vendor_job_facts")
def vendor_job_facts(context: Context) -> Facts:
    """Say to a contractor where to go, whom to ask for, and what to do: nothing more."""
    work, order = context.work, orders.of(context)
    surname = orders.opened(work, order, "contact_name")[:1]
    return {
        "facts": pairs(
            ("编号", order.number),
            ("位置", order.place),
            ("联系人", f"{surname}*" if surname and order.state == OrderState.OUTSOURCED else ""),
            ("故障", catalogue.name_of(work, order.fault_code)),
            ("工作内容", last_note(work, order, "scope")),
        )
        + remarks.latest(work, order, "vendor_acceptance")  # what is to be done again, if they were there
    }
