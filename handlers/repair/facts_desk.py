"""What the desk and the lead read before they act on an order."""

from engine.bilingual import Text, beside, in_both, joined
from engine.ports import Json
from engine.service_tasks import Context, form_data
from engine.work import Work
from handlers.repair import catalogue, charging, crew, intake, locating, orders, parts, quoting, remarks
from handlers.repair.dispatching import gave_back, not_for_rework, sendable
from handlers.repair.fact_lines import (
    fault_options,
    last_note,
    material,
    merge_candidates,
    money,
    open_near,
    order_options,
    places,
    possible_originals,
    priced_lines,
    report,
    worker_options,
)
from handlers.repair.facts_field import job
from handlers.repair.orders import Order
from handlers.repair.records import Area, SecondCheck
from handlers.shared.facts import Facts, Pairs, local, names, option, pairs

_NEAR_SHOWN = 5


@form_data("repair.call_facts")
def call_facts(context: Context) -> Facts:
    """Say what the caller's number tells: houses, how old the data are, open orders there."""
    work, order = context.work, orders.of(context)
    number = orders.opened(work, order, "contact_phone")
    known = intake.by_phone(work, order.community_id, number)
    houses = [option(one.house_id, f"{one.address} {one.name}") for one in known]
    buildings = [
        option(building_id, (f"{name}栋", f"Building {name}"))
        for building_id, name in intake.buildings(work, order.community_id)
    ]
    facts: Pairs = [["来电时间", local(work, order.called_at)]]
    for one in known:
        facts.append([(one.address, one.address), beside(one.name, one.phone, one.checked)])
    facts += [
        ["未结报修", beside(other.number, other.fault, other.place)]
        for one in known
        for other in one.open_orders
    ]
    facts += [["附近在办故障", text] for text in intake.outages(work, order.community_id)]
    called_at = order.called_at.astimezone(work.engine.zone)
    values: dict[str, Json] = {"called_at": called_at.isoformat(timespec="minutes")}
    if number:  # as the clerk typed it when the phone rang: nobody types it twice
        values["contact_phone"] = number
    if len(known) == 1:
        values["house_id"] = str(known[0].house_id)
    elif not known:
        values["house_id"] = locating.OTHER
    return {
        "facts": facts,
        "values": values,
        "options": {
            # People also call about somebody else's house, and about what stands in no building.
            "houses": [*houses, option(locating.OTHER, ("另一套房屋", "Another home"))],
            "buildings": [
                *buildings,
                option(locating.NOWHERE, ("不在楼内（园区、车库等）", "In no building")),
            ],
            "faults": fault_options(work, *Area),
        },
    }


@form_data("repair.accept_facts")
def accept_facts(context: Context) -> Facts:
    """Say what was reported and what else goes on there; propose whom to send."""
    work, order = context.work, orders.of(context)
    near = open_near(work, order)
    facts = report(work, order)
    facts += pairs(
        ("向来电人复述", _read_back(work, order)),
        ("业主补充", last_note(work, order, "answer")),
        ("交房日期", intake.handed_over(work, order.house_id)),
        ("附近未结报修", places(near[:_NEAR_SHOWN])),
        ("可能是同一故障", joined(other.number for other in merge_candidates(work, order))),
        ("之前退单", names(work, gave_back(work, order))),
    )
    able = sendable(work, order, gave_back(work, order))
    originals = possible_originals(work, order)
    without = _left_out(work, order) + ([] if originals else ["outcome.duplicate", "duplicate_of"])
    return {
        "facts": facts,
        "without": without,
        "values": {"worker_id": str(able[0])} if able else {},
        "options": {
            "workers": worker_options(work, able),
            "faults": fault_options(work, *Area),
            "duplicates": order_options(work, originals),
        },
    }


@form_data("repair.verify_facts")
def verify_facts(context: Context) -> Facts:
    """Say what was reported; who entered it reads it back to the caller when alone on duty."""
    work, order = context.work, orders.of(context)
    return {
        "facts": job(work, order) + pairs(("向来电人复述", _read_back(work, order))),
        "without": _left_out(work, order),
    }


def _left_out(work: Work, order: Order) -> list[Json]:
    is_own_entry = order.second_check == SecondCheck.PENDING and order.entered_by == work.actor.id
    return [] if is_own_entry else ["read_back"]


def _read_back(work: Work, order: Order) -> Text:
    """Say what a clerk who is alone at night reads to the caller before accepting what they entered."""
    if order.second_check != SecondCheck.PENDING:
        return ""
    fault = in_both(catalogue.name_of(work, order.fault_code))
    said = orders.opened(work, order, "description")
    return f"{order.place}，{fault[0]}：{said}。对吗？", f"{order.place}, {fault[1]}: {said}. Is that right?"


@form_data("repair.lead_facts")
def lead_facts(context: Context) -> Facts:
    """Say why an order came to the lead, and who can be sent now."""
    work, order = context.work, orders.of(context)
    facts = report(work, order)
    facts += pairs(
        ("退单次数", str(order.return_count or "")),
        ("业主不在次数", str(order.absent_count or "")),
        ("退单或转单说明", last_note(work, order, "return", "transfer")),
        ("诊断", last_note(work, order, "finding")),
        ("施工说明", last_note(work, order, "work")),
        ("待料说明", last_note(work, order, "parts")),
        ("观察结果", last_note(work, order, "observation")),
    ) + remarks.latest(work, order, "false_alarm", "rebooking")
    return {"facts": facts, "options": {"workers": worker_options(work, sendable(work, order))}}


@form_data("repair.rework_facts")
def rework_facts(context: Context) -> Facts:
    """Say what the owner was not content with, and who can repair it again."""
    work, order = context.work, orders.of(context)
    before = crew.past_workers(context.connection, order.id)
    able = sendable(work, order, not_for_rework(work, order))
    able = sorted(able, key=lambda one: one not in before)  # who was there knows the place
    facts = report(work, order)
    facts += pairs(
        ("不满意的原因", last_note(work, order, "problem")),
        ("第几次返工", str(order.rework_count)),
        ("维修过的人员", names(work, before)),
    )
    return {"facts": facts, "options": {"workers": worker_options(work, able)}}


def _rating(order: Order) -> Text:
    speed, quality, attitude = order.rating_speed, order.rating_quality, order.rating_attitude
    if speed is None:
        return ""
    return (
        f"速度 {speed} · 质量 {quality} · 态度 {attitude}",
        f"speed {speed}, quality {quality}, attitude {attitude}",
    )


def _who_did_it(work: Work, order: Order) -> list[int]:
    return crew.repairers(work.connection, order.id) or list(crew.firms(work.connection, [order.id]).values())


@form_data("repair.result_facts")
def result_facts(context: Context) -> Facts:
    """Say what was done, by whom, with what, for how much."""
    return {"facts": result(context.work, orders.of(context))}


def result(work: Work, order: Order) -> Pairs:
    """Say what was done, by whom, with what, for how much, and what the owner thought of it."""
    used = [one for one in parts.wanted(work, order) if one.state == "used"]
    agreed = quoting.agreed_fen(work, order)
    done = pairs(
        ("编号", order.number),
        ("故障", catalogue.name_of(work, order.fault_code)),
        ("位置", order.place),
        ("维修人员", names(work, _who_did_it(work, order))),
        ("完工时间", local(work, order.finished_at)),
        ("处理情况", last_note(work, order, "finished", "vendor_work")),
        ("更换材料", material(used)),
        ("同意的报价", money(agreed) if agreed is not None else ""),
        ("实际收费", money(order.charge_fen) if order.charge_fen else ("免费", "Free")),
    )
    said = pairs(
        ("上次不满意的原因", last_note(work, order, "problem")),
        ("评价", _rating(order)),
        ("业主的话", orders.opened(work, order, "rating_text")),
    )
    return done + priced_lines(work, charging.lines_of(work, order)) + said
