"""The clock is put back while codes, sessions and delays run: nothing revives, nobody is shut out."""

from datetime import timedelta

import pytest

from engine.clock import SettableClock
from engine.work import Engine
from handlers.accounts import sessions, sign_in, trust
from handlers.accounts.sign_in import SignInRefused, SlowDown
from handlers.owning import codes, registering, resetting
from handlers.owning.codes import CodeRefused, Purpose
from handlers.shared import limits
from tests.handlers.owning.owning_world import ADDRESS, CLAIM, PASSWORD, PHONE, Owning

BACK = (timedelta(hours=1), timedelta(days=1))


@pytest.mark.parametrize("back", BACK)
@pytest.mark.both_stores
def test_a_code_that_lapsed_is_not_revived(
    engine: Engine, owning: Owning, clock: SettableClock, back: timedelta
) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    right = owning.code()
    clock.advance(minutes=6)
    clock.set(clock.now() - back)
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, Purpose.REGISTER, right)


@pytest.mark.parametrize("back", BACK)
def test_what_a_code_opened_does_not_stay_open(
    engine: Engine, owning: Owning, clock: SettableClock, back: timedelta
) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    codes.prove(engine, token, Purpose.REGISTER, owning.code())
    clock.set(clock.now() - back)
    with pytest.raises(CodeRefused):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)


@pytest.mark.parametrize("back", BACK)
def test_nobody_waits_for_the_clock_to_catch_up_before_asking_for_a_code(
    engine: Engine, owning: Owning, clock: SettableClock, back: timedelta
) -> None:
    owning.register()
    for _ in range(limits.CODES_PER_DAY):
        clock.advance(minutes=2)
        resetting.begin(engine, PHONE, ADDRESS)
    clock.set(clock.now() - back)
    for _ in range(limits.CODES_PER_DAY):
        resetting.begin(engine, PHONE, ADDRESS)
        with pytest.raises(SlowDown):
            resetting.begin(engine, PHONE, ADDRESS)
        clock.advance(minutes=2)
    with pytest.raises(SlowDown):
        resetting.begin(engine, PHONE, ADDRESS)


@pytest.mark.parametrize("back", BACK)
def test_an_idle_session_is_not_revived_and_a_proof_does_not_grow_older(
    engine: Engine, owning: Owning, clock: SettableClock, back: timedelta
) -> None:
    token = owning.register()
    signed_in = sessions.resume(engine, token)
    assert signed_in is not None
    clock.set(clock.now() - timedelta(minutes=1))
    assert sessions.resume(engine, token) is not None
    assert trust.is_fresh(signed_in, clock.now())
    clock.set(clock.now() - back)
    assert sessions.resume(engine, token) is None
    assert not trust.is_fresh(signed_in, clock.now())


@pytest.mark.parametrize("back", BACK)
def test_a_delay_after_wrong_passwords_is_no_longer_than_it_was(
    engine: Engine, owning: Owning, clock: SettableClock, back: timedelta
) -> None:
    owning.register()
    for _ in range(limits.FREE_FAILURES):
        with pytest.raises(SignInRefused):
            sign_in.sign_in(engine, PHONE, "wrong", ADDRESS)
    with pytest.raises(SlowDown):
        sign_in.sign_in(engine, PHONE, "wrong", ADDRESS)
    clock.set(clock.now() - back)
    with pytest.raises(SignInRefused):
        sign_in.sign_in(engine, PHONE, "wrong", ADDRESS)
    with pytest.raises(SlowDown):
        sign_in.sign_in(engine, PHONE, PASSWORD, ADDRESS)
    clock.advance(minutes=2)
    assert sign_in.sign_in(engine, PHONE, PASSWORD, ADDRESS)
