"""Erases people and staff at the end of their period, unless something stands against it."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select

from engine.work import Work
from handlers.accounts.records import account
from handlers.estate.records import RelationKind, estate_person, estate_relation
from handlers.privacy import erasing, erasing_blocks
from handlers.privacy.erasing import ACCOUNT, PERSON, Cause
from handlers.privacy.erasing_records import privacy_erasure
from handlers.privacy.erasing_traces import traces_of
from handlers.privacy.retention_parts import Part

PART = 1  # people in one transaction: each of them touches many tables


def people(work: Work, cutoff: datetime, after: int) -> Part:
    """Erase whoever has had nothing to do with any house since a moment."""
    return _erased(work, _left_before(cutoff), after)


def emergency_contacts(work: Work, cutoff: datetime, after: int) -> Part:
    """Erase whoever was never more than an emergency contact, and is no more."""
    related = estate_relation.c.person_id == estate_person.c.id
    other = exists().where(related, estate_relation.c.kind != RelationKind.EMERGENCY_CONTACT)
    was_contact = exists().where(related)
    return _erased(work, and_(was_contact, ~other, _left_before(cutoff)), after)


def staff(work: Work, cutoff: datetime, after: int) -> Part:
    """Empty accounts of staff who left long ago."""
    left = (account.c.kind == "staff", account.c.state == "disabled", account.c.disabled_at <= cutoff)
    query = (
        select(account.c.id)
        .where(account.c.id > after, *left, ~_is_erased(ACCOUNT, account.c.id))
        .order_by(account.c.id)
        .limit(PART)
    )
    ids = list(work.connection.execute(query).scalars())
    for account_id in ids:
        erasing.erase_account(work, account_id, Cause.PERIOD)
    return Part(len(ids), 0, ids[-1] if ids else None)


def _left_before(cutoff: datetime) -> ColumnElement[bool]:
    later = exists().where(
        estate_relation.c.person_id == estate_person.c.id,
        or_(estate_relation.c.valid_to.is_(None), estate_relation.c.valid_to > cutoff),
    )
    return and_(~later, estate_person.c.created_at <= cutoff)


def _erased(work: Work, condition: ColumnElement[bool], after: int) -> Part:
    query = (
        select(estate_person.c.id)
        .where(estate_person.c.id > after, condition, ~_is_erased(PERSON, estate_person.c.id))
        .order_by(estate_person.c.id)
        .limit(PART)
    )
    ids = list(work.connection.execute(query).scalars())
    held_back = 0
    for person_id in ids:
        if erasing_blocks.blocks_of(work, traces_of(work, person_id)):
            held_back += 1
            continue
        erasing.erase(work, person_id, Cause.PERIOD)
    return Part(len(ids) - held_back, held_back, ids[-1] if ids else None)


def _is_erased(kind: str, subject: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(privacy_erasure.c.kind == kind, privacy_erasure.c.subject_id == subject)
