"""Accounts that nobody uses: locked after a month, looked at after three, woken with a fresh password."""

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import dormancy, sign_in
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.accounts.sign_in import SignInRefused
from handlers.shared import alarms
from tests.handlers.estate_world import PASSWORD, World

HERE = "192.0.2.7"


def real(engine: Engine, *people: Actor) -> None:
    """Make accounts real ones, not those of a demonstration."""
    with engine.work(SYSTEM) as work:
        ids = [one.id for one in people]
        work.connection.execute(
            account.update().where(account.c.id.in_(ids)).values(responsibility_version="2026-11")
        )


def state(engine: Engine, actor: Actor) -> str:
    with engine.reading(SYSTEM) as work:
        return str(work.connection.execute(select(account.c.state).where(account.c.id == actor.id)).scalar())


@pytest.mark.both_stores
def test_a_month_without_use_locks_and_one_sign_in_keeps_open(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    idle, busy, shown = world.staff(Post.CS), world.staff(Post.CS), world.staff(Post.CS)
    real(engine, idle, busy)
    clock.advance(days=29)
    sign_in.sign_in(engine, world.login_of(busy), PASSWORD, HERE)
    assert dormancy.watch(engine) == 0
    clock.advance(days=2)
    assert dormancy.watch(engine) == 1
    assert [state(engine, one) for one in (idle, busy, shown)] == ["dormant", "active", "active"]
    with pytest.raises(SignInRefused):
        sign_in.sign_in(engine, world.login_of(idle), PASSWORD, HERE)


def test_the_security_post_looks_once_after_three_months(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    idle = world.staff(Post.CS)
    real(engine, idle)
    clock.advance(days=31)
    dormancy.watch(engine)
    with engine.reading(SYSTEM) as work:
        assert alarms.open_alarms(work) == []
    clock.advance(days=60)
    dormancy.watch(engine)
    with engine.work(SYSTEM) as work:
        (one,) = alarms.open_alarms(work)
        alarms.close_alarm(work, one.id)
    dormancy.watch(engine)
    with engine.reading(SYSTEM) as work:
        assert (one.kind, one.subject_id) == (dormancy.ALARM, idle.id)
        assert alarms.open_alarms(work) == []


def test_the_administrator_wakes_an_account_with_a_fresh_password(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    idle, administrator = world.staff(Post.CS), world.staff(Post.SYS, everywhere=True)
    real(engine, idle)
    clock.advance(days=31)
    dormancy.watch(engine)
    with pytest.raises(NotPermitted), engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        dormancy.wake(work, idle.id)
    with engine.work(administrator) as work:
        dormancy.wake(work, idle.id)
    assert state(engine, idle) == "active"
    assert dormancy.watch(engine) == 0
    with pytest.raises(SignInRefused):
        sign_in.sign_in(engine, world.login_of(idle), PASSWORD, HERE)


def test_the_last_administrator_is_never_locked_out(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    first, second = (world.staff(Post.SYS, everywhere=True) for _ in range(2))
    real(engine, first, second)
    clock.advance(days=31)
    assert dormancy.watch(engine) == 1
    assert sorted([state(engine, first), state(engine, second)]) == ["active", "dormant"]
