"""The ways to a session side by side: each refuses the same passwords and the same accounts."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.clock import SettableClock
from engine.errors import Problem
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts import passwords, sessions, sign_in
from handlers.accounts.records import account
from handlers.owning import codes, registering, resetting
from handlers.owning.codes import Purpose
from tests.handlers.owning.owning_world import ADDRESS, CLAIM, PASSWORD, PHONE, Owning

ROOT = Path(__file__).parents[3]
Way = Callable[[Owning, str], str]  # the owner and a password; returns the token of a session


def by_registering(owning: Owning, password: str) -> str:
    token = registering.begin(owning.engine, CLAIM, ADDRESS)
    codes.prove(owning.engine, token, Purpose.REGISTER, owning.code())
    return registering.finish(owning.engine, token, password, ADDRESS, accepts=True)


def by_resetting(owning: Owning, password: str) -> str:
    token = owning.reset()
    codes.prove(owning.engine, token, Purpose.RESET, owning.code())
    return resetting.finish(owning.engine, token, password, ADDRESS)


def by_changing(owning: Owning, password: str) -> str:
    signed_in = sessions.resume(owning.engine, by_signing_in(owning, PASSWORD))
    assert signed_in is not None
    return sign_in.change_password(owning.engine, signed_in, PASSWORD, password, ADDRESS)


def by_signing_in(owning: Owning, password: str) -> str:
    return sign_in.sign_in(owning.engine, PHONE, password, ADDRESS)


def test_there_are_no_other_ways() -> None:
    opening = {
        str(path.relative_to(ROOT))
        for folder in ("engine", "handlers", "web")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bopen_session\(work", path.read_text(encoding="utf-8"))
    }
    assert opening == {
        f"handlers/{name}.py" for name in ("accounts/sign_in", "owning/registering", "owning/resetting")
    }


@pytest.mark.parametrize("way", [by_registering, by_resetting, by_changing])
@pytest.mark.parametrize("weak", ["Aa123456!", "short-1A", f"Quiet-{PHONE}-Aa", "quiet-harbour"])
def test_no_way_takes_a_weak_password(owning: Owning, clock: SettableClock, way: Way, weak: str) -> None:
    if way is not by_registering:
        owning.register()
        clock.advance(minutes=2)
    with pytest.raises(passwords.PasswordRefused):
        way(owning, weak)


@pytest.mark.parametrize("way", [by_registering, by_resetting, by_signing_in])
@pytest.mark.parametrize("state", ["disabled", "dormant"])
def test_no_way_opens_an_account_that_was_ended(
    engine: Engine, owning: Owning, clock: SettableClock, way: Way, state: str
) -> None:
    owning.register()
    clock.advance(minutes=2)
    with engine.work(SYSTEM) as work:
        work.connection.execute(
            account.update().where(account.c.person_id == owning.person).values(state=state)
        )
    with pytest.raises((Problem, AssertionError)):  # to whom it is no use no code is sent
        way(owning, "Bright-orchard-4" if way is not by_signing_in else PASSWORD)
