"""Owners register themselves: bound when everything matches, and nothing is learned when it does not."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import RuleBroken
from engine.ports import SYSTEM, Membership
from engine.work import Engine
from handlers.accounts import sessions
from handlers.accounts.passwords import PasswordRefused
from handlers.accounts.records import account
from handlers.accounts.sign_in import SlowDown, sign_in
from handlers.errors import FieldsInvalid, RecordConflict
from handlers.estate import entry
from handlers.estate.records import RelationKind, estate_relation
from handlers.owning import codes, registering
from handlers.owning.codes import CodeRefused, Purpose
from handlers.owning.records import owner_acceptance
from handlers.shared import agreed_texts
from tests.handlers.estate_world import World
from tests.handlers.owning.owning_world import ADDRESS, CLAIM, NUMBER, PASSWORD, PHONE, Owning

STRANGERS = {
    "name": replace(CLAIM, name="张三峰"),
    "document": replace(CLAIM, id_number="110101199003070118"),
    "phone": replace(CLAIM, phone="13812345679"),
    "nobody": replace(CLAIM, name="李四光", id_number="110101199003070118", phone="13912345678"),
}


def accounts(engine: Engine) -> int:
    with engine.reading(SYSTEM) as work:
        return len(work.connection.execute(select(account.c.id)).all())


@pytest.mark.parametrize("login", [PHONE, NUMBER])
@pytest.mark.both_stores
def test_who_matches_the_record_registers_and_acts_for_the_house_at_once(
    engine: Engine, owning: Owning, login: str
) -> None:
    signed_in = sessions.resume(engine, owning.register())
    assert signed_in is not None
    assert not signed_in.must_change_password
    with engine.reading(signed_in.actor) as work:
        assert work.memberships == (Membership("resident", owning.world.house),)
        accepted = work.connection.execute(select(owner_acceptance)).one()
    notice = agreed_texts.in_force(agreed_texts.Kind.PRIVACY_NOTICE)
    assert (accepted.account_id, accepted.text_version) == (signed_in.actor.id, notice.version)
    assert sign_in(engine, login, PASSWORD, ADDRESS)


@pytest.mark.parametrize("part", STRANGERS)
def test_whatever_differs_the_answer_is_the_same_and_no_code_is_sent(
    engine: Engine, owning: Owning, part: str
) -> None:
    token = registering.begin(engine, STRANGERS[part], ADDRESS)
    assert owning.messages() == []
    with pytest.raises(CodeRefused) as refused:
        codes.prove(engine, token, Purpose.REGISTER, "000000")
    assert refused.value.code == "code_wrong"
    assert "前台" in refused.value.message


def test_known_and_unknown_numbers_are_refused_after_the_same_number_of_codes(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    for claim in (CLAIM, STRANGERS["nobody"]):
        for _ in range(3):
            registering.begin(engine, claim, ADDRESS)
            clock.advance(minutes=2)
        with pytest.raises(SlowDown):
            registering.begin(engine, claim, ADDRESS)
    clock.advance(hours=24)
    assert registering.begin(engine, CLAIM, ADDRESS)


def test_a_second_code_within_a_minute_is_refused(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    registering.begin(engine, CLAIM, ADDRESS)
    with pytest.raises(SlowDown):
        registering.begin(engine, CLAIM, "192.0.2.8")
    clock.advance(seconds=60)
    assert registering.begin(engine, CLAIM, ADDRESS)


def test_one_address_tries_no_more_than_twenty_numbers_an_hour(engine: Engine, owning: Owning) -> None:
    for count in range(20):
        registering.begin(engine, replace(CLAIM, phone=f"139000000{count:02d}"), ADDRESS)
    with pytest.raises(SlowDown):
        registering.begin(engine, replace(CLAIM, phone="13900000099"), ADDRESS)
    assert registering.begin(engine, replace(CLAIM, phone="13900000099"), "192.0.2.8")


@pytest.mark.parametrize("state", ["unchecked", "ended", "emergency"])
def test_a_relation_that_does_not_count_opens_no_account(engine: Engine, world: World, state: str) -> None:
    person = world.person(CLAIM.name, CLAIM.phone, id_number=CLAIM.id_number)
    if state == "unchecked":
        with engine.work(SYSTEM) as work:
            entry.add_relation(work, entry.RelationEntry(world.house, person, RelationKind.OWNER))
    elif state == "ended":
        world.relate(person, world.house)
        with engine.work(SYSTEM) as work:
            work.connection.execute(estate_relation.update().values(valid_to=work.now))
    else:
        world.relate(person, world.house, RelationKind.EMERGENCY_CONTACT)
    registering.begin(engine, CLAIM, ADDRESS)
    with engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(codes.owner_code.c.person_id)).scalar_one() is None


def test_who_has_an_account_is_told_so_on_the_phone_alone(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    owning.register()
    clock.advance(minutes=2)
    token = registering.begin(engine, CLAIM, ADDRESS)
    assert "您已有账号" in owning.messages()[-1]
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, Purpose.REGISTER, "000000")
    assert accounts(engine) == 1


@pytest.mark.both_stores
def test_an_account_is_opened_once_with_a_code(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    codes.prove(engine, token, Purpose.REGISTER, owning.code())
    registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)
    with pytest.raises(CodeRefused):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)


def test_without_the_code_or_the_notice_there_is_no_account(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    with pytest.raises(CodeRefused):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)
    codes.prove(engine, token, Purpose.REGISTER, owning.code())
    with pytest.raises(RuleBroken):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=False)
    assert accounts(engine) == 0


def test_a_weak_password_may_be_replaced_without_a_new_code(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    codes.prove(engine, token, Purpose.REGISTER, owning.code())
    for weak in ("short", f"Aa!{PHONE}"):
        with pytest.raises(PasswordRefused):
            registering.finish(engine, token, weak, ADDRESS, accepts=True)
    assert registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)


def test_an_owner_who_sold_meanwhile_is_sent_to_the_desk(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    codes.prove(engine, token, Purpose.REGISTER, owning.code())
    with engine.work(SYSTEM) as work:
        work.connection.execute(estate_relation.update().values(valid_to=work.now))
    with pytest.raises(RecordConflict):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)


def test_what_cannot_be_a_number_is_said_beside_its_field(engine: Engine, owning: Owning) -> None:
    with pytest.raises(FieldsInvalid) as invalid:
        registering.begin(engine, registering.Claim(" ", "123", "12"), ADDRESS)
    assert set(invalid.value.fields) == {"name", "id_number", "phone"}
    assert owning.rows() == 0
