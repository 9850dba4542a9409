"""Codes of one person at the same moment on PostgreSQL, where transactions do not wait for each other."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from engine.work import Engine
from handlers.owning import codes, resetting
from handlers.owning.codes import Purpose
from handlers.owning.records import owner_code, owner_quota
from tests.handlers.owning.owning_world import ADDRESS, NUMBER, PHONE, Owning
from tests.reliability.together import together

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

AT_ONCE = 12


@pytest.fixture
def owning(owning: Owning) -> Owning:
    """The owner with an account, who was sent a code two days ago."""
    owning.register()
    with owning.engine.work(SYSTEM) as work:
        work.connection.execute(owner_code.delete())
        work.connection.execute(owner_quota.update().values(last_at=work.now - timedelta(days=2), asked=0))
    return owning


def test_a_person_gets_one_code_by_whichever_numbers_it_is_asked_for(engine: Engine, owning: Owning) -> None:
    logins = (PHONE, NUMBER)
    addresses = ("192.0.2.8", "192.0.2.9")
    asking = [partial(resetting.begin, engine, *one) for one in zip(logins, addresses, strict=True)]
    assert together(*asking) == ["done", "done"], "nothing tells them from numbers of two people"
    with engine.reading(SYSTEM) as work:
        reached = select(owner_code.c.id).where(owner_code.c.person_id == owning.person)
        assert len(work.connection.execute(reached).all()) == 1


def test_what_a_code_opens_sets_one_password(engine: Engine, owning: Owning) -> None:
    token = owning.reset()
    codes.prove(engine, token, Purpose.RESET, owning.code())
    setting = [
        partial(resetting.finish, engine, token, f"Bright-orchard-{one}", ADDRESS) for one in range(AT_ONCE)
    ]
    assert Counter(together(*setting)) == {"done": 1, "proof_over": AT_ONCE - 1}
