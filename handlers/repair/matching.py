"""Finds orders by what was typed: number, phone, house or words; each way by an index of its own."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from engine import case_texts
from engine.store.tables import case_gram, instance
from engine.work import Work
from handlers.estate.address import read_query
from handlers.estate.people import phone_index
from handlers.estate.records import estate_building, estate_house, estate_unit
from handlers.repair import visibility
from handlers.repair.phone_numbers import digits_of
from handlers.repair.records import repair_order
from handlers.shared.permissions import Permission
from handlers.shared.scopes import scopes_with
from handlers.shared.sealed import vault_of

MOST = 50
_AFTER_NUMBERS = "ZZZZ"  # sorts behind every digit and dash, whatever the database sorts by


def ids(work: Work, wanted: str) -> set[int]:
    """Return ids of orders that the actor may see, the newest MOST of each way in which something matches."""
    return {found.id for query in _queries(work, wanted) for found in work.connection.execute(query)}


def _queries(work: Work, wanted: str) -> Iterator[Select[tuple[int]]]:
    upper = wanted.upper()
    if upper.startswith("R") and upper[1:2].isdigit():
        yield _newest(work, repair_order.c.number.between(upper, upper + _AFTER_NUMBERS))
        return
    vault = vault_of(work.engine)
    digits = digits_of(wanted)
    if digits:
        yield _newest(work, repair_order.c.phone_index == phone_index(vault, digits))
        return
    if len(wanted) == 4 and wanted.isdigit():
        yield _newest(work, repair_order.c.phone_tail_index == vault.blind_index("phone_tail", wanted))
    houses = _houses(work, wanted)
    if houses:
        yield _newest(work, repair_order.c.house_id.in_(houses))
    words = case_texts.pieces(wanted)
    if words:
        yield _by_words(work, words)


def _newest(work: Work, condition: ColumnElement[bool]) -> Select[tuple[int]]:
    return (
        select(repair_order.c.id)
        .where(visibility.visible(work), condition)
        .order_by(repair_order.c.called_at.desc())
        .limit(MOST)
    )


def is_cut(work: Work, wanted: str) -> bool:
    """Tell whether words are so common that only the newest cases with them were looked at."""
    words = case_texts.pieces(wanted)
    if not words or scopes_with(work, Permission.CASE_READ) == frozenset():
        return False
    return case_texts.rarest(work, words)[1] > case_texts.FEW


def _by_words(work: Work, words: Sequence[str]) -> Select[tuple[int]]:
    """Follow the rarest entry of the words through its newest cases; own orders are few, and just read."""
    of_case = repair_order.outerjoin(instance, instance.c.id == repair_order.c.instance_id)
    said = and_(*(_is_said(word) for word in words))
    if scopes_with(work, Permission.CASE_READ) == frozenset():
        return _newest(work, said).select_from(of_case)
    entry, _ = case_texts.rarest(work, words)
    newest = (
        select(case_gram.c.instance_id)
        .where(case_gram.c.gram == entry)
        .order_by(case_gram.c.instance_id.desc())
        .limit(case_texts.FEW)
        .subquery()
    )
    return (
        select(repair_order.c.id)
        .select_from(of_case.join(newest, newest.c.instance_id == repair_order.c.instance_id))
        .where(visibility.visible(work), said)
        .order_by(newest.c.instance_id.desc())
        .limit(MOST)
    )


def _is_said(word: str) -> ColumnElement[bool]:
    texts: tuple[Any, ...] = (
        repair_order.c.search_text,
        repair_order.c.place,
        instance.c.title,
        instance.c.title_en,
    )
    pattern = case_texts.pattern([word])
    return or_(*(func.lower(text).like(pattern, escape=case_texts.ESCAPE) for text in texts))


def _houses(work: Work, wanted: str) -> list[int]:
    query = read_query(wanted)
    if query.building is None or query.room is None:
        return []
    conditions = [estate_building.c.name == query.building, estate_house.c.room == query.room]
    if query.unit is not None:
        conditions.append(estate_unit.c.name == query.unit)
    return list(
        work.connection.execute(
            select(estate_house.c.id)
            .join(estate_unit, estate_unit.c.id == estate_house.c.unit_id)
            .join(estate_building, estate_building.c.id == estate_unit.c.building_id)
            .where(*conditions)
            .limit(MOST)
        ).scalars()
    )
