"""Who gets the file of somebody's own data, and who hears of what is asked for them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import instances
from engine.ports import SYSTEM
from engine.store.tables import instance
from handlers.accounts import lending
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.accounts.substitution import set_substitute
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound
from handlers.privacy import handing_out, requests
from handlers.privacy.handing_out import Receipt
from handlers.shared.records import access_tally
from tests.handlers.inline import inline_worker
from tests.handlers.office import Office
from tests.handlers.privacy.test_request import Home, at_desk, brought, decided, home

__all__ = ["home"]

RECEIPT = Receipt("本人陈静", "看了身份证原件")


def granted_at_desk(office: Office, home: Home, **more: Any) -> str:
    """Bring a copy that the clerk asked for on somebody's behalf to where its file is there."""
    number = at_desk(office, home, "copy", **more)
    brought(office, number, by=office.staff(Post.CS))
    decided(office, number, "grant")
    inline_worker(office.engine).drain()
    return number


def without_account(office: Office, home: Home) -> None:
    with office.engine.work(SYSTEM) as work:
        work.connection.execute(account.delete().where(account.c.id == home.owner.id))


def test_what_the_desk_asked_on_somebodys_behalf_goes_to_that_person_alone(
    office: Office, home: Home
) -> None:
    number = granted_at_desk(office, home)
    for by in (office.clerk, office.dpo, office.csl):
        with pytest.raises(RecordNotFound):
            office.engine.run(by, lambda work: requests.fetch(work, number))
    with pytest.raises(RecordConflict, match="有账户"):
        office.engine.run(office.dpo, lambda work: handing_out.hand_out(work, number, RECEIPT))
    with office.engine.reading(home.owner) as work:
        assert [row.number for row in requests.own(work)] == [number]
    assert office.engine.run(home.owner, lambda work: requests.fetch(work, number)).startswith(b"PK")


def test_the_person_hears_at_once_of_what_is_asked_for_them_and_of_its_file_and_its_end(
    office: Office, home: Home
) -> None:
    person = f"person:{home.person}"
    at_desk(office, home, "delete")
    assert office.told("request_made_for_you") == {person}
    with office.engine.reading(SYSTEM) as work:
        case = work.connection.execute(select(instance.c.id)).scalar_one()
    office.engine.run(office.clerk, lambda work: instances.cancel(work, case, "说错了"))
    assert office.told("request_withdrawn") == {person}
    granted_at_desk(office, home)
    assert office.told("request_file_ready") == {person}


def test_data_protection_hands_out_what_nobody_can_download_once_and_keeps_the_receipt(
    office: Office, home: Home
) -> None:
    without_account(office, home)
    number = granted_at_desk(office, home)
    assert office.told("request_file_at_desk") == {f"person:{home.person}"}
    with office.engine.reading(office.dpo) as work:
        assert [row.number for row in handing_out.waiting(work)] == [number]
    with pytest.raises(FieldsInvalid) as invalid:
        office.engine.run(office.dpo, lambda work: handing_out.hand_out(work, number, Receipt("", "")))
    assert list(invalid.value.fields) == ["to", "proof"]
    for by in (office.clerk, office.csl):
        with pytest.raises(RecordNotFound):
            office.engine.run(by, lambda work: handing_out.hand_out(work, number, RECEIPT))
    content = office.engine.run(office.dpo, lambda work: handing_out.hand_out(work, number, RECEIPT))
    assert content.startswith(b"PK")
    with office.engine.reading(office.dpo) as work:
        assert requests.notes(work, requests.seen(work, number))["handed_to"] == "本人陈静"
        assert handing_out.waiting(work) == []
    with pytest.raises(RecordConflict):
        office.engine.run(office.dpo, lambda work: handing_out.hand_out(work, number, RECEIPT))


def test_who_asked_hands_nothing_out_in_the_place_of_data_protection(office: Office, home: Home) -> None:
    without_account(office, home)
    number = granted_at_desk(office, home, on_behalf="relative")
    now = office.clock.now()
    named = office.engine.run(
        office.dpo,
        lambda work: set_substitute(work, office.dpo.id, office.clerk.id, now, now + timedelta(days=1)),
    )
    office.engine.run(office.sec, lambda work: lending.approve(work, named))
    with pytest.raises(ActionNotAllowed):
        office.engine.run(office.clerk, lambda work: handing_out.hand_out(work, number, RECEIPT))


def test_asking_for_others_and_handing_out_count_as_exports(office: Office, home: Home) -> None:
    without_account(office, home)
    number = granted_at_desk(office, home)
    office.engine.run(office.dpo, lambda work: handing_out.hand_out(work, number, RECEIPT))
    with office.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(access_tally).where(access_tally.c.kind == "exports")).all()
    assert {(row.actor_id, row.amount) for row in rows} == {(office.clerk.id, 1), (office.dpo.id, 1)}
