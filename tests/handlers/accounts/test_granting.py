"""Granting posts: a first one counts at once, a further one waits for somebody else's approval."""

import pytest

from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import granting, staff, staff_file
from handlers.accounts.granting import Deviation, Granted
from handlers.accounts.permissions import GUARDED_POSTS, Post
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound, RuleRefused
from handlers.shared import alarms
from handlers.shared.permissions import Permission
from tests.handlers.estate_world import World


@pytest.fixture
def administrator(world: World) -> Actor:
    return world.staff(Post.SYS, everywhere=True)


@pytest.fixture
def security(world: World) -> Actor:
    return world.staff(Post.SEC, everywhere=True)


def grant(engine: Engine, actor: Actor, to: Actor, post: Post, scope: int | None = None) -> Granted:
    with engine.work(actor) as work:
        return granting.grant_post(work, to.id, post, scope)


def asked(engine: Engine, actor: Actor) -> Deviation:
    with engine.reading(actor) as work:
        return granting.waiting(work)[0]


def posts(engine: Engine, actor: Actor) -> set[str]:
    with engine.reading(actor) as work:
        return {member.group for member in work.memberships}


@pytest.mark.both_stores
def test_a_second_post_counts_once_the_security_administrator_has_approved_it(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    clerk = world.staff(Post.CS)
    assert grant(engine, administrator, clerk, Post.FIN, world.community) == Granted(True, ())
    assert posts(engine, clerk) == {"cs"}
    request = asked(engine, security)
    assert (request.account_id, request.post, request.held, request.may_decide) == (
        clerk.id, "fin", ("cs",), True,
    )  # fmt: skip
    with engine.work(security) as work:
        granting.approve(work, request.id)
    assert posts(engine, clerk) == {"cs", "fin"}
    with engine.work(security) as work, pytest.raises(RecordNotFound):
        granting.approve(work, request.id)


def test_a_post_that_is_turned_down_never_counts(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    clerk = world.staff(Post.CS)
    grant(engine, administrator, clerk, Post.FIN, world.community)
    with engine.work(security) as work:
        granting.refuse(work, granting.waiting(work)[0].id)
        assert granting.waiting(work) == []
    assert posts(engine, clerk) == {"cs"}


def test_the_same_post_in_a_further_community_needs_no_approval(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    clerk = world.staff(Post.CS)
    assert grant(engine, administrator, clerk, Post.CS, world.other_community) == Granted(False, ())


def test_a_post_is_asked_for_once(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    clerk = world.staff(Post.CS)
    grant(engine, administrator, clerk, Post.FIN, world.community)
    with pytest.raises(RecordConflict):
        grant(engine, administrator, clerk, Post.FIN, world.community)
    grant(engine, administrator, clerk, Post.FIN, None)


def test_nobody_approves_a_post_for_themselves_or_one_they_asked_for(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    other = world.staff(Post.SEC, everywhere=True)
    grant(engine, administrator, security, Post.PM, world.community)
    request = asked(engine, security)
    assert not request.may_decide
    for who, error in ((security, ActionNotAllowed), (administrator, NotPermitted)):
        with engine.work(who) as work, pytest.raises(error):
            granting.approve(work, request.id)
    with engine.work(other) as work:
        granting.approve(work, request.id)


def test_where_nobody_else_could_approve_the_grant_waits(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    assert grant(engine, administrator, security, Post.PM, world.community).is_waiting
    assert posts(engine, security) == {"sec"}


def test_who_holds_posts_that_belong_apart_is_named(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    other = world.staff(Post.SEC, everywhere=True)
    grant(engine, administrator, security, Post.AUD)
    with engine.work(other) as work:
        granting.approve(work, granting.waiting(work)[0].id)
    with engine.reading(administrator) as work:
        [(name, held)] = granting.people_with_too_much(work)
    assert held == ("aud", "sec")
    assert name.startswith("职员")


def registered(engine: Engine, by: Actor, login: str = "zhaoliu") -> Actor:
    with engine.work(by) as work:
        return Actor(staff.register(work, staff.Registration("赵六", login, "")), "staff")


def alone(world: World) -> Actor:
    """Return who registers accounts and grants posts too, as after an installation."""
    one = world.staff(Post.SYS, everywhere=True)
    with world.engine.work(SYSTEM) as work:
        staff.insert_post(work, one.id, Post.ADM, None)
    return one


def test_who_registered_an_account_grants_it_nothing_alone(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    both, administration = alone(world), world.staff(Post.ADM, everywhere=True)
    assert grant(engine, both, registered(engine, both), Post.CS, world.community).is_waiting
    newcomer = registered(engine, administration, "qianqi")
    assert grant(engine, both, newcomer, Post.CS, world.community) == Granted(False, ())


@pytest.mark.parametrize("post", sorted(GUARDED_POSTS))
def test_posts_that_grant_approve_or_watch_are_never_given_by_one_person(
    engine: Engine, world: World, administrator: Actor, security: Actor, post: Post
) -> None:
    newcomer, clerk = world.staff(None), world.staff(Post.CS)
    assert grant(engine, administrator, newcomer, post).is_waiting
    with engine.work(administrator) as work:
        assert granting.change_post(work, clerk.id, post, None).is_waiting
    assert posts(engine, newcomer) | posts(engine, clerk) == set()


def test_after_an_installation_one_person_appoints_the_security_administrator_and_nobody_else(
    engine: Engine, world: World
) -> None:
    first = alone(world)
    watch, clerk = registered(engine, first), registered(engine, first, "qianqi")
    for post, scope in ((Post.CS, world.community), (Post.AUD, None), (Post.SEC, world.community)):
        with pytest.raises(RuleRefused) as refused:
            grant(engine, first, clerk, post, scope)
        assert refused.value.code == "security_first"
    assert grant(engine, first, watch, Post.SEC) == Granted(False, ())
    assert grant(engine, first, clerk, Post.CS, world.community).is_waiting
    with engine.reading(first) as work:
        [found] = alarms.open_alarms(work)
    assert (found.kind, found.subject_id) == ("granted_alone", first.id)
    with pytest.raises(ActionNotAllowed), engine.work(first) as work:
        alarms.close_alarm(work, found.id)
    with engine.work(world.staff(Post.SEC, everywhere=True)) as work:
        alarms.close_alarm(work, found.id)


@pytest.mark.both_stores
def test_a_file_tells_who_granted_and_ended_what(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    newcomer = world.staff(None)
    grant(engine, administrator, newcomer, Post.RP, world.community)
    with engine.work(administrator) as work:
        [held] = staff_file.file_of(work, newcomer.id).listed.posts
        staff.end_post(work, held.id)
    with engine.reading(security) as work:
        [held] = staff_file.file_of(work, newcomer.id).listed.posts
    assert (held.granted_by, held.ended_by, held.is_over) == (administrator.id, administrator.id, True)


def test_a_manager_of_one_community_sees_the_staff_there_and_no_phone(engine: Engine, world: World) -> None:
    manager, clerk = world.staff(Post.PM), world.staff(Post.CS)
    stranger = world.staff(Post.CS, world.other_community)
    with engine.reading(manager) as work:
        seen = {one.id for one in staff_file.listed(work)}
        assert clerk.id in seen
        assert stranger.id not in seen
        assert staff_file.file_of(work, clerk.id).phone == "138****0002"
        with pytest.raises(RecordNotFound):
            staff_file.file_of(work, stranger.id)


def test_whoever_may_end_sessions_signs_somebody_out_everywhere(
    engine: Engine, world: World, security: Actor
) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(clerk) as work:
        staff_file.sessions.open_session(work, clerk.id, "192.0.2.7")
        with pytest.raises(NotPermitted) as refused:
            staff_file.end_sessions(work, clerk.id)
    assert refused.value.params["permission"] == Permission.ACCOUNT_END_SESSIONS
    with engine.work(security) as work:
        assert len(staff_file.file_of(work, clerk.id).sessions) == 1
        staff_file.end_sessions(work, clerk.id)
        assert staff_file.file_of(work, clerk.id).sessions == ()


def test_a_change_of_post_ends_the_old_ones_first(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    clerk = world.staff(Post.CS)
    assert grant(engine, administrator, clerk, Post.FIN, world.community).is_waiting
    with engine.work(administrator) as work:
        assert granting.change_post(work, clerk.id, Post.RP, world.community) == Granted(True, ())
    assert posts(engine, clerk) == set()
    request = asked(engine, security)
    assert (request.post, request.held) == ("rp", ())
    with engine.work(security) as work:
        granting.approve(work, request.id)
        assert granting.waiting(work) == []
    assert posts(engine, clerk) == {"rp"}


def test_the_same_post_elsewhere_is_no_change_of_rights(
    engine: Engine, world: World, administrator: Actor, security: Actor
) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(administrator) as work:
        assert granting.change_post(work, clerk.id, Post.CS, world.other_community) == Granted(False, ())


def test_nobody_changes_their_own_post(engine: Engine, world: World, administrator: Actor) -> None:
    with pytest.raises(ActionNotAllowed), engine.work(administrator) as work:
        granting.change_post(work, administrator.id, Post.PM, world.community)
