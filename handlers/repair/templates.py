"""The messages about repair orders, in both languages; what they name is the order, never another person."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from engine.ports import Json
from engine.work import Work
from handlers.accounts.records import account
from handlers.repair import catalogue, figures, orders, places, rules
from handlers.repair.fact_lines import URGENCY_NAMES
from handlers.repair.message_texts import TO_OWNER, TO_STAFF
from handlers.repair.records import repair_order
from handlers.shared.facts import local
from handlers.shared.messages import Address, Template


def facts(work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    """Return the words for an order: number, fault, place, who comes and when, amounts, the desk's phone."""
    order = orders.by_id(work.connection, int(str(args["order_id"])))
    fault = catalogue.fault(work, order.fault_code)
    in_english = language.startswith("en")
    said = "" if fault is None else fault.name_en if in_english and fault.name_en else fault.name
    found = {
        "number": order.number,
        "fault": said,
        "place": order.place,
        "desk": places.desk_phone(work.connection, order.community_id),
        "urgency": URGENCY_NAMES[order.urgency][in_english] if order.urgency else "",
        "reopen_until": _day(work, (order.closed_at or work.now) + figures.of(work, order).reopen_within),
    }
    for key, value in args.items():
        if key == "charge_fen":
            found["charge"] = _charge(int(str(value)), in_english=in_english)
        elif key.endswith(("_at", "_from", "_to")):
            found[key] = local(work, datetime.fromisoformat(str(value)))
        elif key == "worker_id":
            names = work.engine.directory.names(work.connection, [int(str(value))])
            found["worker"] = names.get(int(str(value)), "")
        elif key in {"minutes", "count"}:
            found[key] = "" if value is None else str(value)
    return found


def _charge(fen: int, *, in_english: bool) -> str:
    """Say what an owner pays as the trade says it: 收费 58 元, 收费 58.50 元, or that it is free."""
    amount = rules.yuan(fen).removesuffix(".00")
    if not fen:
        return "free of charge" if in_english else "本次免费"
    return f"the charge is ¥{amount}" if in_english else f"收费 {amount} 元"


def _day(work: Work, moment: datetime) -> str:
    return f"{moment.astimezone(work.engine.zone):%Y-%m-%d}"


def address_of_order(work: Work, order_id: int) -> Address | None:
    """Find where the person who reported an order can be reached: the number they gave for it."""
    order = work.connection.execute(select(repair_order).where(repair_order.c.id == order_id)).one_or_none()
    if order is None:
        return None
    language = work.connection.execute(
        select(account.c.language).where(
            account.c.id == order.reporter_account_id, account.c.kind == "resident"
        )
    ).scalar_one_or_none()
    return Address(phone=orders.opened(work, order, "contact_phone"), language=language or "zh")


ADDRESSES = {"repair_order": address_of_order}


def _template(row: tuple[str, str, str, str, str], *, with_desk: bool) -> Template:
    code, subject, subject_en, text, text_en = row
    desk, desk_en = ("客服 {desk}", " Desk {desk}") if with_desk else ("", "")
    return Template(
        code=f"repair_{code}",
        subject=subject,
        subject_en=subject_en,
        text=f"【物业云】报修 {{number}} {text}{desk}",
        text_en=f"[Wuye Flow] Repair {{number}}: {text_en}{desk_en}",
        facts=facts,
    )


TEMPLATES = (
    *(_template(row, with_desk=True) for row in TO_OWNER),
    *(_template(row, with_desk=False) for row in TO_STAFF),
)
