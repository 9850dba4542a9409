"""Lists owners whom nobody has asked yet what their contacts may be used for (policy C4)."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from engine.work import Work
from handlers.estate.people import masked_person
from handlers.estate.queries import is_valid
from handlers.estate.records import (
    RelationKind,
    estate_authorisation,
    estate_community,
    estate_house,
    estate_person,
    estate_relation,
)
from handlers.shared import limits
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere, within


@dataclass(frozen=True)
class Unasked:
    """An owner to be asked at the next contact."""

    relation_id: int
    house_id: int
    community: str
    address: str
    person_id: int
    name: str
    kind: str


def unasked(work: Work, after: int = 0) -> list[Unasked]:
    """List owners who have said nothing to any use yet, house by house.

    Args:
        after: the last relation of the page before.
    """
    require_somewhere(work, Permission.OWNER_ENTER)
    place = (estate_community.c.name, estate_house.c.address, estate_relation.c.id)
    query = (
        select(
            *estate_person.c,
            estate_relation.c.id.label("relation_id"),
            estate_relation.c.kind,
            estate_house.c.id.label("house_id"),
            estate_house.c.address,
            estate_community.c.name.label("community"),
        )
        .join(estate_relation, estate_relation.c.person_id == estate_person.c.id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .where(_is_unasked(work))
        .order_by(*place)
        .limit(limits.PAGE_ROWS)
    )
    if after:
        last = work.connection.execute(
            select(*place)
            .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
            .join(estate_community, estate_community.c.id == estate_house.c.community_id)
            .where(estate_relation.c.id == after, within(work, Permission.OWNER_ENTER, estate_community.c.id))
        ).one_or_none()
        if last is not None:
            query = query.where(_is_after(last[0], last[1], last[2]))
    return [
        Unasked(
            row.relation_id,
            row.house_id,
            row.community,
            row.address,
            row.id,
            masked_person(work.engine.vault, row).name,
            row.kind,
        )
        for row in work.connection.execute(query)
    ]


def count_unasked(work: Work) -> int:
    """Count these owners; nought for who may not ask them."""
    counted: int = work.connection.execute(
        select(func.count(estate_relation.c.person_id.distinct()))
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(_is_unasked(work))
    ).scalar_one()
    return counted


def _is_unasked(work: Work) -> ColumnElement[bool]:
    asked = exists().where(estate_authorisation.c.person_id == estate_relation.c.person_id)
    return and_(
        within(work, Permission.OWNER_ENTER, estate_house.c.community_id),
        estate_relation.c.kind.in_((RelationKind.OWNER, RelationKind.CO_OWNER)),
        is_valid(work),
        ~asked,
    )


def _is_after(community: str, address: str, relation_id: int) -> ColumnElement[bool]:
    name, place, number = estate_community.c.name, estate_house.c.address, estate_relation.c.id
    return or_(
        name > community,
        and_(name == community, place > address),
        and_(name == community, place == address, number > relation_id),
    )
