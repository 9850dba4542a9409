"""The second proof: bound at the first sign-in, each code once, recovery, and a reset by two persons."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import lending, second_factor, sessions, sign_in, staff, substitution, totp
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_recovery_code, account_totp
from handlers.accounts.second_factor import CodeRefused
from handlers.accounts.sessions import SignedIn
from handlers.accounts.sign_in import SlowDown
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound
from tests.handlers.estate_world import PASSWORD, World

HERE = "192.0.2.7"
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", as in RFC 6238


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(second: int, code: str) -> None:
    now = datetime.fromtimestamp(second, UTC)
    assert totp.step_of(RFC_SECRET, code, now) == second // 30
    assert totp.step_of(RFC_SECRET, "000000", now) is None


class Holder:
    """Somebody with an authenticator on the phone."""

    def __init__(self, engine: Engine, clock: SettableClock, world: World, post: Post) -> None:
        self.engine, self.clock, self.world = engine, clock, world
        self.actor = world.staff(post, everywhere=True)
        with engine.work(SYSTEM) as work:  # the statement of a person, not of a demonstration
            work.connection.execute(
                account.update().where(account.c.id == self.actor.id).values(responsibility_version="2026-11")
            )

    def sign_in(self) -> SignedIn:
        login = self.world.login_of(self.actor)
        self.token = sign_in.sign_in(self.engine, login, PASSWORD, HERE)
        return self.session()

    def session(self) -> SignedIn:
        found = sessions.resume(self.engine, self.token)
        assert found is not None
        return found

    def bind(self) -> tuple[str, ...]:
        self.sign_in()
        with self.engine.work(self.actor) as work:
            second_factor.begin(work)
        with self.engine.reading(self.actor) as work:
            bound = second_factor.enrolment(work)
        assert bound is not None
        self.secret = bound.secret
        bound = second_factor.confirm(self.engine, self.session(), self.code())
        self.token = bound.token
        return bound.recovery_codes

    def code(self) -> str:
        return totp.code_of(self.secret, int(self.clock.now().timestamp()) // totp.STEP_SECONDS)

    def prove(self, code: str) -> None:
        self.token = second_factor.prove(self.engine, self.session(), code)


@pytest.fixture
def holder(engine: Engine, clock: SettableClock, world: World) -> Holder:
    return Holder(engine, clock, world, Post.SYS)


@pytest.mark.parametrize("post", [Post.SYS, Post.SEC, Post.AUD, Post.FINL])
def test_who_may_do_much_binds_an_authenticator_before_anything_else(
    engine: Engine, clock: SettableClock, world: World, post: Post
) -> None:
    holder = Holder(engine, clock, world, post)
    assert holder.sign_in().must_enrol
    holder.bind()
    assert not holder.session().must_enrol
    assert not holder.session().must_prove


def test_a_clerk_needs_none(engine: Engine, clock: SettableClock, world: World) -> None:
    holder = Holder(engine, clock, world, Post.CS)
    assert not holder.sign_in().must_enrol


@pytest.mark.both_stores
def test_every_later_sign_in_asks_for_a_code_and_takes_each_once(
    holder: Holder, clock: SettableClock
) -> None:
    holder.bind()
    first = holder.code()
    holder.sign_in()
    assert holder.session().must_prove
    with pytest.raises(CodeRefused):
        holder.prove(first)
    clock.advance(seconds=30)
    later = holder.code()
    holder.prove(later)
    assert not holder.session().must_prove
    holder.sign_in()
    with pytest.raises(CodeRefused):
        holder.prove(later)
    with pytest.raises(CodeRefused):
        holder.prove(first)


def test_a_code_of_minutes_ago_is_worth_nothing(holder: Holder, clock: SettableClock) -> None:
    holder.bind()
    clock.advance(seconds=30)
    old = holder.code()
    clock.advance(minutes=2)
    holder.sign_in()
    with pytest.raises(CodeRefused):
        holder.prove(old)


def test_guessing_codes_is_slowed_down(holder: Holder, clock: SettableClock) -> None:
    holder.bind()
    holder.sign_in()
    clock.advance(seconds=60)
    for _ in range(5):
        with pytest.raises(CodeRefused):
            holder.prove("000000")
    with pytest.raises(SlowDown):
        holder.prove(holder.code())


def test_a_recovery_code_stands_in_once_and_is_kept_as_a_hash(holder: Holder, engine: Engine) -> None:
    codes = holder.bind()
    assert len(set(codes)) == 10
    with engine.reading(SYSTEM) as work:
        kept = str(work.connection.execute(select(account_recovery_code)).all())
        secret = work.connection.execute(select(account_totp.c.secret)).scalar_one()
    assert not any(one in kept or one.replace("-", "") in kept for one in codes)
    assert holder.secret not in secret
    holder.sign_in()
    holder.prove(codes[0].lower())
    assert not holder.session().must_prove
    holder.sign_in()
    with pytest.raises(CodeRefused):
        holder.prove(codes[0])


def test_a_new_password_does_not_skip_the_code(holder: Holder, engine: Engine, world: World) -> None:
    holder.bind()
    administration = world.staff(Post.ADM, everywhere=True)
    with engine.work(administration) as work:
        staff.reissue_first_password(work, holder.actor.id)
    with engine.work(SYSTEM) as work:
        staff.set_first_password(work, holder.actor.id, "Lantern-8-river")
    holder.token = sign_in.sign_in(engine, world.login_of(holder.actor), "Lantern-8-river", HERE)
    assert holder.session().must_prove
    holder.token = sign_in.change_password(
        engine, holder.session(), "Lantern-8-river", "Harbour-9-stone", HERE
    )
    assert holder.session().must_prove


def test_changing_the_password_in_a_proven_session_keeps_the_proof(holder: Holder, engine: Engine) -> None:
    holder.bind()
    holder.token = sign_in.change_password(engine, holder.session(), PASSWORD, "Harbour-9-stone", HERE)
    assert not holder.session().must_prove


def test_an_authenticator_is_reset_by_two_others_only(holder: Holder, engine: Engine, world: World) -> None:
    security, administration = world.staff(Post.SEC, everywhere=True), world.staff(Post.ADM, everywhere=True)
    clerk = world.staff(Post.CS)
    holder.bind()
    with engine.work(holder.actor) as work, pytest.raises(RecordConflict):
        second_factor.begin(work)
    with engine.work(holder.actor) as work, pytest.raises(ActionNotAllowed):
        second_factor.ask_reset(work, holder.actor.id)
    with engine.work(administration) as work, pytest.raises(RecordNotFound):
        second_factor.confirm_reset(work, holder.actor.id)
    with engine.work(security) as work:
        second_factor.ask_reset(work, holder.actor.id)
    refused: tuple[tuple[Actor, type[Exception]], ...] = (
        (security, ActionNotAllowed), (holder.actor, ActionNotAllowed), (clerk, NotPermitted),
    )  # fmt: skip
    for who, error in refused:
        with engine.work(who) as work, pytest.raises(error):
            second_factor.confirm_reset(work, holder.actor.id)
    token = holder.token
    with engine.work(administration) as work:
        second_factor.confirm_reset(work, holder.actor.id)
    assert sessions.resume(engine, token) is None
    assert holder.sign_in().must_enrol


def test_whoever_stands_in_for_a_head_of_finance_needs_one_as_long(
    engine: Engine, clock: SettableClock, world: World
) -> None:
    head = world.staff(Post.FINL, everywhere=True)
    clerk = Holder(engine, clock, world, Post.FIN)
    with engine.work(head) as work:
        named = substitution.set_substitute(
            work, head.id, clerk.actor.id, work.now, work.now + timedelta(minutes=10)
        )
    assert not clerk.sign_in().must_enrol
    with engine.work(world.staff(Post.SEC, everywhere=True)) as work:
        lending.approve(work, named)
    assert clerk.sign_in().must_enrol
    clock.advance(minutes=11)
    assert not clerk.session().must_enrol
