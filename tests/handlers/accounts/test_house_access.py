"""Which staff may see a house on a day: by their post, standing in for somebody, or leading a shift."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import staff, substitution
from handlers.accounts.house_access import SEEING_POSTS, house_access
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_post
from handlers.estate.queries import Period
from tests.handlers.estate_world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")


def on(engine: Engine, world: World, actor: Actor, days: int = 0) -> list[tuple[int, str, str]]:
    with engine.reading(actor) as work:
        day = (work.now + timedelta(days=days)).astimezone(SHANGHAI).date()
        found = house_access(work, world.house, Period.of_day(day, SHANGHAI)).staff
    assert found is not None
    return [(one.account_id, one.post.value, one.why) for one in found]


def test_exactly_the_posts_that_read_houses_or_owners_see_one() -> None:
    assert set(SEEING_POSTS) == {Post.CS, Post.CSL, Post.RPL, Post.FIN, Post.FINL, Post.PM, Post.DPO}


@pytest.mark.both_stores
def test_a_post_lets_see_from_its_grant_to_its_end_in_its_community(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    officer = world.staff(Post.DPO, everywhere=True)
    clock.advance(days=1)
    clerk = world.staff(Post.CS)
    world.staff(Post.CS, world.other_community)
    world.staff(Post.RP)
    clock.advance(days=2)
    with engine.work(world.staff(Post.SYS, everywhere=True)) as work:
        held = account_post.c.account_id == clerk.id
        grant_id = work.connection.execute(select(account_post.c.id).where(held)).scalar_one()
        staff.end_post(work, grant_id)
    seen = {days: on(engine, world, officer, days) for days in range(-4, 2)}
    own = (officer.id, "dpo", "post")
    theirs = (clerk.id, "cs", "post")
    assert seen == {-4: [], -3: [own], -2: [theirs, own], -1: [theirs, own], 0: [theirs, own], 1: [own]}


def test_who_stands_in_sees_it_for_as_long_and_a_shift_lead_for_the_shift(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    officer = world.staff(Post.DPO, everywhere=True)
    clerk, substitute, lead = world.staff(Post.CS), world.staff(Post.RP), world.staff(Post.RP)
    with engine.work(clerk) as work:
        substitution.set_substitute(work, clerk.id, substitute.id, work.now, work.now + timedelta(hours=8))
    begins = clock.now() + timedelta(days=2)
    world.shift(lead, begins, begins + timedelta(hours=8), is_lead=True)
    today = on(engine, world, officer)
    assert (substitute.id, "cs", "substitute") in today
    assert lead.id not in {account_id for account_id, _, _ in today}
    shift_day = on(engine, world, officer, 2)
    assert {(lead.id, "cs", "shift_lead"), (lead.id, "rpl", "shift_lead")} <= set(shift_day)
    assert substitute.id not in {account_id for account_id, _, _ in shift_day}


def test_who_reads_neither_accounts_nor_the_log_is_told_of_no_staff(engine: Engine, world: World) -> None:
    during = Period(engine.clock.now(), engine.clock.now() + timedelta(hours=1))
    with engine.reading(world.staff(Post.CS)) as work:
        assert house_access(work, world.house, during).staff is None
    with engine.reading(world.staff(Post.AUD)) as work, pytest.raises(NotPermitted):
        house_access(work, world.house, during)
    with engine.reading(SYSTEM) as work:
        assert house_access(work, world.house, during).staff is not None
