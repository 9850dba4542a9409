"""Holds what is in force against the access log: rights that were written into the database are found."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select

from engine.ports import SYSTEM, Json
from engine.work import Engine, Work
from handlers.accounts import password_seals
from handlers.accounts.records import account, account_post
from handlers.estate import relation_log
from handlers.estate.records import estate_authorisation, estate_relation
from handlers.shared import tally
from handlers.shared.access_log import Entry, append
from handlers.shared.records import access_log, access_tally

ADOPT = "adopt_post"
ADOPTED = "adopt_state"
_GIVES = (
    "grant_post",
    "change_post",
    "approve_post",
    "grant_unapproved",
    "first_administrator",
    "create_token",
    ADOPT,
)
_ENDS = ("end_post", "suspend_post")
_ALL_OF = 500  # rows at once
# Counted since a later version than the others: entries of before have no count.
_COUNTED_LATER = frozenset({"ask_privacy_request", "fetch_own_data", "hand_out_own_data"})


@dataclass(frozen=True)
class Difference:
    """What is in force though the log says otherwise, by ids and codes.

    Attributes:
        what: post_not_given | post_revived | consent_revived | tally_lowered | password_altered |
            password_unsealed | relation_not_given | relation_revived
        subject_id: whose account, or whom it is about.
        detail: the post and where, the purpose, or the kind of look.
        at: since when it is said to hold.
    """

    what: str
    subject_id: int
    detail: str
    at: datetime


def differences(engine: Engine) -> list[Difference]:
    """Compare posts, consents and counts with the log; nothing is opened that is sealed."""
    with engine.reading(SYSTEM) as work:
        found = [*_posts(work), *_consents(work), *_counts(work), *_passwords(work)]
        return [*found, *_relations(work)]


def adopt(engine: Engine) -> list[Difference]:
    """Note that somebody has looked at what an earlier version left without entries; return what was adopted.

    What was revived against the log is not adopted: that is ended and granted anew.
    """

    def note(work: Work) -> list[Difference]:
        found = list(_missing(work))
        for row in found:
            detail: dict[str, Json] = {"post": _place(row), "grant": str(row.id)}
            append(work, Entry(ADOPT, "account", row.account_id, detail=detail))
        append(work, Entry(ADOPTED, "access_log", 0, detail={"posts": len(found)}))
        passwords = list(_passwords(work))
        sealed = set(password_seals.adopt(work))
        adopted = [one for one in passwords if one.subject_id in sealed]
        adopted += _adopted_relations(work)
        return [*(_post(row, "post_not_given") for row in found), *adopted]

    return engine.run(SYSTEM, note)


def _posts(work: Work) -> Iterator[Difference]:
    yield from (_post(row, "post_not_given") for row in _missing(work))
    ended = _ended(work)
    for row in _in_force(work):
        posts = ((row.account_id, row.post), (row.account_id, _place(row)))
        if any(at >= row.granted_at for one in posts for at in ended.get(one, ())):
            yield _post(row, "post_revived")


def _missing(work: Work) -> Iterator[Row[Any]]:
    """Find the posts in force whose giving no entry tells of."""
    given: dict[tuple[int, datetime], set[str]] = defaultdict(set)
    for row in _entries(work, _GIVES):
        detail = json.loads(row.detail or "{}")
        if row.action == ADOPT:
            given[int(detail["grant"]), _NEVER].add(detail["post"])
        elif row.action == "first_administrator":
            given[row.subject_id, row.at].update(("sys@*", "adm@*"))
        else:
            given[row.subject_id, row.at].add(detail.get("post", ""))
    for row in _in_force(work):
        names = {_place(row)} if row.is_staff else {_place(row), row.post}
        adopted = given.get((row.id, _NEVER), set())
        if not names & (given.get((row.account_id, row.granted_at), set()) | adopted):
            yield row


def _ended(work: Work) -> dict[tuple[int, str], list[datetime]]:
    """Return when the log says that a post ended, where no row that ended then accounts for it."""
    ended = select(account_post.c.account_id, account_post.c.post, account_post.c.ended_at)
    accounted = {
        (row.account_id, row.post, row.ended_at)
        for row in work.connection.execute(ended.where(account_post.c.ended_at.is_not(None)))
    }
    found: dict[tuple[int, str], list[datetime]] = defaultdict(list)
    for row in _entries(work, _ENDS):
        post = json.loads(row.detail or "{}").get("post", "")
        if (row.subject_id, post.split("@")[0], row.at) not in accounted:
            found[row.subject_id, post].append(row.at)
    return found


def _consents(work: Work) -> Iterator[Difference]:
    """Find the agreements in force that were withdrawn or declined since they were given."""
    said = access_log.c
    given = estate_authorisation.c
    after = or_(
        and_(said.action == "withdraw_authorisation", said.at > given.granted_at),
        and_(said.action == "decline_authorisation", said.at == given.granted_at),
    )
    rows = work.connection.execute(
        select(given.person_id, given.scope, given.granted_at)
        .distinct()
        .join(
            access_log,
            and_(
                said.subject_kind == "person", said.subject_id == given.person_id, said.purpose == given.scope
            ),
        )
        .where(given.withdrawn_at.is_(None), after)
        .order_by(given.person_id, given.scope)
        .execution_options(yield_per=_ALL_OF)
    )
    for row in rows:
        yield Difference("consent_revived", row.person_id, row.scope, row.granted_at)


def _counts(work: Work) -> Iterator[Difference]:
    """Find days on which less was counted than members of staff have entries for, since it was adopted."""
    actions = [one for kind in tally.KINDS.values() for one in kind if one not in _COUNTED_LATER]
    since = work.connection.execute(
        select(access_log.c.at)
        .where(access_log.c.action == ADOPTED)
        .order_by(access_log.c.at.desc())
        .limit(1)
    ).scalar()
    begin = None if since is None else since.astimezone(work.engine.zone).date()
    staff = select(account.c.id).where(account.c.kind == "staff")
    rows = (
        select(access_log)
        .where(access_log.c.action.in_(actions), access_log.c.actor_id.in_(staff))
        .order_by(access_log.c.day, access_log.c.number)
    )
    for day, counted in tally.by_day(
        work, work.connection.execute(rows.execution_options(yield_per=_ALL_OF))
    ):
        if begin is None or day > begin:
            yield from _lowered(work, day, counted)


def _lowered(work: Work, day: date, counted: Counter[tally.Key]) -> Iterator[Difference]:
    known = {
        (row.day, row.actor_id, row.kind): row.amount
        for row in work.connection.execute(select(access_tally).where(access_tally.c.day == day))
    }
    for key, amount in sorted(counted.items()):
        if known.get(key, 0) < amount:
            at = datetime(day.year, day.month, day.day, tzinfo=work.engine.zone)
            yield Difference("tally_lowered", key[1], key[2], at)


def _passwords(work: Work) -> Iterator[Difference]:
    """Find the hashes that the platform did not write, and those of an earlier version without a seal."""
    for row in password_seals.altered(work):
        what = "password_unsealed" if row.password_seal is None else "password_altered"
        yield Difference(what, row.id, row.kind, row.password_set_at or row.created_at)


def _relations(work: Work) -> Iterator[Difference]:
    """Find the relations in force that no entry tells of, and those that ended and were revived."""
    standing = {one.id: one for one in relation_log.in_force(work)}
    known: dict[int, bool] = {}  # relation -> whether the newest entry says that it counts
    for row in _entries(work, relation_log.NOTED, in_order=True):
        for key, said in json.loads(row.detail)["relations"].items():
            one = standing.get(int(key))
            if one is not None and (row.action == relation_log.ENDED or said == one.tag):
                known[one.id] = row.action != relation_log.ENDED
    for one in standing.values():
        if not known.get(one.id, False):
            what = "relation_revived" if one.id in known else "relation_not_given"
            yield Difference(what, one.person_id, str(one.id), one.since)


def _adopted_relations(work: Work) -> list[Difference]:
    found = [one for one in _relations(work) if one.what == "relation_not_given"]
    for begin in range(0, len(found), _ALL_OF):
        ids = [int(one.detail) for one in found[begin : begin + _ALL_OF]]
        relation_log.note_counts(work, estate_relation.c.id.in_(ids), relation_log.ADOPTED)
    return found


def _in_force(work: Work) -> Iterator[Row[Any]]:
    rows = select(account_post, (account.c.kind == "staff").label("is_staff"))
    held = or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now)
    found = rows.join(account, account.c.id == account_post.c.account_id).where(held)
    yield from work.connection.execute(found.order_by(account_post.c.id))


def _entries(work: Work, actions: tuple[str, ...], *, in_order: bool = False) -> Iterator[Row[Any]]:
    rows = select(access_log).where(access_log.c.action.in_(actions))
    if in_order:
        rows = rows.order_by(access_log.c.day, access_log.c.number)
    yield from work.connection.execute(rows.execution_options(yield_per=_ALL_OF))


def _place(row: Row[Any]) -> str:
    return f"{row.post}@{row.community_id or '*'}"


def _post(row: Row[Any], what: str) -> Difference:
    return Difference(what, row.account_id, _place(row), row.granted_at)


_NEVER = datetime.min.replace(tzinfo=UTC)
