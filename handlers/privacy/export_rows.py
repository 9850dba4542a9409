"""Reads what an export holds: rows of people and houses, or counts in which nobody can be found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select

from engine.work import Work
from handlers.accounts.records import account
from handlers.estate.authorisation import AgreementState, Purpose, agreements
from handlers.estate.counted import UNKNOWN
from handlers.estate.people import unsealed
from handlers.estate.queries import is_valid
from handlers.estate.records import (
    BASIC_KINDS,
    CheckState,
    RelationKind,
    estate_house,
    estate_person,
    estate_relation,
    estate_unit,
    estate_vehicle,
)
from handlers.estate.statistics import estate_statistics
from handlers.privacy.words import CONTACTS, FIELDS, RELATIONS
from handlers.shared.sealed import SealedVault, vault_of

_KINDS: Mapping[str, Sequence[str]] = {
    "owners": (RelationKind.OWNER, RelationKind.CO_OWNER),
    "residents": BASIC_KINDS,
}
_SEALED = ("name", "phone", "other_phone", "postal_address", "id_number")
_HIDDEN = ("少于 5，不显示", "Fewer than 5, hidden")
_SAID_NO = ("不同意", "Does not agree")


@dataclass(frozen=True)
class Content:
    """What a file holds, in the language of who asked.

    Attributes:
        people: whose data.
        left_out: rows beyond what was approved, and people who have not agreed that others get their data.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    people: frozenset[int] = frozenset()
    left_out: int = 0


def count_rows(work: Work, community_id: int, building_id: int | None, content: str) -> int:
    """Count the rows of a file before anybody approves it."""
    query = _relations(work, community_id, building_id, content)
    counted: int = work.connection.execute(
        select(func.count()).select_from(query.order_by(None).subquery())
    ).scalar_one()
    return counted


def content_of(work: Work, export: Row[Any], most: int) -> Content:
    """Read what an approved export holds, in the order that is its hidden mark."""
    chosen = language_of(work, export.asked_by)
    if export.content == "statistics":
        return _statistics(work, export.community_id, chosen)
    query = _relations(work, export.community_id, export.building_id, export.content)
    rows = list(work.connection.execute(query))
    said = agreements(work, (row.id for row in rows))
    purpose = Purpose(export.purpose)
    fit = [row for row in rows if not export.outside or _says(said, row.id, purpose) is AgreementState.GIVEN]
    vault = vault_of(work.engine)
    ordered = sorted(fit, key=lambda row: (mark(vault, export.id, row.address), row.relation_id))
    kept = ordered[: min(most, export.rows)]
    plates = _plates(work, {row.house_id for row in kept}) if "plates" in export.fields else {}
    lines = []
    for row in kept:
        said_no = _says(said, row.id, purpose) in (AgreementState.WITHDRAWN, AgreementState.DECLINED)
        values = [_value(work, row, name, plates, chosen) for name in export.fields]
        if said_no:
            values = [
                _SAID_NO[chosen] if name in CONTACTS else value
                for name, value in zip(export.fields, values, strict=True)
            ]
        lines.append((row.address, *values))
    heads = (("房屋", "House")[chosen], *(FIELDS[name][chosen] for name in export.fields))
    return Content(heads, tuple(lines), frozenset(row.id for row in kept), len(rows) - len(kept))


def mark(vault: SealedVault, export_id: int, address: str) -> str:
    """Return the place of a house in one export: two exports of the same houses never have the same order."""
    return vault.blind_index("export_mark", f"{export_id}|{address}")


def _relations(work: Work, community_id: int, building_id: int | None, content: str) -> Select[Any]:
    query = (
        select(
            *estate_person.c,
            estate_relation.c.id.label("relation_id"),
            estate_relation.c.kind.label("relation_kind"),
            estate_house.c.id.label("house_id"),
            estate_house.c.address,
            estate_house.c.kind.label("house_kind"),
            estate_house.c.area_m2,
        )
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(
            estate_house.c.community_id == community_id,
            estate_relation.c.kind.in_(_KINDS[content]),
            estate_relation.c.check_state == CheckState.CHECKED,
            is_valid(work),
        )
        .order_by(estate_relation.c.id)
    )
    if building_id is not None:
        query = query.join(estate_unit, estate_unit.c.id == estate_house.c.unit_id).where(
            estate_unit.c.building_id == building_id
        )
    return query


def _says(
    said: Mapping[int, Mapping[Purpose, Any]], person_id: int, purpose: Purpose
) -> AgreementState | None:
    answer = said.get(person_id, {}).get(purpose)
    return None if answer is None else AgreementState(answer.state)


def _value(work: Work, row: Row[Any], name: str, plates: Mapping[int, Sequence[str]], chosen: int) -> str:
    match name:
        case "relation":
            return RELATIONS[row.relation_kind][chosen]
        case "house_kind":
            return str(row.house_kind)
        case "area":
            return "" if row.area_m2 is None else str(row.area_m2)
        case "plates":
            return "、".join(plates.get(row.house_id, ()))
    assert name in _SEALED, name
    return unsealed(work.engine.vault, row, name)


def _plates(work: Work, house_ids: Iterable[int]) -> dict[int, list[str]]:
    rows = work.connection.execute(
        select(estate_vehicle)
        .where(estate_vehicle.c.house_id.in_(set(house_ids)), estate_vehicle.c.valid_to.is_(None))
        .order_by(estate_vehicle.c.id)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        plate = work.engine.vault.open("estate_vehicle", "plate", row.id, row.plate)
        found.setdefault(row.house_id, []).append(plate)
    return found


def _statistics(work: Work, community_id: int, chosen: int) -> Content:
    known = estate_statistics(work, community_id)
    ages = [
        (("业主年龄", "Age of owners")[chosen], _age(decade)[chosen], _shown(count, chosen))
        for decade, count in known.owners.cells
    ]
    kinds = [
        (("户型", "House type")[chosen], kind or ("未登记", "Not on record")[chosen], _shown(count, chosen))
        for kind, count in known.houses.cells
    ]
    heads = (("统计", "Statistic"), ("分组", "Group"), ("数量", "Count"))
    return Content(tuple(head[chosen] for head in heads), tuple(ages + kinds))


def _age(decade: int) -> tuple[str, str]:
    if decade == UNKNOWN:
        return ("不详", "Unknown")
    return (f"{decade} 年代出生", f"Born in the {decade}s")


def _shown(count: int | None, chosen: int) -> str:
    return _HIDDEN[chosen] if count is None else str(count)


def language_of(work: Work, account_id: int) -> int:
    """Return which text of a pair somebody reads: 0 Chinese, 1 English."""
    language = work.connection.execute(
        select(account.c.language).where(account.c.id == account_id)
    ).scalar_one_or_none()
    return int(str(language).startswith("en"))
