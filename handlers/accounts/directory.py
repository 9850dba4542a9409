"""Tells the engine who people are and what they may do at a given moment: its Directory port."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Row,
    Select,
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
        return _on_duty(
            group,
            lambda post: [
                _Holder(*row) for row in connection.execute(_HOLDERS, parameters | {"post": post}).all()
            ],
            lambda: connection.execute(_SHIFT_LEADS, parameters).scalars().all(),
        )

    def all_recipients(
        self, connection: Connection, groups: Collection[tuple[str, int]], now: datetime
    ) -> Set[int]:
        """Return whom `recipients` names for any of some groups, with two statements for all posts."""
        found = {
            one
            for group in groups
            if group[0] == RESIDENT
            for one in self.recipients(connection, *group, now)
        }
        of_staff = [group for group in groups if group[0] != RESIDENT]
        if not of_staff:
            return found
        scopes, posts = sorted({scope_id for _, scope_id in of_staff}), {post for post, _ in of_staff}
        parameters = {"scopes": scopes, "now": now}
        asked = sorted(posts | {LEADS[post] for post in posts & SHIFT_POSTS})
        held = connection.execute(_HOLDERS_OF_SEVERAL, parameters | {"posts": asked}).all()
        is_asked_who_works = not posts.isdisjoint(SHIFT_POSTS)
        shifts = connection.execute(_SHIFTS, parameters).all() if is_asked_who_works else []
        for group, scope_id in of_staff:
            found.update(
                _on_duty(
                    group, partial(_held_in, held, shifts, scope_id), partial(_leads_in, shifts, scope_id)
                )
            )
        return found

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


class _Holder(NamedTuple):
    present_id: int
    on_shift: bool


def _on_duty(
    group: str, holders: Callable[[str], Sequence[_Holder]], shift_leads: Callable[[], Sequence[int]]
) -> list[int]:
    """Say who of a post of one scope is to be told; what is not needed is not asked."""
    found = holders(group)
    on_shift = _distinct(one.present_id for one in found if one.on_shift)
    if group not in SHIFT_POSTS:
        return _distinct(one.present_id for one in found)
    leads = on_shift or _distinct(shift_leads())
    return leads or _distinct(one.present_id for one in holders(LEADS[group]) or found)


def _held_in(rows: Sequence[Row[Any]], shifts: Sequence[Row[Any]], scope_id: int, post: str) -> list[_Holder]:
    working = {shift.id for shift in shifts if shift.community_id == scope_id}
    return [
        _Holder(row.present_id, row.id in working)
        for row in rows
        if row.post == post and row.community_id in (None, scope_id)
    ]


def _leads_in(shifts: Sequence[Row[Any]], scope_id: int) -> list[int]:
    return [shift.present_id for shift in shifts if shift.is_lead and shift.community_id == scope_id]


def _distinct(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(ids))


# --- statements, built once ---------------------------------------------------------------------------------

_ME = bindparam("me", type_=BigInteger)
_NOW = bindparam("now", type_=UtcDateTime)
_POST = bindparam("post", type_=String)
_SCOPE = bindparam("scope", type_=BigInteger)
_POSTS = bindparam("posts", type_=String, expanding=True)
_SCOPES = bindparam("scopes", type_=BigInteger, expanding=True)
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
_PRESENT = func.coalesce(
    _stand_in(or_(_is_approved, account_post.c.post.not_in(LENT_BY_APPROVAL))), account.c.id
).label("present_id")


def _holders_of(
    columns: Sequence[ColumnElement[Any]], post: ColumnElement[bool], scope: ColumnElement[bool]
) -> Select[Any]:
    return (
        select(_PRESENT, *columns)
        .join(account_post, account_post.c.account_id == account.c.id)
        .where(
            account.c.state == "active",
            post,
            or_(account_post.c.community_id.is_(None), scope),
            _post_in_force,
        )
        .order_by(account.c.id)
    )


_HOLDERS = _holders_of(
    [_is_on_shift.label("on_shift")], account_post.c.post == _POST, account_post.c.community_id == _SCOPE
)
_HOLDERS_OF_SEVERAL = _holders_of(
    [account.c.id, account_post.c.post, account_post.c.community_id],
    account_post.c.post.in_(_POSTS),
    account_post.c.community_id.in_(_SCOPES),
)


def _shifts_of(present: ColumnElement[Any], *who: ColumnElement[bool]) -> Select[Any]:
    return (
        select(present, account.c.id, account_shift.c.community_id, account_shift.c.is_lead)
        .join(account_shift, account_shift.c.account_id == account.c.id)
        .where(account.c.state == "active", _in_force(account_shift), *who)
        .order_by(account.c.id)
    )


_LEADING = func.coalesce(_stand_in(), account.c.id).label("present_id")
_SHIFTS = _shifts_of(_LEADING, account_shift.c.community_id.in_(_SCOPES))
_SHIFT_LEADS = _shifts_of(_LEADING, account_shift.c.community_id == _SCOPE, account_shift.c.is_lead)
