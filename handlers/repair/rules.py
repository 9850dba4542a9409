"""What the trade decides about a repair order: plain values in, value out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from engine.bilingual import Text
from handlers.errors import RuleRefused
from handlers.repair.records import Area, Channel, SecondCheck

VISIT_HOURS = (9, 11, 14, 16, 19)  # local hours at which a visit can be booked


# --- coming in ---------------------------------------------------------------------------------------------


def is_late_entry(called_at: datetime, entered_at: datetime, limit: timedelta | None) -> bool:
    """Tell whether a report by phone was entered later than the step allows (policy E1)."""
    return limit is not None and entered_at - called_at > limit


def called_at_of(pressed_at: datetime, said_at: datetime | None) -> tuple[datetime, bool]:
    """Settle when a call came in, and whether that was written down afterwards (补录).

    Args:
        said_at: what the clerk says, to the minute; None for the moment the button was pressed.
    Raises:
        RuleRefused("call_in_future"): the time said is later than the button.
    """
    if said_at is None or timedelta(0) <= pressed_at - said_at < timedelta(minutes=1):
        return pressed_at, False
    if said_at > pressed_at:
        raise RuleRefused("call_in_future", "来电时间不能晚于登记时间")
    return said_at, True


def second_check_of(channel: Channel) -> SecondCheck:
    """Say whether an entry has to be checked by a second person (policy C1)."""
    return SecondCheck.PENDING if channel is Channel.PHONE else SecondCheck.NOT_NEEDED


def more_urgent(first: str | None, second: str | None) -> str | None:
    """Return the more urgent of two; what is known wins over what is not."""
    known = [urgency for urgency in (first, second) if urgency]
    return min(known, default=None)


def may_merge(area: str, called_at: datetime, other_called_at: datetime, within: timedelta) -> bool:
    """Tell whether two reports of one fault in one building may be the same: common, and close in time."""
    return area == Area.COMMON and abs(called_at - other_called_at) <= within


def missing_facts(facts: Mapping[Text, object | None]) -> tuple[Text, ...]:
    """Name what a complete record still lacks (policy C1)."""
    return tuple(name for name, value in facts.items() if value in (None, ""))


# --- working -----------------------------------------------------------------------------------------------


def may_close_as_absent(area: str, *, is_urgent: bool) -> bool:
    """Refuse to give up while others can be harmed: common areas and urgent faults are seen through."""
    return area == Area.PRIVATE and not is_urgent


Span = tuple[datetime, datetime]


def visit_times(
    within: Span, zone: tzinfo, taken: Collection[Span], shifts: Collection[Span]
) -> list[datetime]:
    """Offer the times at which a repairer can come.

    Args:
        within: from when until when.
        taken: when no visit can be, because of others.
        shifts: when the repairer works; on a day nobody has planned yet every time is offered.
    """
    first, last = (end.astimezone(zone) for end in within)
    days = [first.date() + timedelta(days=ahead) for ahead in range((last.date() - first.date()).days + 1)]
    times = [datetime.combine(day, time(hour), zone) for day in days for hour in VISIT_HOURS]
    return [at for at in times if first <= at <= last and _is_free(at, zone, taken, shifts)]


def _is_free(at: datetime, zone: tzinfo, taken: Collection[Span], shifts: Collection[Span]) -> bool:
    if any(begin < at < end for begin, end in taken):
        return False
    of_day = [
        (begin, end)
        for begin, end in shifts
        if begin.astimezone(zone).date() <= at.date() <= end.astimezone(zone).date()
    ]
    return not of_day or any(begin <= at < end for begin, end in of_day)


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One line of a quote.

    Attributes:
        code: of the public price list; None for material priced by hand.
        quantity: at most two decimals.
        price_fen: for one unit.
    """

    code: str | None
    name: str
    unit: str
    quantity: Decimal
    price_fen: int

    @property
    def amount_fen(self) -> int:
        """Price times quantity, rounded half up to the fen."""
        return int((self.quantity * self.price_fen).quantize(Decimal(1), ROUND_HALF_UP))


def quote_total_fen(lines: Sequence[QuoteLine]) -> int:
    """Add the lines of a quote up.

    Raises:
        RuleRefused: no lines, or one that counts nothing.
    """
    if not lines:
        raise RuleRefused("quote_empty", "报价至少要有一行")
    return total_fen(lines)


def total_fen(lines: Sequence[QuoteLine]) -> int:
    """Add lines up; none are nothing.

    Raises:
        RuleRefused: a line counts nothing.
    """
    for line in lines:
        if line.quantity <= 0 or line.price_fen < 0:
            raise RuleRefused("quote_line", "报价行“{name}”的数量或单价不对", name=line.name)
    return sum(line.amount_fen for line in lines)


def require_within_quote(charge_fen: int, agreed_fen: int | None) -> None:
    """Refuse a charge above what the resident agreed to.

    Raises:
        RuleRefused("charge_above_quote"): only a new quote, before the work is done, allows more.
    """
    if charge_fen > (agreed_fen or 0):
        raise RuleRefused(
            "charge_above_quote",
            "收费 ¥{charge} 超过业主同意的 ¥{agreed}，请改到 ¥{agreed} 以内；"
            "完工时不能加价，要多收须在施工那一步重新报价",
            charge=yuan(charge_fen),
            agreed=yuan(agreed_fen or 0),
        )


def yuan(fen: int) -> str:
    """Write an amount as people read it: 123456 fen is 1,234.56."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


# --- ending ------------------------------------------------------------------------------------------------


def require_other_person(actor_id: int, workers: Collection[int]) -> None:
    """Refuse that somebody who repaired also asks how it went, or answers for the owner.

    Raises:
        RuleRefused("repairer_may_not_ask"): policy C1, separation of doing and checking.
    """
    if actor_id in workers:
        raise RuleRefused("repairer_may_not_ask", "维修人员不能回访或代业主确认自己的维修")


def require_not_complained_of(actor_id: int, workers: Collection[int]) -> None:
    """Refuse that somebody who did the repair handles the complaint about it.

    Raises:
        RuleRefused("complained_of"): whoever was sent is who the owner complains of.
    """
    if actor_id in workers:
        raise RuleRefused("complained_of", "做过这次维修的人不能办理对它的投诉")


def may_reopen(closed_at: datetime | None, now: datetime, within: timedelta) -> bool:
    """Tell whether a resident may still come back on an order."""
    return closed_at is not None and now - closed_at <= within
