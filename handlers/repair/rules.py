"""What the trade decides about a repair order: plain values in, value out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from engine.bilingual import Text
from handlers.errors import RuleRefused
from handlers.repair.records import Area, Channel, SecondCheck, Urgency

ENTRY_LIMIT = timedelta(minutes=10)  # policy E1
MERGE_WITHIN = timedelta(hours=2)
REOPEN_WITHIN = timedelta(days=30)
ABSENCES_COUNTED_FOR = timedelta(days=7)
ABSENCES_ALLOWED = 2
REWORKS_BY_THE_SAME = 1
REWORKS_BEFORE_COMPLAINT = 2
ADDRESS_SHOWN_FOR = timedelta(hours=24)  # to the repairer, after the order closed
BAD_RATING = 2


# --- coming in ---------------------------------------------------------------------------------------------


def is_late_entry(called_at: datetime, entered_at: datetime) -> bool:
    """Tell whether a report by phone was entered later than policy E1 allows."""
    return entered_at - called_at > ENTRY_LIMIT


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


def is_urgent(urgency: str | None) -> bool:
    """Tell whether the repair staff are told at once, beside verification."""
    return urgency in {Urgency.P0, Urgency.P1}


def may_merge(area: str, called_at: datetime, other_called_at: datetime) -> bool:
    """Tell whether two reports of one fault in one building may be the same: common, within two hours."""
    return area == Area.COMMON and abs(called_at - other_called_at) <= MERGE_WITHIN


def missing_facts(facts: Mapping[Text, object | None]) -> tuple[Text, ...]:
    """Name what a complete record still lacks (policy C1)."""
    return tuple(name for name, value in facts.items() if value in (None, ""))


# --- working -----------------------------------------------------------------------------------------------


def needs_lead_after_return(return_count: int) -> bool:
    """Tell whether the engineering lead decides, because too many repairers gave the order back."""
    return return_count >= 2


def is_given_up_as_absent(absences: Iterable[datetime], now: datetime) -> bool:
    """Tell whether the owner was absent a third time within seven days, `now` included."""
    return sum(now - at < ABSENCES_COUNTED_FOR for at in absences) > ABSENCES_ALLOWED


def may_close_as_absent(area: str, urgency: str | None) -> bool:
    """Refuse to give up while others can be harmed: common areas and urgent faults are seen through."""
    return area == Area.PRIVATE and not is_urgent(urgency)


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
    for line in lines:
        if line.quantity <= 0 or line.price_fen < 0:
            raise RuleRefused("quote_line", "报价行“{name}”的数量或单价不对", name=line.name)
    return sum(line.amount_fen for line in lines)


def require_within_quote(charge_fen: int, agreed_fen: int | None) -> None:
    """Refuse a charge above what the resident agreed to.

    Raises:
        RuleRefused("charge_above_quote"): a new quote is needed.
    """
    if charge_fen > (agreed_fen or 0):
        raise RuleRefused(
            "charge_above_quote",
            "实际收费 {charge} 元超过业主同意的 {agreed} 元，请先重新报价",
            charge=yuan(charge_fen),
            agreed=yuan(agreed_fen or 0),
        )


def yuan(fen: int) -> str:
    """Write an amount as people read it: 123456 fen is 1234.56."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


# --- ending ------------------------------------------------------------------------------------------------


def rework_path(rework_count: int) -> str:
    """Say who repairs again after the owner was not content for the n-th time.

    Returns:
        "same" repairer, "other" repairer, or "complaint".
    """
    if rework_count <= REWORKS_BY_THE_SAME:
        return "same"
    return "other" if rework_count <= REWORKS_BEFORE_COMPLAINT else "complaint"


def require_other_person(actor_id: int, workers: Collection[int]) -> None:
    """Refuse that somebody who repaired also asks how it went, or answers for the owner.

    Raises:
        RuleRefused("repairer_may_not_ask"): policy C1, separation of doing and checking.
    """
    if actor_id in workers:
        raise RuleRefused("repairer_may_not_ask", "维修人员不能回访或代业主确认自己的维修")


def may_reopen(closed_at: datetime | None, now: datetime) -> bool:
    """Tell whether a resident may still come back on an order."""
    return closed_at is not None and now - closed_at <= REOPEN_WITHIN
