"""What lapsed while somebody served is over for good, however the clock is put back afterwards."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.ids import new_id
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import sessions, sign_in, staff, staff_file, trust
from handlers.accounts.permissions import Post
from handlers.accounts.sign_in import SignInRefused
from handlers.bootstrap import LAPSES
from handlers.estate import more_looks, unit_contacts
from handlers.estate.authorisation import Purpose
from handlers.estate.house_record import house_record
from handlers.estate.records import estate_more_looks
from handlers.owning import codes, registering
from handlers.owning.codes import CodeRefused
from handlers.privacy.records import RequestState, privacy_request
from handlers.shared import access_log, lapsing
from handlers.shared.access_log import Entry
from tests.handlers.estate_world import World
from tests.handlers.owning.owning_world import ADDRESS, CLAIM, PASSWORD, Owning

BACK = (timedelta(minutes=4), timedelta(minutes=8), timedelta(hours=1))
FIRST = "Lantern-8-river"


@pytest.fixture
def owning(engine: Engine, world: World) -> Owning:
    return Owning(engine, world)


def served(engine: Engine, clock: SettableClock, back: timedelta, **time: float) -> None:
    """Let time pass while somebody serves, and put the clock back then."""
    clock.advance(**time)
    lapsing.end(engine, LAPSES)
    assert lapsing.end(engine, LAPSES) == 0, "it is marked once"
    clock.set(clock.now() - back)


@pytest.mark.parametrize("back", BACK)
def test_a_code(engine: Engine, owning: Owning, clock: SettableClock, back: timedelta) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    right = owning.code()
    served(engine, clock, back, minutes=6)
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, codes.Purpose.REGISTER, right)


@pytest.mark.parametrize("back", BACK)
def test_what_a_code_opened(engine: Engine, owning: Owning, clock: SettableClock, back: timedelta) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    codes.prove(engine, token, codes.Purpose.REGISTER, owning.code())
    served(engine, clock, back, minutes=16)
    with pytest.raises(CodeRefused):
        registering.finish(engine, token, PASSWORD, ADDRESS, accepts=True)


@pytest.mark.parametrize("back", BACK)
def test_an_idle_session_and_a_proof(
    engine: Engine, world: World, clock: SettableClock, back: timedelta
) -> None:
    login = world.login_of(world.staff(Post.CS))
    idle, used = (sign_in.sign_in(engine, login, "Lantern-7-river", ADDRESS) for _ in range(2))
    clock.advance(minutes=10)
    assert sessions.resume(engine, used) is not None
    served(engine, clock, back, minutes=21)
    assert sessions.resume(engine, idle) is None
    still = sessions.resume(engine, used)
    assert back > timedelta(minutes=30) or still is not None
    assert still is None or not trust.is_fresh(still, clock.now())


def test_a_session_that_lapsed_still_says_whose_photos_they_are(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    token = owning.register()
    served(engine, clock, timedelta(hours=1), days=8)
    assert sessions.resume(engine, token) is None
    assert sessions.lapsed(engine, token) is not None


@pytest.mark.parametrize("back", BACK)
def test_a_first_password(engine: Engine, world: World, clock: SettableClock, back: timedelta) -> None:
    newcomer, adm = world.staff(Post.CS), world.staff(Post.ADM, everywhere=True)
    with engine.work(SYSTEM) as work:
        staff.set_first_password(work, newcomer.id, FIRST)
    served(engine, clock, back, hours=72)
    with pytest.raises(SignInRefused) as refused:
        sign_in.sign_in(engine, world.login_of(newcomer), FIRST, ADDRESS)
    assert refused.value.code == "first_password_expired"
    with engine.reading(adm) as work:
        file = staff_file.file_of(work, newcomer.id)
    assert (file.listed.state, file.password_lapses_at) == ("lapsed", None)


@pytest.mark.parametrize("back", BACK)
def test_more_looks(engine: Engine, world: World, clock: SettableClock, back: timedelta) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(SYSTEM) as work:
        work.connection.execute(
            estate_more_looks.insert().values(
                id=new_id(),
                number="Q1",
                account_id=clerk.id,
                kind="reveals",
                community_id=world.community,
                asked_at=work.now,
                reason=work.engine.vault.seal("estate_more_looks", "reason", 1, "停水"),
                until=work.now + timedelta(hours=2),
            )
        )
    with engine.reading(clerk) as work:
        assert more_looks.extra(work, "reveals") > 0
    served(engine, clock, back, hours=2)
    with engine.reading(clerk) as work:
        assert more_looks.extra(work, "reveals") == 0


@pytest.mark.parametrize("back", BACK)
def test_the_contacts_of_a_unit(engine: Engine, world: World, clock: SettableClock, back: timedelta) -> None:
    clerk, other = world.staff(Post.CS), world.staff(Post.CS)
    clock.advance(hours=2)
    with engine.reading(clerk) as work:
        unit = house_record(work, world.house).unit_id
    engine.run(clerk, lambda work: unit_contacts.open_contacts(work, unit, Purpose.NOTICE))
    assert _is_open(engine, clerk, unit)
    clock.advance(minutes=31)
    with engine.work(other) as work:
        access_log.append(work, Entry("sign_in", "account", other.id))
    clock.set(clock.now() - back)
    assert not _is_open(engine, clerk, unit)


def test_the_contacts_of_a_unit_do_not_stay_open_until_the_clock_catches_up(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    clerk = world.staff(Post.CS)
    clock.advance(hours=2)
    with engine.reading(clerk) as work:
        unit = house_record(work, world.house).unit_id
    engine.run(clerk, lambda work: unit_contacts.open_contacts(work, unit, Purpose.NOTICE))
    clock.set(clock.now() - timedelta(hours=1))
    assert not _is_open(engine, clerk, unit)


def _is_open(engine: Engine, actor: Actor, unit: int) -> bool:
    with engine.reading(actor) as work:
        return unit_contacts.contacts(work, unit) is not None


@pytest.mark.parametrize("back", BACK)
def test_a_file_of_ones_own_data(
    engine: Engine, owning: Owning, clock: SettableClock, back: timedelta
) -> None:
    with engine.work(SYSTEM) as work:
        work.connection.execute(
            privacy_request.insert().values(
                id=new_id(),
                number="P1",
                kind="copy",
                state=RequestState.GRANTED,
                community_id=owning.world.community,
                house_id=owning.world.house,
                person_id=owning.person,
                channel="online",
                on_behalf="self",
                scopes=[],
                asked_by=0,
                asked_at=work.now,
                answer_by=work.now,
                hard_stop=work.now,
                correction="",
                file_name="a",
                file_until=work.now + timedelta(days=5),
            )
        )
    served(engine, clock, back, days=5)
    with engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(privacy_request.c.file_name)).scalar_one() is None


@pytest.mark.parametrize("back", BACK)
@pytest.mark.both_stores
def test_what_nobody_has_ended_yet_when_the_clock_is_put_back(
    engine: Engine, owning: Owning, clock: SettableClock, back: timedelta
) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    right = owning.code()
    clock.advance(minutes=6)
    lapsing.watch(engine).look()
    clock.set(clock.now() - back)
    lapsing.watch(engine).look()
    with pytest.raises(CodeRefused):
        codes.prove(engine, token, codes.Purpose.REGISTER, right)


def test_a_clock_that_is_put_back_ends_nothing_that_still_counts(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    token = registering.begin(engine, CLAIM, ADDRESS)
    clock.advance(minutes=4)
    lapsing.watch(engine).look()
    clock.set(clock.now() - timedelta(minutes=3))
    lapsing.watch(engine).look()
    codes.prove(engine, token, codes.Purpose.REGISTER, owning.code())


def test_a_clock_that_was_wrong_for_a_while_spares_what_begins_afterwards(
    engine: Engine, owning: Owning, clock: SettableClock
) -> None:
    right_time = clock.now()
    clock.set(right_time + timedelta(days=4000))
    lapsing.watch(engine).look()
    clock.set(right_time)
    lapsing.watch(engine).look()
    token = registering.begin(engine, CLAIM, ADDRESS)
    codes.prove(engine, token, codes.Purpose.REGISTER, owning.code())
