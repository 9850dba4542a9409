"""Codes asked for and typed at the same moment: each counts, and none finds the limit still open."""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, select

from engine.ports import SYSTEM
from engine.work import Engine
from handlers.owning import codes, quotas, registering
from handlers.owning.codes import Purpose
from handlers.owning.quotas import Quota
from handlers.owning.records import owner_code, owner_quota
from handlers.shared import limits
from tests.handlers.owning.owning_world import ADDRESS, CLAIM, Owning
from tests.reliability.together import Call, together

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

AT_ONCE = 12


def meet_after_reading(engine: Engine, table: str) -> None:
    """Let two transactions go on once both have read a table; a lock that keeps one out ends the wait."""
    both = threading.Barrier(2, timeout=0.5)

    def wait(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("SELECT") and f"FROM {table}" in statement:
            with suppress(threading.BrokenBarrierError):
                both.wait()

    event.listen(engine.database.writer, "after_cursor_execute", wait)


def put_old_quota(engine: Engine, *subjects: tuple[str, str]) -> None:
    """Leave quotas of two days ago, so that the rows are there and no insertion has to wait for another."""
    with engine.work(SYSTEM) as work:
        old = work.now - timedelta(days=2)
        for subject in subjects:
            row = {"subject_index": work.engine.vault.blind_index(*subject), "began_at": old, "asked": 1}
            work.connection.execute(owner_quota.insert().values(**row, last_at=old))


def test_of_two_requests_for_one_number_one_is_sent(engine: Engine, owning: Owning) -> None:
    put_old_quota(engine, ("code_typed", CLAIM.phone))
    meet_after_reading(engine, "owner_quota")
    outcomes = together(
        lambda: registering.begin(engine, CLAIM, ADDRESS),
        lambda: registering.begin(engine, CLAIM, "203.0.113.9"),
    )
    assert Counter(outcomes) == {"done": 1, "code_just_sent": 1}
    assert owning.rows() == len(owning.messages()) == 1


def test_requests_for_many_numbers_share_the_quota_of_their_address(
    engine: Engine, owning: Owning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "ADDRESS", Quota(3, timedelta(hours=1)))

    def asking(number: int) -> Call:
        claim = replace(CLAIM, phone=f"138222233{number:02}")
        return lambda: registering.begin(engine, claim, ADDRESS)

    outcomes = together(*map(asking, range(AT_ONCE)))
    assert Counter(outcomes) == {"done": 3, "codes_used_up": AT_ONCE - 3}
    assert owning.rows() == 3


def test_wrong_codes_do_not_share_the_last_try(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    wrong = owning.wrong()
    outcomes = together(*[lambda: codes.prove(engine, token, Purpose.REGISTER, wrong)] * AT_ONCE)
    assert Counter(outcomes) == {"code_wrong": limits.CODE_TRIES, "code_over": AT_ONCE - limits.CODE_TRIES}
    with engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(owner_code.c.tries)).scalar_one() == limits.CODE_TRIES


def test_the_right_code_is_taken_once(engine: Engine, owning: Owning) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    right = owning.code()
    meet_after_reading(engine, "owner_code")
    outcomes = together(*[lambda: codes.prove(engine, token, Purpose.REGISTER, right)] * 2)
    assert Counter(outcomes) == {"done": 1, "code_over": 1}


def test_a_request_whose_quota_was_forgotten_the_moment_before_is_answered(
    engine: Engine, owning: Owning
) -> None:
    forgotten: list[str] = []

    def forget_between(_connection: Connection, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO owner_quota") and not forgotten:
            forgotten.append(statement)
            with engine.database.writing() as other:
                other.execute(owner_quota.delete())

    put_old_quota(engine, ("code_address", ADDRESS), ("code_typed", CLAIM.phone))
    event.listen(engine.database.writer, "after_cursor_execute", forget_between)
    assert registering.begin(engine, CLAIM, ADDRESS)
    assert forgotten
    assert owning.rows() == 1
