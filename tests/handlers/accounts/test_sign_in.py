"""Signing in: who gets a session, who is slowed down, and when a session is over."""

from collections import Counter

import pytest
from sqlalchemy import Connection, event

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts import installation, password_seals, passwords, sessions, staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_throttle
from handlers.accounts.sign_in import (
    SignInRefused,
    SlowDown,
    accept_responsibility,
    change_password,
    delay_after,
    hasher,
    prove_again,
    sign_in,
)
from handlers.shared import alarms, limits
from handlers.shared.permissions import Permission
from tests.handlers.estate_world import PASSWORD, World
from tests.reliability.together import together

HERE = "192.0.2.7"


@pytest.mark.both_stores
def test_the_right_password_begins_a_session_of_that_account(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    token = sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    signed_in = sessions.resume(engine, token)
    assert signed_in is not None
    assert signed_in.actor == clerk
    assert not signed_in.must_change_password
    assert not signed_in.must_accept


def test_people_sign_in_by_mobile_number_however_they_write_it(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    token = sign_in(engine, " +86 138-0000-0001", PASSWORD, HERE)
    signed_in = sessions.resume(engine, token)
    assert signed_in is not None
    assert signed_in.actor == clerk


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_sign_ins_at_once_of_which_one_forgets_the_attempts_of_the_other(
    engine: Engine, world: World
) -> None:
    login = world.login_of(world.staff(Post.CS))
    statements: list[str] = []

    def forget_between(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO account_throttle") and not statements:
            statements.append(statement)
            with engine.database.writing() as other:
                other.execute(account_throttle.delete())

    with pytest.raises(SignInRefused):
        sign_in(engine, login, "wrong", HERE)
    event.listen(engine.database.writer, "after_cursor_execute", forget_between)
    assert sign_in(engine, login, PASSWORD, HERE)
    assert statements


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_attempts_at_the_same_moment_do_not_share_the_last_free_one(engine: Engine, world: World) -> None:
    login = world.login_of(world.staff(Post.CS))
    outcomes = together(*[lambda: sign_in(engine, login, "wrong", HERE)] * 12)
    free = limits.FREE_FAILURES
    assert Counter(outcomes) == {"sign_in_refused": free, "slow_down": 12 - free}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_whoever_signs_in_several_times_at_the_same_moment_gets_a_session_each(
    engine: Engine, world: World
) -> None:
    login = world.login_of(world.staff(Post.CS))
    assert together(*[lambda: sign_in(engine, login, PASSWORD, HERE)] * 4) == ["done"] * 4


@pytest.mark.parametrize("password", ["", PASSWORD.lower(), PASSWORD + " ", "x" * 10_000])
def test_a_wrong_password_is_refused_like_an_unknown_login(
    engine: Engine, world: World, password: str
) -> None:
    clerk = world.staff(Post.CS)
    with pytest.raises(SignInRefused) as wrong:
        sign_in(engine, world.login_of(clerk), password, HERE)
    with pytest.raises(SignInRefused) as unknown:
        sign_in(engine, "nobody", password, HERE)
    assert wrong.value.text() == unknown.value.text()


def test_an_empty_or_invented_token_is_nobody(engine: Engine, world: World) -> None:
    sign_in(engine, world.login_of(world.staff(Post.CS)), PASSWORD, HERE)
    assert sessions.resume(engine, "") is None
    assert sessions.resume(engine, "invented") is None


@pytest.mark.both_stores
def test_after_five_failures_even_the_right_password_has_to_wait(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    login = world.login_of(world.staff(Post.CS))
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sign_in(engine, login, "wrong", HERE)
    with pytest.raises(SlowDown):
        sign_in(engine, login, PASSWORD, HERE)
    clock.advance(seconds=30)
    assert sign_in(engine, login, PASSWORD, HERE)
    with pytest.raises(SignInRefused):  # the count began anew
        sign_in(engine, login, "wrong", HERE)


def test_the_delay_doubles_and_never_locks_anybody_out_for_long() -> None:
    delays = [delay_after(failures, 5).total_seconds() for failures in range(4, 14)]
    assert delays[:5] == [0, 30, 60, 120, 240]
    assert max(delays) == limits.LONGEST_DELAY.total_seconds()


@pytest.mark.both_stores
def test_one_address_cannot_guess_at_many_accounts(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    for guess in range(limits.ADDRESS_FREE_FAILURES):
        with pytest.raises(SignInRefused):
            sign_in(engine, f"nobody{guess}", "wrong", HERE)
    with pytest.raises(SlowDown):
        sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    assert sign_in(engine, world.login_of(clerk), PASSWORD, "192.0.2.8")


def test_signing_in_oneself_does_not_wash_an_address_clean(engine: Engine, world: World) -> None:
    login = world.login_of(world.staff(Post.CS))
    with pytest.raises(SlowDown):
        for guess in range(2 * limits.ADDRESS_FREE_FAILURES):
            with pytest.raises(SignInRefused):
                sign_in(engine, f"nobody{guess}", "wrong", HERE)
            sign_in(engine, login, PASSWORD, HERE)


@pytest.mark.both_stores
def test_a_session_is_over_after_half_an_hour_of_silence(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    token = sign_in(engine, world.login_of(world.staff(Post.CS)), PASSWORD, HERE)
    clock.advance(minutes=29)
    assert sessions.resume(engine, token) is not None
    clock.advance(minutes=29)
    assert sessions.resume(engine, token) is not None
    clock.advance(minutes=30)
    assert sessions.resume(engine, token) is None


def test_a_session_ends_after_twelve_hours_however_busy(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    token = sign_in(engine, world.login_of(world.staff(Post.CS)), PASSWORD, HERE)
    for _ in range(35):
        clock.advance(minutes=20)
        assert sessions.resume(engine, token) is not None
    clock.advance(minutes=20)
    assert sessions.resume(engine, token) is None


def test_repair_staff_stay_signed_in_on_their_phone_until_the_shift_ends(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    repairer = world.staff(Post.RP)
    start = clock.now()
    clock.advance(hours=-1)
    shift_end = start.replace(hour=10)
    world.shift(repairer, clock.now(), shift_end)
    clock.set(start)
    token = sign_in(engine, world.login_of(repairer), PASSWORD, HERE, bound_phone=True)
    clock.advance(hours=5)
    assert sessions.resume(engine, token) is not None
    clock.set(shift_end)
    assert sessions.resume(engine, token) is None


def test_signing_out_ends_the_session_at_once(engine: Engine, world: World) -> None:
    token = sign_in(engine, world.login_of(world.staff(Post.CS)), PASSWORD, HERE)
    sessions.end(engine, token)
    assert sessions.resume(engine, token) is None


def test_disabling_an_account_ends_its_sessions_and_rights_at_once(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    login = world.login_of(clerk)
    token = sign_in(engine, login, PASSWORD, HERE)
    with engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        staff.disable(work, clerk.id)
    assert sessions.resume(engine, token) is None
    with engine.reading(clerk) as work:
        assert work.memberships == ()
        assert not work.may(Permission.CASE_READ, world.community)
    with pytest.raises(SignInRefused):
        sign_in(engine, login, PASSWORD, HERE)


def test_an_account_switched_off_by_whatever_means_has_no_session(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    token = sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    with engine.work(SYSTEM) as work:
        work.connection.execute(account.update().where(account.c.id == clerk.id).values(state="disabled"))
    assert sessions.resume(engine, token) is None


def test_a_session_does_not_come_back_when_the_account_is_switched_on_again(
    engine: Engine, world: World
) -> None:
    clerk = world.staff(Post.CS)
    token = sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    with engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        staff.disable(work, clerk.id)
    with engine.work(SYSTEM) as work:
        work.connection.execute(account.update().where(account.c.id == clerk.id).values(state="active"))
    assert sessions.resume(engine, token) is None


def test_the_token_itself_is_not_stored(engine: Engine, world: World) -> None:
    token = sign_in(engine, world.login_of(world.staff(Post.CS)), PASSWORD, HERE)
    with engine.reading(SYSTEM) as work:
        rows = work.connection.exec_driver_sql("SELECT * FROM account_session").all()
    assert token not in str(rows)


def test_a_first_password_must_be_changed_before_anything_else_is_allowed(
    engine: Engine, world: World
) -> None:
    with engine.work(SYSTEM) as work:
        password = installation.create_first_administrator(work, "admin")
    assert password is not None
    signed_in = sessions.resume(engine, sign_in(engine, "admin", password, HERE))
    assert signed_in is not None
    assert signed_in.must_change_password
    assert signed_in.must_accept
    with engine.reading(signed_in.actor) as work:
        assert work.grants.permissions == frozenset()
    token = change_password(engine, signed_in, password, "Quiet-harbour-9", HERE)
    with engine.work(signed_in.actor) as work:
        accept_responsibility(work)
    signed_in = sessions.resume(engine, token)
    assert signed_in is not None
    assert not signed_in.must_change_password
    assert not signed_in.must_accept
    with engine.reading(signed_in.actor) as work:
        assert work.may(Permission.ACCOUNT_REGISTER)


def test_a_first_password_lapses_after_three_days(engine: Engine, clock: SettableClock) -> None:
    with engine.work(SYSTEM) as work:
        password = installation.create_first_administrator(work, "admin")
    assert password is not None
    clock.advance(hours=72)
    with pytest.raises(SignInRefused, match="初始密码已过期"):
        sign_in(engine, "admin", password, HERE)


@pytest.mark.both_stores
def test_there_is_a_first_administrator_once_ever(engine: Engine, world: World) -> None:
    with engine.work(SYSTEM) as work:
        assert installation.create_first_administrator(work, "admin") is not None
        assert installation.create_first_administrator(work, "other") is None


def test_a_new_password_ends_every_other_session(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    elsewhere = sign_in(engine, world.login_of(clerk), PASSWORD, "192.0.2.9")
    here = sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    signed_in = sessions.resume(engine, here)
    assert signed_in is not None
    fresh = change_password(engine, signed_in, PASSWORD, "Quiet-harbour-9", HERE)
    assert sessions.resume(engine, elsewhere) is None
    assert sessions.resume(engine, here) is None
    assert sessions.resume(engine, fresh) is not None


def test_the_old_password_is_asked_for_and_guessing_it_is_slowed_down(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    signed_in = sessions.resume(engine, sign_in(engine, world.login_of(clerk), PASSWORD, HERE))
    assert signed_in is not None
    for _ in range(5):
        with pytest.raises(SignInRefused):
            change_password(engine, signed_in, "wrong", "Quiet-harbour-9", HERE)
    with pytest.raises(SlowDown):
        prove_again(engine, signed_in, PASSWORD)


def test_none_of_the_last_five_passwords_comes_back(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    token = sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    current = PASSWORD
    for number in range(5):
        signed_in = sessions.resume(engine, token)
        assert signed_in is not None
        with pytest.raises(passwords.PasswordRefused, match="最近"):
            change_password(engine, signed_in, current, PASSWORD, HERE)
        fresh = f"Quiet-harbour-{number}"
        token = change_password(engine, signed_in, current, fresh, HERE)
        current = fresh
    signed_in = sessions.resume(engine, token)
    assert signed_in is not None
    assert change_password(engine, signed_in, current, PASSWORD, HERE)


def put(engine: Engine, account_id: int, **values: object) -> None:
    """Write into the database as somebody would who goes past the platform."""
    with engine.work(SYSTEM) as work:
        work.connection.execute(account.update().where(account.c.id == account_id).values(**values))


def test_a_hash_written_into_the_database_opens_nothing_and_raises_an_alarm(
    engine: Engine, world: World
) -> None:
    clerk, thief = world.staff(Post.CS), world.staff(Post.RP)
    security = world.staff(Post.SEC, everywhere=True)
    with engine.reading(SYSTEM) as work:
        own = work.connection.execute(account.select().where(account.c.id == thief.id)).one()
    for values in (
        {"password_hash": hasher(engine).hash("Lantern-8-river")},
        {"password_hash": own.password_hash, "password_seal": own.password_seal},
    ):
        put(engine, clerk.id, **values)
        for password in ("Lantern-8-river", PASSWORD):
            with pytest.raises(SignInRefused):
                sign_in(engine, world.login_of(clerk), password, HERE)
    with engine.reading(security) as work:
        [alarm] = alarms.open_alarms(work)
    assert (alarm.kind, alarm.subject_id) == (password_seals.ALARM, clerk.id)


def test_a_hash_without_a_seal_counts_until_those_of_before_were_adopted(
    engine: Engine, world: World
) -> None:
    clerk, later = world.staff(Post.CS), world.staff(Post.CS)
    put(engine, clerk.id, password_seal=None)
    assert sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    with engine.work(SYSTEM) as work:
        assert password_seals.adopt(work) == [clerk.id]
    assert sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    put(engine, later.id, password_seal=None)
    with engine.work(SYSTEM) as work:
        assert password_seals.adopt(work) == []
    with pytest.raises(SignInRefused):
        sign_in(engine, world.login_of(later), PASSWORD, HERE)
