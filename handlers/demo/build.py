"""Fills an empty installation with the demonstration estate."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from engine.clock import SettableClock
from engine.work import SYSTEM, Engine, Work
from handlers.accounts.installation import make_usable
from handlers.accounts.passwords import initial_password
from handlers.accounts.permissions import POST_NAMES, RESIDENT, Post
from handlers.demo import crew, handover, population, settling, staffing
from handlers.demo.moves import Moves
from handlers.demo.past import Past
from handlers.demo.population import FULL, SMALL, Size
from handlers.demo.settling import Settled
from handlers.errors import RuleRefused
from handlers.estate import counted
from handlers.estate.records import estate_community
from handlers.safety import reconciling
from handlers.shared.records import outbox_call, outbox_job

_ROSTER_AHEAD_DAYS = 21
_RESIDENTS = 2
_REPAIRERS = 3
_STILL_TO_DELIVER = timedelta(hours=1)


def _nothing(_line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class SignIn:
    """Somebody to sign in as.

    Attributes:
        post, post_en: what they are.
        login: login name of staff, mobile number of residents.
    """

    post: str
    post_en: str
    name: str
    login: str
    password: str


@dataclass(frozen=True)
class Demonstration:
    """What was made.

    Attributes:
        list_file: a hand-over list to try the import with.
    """

    sign_ins: tuple[SignIn, ...]
    houses: int
    cases: int
    list_file: Path


def build(
    engine: Engine, folder: Path, *, size: Size = FULL, seed: int = 1, say: Callable[[str], None] = _nothing
) -> Demonstration:
    """Fill an empty installation; the same size and seed give the same estate, with passwords of its own.

    The engine's clock is set back for the invented past, and is the old one again at the end.

    Args:
        folder: where the hand-over list is written to.
        say: is told in one line what is being made.
    Raises:
        RuleRefused: there is an estate already.
    """
    until = engine.clock.now().replace(microsecond=0)
    real_clock = engine.clock
    clock = SettableClock(until - timedelta(weeks=size.weeks, days=1))
    engine.clock = clock
    try:
        say("[1/4] 小区、房屋、住户和员工 / communities, houses, people, staff")
        settled, sign_ins = _settle(engine, size, seed)
        say("[2/4] 报修记录，需要几分钟 / past repairs, takes a few minutes")
        cases = Past(engine, clock, settled, seed).run(size, until, say)
        say("[3/4] 过户、入住和租约 / homes that change hands")
        cases += Moves(engine, clock, settled, seed).run(until)
    finally:
        engine.clock = real_clock
    with engine.work(SYSTEM) as work:
        _forget_old_messages(work)
        staffing.send_away(work, settled)
        _keep_at_work(work, settled, {one.login for one in sign_ins})
    counted.watch(engine)
    reconciling.adopt(engine)  # what was invented in one stroke has no entries of its own
    say("[4/4] 交付清单 / hand-over list")
    list_file = folder / "demo" / "交付清单.xlsx"
    handover.write_list(list_file, seed)
    houses = sum(
        len(members)
        for community in population.invent(size, seed)
        for building in community.buildings
        for _, members in building.units
    )
    return Demonstration(sign_ins, houses, cases, list_file)


def _keep_at_work(work: Work, settled: Settled, printed: Collection[str]) -> None:
    """Let whoever can sign in be on shift at every hour, so that a repair can be driven at any time."""
    for one, account_id in settled.staff:
        if one.community is None or one.login not in printed:
            continue
        staffing.always_there(work, account_id, settled.communities[one.community], _ROSTER_AHEAD_DAYS)
        if one.post is Post.RP:
            staffing.learn_everything(work, account_id)


def _forget_old_messages(work: Work) -> None:
    """Take as sent what the invented past had to say; only the newest is still to be delivered."""
    old = work.now - _STILL_TO_DELIVER
    work.connection.execute(
        outbox_job.update()
        .where(outbox_job.c.state == "ready", outbox_job.c.created_at < old)
        .values(state="done", ended_at=work.now)
    )
    work.connection.execute(
        outbox_call.update()
        .where(outbox_call.c.acknowledged_at.is_(None), outbox_call.c.started_at < old)
        .values(given_up_at=work.now)
    )


def _settle(engine: Engine, size: Size, seed: int) -> tuple[Settled, tuple[SignIn, ...]]:
    with engine.work(SYSTEM) as work:
        if work.connection.execute(select(estate_community.c.id).limit(1)).first() is not None:
            raise RuleRefused("estate_exists", "已有小区数据，演示数据只能建在空的安装上")
        settled = settling.settle(work, population.invent(size, seed), seed)
        nobody_knows = settling.password_hash(work, initial_password())
        staffing.employ(work, settled, crew.invent(len(size.communities), seed), nobody_knows)
        staffing.plan_shifts(work, settled, work.now, size.weeks * 7 + 1 + _ROSTER_AHEAD_DAYS)
        return settled, (*_staff(work, settled), *_residents(work, settled))


def _staff(work: Work, settled: Settled) -> list[SignIn]:
    """Give the first holders of each post a password, of the company and of a community.

    Three of the repair staff: the second rework is somebody else's, and after a complaint a third one comes.
    """
    given: Counter[tuple[Post, bool]] = Counter()
    sign_ins = []
    for one, account_id in settled.staff:
        kind = (one.post, one.community is None)
        if given[kind] == (_REPAIRERS if one.post is Post.RP else 1):
            continue
        given[kind] += 1
        password = initial_password()
        make_usable(work, account_id, settling.password_hash(work, password))
        sign_ins.append(SignIn(*POST_NAMES[one.post], one.name, one.login, password))
    return sign_ins


def _residents(work: Work, settled: Settled) -> list[SignIn]:
    """Give two owners of the first community a password; they also report, so they have cases to see."""
    owners = [one for one in settled.dwellers[settled.communities[0]] if one.relation == "owner"]
    sign_ins = []
    for one in owners[:_RESIDENTS]:
        password = initial_password()
        make_usable(work, one.account_id, settling.password_hash(work, password))
        sign_ins.append(SignIn(*POST_NAMES[RESIDENT], one.name, one.phone, password))
    return sign_ins


__all__ = ["FULL", "SMALL", "Demonstration", "SignIn", "build"]
