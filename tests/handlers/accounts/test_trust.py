"""A day after a reset nothing delicate is done with an account, whichever way the password was reset."""

from datetime import timedelta

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import granting, installation, sessions, sign_in, staff, substitution, trust
from handlers.accounts.permissions import Post
from handlers.accounts.trust import StillCooling
from tests.handlers.estate_world import PASSWORD, World


def settled(engine: Engine, actor: Actor) -> bool:
    with engine.reading(actor) as work:
        return trust.cools_until(work, actor.id) is None


@pytest.mark.both_stores
def test_after_a_reset_nothing_delicate_is_done_for_a_day(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    administration, administrator = (world.staff(post, everywhere=True) for post in (Post.ADM, Post.SYS))
    newcomer = world.staff(None)
    with engine.work(administration) as work:
        staff.reissue_first_password(work, administrator.id)
    with engine.work(SYSTEM) as work:  # signs in and changes it
        installation.make_usable(work, administrator.id, "hash")
    with pytest.raises(StillCooling) as refused, engine.work(administrator) as work:
        granting.grant_post(work, newcomer.id, Post.CS, world.community)
    assert refused.value.params["at"]
    clock.advance(hours=23, minutes=59)
    assert not settled(engine, administrator)
    clock.advance(minutes=1)
    with engine.work(administrator) as work:
        assert not granting.grant_post(work, newcomer.id, Post.CS, world.community).is_waiting


def test_a_first_password_and_a_changed_one_are_no_reset(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    token = sign_in.sign_in(engine, world.login_of(clerk), PASSWORD, "192.0.2.7")
    signed_in = sessions.resume(engine, token)
    assert signed_in is not None
    sign_in.change_password(engine, signed_in, PASSWORD, "Harbour-9-stone", "192.0.2.7")
    with engine.work(SYSTEM) as work:
        newcomer = Actor(staff.register(work, staff.Registration("赵六", "zhaoliu", "13712345678")), "staff")
        staff.reissue_first_password(work, newcomer.id)
    assert settled(engine, clerk)
    assert settled(engine, newcomer)


def test_for_a_day_after_a_reset_nobody_names_a_substitute(engine: Engine, world: World) -> None:
    clerk, friend = world.staff(Post.CS), world.staff(Post.CS)
    with engine.work(SYSTEM) as work:
        trust.begin_cool_off(work, clerk.id)
    with pytest.raises(StillCooling), engine.work(clerk) as work:
        substitution.set_substitute(work, clerk.id, friend.id, work.now, work.now + timedelta(hours=8))
