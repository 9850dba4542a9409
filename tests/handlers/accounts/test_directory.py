"""The directory: who may act for which group, where, when, and on whose behalf; and who is told."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor, Membership
from engine.store.database import Database
from engine.work import Engine
from handlers.accounts import installation, lending, staff, staff_file, substitution
from handlers.accounts.permissions import (
    POST_NAMES,
    POST_PERMISSIONS,
    RELATION_PERMISSIONS,
    Post,
)
from handlers.accounts.records import account
from handlers.errors import ActionNotAllowed, RecordNotFound, RuleRefused
from handlers.estate import entry
from handlers.estate.records import ACTING_KINDS, RelationKind
from handlers.shared.permissions import Permission
from tests.handlers.accounts.telling import told
from tests.handlers.estate_world import World


def memberships(engine: Engine, actor: Actor) -> set[Membership]:
    with engine.reading(actor) as work:
        return set(work.memberships)


def away(world: World, absent: Actor, substitute: Actor, hours: int = 8) -> int:
    with world.engine.work(absent) as work:
        return substitution.set_substitute(
            work, absent.id, substitute.id, work.now, work.now + timedelta(hours=hours)
        )


@pytest.mark.both_stores
def test_a_post_counts_in_its_community_only(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    assert memberships(engine, clerk) == {Membership("cs", world.community)}
    with engine.reading(clerk) as work:
        assert work.may(Permission.REPAIR_DISPATCH, world.community)
        assert not work.may(Permission.REPAIR_DISPATCH, world.other_community)
        assert not work.may(Permission.REPAIR_DISPATCH)


def test_a_post_held_everywhere_counts_in_every_community_even_a_new_one(
    engine: Engine, world: World
) -> None:
    quality = world.staff(Post.QA, everywhere=True)
    with engine.work(SYSTEM) as work:
        third = entry.add_community(work, "桃源里")
    scopes = {world.community, world.other_community, third}
    assert memberships(engine, quality) == {Membership("qa", scope) for scope in scopes}
    with engine.reading(quality) as work:
        assert work.may(Permission.REPORT_READ)
        assert work.may(Permission.REPORT_READ, third)


def test_each_post_may_exactly_what_the_table_says(engine: Engine, world: World) -> None:
    for post in Post:
        with engine.reading(world.staff(post)) as work:
            held = {permission for permission in Permission if work.may(permission, world.community)}
        assert held == POST_PERMISSIONS[post], post


def test_every_permission_is_held_by_some_post_and_every_post_has_a_name() -> None:
    held = frozenset().union(*POST_PERMISSIONS.values(), *RELATION_PERMISSIONS.values())
    assert held == frozenset(Permission)
    assert set(POST_PERMISSIONS) == set(Post)
    assert set(POST_NAMES) == {*Post, "resident"}
    assert set(RELATION_PERMISSIONS) == set(ACTING_KINDS)


def test_the_system_administrator_sees_no_personal_data_and_grants_no_business_right_to_be_had_alone() -> (
    None
):
    personal = {
        Permission.OWNER_READ,
        Permission.OWNER_REVEAL_PHONE,
        Permission.OWNER_REVEAL_ID,
        Permission.OWNER_REVEAL_ID_FOR_CASE,
        Permission.RELATED_READ,
        Permission.SERVICE_READ,
        Permission.UNIT_CONTACTS_READ,
        Permission.CASE_READ,
        Permission.FEE_READ,
    }
    for post in (Post.SYS, Post.SEC, Post.AUD, Post.ADM):
        assert not POST_PERMISSIONS[post] & personal
    assert Permission.ACCOUNT_REGISTER not in POST_PERMISSIONS[Post.SYS]
    assert Permission.ACCOUNT_GRANT not in POST_PERMISSIONS[Post.ADM]


def test_an_ended_post_and_an_unknown_account_may_nothing(engine: Engine, world: World) -> None:
    clerk, administrator = world.staff(Post.CS), world.staff(Post.SYS, everywhere=True)
    with engine.work(administrator) as work:
        [grant] = [one.posts[0].id for one in staff_file.listed(work) if one.id == clerk.id]
        staff.end_post(work, grant)
    assert memberships(engine, clerk) == set()
    assert memberships(engine, Actor(4711, "staff")) == set()
    assert memberships(engine, Actor(clerk.id, "resident")) == set()


@pytest.mark.parametrize(
    "unfinished",
    [{"must_change_password": True}, {"responsibility_accepted_at": None}, {"state": "disabled"}],
)
def test_an_unfinished_or_disabled_account_may_nothing(
    engine: Engine, world: World, unfinished: dict[str, object]
) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(SYSTEM) as work:
        work.connection.execute(account.update().where(account.c.id == clerk.id).values(**unfinished))
    with engine.reading(clerk) as work:
        assert (work.grants.memberships, work.grants.permissions) == ((), frozenset())


@pytest.mark.both_stores
def test_a_resident_may_act_for_the_own_house_as_long_as_the_relation_lasts(
    engine: Engine, world: World
) -> None:
    person = world.person("张三丰", "13812345678")
    relation = world.relate(person, world.house)
    resident = world.resident(person)
    assert memberships(engine, resident) == {Membership("resident", world.house)}
    with engine.work(SYSTEM) as work:
        entry.end_relation(work, relation)
    assert memberships(engine, resident) == set()


def test_a_relation_that_nobody_has_checked_gives_no_right(engine: Engine, world: World) -> None:
    person = world.person("张三丰", "13812345678")
    with engine.work(SYSTEM) as work:
        entry.add_relation(work, entry.RelationEntry(world.house, person, RelationKind.OWNER))
    resident = world.resident(person)
    assert memberships(engine, resident) == set()
    assert told(engine, "resident", world.house) == []


@pytest.mark.parametrize("kind", list(RelationKind))
def test_each_kind_of_relation_may_exactly_what_the_table_says(
    engine: Engine, world: World, kind: RelationKind
) -> None:
    person = world.person("张三丰", "13812345678")
    world.relate(person, world.house, kind)
    with engine.reading(world.resident(person)) as work:
        held = {permission for permission in Permission if work.may(permission, world.house)}
        elsewhere = {permission for permission in Permission if work.may(permission, world.neighbour)}
    assert held == RELATION_PERMISSIONS.get(kind, frozenset())
    assert elsewhere == set()


def test_a_family_member_neither_approves_quotes_nor_sees_fees() -> None:
    for kind in ("family", "tenant"):
        assert Permission.REPAIR_APPROVE_QUOTE not in RELATION_PERMISSIONS[kind]
        assert Permission.FEE_READ not in RELATION_PERMISSIONS[kind]


@pytest.mark.both_stores
def test_a_substitute_acts_on_behalf_of_the_absent_from_then_until_then(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    absent, substitute = world.staff(Post.CSL), world.staff(Post.CS)
    own, lent = Membership("cs", world.community), Membership("csl", world.community, absent.id)
    with engine.work(absent) as work:
        start = work.now + timedelta(hours=1)
        substitution.set_substitute(work, absent.id, substitute.id, start, start + timedelta(hours=8))
    assert memberships(engine, substitute) == {own}
    clock.advance(hours=1)
    with engine.reading(substitute) as work:
        assert work.memberships == (own, lent)  # the own ones first
        assert work.grants.stands_in_for == (absent.id,)
        assert work.may(Permission.REPAIR_CANCEL, world.community)
    clock.advance(hours=8)
    assert memberships(engine, substitute) == {own}


def test_a_substitution_ends_early_when_the_person_is_back_or_has_left(engine: Engine, world: World) -> None:
    absent, substitute = world.staff(Post.CSL), world.staff(None)
    first = away(world, absent, substitute)
    with engine.work(absent) as work:
        substitution.end_substitution(work, first)
    assert memberships(engine, substitute) == set()
    away(world, absent, substitute)
    assert len(memberships(engine, substitute)) == 1
    with engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        staff.disable(work, absent.id)
    assert memberships(engine, substitute) == set()


@pytest.mark.parametrize("post", [Post.SYS, Post.SEC, Post.AUD])
def test_guarded_posts_are_not_lent(engine: Engine, world: World, post: Post) -> None:
    absent, substitute = world.staff(post, everywhere=True), world.staff(Post.CS)
    away(world, absent, substitute)
    with engine.reading(substitute) as work:
        assert {membership.group for membership in work.memberships} == {"cs"}
        assert not work.may(next(iter(POST_PERMISSIONS[post] - POST_PERMISSIONS[Post.CS])))


def test_a_lead_names_substitutes_in_the_own_community_and_nobody_for_themselves(
    engine: Engine, world: World
) -> None:
    lead, absent, substitute = world.staff(Post.CSL), world.staff(Post.CS), world.staff(Post.CS)
    elsewhere = world.staff(Post.CS, world.other_community)

    def name(by: Actor, who: Actor, instead: Actor) -> None:
        with engine.work(by) as work:
            substitution.set_substitute(work, who.id, instead.id, work.now, work.now + timedelta(days=1))

    name(lead, absent, substitute)
    for by, who, instead in (
        (lead, elsewhere, substitute),
        (lead, absent, lead),
        (substitute, absent, lead),
        (absent, absent, absent),
    ):
        with pytest.raises(Exception, match=r"权限|自己"):
            name(by, who, instead)
    with engine.reading(substitute) as work:
        [listed] = substitution.own_substitutions(work)
    assert (listed.absent_id, listed.substitute_id) == (absent.id, substitute.id)


def test_the_shift_lead_holds_the_desks_lane_during_the_shift(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    lead = world.staff(Post.RP)
    night = clock.now() + timedelta(hours=12)
    world.shift(lead, night, night + timedelta(hours=8), is_lead=True)
    assert {one.group for one in memberships(engine, lead)} == {"rp"}
    clock.set(night)
    assert {one.group for one in memberships(engine, lead)} == {"rp", "cs", "rpl"}
    clock.advance(hours=8)
    assert {one.group for one in memberships(engine, lead)} == {"rp"}


@pytest.mark.both_stores
def test_messages_go_to_those_on_shift(engine: Engine, world: World, clock: SettableClock) -> None:
    on, off = world.staff(Post.RP), world.staff(Post.RP)
    world.shift(on, clock.now(), clock.now() + timedelta(hours=8))
    world.shift(off, clock.now() + timedelta(hours=8), clock.now() + timedelta(hours=16))
    assert told(engine, "rp", world.community) == [on.id]
    assert told(engine, "rp", world.other_community) == []


def test_with_nobody_on_shift_the_shift_lead_is_told_and_without_one_the_lead_of_the_post(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    world.staff(Post.RP)
    chief = world.staff(Post.RPL)
    assert told(engine, "rp", world.community) == [chief.id]
    shift_lead = world.staff(Post.CS)
    world.shift(shift_lead, clock.now(), clock.now() + timedelta(hours=8), is_lead=True)
    assert told(engine, "rp", world.community) == [shift_lead.id]


def test_without_any_lead_every_holder_is_told(engine: Engine, world: World) -> None:
    clerks = [world.staff(Post.CS).id for _ in range(2)]
    assert told(engine, "cs", world.community) == clerks


def test_the_substitute_is_told_instead_of_the_absent(engine: Engine, world: World) -> None:
    absent, substitute = world.staff(Post.CSL), world.staff(Post.CS)
    away(world, absent, substitute)
    assert told(engine, "csl", world.community) == [substitute.id]


@pytest.mark.both_stores
def test_residents_of_a_house_are_told_by_their_accounts(engine: Engine, world: World) -> None:
    owner, tenant, stranger = (world.person(name, "") for name in ("甲一", "乙二", "丙三"))
    world.relate(owner, world.house)
    world.relate(tenant, world.house, RelationKind.TENANT)
    world.relate(stranger, world.neighbour)
    accounts = [world.resident(person).id for person in (owner, tenant)]
    world.resident(stranger)
    assert told(engine, "resident", world.house) == accounts


def test_staff_have_names_and_residents_a_neutral_word(engine: Engine, world: World) -> None:
    clerk, resident = world.staff(Post.CS), world.resident(world.person("张三丰", ""))
    with engine.reading(SYSTEM) as work:
        names = engine.directory.names(work.connection, [clerk.id, resident.id, 0, 4711])
    assert names == {clerk.id: "职员1", resident.id: "住户", 0: "系统"}


def test_a_service_account_may_what_its_post_may_and_its_token_can_be_revoked(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    administrator = world.staff(Post.SYS, everywhere=True)
    with engine.work(administrator) as work:
        token = installation.create_token(work, "抄表程序", Post.RP, world.community)
    actor = installation.actor_of_token(engine, token)
    assert actor is not None
    assert memberships(engine, actor) == {Membership("rp", world.community)}
    for wrong in ("", "invented", token[:-1]):
        assert installation.actor_of_token(engine, wrong) is None
    with engine.work(administrator) as work:
        installation.revoke_tokens(work, actor.id)
    assert installation.actor_of_token(engine, token) is None


def test_a_token_lapses_after_a_year(engine: Engine, world: World, clock: SettableClock) -> None:
    with engine.work(SYSTEM) as work:
        token = installation.create_token(work, "抄表程序", Post.RP)
    clock.advance(days=365)
    assert installation.actor_of_token(engine, token) is None


@pytest.mark.both_stores
def test_all_rights_of_an_actor_take_one_statement(engine: Engine, world: World, database: Database) -> None:
    absent, clerk = world.staff(Post.CSL), world.staff(Post.CS)
    away(world, absent, clerk)
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.reader, "before_cursor_execute", note)
    with engine.reading(clerk) as work:
        assert len(work.memberships) == 2
        assert work.may(Permission.REPAIR_CANCEL, world.community)
    event.remove(database.reader, "before_cursor_execute", note)
    assert len(statements) == 1


@pytest.mark.parametrize("post", [Post.DPO, Post.SEC, Post.AUD, Post.PM, Post.FINL])
def test_a_lead_names_nobody_for_who_stands_above_or_watches(
    engine: Engine, world: World, post: Post
) -> None:
    lead, absent, friend = world.staff(Post.CSL), world.staff(post), world.staff(Post.CS)
    with pytest.raises(ActionNotAllowed) as refused, engine.work(lead) as work:
        substitution.set_substitute(work, absent.id, friend.id, work.now, work.now + timedelta(days=1))
    assert refused.value.code == "substitute_above"
    with engine.work(absent) as work:
        substitution.set_substitute(work, absent.id, friend.id, work.now, work.now + timedelta(days=1))


@pytest.mark.parametrize("post", [Post.DPO, Post.PM, Post.QA, Post.ADM, Post.FINL])
def test_whoever_approves_or_sees_much_is_stood_in_for_once_the_security_administrator_agrees(
    engine: Engine, world: World, post: Post
) -> None:
    absent, substitute = world.staff(post), world.staff(Post.CS)
    security = world.staff(Post.SEC, everywhere=True)
    named = away(world, absent, substitute)
    assert {one.group for one in memberships(engine, substitute)} == {"cs"}
    assert told(engine, post, world.community) == [absent.id]
    with engine.work(security) as work:
        [loan] = lending.waiting(work)
        assert (loan.id, loan.absent_id, loan.may_decide) == (named, absent.id, True)
        lending.approve(work, named)
        assert lending.waiting(work) == []
    assert {one.group for one in memberships(engine, substitute)} == {"cs", post}
    assert told(engine, post, world.community) == [substitute.id]
    with engine.reading(substitute) as work:
        assert [one.absent_id for one in substitution.lent_to(work)] == [absent.id]


def test_a_substitution_that_is_turned_down_never_counts_and_lasts_thirty_days_at_most(
    engine: Engine, world: World
) -> None:
    absent, substitute = world.staff(Post.PM), world.staff(Post.CS)
    security = world.staff(Post.SEC, everywhere=True)
    with pytest.raises(RuleRefused) as refused:
        away(world, absent, substitute, hours=30 * 24 + 1)
    assert refused.value.code == "substitution_span"
    named = away(world, absent, substitute, hours=30 * 24)
    with engine.work(security) as work:
        lending.refuse(work, named)
        with pytest.raises(RecordNotFound):
            lending.approve(work, named)
    assert {one.group for one in memberships(engine, substitute)} == {"cs"}


def test_nobody_approves_a_substitution_that_concerns_them(engine: Engine, world: World) -> None:
    absent, security = world.staff(Post.PM), world.staff(Post.SEC, everywhere=True)
    named = away(world, absent, security)
    with engine.work(security) as work, pytest.raises(ActionNotAllowed):
        lending.approve(work, named)
    with engine.work(absent) as work, pytest.raises(NotPermitted):
        lending.approve(work, named)


def test_a_post_that_asks_for_approval_is_not_lent_by_a_substitution_of_before(
    engine: Engine, world: World
) -> None:
    absent, substitute = world.staff(Post.CSL), world.staff(None)
    away(world, absent, substitute)
    with engine.work(SYSTEM) as work:
        staff.insert_post(work, absent.id, Post.DPO, None)
    assert {one.group for one in memberships(engine, substitute)} == {"csl"}
    assert told(engine, "dpo", world.community) == [absent.id]
