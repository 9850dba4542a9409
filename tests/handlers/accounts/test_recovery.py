"""A lone administrator's way back in, from the command line of the machine."""

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts import recovery, second_factor, sessions, sign_in, trust
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_totp
from handlers.accounts.sign_in import SignInRefused
from handlers.errors import RecordNotFound, RuleRefused
from handlers.shared.records import access_log, alarm, outbox_job
from tests.handlers.estate_world import PASSWORD, World

HERE = "192.0.2.7"


@pytest.mark.both_stores
def test_who_lost_phone_and_codes_gets_back_in_and_everybody_who_watches_knows(
    engine: Engine, world: World
) -> None:
    lone, security = world.staff(Post.SYS, everywhere=True), world.staff(Post.SEC, everywhere=True)
    login = world.login_of(lone)
    token = sign_in.sign_in(engine, login, PASSWORD, HERE)
    with engine.work(lone) as work:
        second_factor.begin(work)
    password = engine.run(SYSTEM, lambda work: recovery.recover(work, login))
    assert sessions.resume(engine, token) is None
    with pytest.raises(SignInRefused):
        sign_in.sign_in(engine, login, PASSWORD, HERE)
    signed_in = sessions.resume(engine, sign_in.sign_in(engine, login, password, HERE))
    assert signed_in is not None
    assert signed_in.must_change_password
    with engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(account_totp)).all() == []
        assert trust.cools_until(work, lone.id) is not None
        kinds = work.connection.execute(select(alarm.c.kind, alarm.c.subject_id)).all()
        actions = set(work.connection.execute(select(access_log.c.action)).scalars())
        told = [
            one["to"]
            for one in work.connection.execute(select(outbox_job.c.args)).scalars()
            if one.get("template") == recovery.ALARM
        ]
    assert (recovery.ALARM, lone.id) in {tuple(one) for one in kinds}
    assert "recover_account" in actions
    assert f"account:{security.id}" in told[0]


def test_nobody_recovers_an_account_but_the_machine(engine: Engine, world: World) -> None:
    administrator = world.staff(Post.SYS, everywhere=True)
    with pytest.raises(RuleRefused), engine.work(administrator) as work:
        recovery.recover(work, world.login_of(administrator))
    with pytest.raises(RecordNotFound):
        engine.run(SYSTEM, lambda work: recovery.recover(work, "nobody-here"))
