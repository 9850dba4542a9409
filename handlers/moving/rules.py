"""The rules of changing hands, as plain values."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate.records import RelationKind
from handlers.moving.records import Way

_Message = tuple[str, dict[str, object]]  # what FieldsInvalid says of one field

OWNERS = (RelationKind.OWNER, RelationKind.CO_OWNER)
SPECIAL_WAYS = (Way.INHERITANCE, Way.COURT, Way.SHARE, Way.GIFT)
CONTRACT = "contract"
_TITLES = ("certificate", "registry")
# What else proves a change: only for its own way, and two of these are looked at by a second person first.
_OF_WAY: dict[str, tuple[str, _Message]] = {
    "handover_list": (Way.FIRST_SALE, ("交付清单只适用于开发商首次出售", {})),
    "court_document": (Way.COURT, ("司法文书只适用于按“司法文书”登记的变更；登记错了，请取消后重办", {})),
    "notarised": (Way.INHERITANCE, ("公证书只适用于按“继承”登记的变更；登记错了，请取消后重办", {})),
}
ASK_OWNER = "ask_owner"
LONGEST_LEASE_YEARS = 20  # Civil Code, article 705: what goes beyond is void


@dataclass(frozen=True)
class Standing:
    """A relation of somebody to a house that is in force.

    Attributes:
        through_id: the person whose family, agent or tenant this is, if it is known.
    """

    id: int
    person_id: int
    kind: str
    through_id: int | None = None
    share: str | None = None


def ending(
    standings: Iterable[Standing], leaving: Collection[int] | None, entered: Collection[int] = ()
) -> list[int]:
    """Say whose relations end when a house changes hands.

    Tenants stay, and whoever stands to the house through them; so does the family of an owner who stays.

    Args:
        leaving: relations of the owners who leave; None when all do.
        entered: persons who own it from now on; of an owner among them the old relation ends, not the access.
    """
    known = list(standings)
    owners = [one for one in known if one.kind in OWNERS]
    gone = [one for one in owners if leaving is None or one.id in leaving or one.person_id in entered]
    stays = {one.person_id for one in owners if one not in gone or one.person_id in entered}
    leavers = {one.person_id for one in gone} - stays
    tenants = {one.person_id for one in known if one.kind == RelationKind.TENANT}
    ended = [one.id for one in gone]
    for one in known:
        if one.kind in OWNERS or one.kind == RelationKind.TENANT or one.through_id in tenants:
            continue
        if one.through_id in leavers or (one.through_id is None and not stays):
            ended.append(one.id)
    return ended


def leaving_with(standings: Iterable[Standing], leavers: Iterable[Standing]) -> list[int]:
    """Say whose relations end when some people leave: their own, and those through them alone."""
    gone = list(leavers)
    persons = {one.person_id for one in gone}
    return [one.id for one in gone] + [
        one.id for one in standings if one not in gone and one.through_id in persons
    ]


def all_leaving_with(standings: Iterable[Standing], leavers: Iterable[Standing]) -> list[int]:
    """Say whose relations end when some people should never have been there: all that came through them."""
    known, gone = list(standings), list(leavers)
    while True:
        ids = leaving_with(known, gone)
        if len(ids) == len(gone):
            return ids
        gone = [one for one in known if one.id in ids]


def next_of_tenant(what: str, told_by: str) -> str:
    """Say what comes after a notice about a tenant: the owner's word, unless the owner gave the notice."""
    if what == "out":
        return "leave"
    return "enter" if told_by == "owner" else ASK_OWNER


def require_lease_end(lease_ends_on: date | None, today: date) -> None:
    """Refuse the end of a lease that is over already, or that lies further away than the law lets one run.

    Raises:
        FieldsInvalid: not after today, or more than twenty years away.
    """
    if lease_ends_on is None or lease_ends_on <= today:
        raise FieldsInvalid({"lease_ends_on": ("租期须在今天以后结束", {})})
    if (lease_ends_on.year - LONGEST_LEASE_YEARS, lease_ends_on.month, lease_ends_on.day) > (
        today.year,
        today.month,
        today.day,
    ):
        message = "租期最长 {years} 年（民法典第七百零五条），请核对结束日期"
        raise FieldsInvalid({"lease_ends_on": (message, {"years": LONGEST_LEASE_YEARS})})


def require_moved_out(moved_out_on: date | None, came_on: date, today: date) -> None:
    """Refuse a day of moving out on which nobody can have moved out.

    Raises:
        FieldsInvalid: later than today, or before the tenant came.
    """
    if moved_out_on is None or moved_out_on > today:
        raise FieldsInvalid({"moved_out_on": ("还没有搬离的，等搬离后再确认", {})})
    if moved_out_on < came_on:
        message = "租户 {day} 起才登记在这套房屋，搬离日期不能更早"
        raise FieldsInvalid({"moved_out_on": (message, {"day": came_on.isoformat()})})


def require_shares(shares: Mapping[str, str]) -> None:
    """Refuse shares that are none, or that come to more than the whole; an empty one is not counted.

    Args:
        shares: such as 1/2 or 50%, by the field they were typed into.
    Raises:
        FieldsInvalid: no share, or too many.
    """
    total = Fraction(0)
    for field, text in shares.items():
        found = re.fullmatch(r"([0-9]{1,5})(?:/([0-9]{1,5})|(%))", text.strip())
        if not text.strip():
            continue
        below = (100 if found[3] else int(found[2])) if found else 0
        if found is None or below == 0 or not 0 < int(found[1]) <= below:
            raise FieldsInvalid({field: ("份额请写成 1/2 或 50%，不超过全部", {})})
        total += Fraction(int(found[1]), below)
        if total > 1:
            raise FieldsInvalid({field: ("各人的份额加起来超过全部", {})})


def require_rest(shares: Iterable[str], staying: Iterable[str | None]) -> None:
    """Refuse new shares beside which those of owners who stay as they are do not fit.

    Args:
        staying: what is on record of owners who stay and are not entered anew; None where it is unknown.
    Raises:
        FieldsInvalid: together it is more than the whole.
    """
    total = sum((_share(text) for text in (*shares, *(one or "" for one in staying))), Fraction(0))
    if total > 1:
        message = "留下的业主份额也变了：请把他们也录入“共有人”，写明剩下的份额"
        raise FieldsInvalid({"share": (message, {})})


def _share(text: str) -> Fraction:
    found = re.fullmatch(r"([0-9]{1,5})(?:/([0-9]{1,5})|(%))", text.strip())
    below = (100 if found[3] else int(found[2])) if found else 0
    return Fraction(int(found[1]), below) if found and below else Fraction(0)


def vehicles_leaving(vehicles: Iterable[tuple[int, int]], staying: Collection[int]) -> list[int]:
    """Say which vehicles go with those who leave: all but those of people who still stand to the house.

    Args:
        vehicles: (id, person) of each.
        staying: persons, the new owners among them.
    """
    return [vehicle_id for vehicle_id, person_id in vehicles if person_id not in staying]


def places_leaving(places: Iterable[tuple[int, bool]], sold: Collection[int]) -> list[int]:
    """Say which parking places no longer belong to a house that was sold as a whole.

    A rented place is a contract of the old owner's, which ends; one that is owned has a title of its own and
    goes along only where it was sold too.

    Args:
        places: (id, whether it is rented) of each.
        sold: ids of owned places that were sold with the house.
    """
    return [place_id for place_id, is_rented in places if is_rented or place_id not in sold]


def require_past(noticed_at: datetime, now: datetime) -> None:
    """Refuse a notice from the future.

    Raises:
        FieldsInvalid: it is later than now.
    """
    if noticed_at > now:
        raise FieldsInvalid({"noticed_at": ("接到通知的时间不能晚于现在", {})})


def require_proof(way: str, proof_kind: str) -> None:
    """Refuse what does not prove that a house has changed hands in this way.

    Raises:
        FieldsInvalid: nothing chosen, a contract, which is no title yet, or the proof of another way.
    Source: policy C2; domain.md 2, decision 17.
    """
    if not proof_kind:
        raise FieldsInvalid({"proof_kind": ("请选择凭证", {})})
    if proof_kind == CONTRACT:
        raise FieldsInvalid({"proof_kind": ("只有合同是待过户，不能切换；请选“缺材料”", {})})
    if proof_kind in _TITLES:
        return
    own_way, message = _OF_WAY.get(proof_kind, ("", ("请选择凭证", {})))
    if way != own_way:
        raise FieldsInvalid({"proof_kind": message})


def require_told(told_at: datetime | None) -> None:
    """Refuse to switch before the old owner was told.

    Raises:
        RuleRefused: nobody told them.
    """
    if told_at is None:
        raise RuleRefused("old_owner_not_told", "尚未告知原业主，不能切换")
