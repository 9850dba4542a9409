"""Names communities and the houses people may act for: what menus and the desk's number need."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select

from engine.work import Work
from handlers.errors import RecordNotFound
from handlers.estate.records import estate_community, estate_house


@dataclass(frozen=True, slots=True)
class Community:
    """A community as menus name it."""

    id: int
    name: str
    desk_phone: str


@dataclass(frozen=True, slots=True)
class OwnHouse:
    """A house the actor may act for, with the number of its desk."""

    id: int
    address: str
    community_id: int
    desk_phone: str


def every(work: Work) -> list[Community]:
    """Return every community; their names are no secret among staff."""
    rows = work.connection.execute(select(estate_community).order_by(estate_community.c.name))
    return [Community(row.id, row.name, row.desk_phone) for row in rows]


def desks(work: Work) -> list[Community]:
    """Return the communities with a number of their desk; it hangs in every entrance: no secret at all."""
    rows = work.connection.execute(
        select(estate_community).where(estate_community.c.desk_phone != "").order_by(estate_community.c.name)
    )
    return [Community(row.id, row.name, row.desk_phone) for row in rows]


def with_permission(work: Work, permission: str) -> list[Community]:
    """Return the communities in which the actor holds a permission, by name."""
    everywhere = (permission, None) in work.grants.permissions
    scopes = {scope for held, scope in work.grants.permissions if held == permission and scope is not None}
    query = select(estate_community).order_by(estate_community.c.name)
    rows = work.connection.execute(query if everywhere else query.where(estate_community.c.id.in_(scopes)))
    return [Community(row.id, row.name, row.desk_phone) for row in rows]


def of_posts(work: Work) -> list[Community]:
    """Return the communities in which the actor, a member of staff, holds a post, by name."""
    scopes = {member.scope_id for member in work.memberships if member.on_behalf_of is None}
    rows = work.connection.execute(
        select(estate_community).where(estate_community.c.id.in_(scopes)).order_by(estate_community.c.name)
    )
    return [Community(row.id, row.name, row.desk_phone) for row in rows]


def acted_in(work: Work) -> list[Community]:
    """Return the communities in which the actor, a member of staff, acts, as a substitute too, by name."""
    scopes = {member.scope_id for member in work.memberships}
    rows = work.connection.execute(
        select(estate_community).where(estate_community.c.id.in_(scopes)).order_by(estate_community.c.name)
    )
    return [Community(row.id, row.name, row.desk_phone) for row in rows]


def zone_of(work: Work, community_id: int) -> ZoneInfo:
    """Return the zone in which a community counts its days.

    Raises:
        RecordNotFound: no such community.
    """
    zone = work.connection.execute(
        select(estate_community.c.zone).where(estate_community.c.id == community_id)
    ).scalar_one_or_none()
    if zone is None:
        raise RecordNotFound("community_not_found", "没有这个小区")
    return ZoneInfo(zone)


def own_houses(work: Work) -> list[OwnHouse]:
    """Return the houses that the actor, a resident, may act for now."""
    house_ids = {member.scope_id for member in work.memberships if member.group == "resident"}
    rows = work.connection.execute(
        select(
            estate_house.c.id,
            estate_house.c.address,
            estate_house.c.community_id,
            estate_community.c.desk_phone,
        )
        .join(estate_community, estate_community.c.id == estate_house.c.community_id)
        .where(estate_house.c.id.in_(house_ids))
        .order_by(estate_house.c.address)
    )
    return [OwnHouse(*row) for row in rows]
