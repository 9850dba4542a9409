"""Who can be sent: shifts of the roster, with substitutes in the place of those who are away."""

from datetime import timedelta

import pytest

from engine.ports import SYSTEM, Actor
from handlers.accounts import leave, substitution
from handlers.accounts.permissions import Post
from handlers.repair import crew, orders
from handlers.repair.dispatching import sendable
from tests.handlers.repair.repair_world import Shop


def stand_in(shop: Shop, absent: Actor, substitute: Actor) -> None:
    with shop.engine.work(shop.manager) as work:
        until = work.now + timedelta(days=1)
        substitution.set_substitute(work, absent.id, substitute.id, work.now, until)


def sent(shop: Shop, number: str) -> list[int]:
    with shop.engine.reading(SYSTEM) as work:
        return sendable(work, orders.by_number(work.connection, number))


@pytest.fixture
def number(shop: Shop) -> str:
    """A report about plumbing."""
    return shop.report()


def test_a_substitute_without_a_shift_is_sent_in_the_place_of_the_absent(shop: Shop, number: str) -> None:
    helper = shop.staff(Post.RP)
    shop.skill(helper, "plumbing")
    shop.off_duty(shop.second_plumber)
    assert sent(shop, number) == [shop.plumber.id]
    stand_in(shop, shop.plumber, helper)
    assert sent(shop, number) == [helper.id]
    shop.accept(number, helper)
    shop.repair(number, helper)


def test_a_substitute_of_another_post_is_sent_only_with_the_skill(shop: Shop, number: str) -> None:
    helper = shop.staff(Post.CS)
    shop.off_duty(shop.second_plumber)
    stand_in(shop, shop.plumber, helper)
    assert helper.id not in sent(shop, number)
    shop.skill(helper, "plumbing")
    assert sent(shop, number) == [helper.id]


def test_who_is_on_leave_is_not_sent(shop: Shop, number: str) -> None:
    with shop.engine.work(shop.manager) as work:
        until = work.now + timedelta(days=1)
        leave.set_leave(work, shop.community, shop.plumber.id, work.now, until)
    assert sent(shop, number) == [shop.second_plumber.id]


def test_with_nobody_able_the_substitute_of_the_shift_lead_is_sent(shop: Shop, number: str) -> None:
    lead, helper = shop.staff(Post.RP), shop.staff(Post.RP)
    shop.on_duty(lead, shop.clock.now(), timedelta(hours=8), is_lead=True)
    shop.off_duty(shop.plumber, shop.second_plumber)
    assert sent(shop, number) == [lead.id]
    stand_in(shop, lead, helper)
    assert sent(shop, number) == [helper.id]
    with shop.engine.reading(SYSTEM) as work:
        assert crew.shift_leads(work, shop.community) == [helper.id]


def test_a_clerk_who_stands_in_for_the_only_colleague_is_alone_and_may_read_back(shop: Shop) -> None:
    stand_in(shop, shop.other_clerk, shop.clerk)
    called = shop.call()
    shop.register(called)
    shop.do(
        called,
        "accept",
        shop.clerk,
        outcome="accept",
        worker_id=str(shop.plumber.id),
        read_back=True,
    )
    assert shop.order(called).second_check == "read_back"


def test_who_repaired_in_a_building_is_familiar_with_it_for_180_days(shop: Shop, number: str) -> None:
    def familiar() -> dict[int, int]:
        with shop.engine.reading(SYSTEM) as work:
            order = orders.by_number(work.connection, number)
            return {one.id: one.visits_here for one in crew.candidates(work, order) if one.visits_here}

    earlier = shop.report(text="卫生间水龙头滴漏")
    shop.accept(earlier, shop.second_plumber)
    shop.repair(earlier, shop.second_plumber)
    assert familiar() == {shop.second_plumber.id: 1}
    shop.clock.advance(days=179)
    assert familiar() == {shop.second_plumber.id: 1}
    shop.clock.advance(days=2)
    assert familiar() == {}
