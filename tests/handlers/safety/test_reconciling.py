"""What somebody writes into the database to gain rights is found by holding it against the access log."""

from collections.abc import Callable

import pytest

from engine.ids import new_id
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts import granting, lasting, staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_post
from handlers.estate import authorisation, entry
from handlers.estate.authorisation import Purpose
from handlers.estate.records import RelationKind, estate_authorisation, estate_relation
from handlers.safety import reconciling
from handlers.shared import access_log
from handlers.shared.access_log import Entry
from handlers.shared.records import access_tally
from tests.handlers.office import Office


@pytest.fixture
def known(office: Office) -> Office:
    """An office whose posts, which no entry tells of, were adopted, and which granted one by the rules."""
    assert len(reconciling.adopt(office.engine)) > 0
    clerk = office.staff(None)
    office.engine.run(office.sys, lambda work: granting.grant_post(work, clerk.id, Post.CS, office.community))
    assert reconciling.differences(office.engine) == []
    return office


def found(engine: Engine) -> set[tuple[str, int, str]]:
    return {(one.what, one.subject_id, one.detail) for one in reconciling.differences(engine)}


def write(office: Office, *statements: object) -> None:
    with office.engine.work(SYSTEM) as work:
        for one in statements:
            work.connection.execute(one)  # type: ignore[call-overload]  # an insert, update or delete


def test_a_post_written_into_the_database_is_found(known: Office) -> None:
    values = {"id": new_id(), "account_id": known.sys.id, "post": "csl", "community_id": None}
    granted = {"granted_at": known.clock.now(), "granted_by": known.sys.id}
    write(known, account_post.insert().values(**values, **granted))
    assert found(known.engine) == {("post_not_given", known.sys.id, "csl@*")}


def test_a_post_made_wider_or_given_to_another_is_found(known: Office) -> None:
    mine = account_post.c.account_id == known.clerk.id
    write(known, account_post.update().where(mine).values(community_id=None))
    assert found(known.engine) == {("post_not_given", known.clerk.id, "cs@*")}
    write(known, account_post.update().where(mine).values(account_id=known.adm.id))
    assert found(known.engine) == {("post_not_given", known.adm.id, "cs@*")}


def test_a_post_that_was_ended_and_revived_is_found(known: Office) -> None:
    mine = account_post.c.account_id == known.clerk.id

    def end(work: object) -> None:
        (ended,) = lasting.end_grants(work, mine)  # type: ignore[arg-type]  # a Work
        staff.log(work, "end_post", known.clerk.id, ended.post)  # type: ignore[arg-type]

    known.clock.advance(minutes=1)
    known.engine.run(known.sys, end)
    assert found(known.engine) == set()
    write(known, account_post.update().where(mine).values(ended_at=None))
    assert found(known.engine) == {("post_revived", known.clerk.id, f"cs@{known.community}")}


def test_a_consent_that_was_withdrawn_and_revived_is_found(known: Office) -> None:
    person = known.person("陈静", "13900000001")
    known.relate(person, known.house)

    def said(step: Callable[..., None], *more: str) -> None:
        known.clock.advance(minutes=1)
        known.engine.run(known.clerk, lambda work: step(work, person, known.house, Purpose.NOTICE, *more))

    said(authorisation.authorise, "1")
    said(authorisation.withdraw)
    assert found(known.engine) == set()
    write(known, estate_authorisation.update().values(withdrawn_at=None))
    assert found(known.engine) == {("consent_revived", person, "notice")}


def test_counts_taken_out_of_the_tally_are_found_from_the_day_after_adopting(known: Office) -> None:
    def look(work: object) -> None:
        access_log.append(work, Entry("reveal_phone", "person", 1))  # type: ignore[arg-type]  # a Work

    for expected in (set(), {("tally_lowered", known.clerk.id, "reveals")}):
        known.engine.run(known.clerk, look)
        assert found(known.engine) == set()
        write(known, access_tally.delete())
        assert found(known.engine) == expected
        known.clock.advance(days=1)


def test_a_password_written_into_the_database_is_found(known: Office) -> None:
    mine = account.c.id == known.clerk.id
    write(known, account.update().where(mine).values(password_hash="anything"))
    assert found(known.engine) == {("password_altered", known.clerk.id, "staff")}
    write(known, account.update().where(mine).values(password_seal=None))
    assert found(known.engine) == {("password_unsealed", known.clerk.id, "staff")}
    assert ("password_unsealed", known.clerk.id) not in {
        (one.what, one.subject_id) for one in reconciling.adopt(known.engine)
    }


def test_a_relation_written_into_the_database_or_made_another_is_found(known: Office) -> None:
    person, thief = known.person("陈静", "13900000001"), known.person("贾义", "13900000002")
    relation = known.relate(person, known.house, RelationKind.TENANT)
    assert found(known.engine) == set()
    mine = estate_relation.c.id == relation
    for values in ({"person_id": thief}, {"person_id": person, "kind": "owner"}):
        write(known, estate_relation.update().where(mine).values(**values))
        assert found(known.engine) == {("relation_not_given", values["person_id"], str(relation))}
    with known.engine.reading(SYSTEM) as work:
        row = work.connection.execute(estate_relation.select().where(mine)).mappings().one()
    write(known, estate_relation.update().where(mine).values(kind="tenant"))
    added = dict(row) | {"id": new_id(), "person_id": thief}
    write(known, estate_relation.insert().values(**added))
    assert found(known.engine) == {("relation_not_given", thief, str(added["id"]))}


def test_a_relation_that_ended_and_was_revived_is_found_and_not_adopted(known: Office) -> None:
    relation = known.relate(known.person("陈静", "13900000001"), known.house)
    known.clock.advance(minutes=1)
    known.engine.run(known.clerk, lambda work: entry.end_relation(work, relation))
    assert found(known.engine) == set()
    write(known, estate_relation.update().values(valid_to=None))
    [(what, _, detail)] = found(known.engine)
    assert (what, detail) == ("relation_revived", str(relation))
    reconciling.adopt(known.engine)
    assert len(found(known.engine)) == 1
