"""Each proof of who somebody is leaves an entry, right or wrong: who, when and about whom."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import Problem
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts import sessions, sign_in
from handlers.accounts.permissions import Post
from handlers.owning import codes
from handlers.owning.codes import Purpose
from handlers.shared.records import access_log
from tests.handlers.accounts.test_second_factor import Holder
from tests.handlers.estate_world import PASSWORD, World

HERE = "192.0.2.7"


class Proofs:
    """A clerk, an administrator with an authenticator, and what they prove."""

    def __init__(self, engine: Engine, clock: SettableClock, world: World) -> None:
        self.engine = engine
        self.clock = clock
        self.clerk = world.staff(Post.CS)
        self.login = world.login_of(self.clerk)
        self.holder = Holder(engine, clock, world, Post.SYS)

    def signed_in(self) -> sessions.SignedIn:
        found = sessions.resume(self.engine, sign_in.sign_in(self.engine, self.login, PASSWORD, HERE))
        assert found is not None
        return found

    def give_code(self, code: str = "") -> None:
        self.holder.bind()
        self.holder.sign_in()
        self.clock.advance(seconds=60)
        self.holder.prove(code or self.holder.code())


def wrong_sms_code(proofs: Proofs) -> None:
    with proofs.engine.work(SYSTEM) as work:
        token = codes.send(work, codes.Request(Purpose.RESET, "13800000000", HERE), None)
    codes.prove(proofs.engine, token, Purpose.RESET, "000000")


PROVED: dict[str, Callable[[Proofs], object]] = {
    "sign_in": lambda proofs: proofs.signed_in(),
    "sign_in_failed": lambda proofs: sign_in.sign_in(proofs.engine, proofs.login, "wrong", HERE),
    "password_wrong": lambda proofs: sign_in.prove_again(proofs.engine, proofs.signed_in(), "wrong"),
    "change_password": lambda proofs: sign_in.change_password(
        proofs.engine, proofs.signed_in(), PASSWORD, "Quiet-harbour-9", HERE
    ),
    "second_factor": lambda proofs: proofs.give_code(),
    "second_factor_failed": lambda proofs: proofs.give_code("000000"),
    "wrong_code": wrong_sms_code,
}


@pytest.mark.parametrize("action", PROVED)
def test_each_proof_is_logged_whether_it_was_right_or_wrong(
    engine: Engine, clock: SettableClock, world: World, action: str
) -> None:
    proofs = Proofs(engine, clock, world)
    before = clock.now()
    with suppress(Problem):
        PROVED[action](proofs)
    with engine.reading(SYSTEM) as work:
        found = work.connection.execute(select(access_log).where(access_log.c.action == action)).all()
    assert len(found) == 1
    assert before <= found[0].at <= clock.now()
    assert found[0].at.utcoffset() is not None
    assert found[0].subject_id
