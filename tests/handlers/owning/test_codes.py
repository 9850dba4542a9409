"""Codes by text message: for one purpose, one browser, five minutes, five tries and one use."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts import sessions, sign_in
from handlers.errors import FieldsInvalid
from handlers.owning import codes, quotas, registering, resetting
from handlers.owning.codes import CodeRefused, Purpose
from handlers.owning.records import owner_code, owner_quota
from handlers.shared.records import access_log, outbox_job
from handlers.shared.sealed import vault_of
from tests.handlers.owning.owning_world import ADDRESS, CLAIM, NUMBER, PASSWORD, PHONE, Owning

NEW = "Bright-orchard-4"


def test_five_wrong_tries_end_a_code_and_the_right_one_comes_too_late(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    right, wrong = owning.code(), owning.wrong()
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeRefused) as refused:
            codes.prove(engine, token, Purpose.REGISTER, wrong)
        assert refused.value.params["left"] == left
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, Purpose.REGISTER, right)


def test_a_code_is_good_for_five_minutes(engine: Engine, owning: Owning, clock: SettableClock) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    right = owning.code()
    clock.advance(minutes=5)
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, Purpose.REGISTER, right)


def test_what_a_code_opens_closes_after_a_quarter_of_an_hour(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    codes.prove(engine, token, Purpose.REGISTER, owning.code())
    clock.advance(minutes=15)
    with pytest.raises(CodeRefused):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)


@pytest.mark.both_stores
def test_a_code_is_taken_once(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    right = owning.code()
    codes.prove(engine, token, Purpose.REGISTER, right)
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, Purpose.REGISTER, right)


def test_a_code_is_good_for_its_own_purpose_only(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    owning.register()
    clock.advance(minutes=2)
    token = owning.reset()
    right = owning.code()
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, Purpose.REGISTER, right)
    codes.prove(engine, token, Purpose.RESET, right)
    with pytest.raises(CodeRefused):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)


def test_a_code_is_good_in_the_browser_that_asked_for_it(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    registering.begin(engine, CLAIM, ADDRESS)
    first = owning.code()
    clock.advance(minutes=2)
    other = registering.begin(engine, CLAIM, ADDRESS)
    if owning.code() != first:
        with pytest.raises(CodeRefused):
            codes.prove(engine, other, Purpose.REGISTER, first)
    with pytest.raises(CodeRefused):
        codes.prove(engine, "made up", Purpose.REGISTER, first)


@pytest.mark.both_stores
def test_no_table_holds_a_code_in_clear(engine: Engine, owning: Owning) -> None:
    registering.begin(engine, CLAIM, ADDRESS)
    code = owning.code()
    with engine.reading(SYSTEM) as work:
        for table in (owner_code, owner_quota, outbox_job, access_log):
            for row in work.connection.execute(select(table)).mappings():
                values = {str(key): value for key, value in row.items() if not str(key).endswith("id")}
                assert code not in [str(value) for value in values.values()]
                assert CLAIM.phone not in str(values)


@pytest.mark.parametrize("login", [PHONE, "138 1234 5678", NUMBER, NUMBER.lower()])
def test_an_owner_sets_a_new_password_after_a_code(
    engine: Engine, owning: Owning, clock: SettableClock, login: str
) -> None:
    before = owning.register()
    clock.advance(minutes=2)
    token = owning.reset(login)
    codes.prove(engine, token, Purpose.RESET, owning.code())
    after = resetting.finish(engine, token, NEW, ADDRESS)
    assert sessions.resume(engine, before) is None
    assert sessions.resume(engine, after) is not None
    assert "密码已重设" in owning.messages()[-1]
    with pytest.raises(sign_in.SignInRefused):
        sign_in.sign_in(engine, PHONE, PASSWORD, ADDRESS)
    assert sign_in.sign_in(engine, PHONE, NEW, ADDRESS)


def test_an_unknown_number_gets_the_same_answer_and_no_message(engine: Engine, owning: Owning) -> None:
    for login in ("13999999999", "staff1", NUMBER):
        token = owning.reset(login)
        assert owning.messages() == []
        with pytest.raises(CodeRefused) as refused:
            codes.prove(engine, token, Purpose.RESET, "000000")
        assert refused.value.code == "code_wrong"


def test_three_codes_a_day_reach_a_person_by_whichever_number(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    owning.register()
    for login in (PHONE, NUMBER, PHONE, NUMBER):
        clock.advance(minutes=2)
        owning.reset(login)
        owning.messages()
    assert len([text for text in owning.messages() if "验证码" in text]) == 3  # with the one of registering


def test_an_old_password_is_not_taken_again(engine: Engine, owning: Owning, clock: SettableClock) -> None:
    owning.register()
    clock.advance(minutes=2)
    token = owning.reset()
    codes.prove(engine, token, Purpose.RESET, owning.code())
    with pytest.raises(sign_in.passwords.PasswordRefused):
        resetting.finish(engine, token, PASSWORD, ADDRESS)
    assert resetting.finish(engine, token, NEW, ADDRESS)


def test_staff_reset_no_password_here(engine: Engine, owning: Owning) -> None:
    clerk = owning.world.staff(None)
    owning.reset(owning.world.login_of(clerk))
    owning.reset("13800000001")
    with engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(owner_code.c.account_id)).scalars().all() == [None, None]


def test_nothing_typed_is_no_number(engine: Engine, owning: Owning) -> None:
    with pytest.raises(FieldsInvalid):
        owning.reset("  ")


@pytest.mark.both_stores
def test_old_codes_and_counts_are_forgotten(engine: Engine, owning: Owning, clock: SettableClock) -> None:
    registering.begin(engine, CLAIM, ADDRESS)
    clock.advance(days=1, seconds=1)
    assert engine.run(SYSTEM, codes.purge) == 1
    assert engine.run(SYSTEM, quotas.purge) == 3


def statements(engine: Engine, ask: Callable[[], object]) -> list[str]:
    """Return the shape of every statement that asking for a code takes."""
    heard: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        heard.append(statement)

    event.listen(engine.database.writer, "before_cursor_execute", listen)
    ask()
    event.remove(engine.database.writer, "before_cursor_execute", listen)
    return heard


def test_known_and_unknown_people_take_the_same_work(engine: Engine, owning: Owning) -> None:
    nobody = registering.Claim("李四光", "110101199003070118", "13912345678")
    registering.begin(engine, replace(nobody, phone="13912345679"), ADDRESS)  # begins the day of the log
    known, unknown = (
        statements(engine, partial(registering.begin, engine, claim, ADDRESS)) for claim in (CLAIM, nobody)
    )
    assert known == unknown


@pytest.mark.both_stores
def test_tries_at_the_same_moment_are_all_counted(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    wrong = owning.wrong()
    answers: list[str] = []

    def guess() -> None:
        with pytest.raises(CodeRefused) as refused:
            codes.prove(engine, token, Purpose.REGISTER, wrong)
        answers.append(refused.value.code)

    guesses = [threading.Thread(target=guess) for _ in range(8)]
    for one in guesses:
        one.start()
    for one in guesses:
        one.join()
    assert sorted(answers) == ["code_over"] * 3 + ["code_wrong"] * 5


def test_codes_have_six_digits_and_any_may_come(engine: Engine, owning: Owning) -> None:
    row = {"id": 7, "purpose": str(Purpose.RESET)}
    made = [codes._digits(vault_of(engine), SimpleNamespace(**row, nonce=str(one))) for one in range(3000)]
    assert {len(code) for code in made} == {6}
    assert all(code.isascii() and code.isdigit() for code in made)
    assert len(set(made)) > 2900
    assert all({code[place] for code in made} == set("0123456789") for place in range(6))
