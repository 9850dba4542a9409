"""Writes what people read before they act: pairs of label and text, and lists to choose from.

A label is a Chinese word that pages translate; a text is as somebody wrote it, or says it in both languages.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, or_, select

from engine.bilingual import Text, beside, joined
from engine.ports import Json
from engine.work import Work
from handlers.repair import catalogue, crew, figures, orders, pricing, rules
from handlers.repair.orders import Order
from handlers.repair.records import OVER, Area, repair_note, repair_order
from handlers.shared.facts import Options, Pairs, local, option, pairs
from handlers.shared.masks import mask_name, mask_phone

CHANNEL_NAMES = {
    "online": ("在线", "Online"),
    "phone": ("电话", "Phone"),
    "staff": ("员工发现", "Found by staff"),
    "alarm": ("设备报警", "Alarm"),
}
AREA_NAMES = {"private": ("户内", "In the flat"), "common": ("公共部位", "Common part")}
CHARGE_NAMES = {
    "free": ("免费", "Free"),
    "paid": ("有偿", "Paid"),
    "by_location": ("按部位（公共免费）", "By place (common parts free)"),
    "by_cause": ("按原因", "By cause"),
    "maint_fund": ("维修资金", "Maintenance fund"),
}


# What people are told instead of the codes of the tables.
URGENCY_NAMES: dict[str, Text] = {
    "P0": ("紧急", "Emergency"),
    "P1": ("加急", "Urgent"),
    "P2": ("一般", "Normal"),
    "P3": ("不急", "Not urgent"),
}
FREE_OF_CHARGE = ("免费", "free of charge")


def money(fen: int) -> str:
    """Say an amount as every page does."""
    return f"¥{rules.yuan(fen)}"


def charge(fen: int) -> Text:
    """Say what somebody pays, in the midst of a sentence."""
    return money(fen) if fen else FREE_OF_CHARGE


def report(work: Work, order: Order) -> Pairs:
    """Say what was reported, with the contact masked."""
    return pairs(
        ("编号", order.number),
        ("故障", catalogue.name_of(work, order.fault_code)),
        ("紧急程度", URGENCY_NAMES.get(order.urgency or "", "")),
        ("部位", AREA_NAMES[order.area]),
        ("位置", order.place),
        ("描述", orders.opened(work, order, "description")),
        ("补充说明", joined((one.text for one in orders.notes(work, order.id, orders.ADDED)), ("；", "; "))),
        ("联系人", mask_name(orders.opened(work, order, "contact_name"))),
        ("联系电话", mask_phone(orders.opened(work, order, "contact_phone"))),
        ("收费", CHARGE_NAMES.get(order.charge or "", "")),
        ("报修方式", CHANNEL_NAMES[order.channel]),
        ("报修时间", local(work, order.called_at)),
        ("标记", joined(marks(order))),
    )


def marks(order: Order) -> list[Text]:
    """Name what is out of the ordinary about a report."""
    possible: tuple[tuple[Text, bool], ...] = (
        (("补录", "Entered afterwards"), order.is_backdated),
        (("登记超时", "Entered late"), order.is_late_entry),
        (("待二次核对", "Second check pending"), order.second_check == "pending"),
        (("夜间复述核对", "Read back at night"), order.second_check == "read_back"),
        (("电话代录", "Recorded by phone"), order.is_recorded_by_phone),
        (("当面签字确认", "Signed on the repairer's phone"), order.confirmed_by == "signed"),
        (("自动确认", "Confirmed automatically"), order.is_auto_confirmed),
        (("返工", "Rework"), order.rework_count > 0),
        (("再次报修", "Reported again"), order.reopens_id is not None),
    )
    return [text for text, is_so in possible if is_so]


def window(work: Work, order: Order) -> str:
    """Show the agreed span of arrival."""
    if order.window_from is None:
        return ""
    until = order.window_to.astimezone(work.engine.zone).strftime("%H:%M")
    return f"{local(work, order.window_from)}–{until}"


def places(found: Iterable[Order]) -> Text:
    """List orders by number and place, one a line."""
    return joined((f"{one.number} {one.place}" for one in found), ("\n", "\n"))


def material(found: Iterable[Order]) -> Text:
    """List parts with how many."""
    return joined(f"{one.name} {one.quantity.normalize():f}{one.unit}" for one in found)


def last_note(work: Work, order: Order, *kinds: str) -> str:
    """Open the newest note of some kinds."""
    row = work.connection.execute(
        select(repair_note)
        .where(repair_note.c.order_id == order.id, repair_note.c.kind.in_(kinds))
        .order_by(repair_note.c.id.desc())
        .limit(1)
    ).one_or_none()
    return "" if row is None else work.engine.vault.open("repair_note", "body", row.id, row.body)


def open_near(work: Work, order: Order, *conditions: ColumnElement[bool]) -> list[Order]:
    """Return other open orders of the same house or building that meet some conditions, the newest first."""
    place = (
        repair_order.c.building_id == order.building_id
        if order.building_id is not None
        else repair_order.c.house_id == order.house_id
    )
    return list(
        work.connection.execute(
            select(repair_order)
            .where(
                repair_order.c.community_id == order.community_id,
                place,
                repair_order.c.id != order.id,
                repair_order.c.state.not_in(OVER),
                *conditions,
            )
            .order_by(repair_order.c.called_at.desc())
            .limit(10)
        )
    )


def merge_candidates(work: Work, order: Order) -> list[Order]:
    """Return open orders of the same common fault in the same building, reported about the same time."""
    within = figures.of(work, order).merge_within
    return [
        other
        for other in open_near(work, order)
        if other.fault_code == order.fault_code
        and other.area == order.area
        and rules.may_merge(order.area, order.called_at, other.called_at, within)
    ]


def possible_originals(work: Work, order: Order) -> list[Order]:
    """Return open orders that an order may repeat, those of the same common fault first.

    The others are of the same home, or about common parts near it: another home's trouble is never the same.
    """
    same = merge_candidates(work, order)
    is_common, is_own = repair_order.c.area == Area.COMMON, repair_order.c.house_id == order.house_id
    near = open_near(work, order, is_common if order.house_id is None else or_(is_common, is_own))
    return [*same, *(other for other in near if other.id not in {one.id for one in same})]


# --- lists to choose from -----------------------------------------------------------------------------------


def fault_options(work: Work, *areas: str) -> Options:
    """List faults, each once."""
    found = {fault.code: fault for area in areas for fault in catalogue.faults(work, area)}
    return [option(code, fault.text) for code, fault in found.items()]


def worker_options(work: Work, ids: Sequence[int]) -> Options:
    """List people who can be sent, the best first, with how much each has in hand."""
    known = work.engine.directory.names(work.connection, ids)
    load = crew.open_orders(work.connection, ids)
    return [
        option(
            one,
            (
                f"{known.get(one, one)}（在办 {load.get(one, 0)}）",
                f"{known.get(one, one)} ({load.get(one, 0)} open)",
            ),
        )
        for one in ids
    ]


def price_options(work: Work, promised: Mapping[str, int] | None = None) -> Options:
    """List the public prices of today, or those that the owner was promised; in fen beside the words."""
    return [
        _price_option(row, (promised or {}).get(row.code, row.price_fen))
        for row in pricing.prices_of_today(work)
    ]


def _price_option(row: Order, price_fen: int) -> dict[str, Json]:
    words = (
        f"{row.name} {money(price_fen)}/{row.unit}",
        f"{row.name_en or row.name} {money(price_fen)}/{row.unit_en or row.unit}",
    )
    return option(row.code, words) | {"fen": price_fen}


def order_options(work: Work, found: Iterable[Order]) -> Options:
    """List orders by number, fault and place."""
    return [
        option(other.id, beside(other.number, catalogue.name_of(work, other.fault_code), other.place))
        for other in found
    ]


def priced_lines(work: Work, lines: Iterable[Order]) -> Pairs:
    """Say each line of a quote or a charge with how many and how much."""
    said = []
    for line in lines:
        sum_of_line = f"{line.quantity.normalize():f} × {money(line.price_fen)} = {money(line.amount_fen)}"
        said.append([pricing.line_name(work, line), sum_of_line])
    return said
