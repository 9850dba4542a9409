"""Tells the engine who people are and what they may do at a given moment: its Directory port."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    String,
    and_,
    bindparam,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy import cast as sql_cast

from engine.ports import Actor, Grants, Membership, Vault
from engine.store.types import UtcDateTime
from handlers.accounts.permissions import (
    LAST_RESORT,
    LEADS,
    LENT_BY_APPROVAL,
    NOT_BY_SUBSTITUTION,
    POST_NAMES,
    POST_PERMISSIONS,
    RELATION_PERMISSIONS,
    RESIDENT,
    SHIFT_LEAD_POSTS,
    SHIFT_POSTS,
    Post,
)
from handlers.accounts.records import account, account_post, account_shift, account_substitution
from handlers.estate.records import ACTING_KINDS, CheckState, estate_community, estate_relation

RESIDENT_WORD = "住户"
SYSTEM_WORD = "系统"
_SHIFT_LEAD = "shift_lead"


class AccountDirectory:
    """Answers from the tables of accounts and relations; nothing is remembered between transactions."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def grants(self, connection: Connection, actor: Actor, now: datetime) -> Grants:
        """Return what an actor may do now; an unknown, disabled or unfinished account may do nothing."""
        parameters = {"me": actor.id, "now": now}
        if actor.kind == "resident":
            rows = connection.execute(_RESIDENT_RELATIONS, parameters)
            return _resident_grants(tuple((row.house_id, row.kind) for row in rows))
        posts = connection.execute(_STAFF_POSTS, parameters)
        return _staff_grants(
            tuple((row.post, row.granted_id, row.scope_id, row.on_behalf_of) for row in posts)
        )

    def staff_grants(
        self, connection: Connection, actor_ids: Iterable[int], now: datetime
    ) -> Mapping[int, Grants]:
        """Return what each of some members of staff may do now, with one statement for all of them."""
        found: dict[int, list[tuple[str, int | None, int | None, int | None]]] = {
            one: [] for one in actor_ids
        }
        parameters = {"several": list(found), "now": now}
        for row in connection.execute(_POSTS_OF_SEVERAL, parameters) if found else ():
            found[row.me].append((row.post, row.granted_id, row.scope_id, row.on_behalf_of))
        return {one: _staff_grants(tuple(rows)) for one, rows in found.items()}

    def names(self, connection: Connection, actor_ids: Iterable[int]) -> Mapping[int, str]:
        """Return display names of staff and service accounts; residents appear as a neutral word."""
        wanted = set(actor_ids)
        found = {0: SYSTEM_WORD} if 0 in wanted else {}
        if not wanted - {0}:
            return found
        rows = connection.execute(
            select(account.c.id, account.c.kind, account.c.name).where(account.c.id.in_(wanted - {0}))
        )
        for row in rows:
            is_resident = row.kind == "resident"
            found[row.id] = (
                RESIDENT_WORD if is_resident else self._vault.open("account", "name", row.id, row.name)
            )
        return found

    def recipients(self, connection: Connection, group: str, scope_id: int, now: datetime) -> Sequence[int]:
        """Return the accounts to notify for a group in a scope now.

        Posts that work in shifts are those on shift; when nobody is, the shift lead; when there is none
        either, the post's own lead. Who is away is replaced by the substitute.
        """
        parameters = {"scope": scope_id, "now": now}
        if group == RESIDENT:
            return list(connection.execute(_RESIDENT_RECIPIENTS, parameters).scalars())
        holders = connection.execute(_HOLDERS, parameters | {"post": group}).all()
        if group not in SHIFT_POSTS:
            return _distinct(row.present_id for row in holders)
        on_shift = _distinct(row.present_id for row in holders if row.on_shift)
        if on_shift:
            return on_shift
        shift_leads = connection.execute(_SHIFT_LEADS, parameters).scalars().all()
        if shift_leads:
            return _distinct(shift_leads)
        leads = connection.execute(_HOLDERS, parameters | {"post": LEADS[group]}).all()
        return _distinct(row.present_id for row in leads or holders)

    def holders(self, connection: Connection, group: str, scope_id: int, now: datetime) -> Sequence[int]:
        """Return everybody of a post in a scope, on duty or not; a substitute instead of who is away."""
        found = connection.execute(_HOLDERS, {"scope": scope_id, "now": now, "post": group})
        return _distinct(row.present_id for row in found)

    def stands_behind(self, group: str) -> str | None:
        """Return the post that does what nobody of a post can; None where somebody has to be appointed."""
        return LAST_RESORT.get(group)

    def groups(self) -> frozenset[str]:
        """Return every candidate group that a diagram may name."""
        return frozenset(POST_NAMES)


# --- rows to rights; the same rows come again and again -----------------------------------------------------


@lru_cache(maxsize=2048)
def _staff_grants(rows: tuple[tuple[str, int | None, int | None, int | None], ...]) -> Grants:
    memberships: dict[Membership, None] = {}
    permissions: set[tuple[str, int | None]] = set()
    stands_in_for: dict[int, None] = {}
    for post, granted_id, scope_id, on_behalf_of in sorted(rows, key=lambda row: row[3] is not None):
        if on_behalf_of is not None:
            stands_in_for[on_behalf_of] = None
            if post in NOT_BY_SUBSTITUTION:
                continue
        for code in SHIFT_LEAD_POSTS if post == _SHIFT_LEAD else (Post(post),):
            if scope_id is not None:
                memberships[Membership(code, scope_id, on_behalf_of)] = None
            permissions.update((permission, granted_id) for permission in POST_PERMISSIONS[code])
    return Grants(tuple(memberships), frozenset(permissions), tuple(stands_in_for))


@lru_cache(maxsize=2048)
def _resident_grants(rows: tuple[tuple[int, str], ...]) -> Grants:
    memberships = tuple(dict.fromkeys(Membership(RESIDENT, house_id) for house_id, _ in rows))
    permissions = {
        (str(permission), house_id) for house_id, kind in rows for permission in RELATION_PERMISSIONS[kind]
    }
    return Grants(memberships, frozenset(permissions))


def _distinct(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(ids))


# --- statements, built once ---------------------------------------------------------------------------------

_ME = bindparam("me", type_=BigInteger)
_NOW = bindparam("now", type_=UtcDateTime)
_POST = bindparam("post", type_=String)
_SCOPE = bindparam("scope", type_=BigInteger)
_FOR_NOBODY = sql_cast(null(), BigInteger).label("on_behalf_of")


def _is_usable(accounts: FromClause) -> ColumnElement[bool]:
    """Say that an account is active, has its own password, and its holder answers for it."""
    return and_(
        accounts.c.state == "active",
        ~accounts.c.must_change_password,
        or_(accounts.c.responsibility_accepted_at.is_not(None), accounts.c.kind == "resident"),
    )


def _in_force(table: FromClause) -> ColumnElement[bool]:
    """Say that a shift or a substitution has begun and not ended."""
    return and_(table.c.starts_at <= _NOW, table.c.ends_at > _NOW)


_post_in_force = and_(
    account_post.c.granted_at <= _NOW,
    or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > _NOW),
)
_relation_in_force = and_(
    estate_relation.c.valid_from <= _NOW,
    or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > _NOW),
    estate_relation.c.check_state == CheckState.CHECKED,
    estate_relation.c.kind.in_(ACTING_KINDS),
)
_absent = account.alias("absent")
_is_lent = and_(_in_force(account_substitution), ~account_substitution.c.is_waiting)
_is_approved = account_substitution.c.decided_by.is_not(None)


def _posts_of(who: ColumnElement[bool]) -> CompoundSelect[Any]:
    """Select which posts some accounts hold, their own and those of whom they stand in for."""
    me = select(account.c.id).where(who, _is_usable(account)).cte("me")
    holders = union_all(
        select(me.c.id.label("me"), me.c.id.label("id"), _FOR_NOBODY, true().label("is_approved")),
        select(me.c.id, _absent.c.id, _absent.c.id, _is_approved)
        .select_from(account_substitution)
        .join(me, me.c.id == account_substitution.c.substitute_id)
        .join(_absent, _absent.c.id == account_substitution.c.absent_id)
        .where(_is_lent, _absent.c.state == "active"),
    ).cte("holders")
    return union_all(
        select(
            holders.c.me,
            account_post.c.post,
            account_post.c.community_id.label("granted_id"),
            estate_community.c.id.label("scope_id"),
            holders.c.on_behalf_of,
        )
        .select_from(holders)
        .join(account_post, account_post.c.account_id == holders.c.id)
        .outerjoin(
            estate_community,
            or_(account_post.c.community_id.is_(None), estate_community.c.id == account_post.c.community_id),
        )
        .where(_post_in_force, or_(holders.c.is_approved, account_post.c.post.not_in(LENT_BY_APPROVAL))),
        select(
            holders.c.me,
            literal(_SHIFT_LEAD),
            account_shift.c.community_id,
            account_shift.c.community_id,
            holders.c.on_behalf_of,
        )
        .select_from(account_shift)
        .join(holders, holders.c.id == account_shift.c.account_id)
        .where(_in_force(account_shift), account_shift.c.is_lead),
    )


_STAFF_POSTS = _posts_of(account.c.id == _ME)
_POSTS_OF_SEVERAL = _posts_of(account.c.id.in_(bindparam("several", type_=BigInteger, expanding=True)))

_RESIDENT_RELATIONS = (
    select(estate_relation.c.house_id, estate_relation.c.kind)
    .join(account, account.c.person_id == estate_relation.c.person_id)
    .where(account.c.id == _ME, _is_usable(account), _relation_in_force)
)

_RESIDENT_RECIPIENTS = (
    select(account.c.id)
    .distinct()
    .join(estate_relation, account.c.person_id == estate_relation.c.person_id)
    .where(estate_relation.c.house_id == _SCOPE, account.c.state == "active", _relation_in_force)
    .order_by(account.c.id)
)


def _stand_in(*lent: ColumnElement[bool]) -> ColumnElement[int]:
    """Name who gets what is for somebody who is away, and is lent."""
    return (
        select(account_substitution.c.substitute_id)
        .where(account_substitution.c.absent_id == account.c.id, _is_lent, *lent)
        .order_by(account_substitution.c.id.desc())
        .limit(1)
        .correlate(account, account_post)
        .scalar_subquery()
    )


_is_on_shift = (
    exists()
    .where(
        account_shift.c.account_id == account.c.id,
        account_shift.c.community_id == _SCOPE,
        _in_force(account_shift),
    )
    .correlate(account)
)
_HOLDERS = (
    select(
        func.coalesce(
            _stand_in(or_(_is_approved, account_post.c.post.not_in(LENT_BY_APPROVAL))), account.c.id
        ).label("present_id"),
        _is_on_shift.label("on_shift"),
    )
    .join(account_post, account_post.c.account_id == account.c.id)
    .where(
        account.c.state == "active",
        account_post.c.post == _POST,
        or_(account_post.c.community_id.is_(None), account_post.c.community_id == _SCOPE),
        _post_in_force,
    )
    .order_by(account.c.id)
)

_SHIFT_LEADS = (
    select(func.coalesce(_stand_in(), account.c.id))
    .join(account_shift, account_shift.c.account_id == account.c.id)
    .where(
        account.c.state == "active",
        account_shift.c.community_id == _SCOPE,
        account_shift.c.is_lead,
        _in_force(account_shift),
    )
    .order_by(account.c.id)
)
