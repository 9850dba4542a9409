"""Begins cases: the desk was told of a change, or found that one was wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from engine import idempotency, instances
from engine.bilingual import Text, in_both
from engine.ports import Json
from engine.work import Work
from handlers.errors import FieldsInvalid, RecordConflict, RuleRefused
from handlers.estate.entry import house_row
from handlers.moving import cases, rules
from handlers.moving.cases import Case
from handlers.moving.records import OVER, Kind, State, moving_case
from handlers.shared.permissions import Permission

CHANNELS = ("counter", "phone", "wechat", "letter")
TITLES: dict[Kind, Text] = {
    Kind.MOVE_IN: ("入住登记", "Moving in"),
    Kind.TRANSFER: ("产权变更", "Change of owner"),
    Kind.TENANT: ("租户变更", "Change of tenant"),
    Kind.REVERSAL: ("产权变更撤回", "Taking a transfer back"),
}

# Procedures that a notice begins.
STARTS = (Kind.MOVE_IN, Kind.TRANSFER, Kind.TENANT)

# Within this after the notice the records must say so (policy C2).
LIMITS: dict[Kind, timedelta] = {
    Kind.TRANSFER: timedelta(hours=24),
    Kind.TENANT: timedelta(hours=24),
}


@dataclass(frozen=True)
class Notice:
    """What the desk was told, when and how.

    Attributes:
        noticed_at: when the company was told; the limits run from then, however late it is written down.
        channel: one of CHANNELS.
    """

    house_id: int
    noticed_at: datetime
    channel: str


@dataclass(frozen=True)
class Begun:
    """A case that was begun.

    Attributes:
        number: such as T20261123-0002.
    """

    number: str
    instance_id: int


def begin(work: Work, what: str, notice: Notice, *, idempotency_key: str | None = None) -> Begun:
    """Begin the procedure that a notice asks for.

    Raises:
        FieldsInvalid: no procedure of that name begins with a notice.
    """
    if what not in STARTS:
        raise FieldsInvalid({"what": ("请选择办理什么", {})})
    return _BEGIN[Kind(what)](work, notice, idempotency_key=idempotency_key)


def notice_of_transfer(work: Work, notice: Notice, *, idempotency_key: str | None = None) -> Begun:
    """Take in that a house has, or will have, a new owner.

    Raises:
        RecordConflict: a transfer of this house is open already.
    Source: policy C2.
    """
    house = _house(work, notice)
    earlier = _recall(work, Kind.TRANSFER, notice, idempotency_key)
    if earlier is not None:
        return earlier
    _require_none_open(work, house, Kind.TRANSFER)
    case = cases.add(work, Kind.TRANSFER, house, notice.noticed_at, notice.channel)
    begun = started(work, case, house, "transfer_notice", {"notice_at": notice.noticed_at.isoformat()})
    return _remembered(work, idempotency_key, begun)


def arrival(work: Work, notice: Notice, *, idempotency_key: str | None = None) -> Begun:
    """Take in that somebody has come to move in.

    Raises:
        RecordConflict: somebody is moving in there already.
    Source: policy B1.
    """
    house = _house(work, notice)
    earlier = _recall(work, Kind.MOVE_IN, notice, idempotency_key)
    if earlier is not None:
        return earlier
    _require_none_open(work, house, Kind.MOVE_IN)
    case = cases.add(work, Kind.MOVE_IN, house, notice.noticed_at, notice.channel)
    return _remembered(work, idempotency_key, started(work, case, house, "move_in_arrival", {}))


def notice_of_tenant(work: Work, notice: Notice, *, idempotency_key: str | None = None) -> Begun:
    """Take in that a tenant comes, stays longer or goes; several may be open for one house.

    Source: policy C2.
    """
    house = _house(work, notice)
    earlier = _recall(work, Kind.TENANT, notice, idempotency_key)
    if earlier is not None:
        return earlier
    case = cases.add(work, Kind.TENANT, house, notice.noticed_at, notice.channel)
    variables: dict[str, Json] = {"notice_at": notice.noticed_at.isoformat()}
    return _remembered(work, idempotency_key, started(work, case, house, "tenant_notice", variables))


def transfer_was_wrong(work: Work, number: str, *, idempotency_key: str | None = None) -> Begun:
    """Begin to take back a transfer that proved to be wrong.

    Raises:
        RuleRefused: nothing was switched yet, it was taken back before, or the house was sold on since.
    """
    wrong = cases.by_number(work.connection, number)
    house = house_row(work, wrong.house_id)
    work.require(Permission.OWNER_ENTER, house.community_id)
    notice = Notice(house.id, work.now, "counter")
    earlier = _recall(work, Kind.REVERSAL, notice, idempotency_key)
    if earlier is not None:
        return earlier
    if wrong.kind != Kind.TRANSFER or wrong.state not in (State.DONE, State.CLOSED):
        raise RuleRefused("nothing_to_take_back", "{number} 没有已生效的变更可撤回", number=number)
    later = _later_transfer(work, wrong)
    if later is not None:
        raise RuleRefused(
            "changed_hands_since",
            "{number} 之后这套房屋又按 {later} 换了业主，请先撤回 {later}",
            number=number,
            later=later,
        )
    _require_none_open(work, house, Kind.REVERSAL)
    case = cases.add(work, Kind.REVERSAL, house, work.now, "counter")
    case = cases.change(work, case, reverses_id=wrong.id)
    return _remembered(work, idempotency_key, started(work, case, house, "transfer_wrong", {}))


def _later_transfer(work: Work, wrong: Row[Any]) -> str | None:
    """Return the number of the newest transfer of the same house in force that came after one."""
    found: str | None = work.connection.execute(
        select(moving_case.c.number)
        .where(
            moving_case.c.house_id == wrong.house_id,
            moving_case.c.kind == Kind.TRANSFER,
            moving_case.c.state.in_((State.DONE, State.CLOSED)),
            moving_case.c.done_at >= wrong.done_at,
            moving_case.c.id != wrong.id,
        )
        .order_by(moving_case.c.done_at.desc(), moving_case.c.id.desc())
        .limit(1)
    ).scalar()
    return found


def open_number(work: Work, house_id: int, kind: Kind) -> str | None:
    """Return the number of the case of a kind that is open for a house."""
    found: str | None = work.connection.execute(
        select(moving_case.c.number).where(
            moving_case.c.house_id == house_id,
            moving_case.c.kind == kind,
            moving_case.c.state.not_in(OVER),
        )
    ).scalar()
    return found


def _house(work: Work, notice: Notice) -> Row[Any]:
    house = house_row(work, notice.house_id)
    work.require(Permission.OWNER_ENTER, house.community_id)
    rules.require_past(notice.noticed_at, work.now)
    if notice.channel not in CHANNELS:
        raise FieldsInvalid({"channel": ("请选择通知方式", {})})
    return house


def _recall(work: Work, kind: Kind, notice: Notice, key: str | None) -> Begun | None:
    digest = idempotency.fingerprint(kind, str(notice.house_id), notice.channel)
    earlier = idempotency.recall(work, key, "moving.begin", digest)
    if earlier is None:
        return None
    return Begun(str(earlier["number"]), int(str(earlier["instance"])))


def _require_none_open(work: Work, house: Row[Any], kind: Kind) -> None:
    number = open_number(work, house.id, kind)
    if number is not None:
        raise RecordConflict("moving_case_open", "这套房屋已有在办的 {number}", number=number)


def started(work: Work, case: Case, house: Row[Any], message: str, variables: dict[str, Json]) -> Begun:
    """Start the procedure of a case that was written down; for commands that have asked who may."""
    title, title_en = in_both(TITLES[Kind(case.kind)])
    # The owner answers in a change of tenant; of the other procedures residents do no step.
    home = case.house_id if case.kind == Kind.TENANT else None
    subject = instances.Subject(case.number, case.community_id, home, title, title_en, house.address)
    started = instances.start(work, case.kind, subject, message=message, variables=variables)
    cases.change(work, case, instance_id=started.id)
    return Begun(case.number, started.id)


def _remembered(work: Work, key: str | None, begun: Begun) -> Begun:
    idempotency.remember(work, key, {"number": begun.number, "instance": str(begun.instance_id)})
    return begun


_BEGIN: dict[Kind, Callable[..., Begun]] = {
    Kind.MOVE_IN: arrival,
    Kind.TRANSFER: notice_of_transfer,
    Kind.TENANT: notice_of_tenant,
}
