"""Writes what people read before they act: pairs of label and text, and lists to choose from."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from engine.ports import Json
from engine.work import Work
from handlers.repair import catalogue, crew, orders, quoting, rules
from handlers.repair.orders import Order
from handlers.repair.records import OVER, repair_note, repair_order
from handlers.shared.masks import mask_name, mask_phone

Pairs = list[list[str]]
Options = list[dict[str, Json]]

CHANNEL_NAMES = {"online": "在线", "phone": "电话", "staff": "员工发现", "alarm": "设备报警"}
AREA_NAMES = {"private": "户内", "common": "公共部位"}
CHARGE_NAMES = {
    "free": "免费",
    "paid": "有偿",
    "by_location": "按部位（公共免费）",
    "by_cause": "按原因",
    "maint_fund": "维修资金",
}


def pairs(*lines: tuple[str, str]) -> Pairs:
    """Keep the lines that say something."""
    return [[label, text] for label, text in lines if text]


def report(work: Work, order: Order) -> Pairs:
    """Say what was reported, with the contact masked."""
    fault = catalogue.fault(work, order.fault_code)
    return pairs(
        ("编号", order.number),
        ("故障", fault.name if fault else ""),
        ("紧急程度", order.urgency or ""),
        ("部位", AREA_NAMES[order.area]),
        ("位置", order.place),
        ("描述", orders.opened(work, order, "description")),
        ("联系人", mask_name(orders.opened(work, order, "contact_name"))),
        ("联系电话", mask_phone(orders.opened(work, order, "contact_phone"))),
        ("收费", CHARGE_NAMES.get(order.charge or "", "")),
        ("报修方式", CHANNEL_NAMES[order.channel]),
        ("报修时间", local(work, order.called_at)),
        ("标记", "、".join(marks(order))),
    )


def marks(order: Order) -> list[str]:
    """Name what is out of the ordinary about a report."""
    return [
        text
        for text, is_so in (
            ("补录", order.is_backdated),
            ("登记超时", order.is_late_entry),
            ("待二次核对", order.second_check == "pending"),
            ("夜间复述核对", order.second_check == "read_back"),
            ("电话代录", order.is_recorded_by_phone),
            ("自动确认", order.is_auto_confirmed),
            ("返工", order.rework_count > 0),
            ("再次报修", order.reopens_id is not None),
        )
        if is_so
    ]


def local(work: Work, moment: datetime | None) -> str:
    """Show a moment in the installation's zone, to the minute."""
    return moment.astimezone(work.engine.zone).strftime("%m-%d %H:%M") if moment else ""


def window(work: Work, order: Order) -> str:
    """Show the agreed span of arrival."""
    if order.window_from is None:
        return ""
    until = order.window_to.astimezone(work.engine.zone).strftime("%H:%M")
    return f"{local(work, order.window_from)}–{until}"


def names(work: Work, ids: Iterable[int]) -> str:
    """Name members of staff, one after the other."""
    wanted = list(ids)
    known = work.engine.directory.names(work.connection, wanted)
    return "、".join(known.get(one, str(one)) for one in wanted)


def last_note(work: Work, order: Order, *kinds: str) -> str:
    """Open the newest note of some kinds."""
    row = work.connection.execute(
        select(repair_note)
        .where(repair_note.c.order_id == order.id, repair_note.c.kind.in_(kinds))
        .order_by(repair_note.c.id.desc())
        .limit(1)
    ).one_or_none()
    return "" if row is None else work.engine.vault.open("repair_note", "body", row.id, row.body)


def open_near(work: Work, order: Order) -> list[Order]:
    """Return other open orders of the same house or building, the newest first."""
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
            )
            .order_by(repair_order.c.called_at.desc())
            .limit(10)
        )
    )


def merge_candidates(work: Work, order: Order) -> list[Order]:
    """Return open orders of the same common fault in the same building, reported within two hours."""
    return [
        other
        for other in open_near(work, order)
        if other.fault_code == order.fault_code
        and other.area == order.area
        and rules.may_merge(order.area, order.called_at, other.called_at)
    ]


# --- lists to choose from -----------------------------------------------------------------------------------


def option(value: object, label: str, label_en: str = "") -> dict[str, Json]:
    """Return one choice."""
    return {"value": str(value), "label": label, "label_en": label_en or label}


def fault_options(work: Work, *areas: str) -> Options:
    """List faults, each once."""
    found = {fault.code: fault for area in areas for fault in catalogue.faults(work, area)}
    return [option(fault.code, fault.name, fault.name_en) for fault in found.values()]


def worker_options(work: Work, ids: Sequence[int]) -> Options:
    """List people who can be sent, the best first, with how much each has in hand."""
    known = work.engine.directory.names(work.connection, ids)
    load = crew.open_orders(work.connection, ids)
    return [
        option(
            one,
            f"{known.get(one, one)}（在办 {load.get(one, 0)}）",
            f"{known.get(one, one)} ({load.get(one, 0)} open)",
        )
        for one in ids
    ]


def price_options(work: Work) -> Options:
    """List the public prices of today."""
    today = work.now.astimezone(work.engine.zone).date()
    return [
        option(
            row.code,
            f"{row.name} {rules.yuan(row.price_fen)} 元/{row.unit}",
            f"{row.name_en} CNY {rules.yuan(row.price_fen)}/{row.unit_en}",
        )
        for row in quoting.price_list(work, today)
    ]


def order_options(work: Work, found: Iterable[Order]) -> Options:
    """List orders by number, fault and place."""
    options = []
    for other in found:
        fault = catalogue.fault(work, other.fault_code)
        name = fault.name if fault else ""
        name_en = fault.name_en if fault else ""
        options.append(
            option(
                other.id, f"{other.number} {name} {other.place}", f"{other.number} {name_en} {other.place}"
            )
        )
    return options


def line_values(lines: Iterable[Any]) -> list[Json]:
    """Return quote lines as the form shows them, amounts in yuan."""
    return [
        {
            "price_code": line.price_code or "",
            "name": line.name,
            "quantity": float(line.quantity),
            "price": float(rules.yuan(line.price_fen)),
        }
        for line in lines
    ]
