"""Sign-ins that are unusual for their person: what is noticed, what is not, and who is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import habits, sign_in
from handlers.accounts.permissions import Post
from handlers.shared import alarms
from handlers.shared.records import access_log, outbox_job
from tests.handlers.estate_world import PASSWORD, World

OFFICE, HOME, FAR = "192.0.2.7", "192.0.2.201", "198.51.100.9"
DESK, PHONE = "desk-token", "phone-token"


class Clerk:
    """A clerk who has signed in at the desk before."""

    def __init__(self, engine: Engine, clock: SettableClock, world: World) -> None:
        self.engine, self.clock, self.world = engine, clock, world
        self.actor = world.staff(Post.CS)
        self.sign_in()

    def sign_in(self, address: str = OFFICE, device: str = DESK) -> None:
        sign_in.sign_in(self.engine, self.world.login_of(self.actor), PASSWORD, address, device=device)

    def reasons(self) -> list[list[str]]:
        with self.engine.reading(SYSTEM) as work:
            return [one.detail["reasons"] for one in alarms.open_alarms(work) if one.kind == habits.ALARM]  # type: ignore[misc]  # a list of codes


@pytest.fixture
def clerk(engine: Engine, clock: SettableClock, world: World) -> Clerk:
    return Clerk(engine, clock, world)


def told(engine: Engine, template: str) -> list[object]:
    with engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(outbox_job.c.args)).scalars().all()
    return [one for args in rows if args.get("template") == template for one in args["to"]]


def account(actor: Actor) -> str:
    return f"account:{actor.id}"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.both_stores
def test_an_unusual_sign_in_reaches_both_administrators_and_the_person(
    engine: Engine, world: World, clerk: Clerk
) -> None:
    system, security = world.staff(Post.SYS, everywhere=True), world.staff(Post.SEC, everywhere=True)
    clerk.sign_in(FAR, PHONE)
    assert clerk.reasons() == [["device", "address", "two_places"]]
    assert set(told(engine, "unusual_sign_in")) == {account(system), account(security)}
    assert told(engine, "unusual_sign_in_own") == [account(clerk.actor)]
    with engine.reading(SYSTEM) as work:
        noted = work.connection.execute(
            select(access_log.c.detail).where(access_log.c.action == habits.ALARM)
        )
        detail = noted.scalar_one()
    assert FAR not in detail
    assert PHONE not in detail


def test_the_usual_desk_is_not_unusual_and_neither_is_the_first_sign_in(clerk: Clerk) -> None:
    clerk.sign_in()
    clerk.clock.advance(days=1)
    clerk.sign_in(HOME)
    assert clerk.reasons() == []


def test_a_new_device_at_the_usual_place_is_noticed_once(clerk: Clerk) -> None:
    clerk.sign_in(device=PHONE)
    clerk.sign_in(device=PHONE)
    assert clerk.reasons() == [["device"]]


def test_a_new_place_is_noticed_and_what_is_long_ago_is_forgotten(clerk: Clerk) -> None:
    clerk.clock.advance(hours=2)
    clerk.sign_in(FAR)
    assert clerk.reasons() == [["address"]]
    clerk.clock.advance(days=100)
    clerk.sign_in(HOME, PHONE)
    assert clerk.reasons() == [["address"]], "without a recent habit nothing is unusual"


def test_two_places_at_once_are_noticed_even_if_both_are_known(clerk: Clerk) -> None:
    clerk.clock.advance(hours=2)
    clerk.sign_in(FAR)
    clerk.clock.advance(minutes=10)
    clerk.sign_in(OFFICE)
    with clerk.engine.reading(SYSTEM) as work:
        noted = work.connection.execute(
            select(access_log.c.detail)
            .where(access_log.c.action == habits.ALARM)
            .order_by(access_log.c.number)
        ).scalars()
        assert [("two_places" in detail) for detail in noted] == [False, True]


def test_an_hour_is_odd_only_for_somebody_with_habits_and_without_a_shift(clerk: Clerk) -> None:
    for _ in range(10):
        clerk.clock.advance(days=1)
        clerk.sign_in()
    clerk.clock.advance(hours=9)
    now = clerk.clock.now()
    clerk.world.shift(clerk.actor, now - timedelta(hours=1), now + timedelta(hours=7))
    clerk.sign_in()
    assert clerk.reasons() == [], "a night shift is no odd hour"
    clerk.clock.advance(hours=12)
    clerk.clock.advance(hours=17)
    clerk.sign_in()
    assert clerk.reasons() == [["hour"]]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.7", "192.0.2.250", True),
        ("192.0.2.7", "192.0.3.7", False),
        ("2001:db8:0:100::1", "2001:db8:0:1ff::9", True),
        ("2001:db8::1", "2001:db9::1", False),
        ("", "", True),
    ],
)
def test_a_place_is_what_a_provider_gives_to_one_office(one: str, other: str, is_same: bool) -> None:
    assert (habits.place_of(one) == habits.place_of(other)) == is_same
