"""Staff accounts: registered by administration, granted by the system administrator, never by oneself."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine, Work
from handlers.accounts import (
    granting,
    installation,
    roster,
    sessions,
    sign_in,
    staff,
    staff_file,
    teams,
    trust,
)
from handlers.accounts.booking import PlannedShift
from handlers.accounts.logins import LoginTaken
from handlers.accounts.permissions import POST_PERMISSIONS, Post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.shared.permissions import Permission
from handlers.shared.records import outbox_job
from tests.handlers.estate_world import PASSWORD, World

HERE = "192.0.2.7"
ENTRY = staff.Registration("李四光", "lisiguang", "13712345678", department="工程部")


@pytest.fixture
def administration(world: World) -> Actor:
    return world.staff(Post.ADM, everywhere=True)


@pytest.fixture
def administrator(world: World) -> Actor:
    return world.staff(Post.SYS, everywhere=True)


@pytest.mark.both_stores
def test_a_registered_account_has_no_rights_until_a_post_is_granted(
    engine: Engine, world: World, administration: Actor, administrator: Actor
) -> None:
    with engine.work(administration) as work:
        account_id = staff.register(work, ENTRY)
    with engine.work(SYSTEM) as work:
        installation.make_usable(work, account_id, sign_in.hasher(engine).hash(PASSWORD))
    with engine.reading(Actor(account_id, "staff")) as work:
        assert work.grants.permissions == frozenset()
    with engine.work(administrator) as work:
        assert granting.grant_post(work, account_id, Post.RP, world.community) == granting.Granted(False, ())
    with engine.reading(Actor(account_id, "staff")) as work:
        assert work.may(Permission.REPAIR_WORK, world.community)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (staff.Registration("", "lisiguang", "13712345678"), "name"),
        (staff.Registration("李四光", "李四光", "13712345678"), "login"),
        (staff.Registration("李四光", "li", "13712345678"), "login"),
        (staff.Registration("李四光", "13812345678", "13712345678"), "login"),
        (staff.Registration("李四光", "lisiguang", "010-12345678"), "phone"),
    ],
)
def test_a_wrong_entry_is_refused_at_its_field(
    engine: Engine, administration: Actor, entry: staff.Registration, field: str
) -> None:
    with engine.work(administration) as work, pytest.raises(FieldsInvalid) as invalid:
        staff.register(work, entry)
    assert list(invalid.value.fields) == [field]


@pytest.mark.both_stores
def test_a_login_name_and_a_phone_belong_to_one_account(engine: Engine, administration: Actor) -> None:
    with engine.work(administration) as work:
        staff.register(work, ENTRY)
    for again in (
        staff.Registration("王五", "LiSiGuang", "13612345678"),
        staff.Registration("王五", "wangwu", "+86 137-1234-5678"),
    ):
        with engine.work(administration) as work, pytest.raises(LoginTaken):
            staff.register(work, again)


def test_nobody_grants_themselves_a_post(engine: Engine, world: World, administrator: Actor) -> None:
    with engine.work(administrator) as work, pytest.raises(ActionNotAllowed):
        granting.grant_post(work, administrator.id, Post.PM, None)


def test_the_first_security_administrator_is_appointed_with_a_warning_where_posts_belong_apart(
    engine: Engine, world: World, administrator: Actor
) -> None:
    auditor = world.staff(Post.AUD, everywhere=True)
    with engine.work(administrator) as work:
        assert granting.grant_post(work, auditor.id, Post.SEC, None).together == ("aud", "sec")
        with pytest.raises(RecordConflict):
            granting.grant_post(work, auditor.id, Post.SEC, None)


def test_a_switched_on_account_needs_a_fresh_password(
    engine: Engine, world: World, administration: Actor
) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(administration) as work:
        staff.disable(work, clerk.id)
    with engine.work(administration) as work:
        staff.enable(work, clerk.id)
    with pytest.raises(sign_in.SignInRefused):
        sign_in.sign_in(engine, world.login_of(clerk), PASSWORD, HERE)


def test_the_administrators_are_told_when_an_account_is_switched_on_again(
    engine: Engine, world: World, administration: Actor, administrator: Actor
) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(administration) as work:
        staff.disable(work, clerk.id)
    with engine.work(administration) as work:
        staff.enable(work, clerk.id)
    with engine.reading(SYSTEM) as work:
        jobs = work.connection.execute(select(outbox_job.c.args)).scalars().all()
    [told] = [one for one in jobs if one.get("template") == "account_on_again"]
    assert told["account_id"] == str(clerk.id)
    assert str(administrator.id) in str(told["to"])


def test_nobody_disables_themselves(engine: Engine, administration: Actor) -> None:
    with engine.work(administration) as work, pytest.raises(ActionNotAllowed):
        staff.disable(work, administration.id)


def test_a_reissued_password_ends_sessions_and_the_old_password(
    engine: Engine, world: World, administration: Actor
) -> None:
    clerk = world.staff(Post.CS)
    token = sign_in.sign_in(engine, world.login_of(clerk), PASSWORD, HERE)
    with engine.work(administration) as work:
        staff.reissue_first_password(work, clerk.id)
    assert sessions.resume(engine, token) is None
    with pytest.raises(sign_in.SignInRefused):
        sign_in.sign_in(engine, world.login_of(clerk), PASSWORD, HERE)


def test_a_new_phone_replaces_the_old_one_for_signing_in(
    engine: Engine, world: World, administration: Actor
) -> None:
    clerk = world.staff(Post.CS)
    old = "13800000002"
    with engine.work(administration) as work:
        staff.change_phone(work, clerk.id, "136 1234 0000")
    assert sign_in.sign_in(engine, "13612340000", PASSWORD, HERE)
    with engine.reading(clerk) as work, pytest.raises(trust.StillCooling):
        trust.require_settled(work)
    with pytest.raises(sign_in.SignInRefused):
        sign_in.sign_in(engine, old, PASSWORD, HERE)


def reissue(engine: Engine, by: Actor, holder: Actor) -> None:
    with engine.work(by) as work:
        staff.reissue_first_password(work, holder.id)


def test_no_password_goes_to_a_phone_that_was_changed_within_a_day(
    engine: Engine, world: World, administration: Actor, clock: SettableClock
) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(administration) as work:
        staff.change_phone(work, clerk.id, "13612340000")
    with pytest.raises(RuleRefused, match="24 小时"):
        reissue(engine, administration, clerk)
    with engine.work(administration) as work:
        staff.disable(work, clerk.id)
    with pytest.raises(RuleRefused, match="24 小时"), engine.work(administration) as work:
        staff.enable(work, clerk.id)
    clock.advance(hours=24)
    reissue(engine, administration, clerk)


def test_another_person_confirms_a_changed_phone(
    engine: Engine, world: World, administration: Actor, administrator: Actor
) -> None:
    both, clerk = world.staff(Post.ADM, everywhere=True), world.staff(Post.CS)
    with engine.work(SYSTEM) as work:
        staff.insert_post(work, both.id, Post.SYS, None)
    with engine.work(both) as work:
        staff.change_phone(work, clerk.id, "13612340000")
    for by, error in ((administration, NotPermitted), (both, ActionNotAllowed)):
        with pytest.raises(error), engine.work(by) as work:
            staff.confirm_phone(work, clerk.id)
    with engine.work(administrator) as work:
        staff.confirm_phone(work, clerk.id)
    reissue(engine, administration, clerk)


def test_unlocking_lets_somebody_try_again_at_once(
    engine: Engine, world: World, administrator: Actor
) -> None:
    clerk = world.staff(Post.CS)
    for _ in range(5):
        with pytest.raises(sign_in.SignInRefused):
            sign_in.sign_in(engine, world.login_of(clerk), "wrong", HERE)
    with engine.work(administrator) as work:
        staff.unlock(work, clerk.id)
    assert sign_in.sign_in(engine, world.login_of(clerk), PASSWORD, HERE)


@pytest.mark.both_stores
def test_the_list_of_staff_shows_posts_in_force(engine: Engine, world: World, administration: Actor) -> None:
    clerk = world.staff(Post.CS)
    with engine.reading(administration) as work:
        listed = {one.id: one for one in staff_file.listed(work)}
    assert [(one.post, one.community_id) for one in listed[clerk.id].posts] == [("cs", world.community)]
    assert listed[clerk.id].name.startswith("职员")


COMMANDS: dict[str, tuple[Permission, Callable[[Work, int], object]]] = {
    "register": (Permission.ACCOUNT_REGISTER, lambda work, _id: staff.register(work, ENTRY)),
    "reissue": (Permission.ACCOUNT_REGISTER, staff.reissue_first_password),
    "disable": (Permission.ACCOUNT_REGISTER, staff.disable),
    "enable": (Permission.ACCOUNT_REGISTER, staff.enable),
    "phone": (Permission.ACCOUNT_REGISTER, lambda work, one: staff.change_phone(work, one, "13612340000")),
    "grant": (Permission.ACCOUNT_GRANT, lambda work, one: granting.grant_post(work, one, Post.QA, None)),
    "token": (Permission.ACCOUNT_GRANT, lambda work, _id: installation.create_token(work, "n", Post.RP)),
    "revoke": (Permission.ACCOUNT_GRANT, installation.revoke_tokens),
    "unlock": (Permission.ACCOUNT_UNLOCK, staff.unlock),
    "members": (Permission.ACCOUNT_READ, lambda work, _id: staff_file.listed(work)),
}


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_asks_for_its_permission(engine: Engine, world: World, command: str) -> None:
    permission, call = COMMANDS[command]
    world.staff(Post.SEC, everywhere=True)
    let_in = set()
    for post in (*Post, None):
        actor, other = world.staff(post, everywhere=True), world.staff(Post.CS)
        try:
            with engine.work(actor) as work:
                call(work, other.id)
        except NotPermitted:
            continue
        except RecordNotFound:
            pass
        let_in.add(post)
    assert let_in == {post for post in Post if permission in POST_PERMISSIONS[post]}


def test_a_right_in_one_community_is_none_over_accounts(engine: Engine, world: World) -> None:
    local = world.staff(Post.ADM)
    with engine.work(local) as work, pytest.raises(NotPermitted):
        staff.register(work, ENTRY)


@pytest.mark.parametrize("call", [installation.create_first_administrator, installation.make_usable])
def test_only_the_command_line_installs(
    engine: Engine, administrator: Actor, call: Callable[..., object]
) -> None:
    arguments = ("x", "y") if call is installation.create_first_administrator else (1, "hash")
    with engine.work(administrator) as work, pytest.raises(RuleRefused):
        call(work, *arguments)


@pytest.mark.both_stores
def test_who_is_on_shift_is_known_by_skill(engine: Engine, world: World, clock: SettableClock) -> None:
    lead = world.staff(Post.RPL)
    plumber, electrician, resting = (world.staff(Post.RP) for _ in range(3))
    now = clock.now()
    with engine.work(lead) as work:
        for repairer in (plumber, electrician):
            roster.plan_shift(work, world.community, PlannedShift(repairer.id, now, now + timedelta(hours=8)))
        staff.set_skills(work, plumber.id, frozenset({"plumbing", "building"}))
        staff.set_skills(work, electrician.id, frozenset({"electric"}))
        staff.set_skills(work, resting.id, frozenset({"plumbing"}))

    def found(skill: str | None) -> list[int]:
        with engine.reading(lead) as work:
            return [one.account_id for one in roster.on_shift(work, world.community, "rp", skill)]

    assert found("plumbing") == [plumber.id]
    assert found(None) == [plumber.id, electrician.id]
    with engine.work(plumber) as work:
        roster.go_off_shift(work)
    assert found("plumbing") == []
    with engine.work(resting) as work:
        assert roster.go_on_shift(work, world.community, 4) == roster.go_on_shift(work, world.community, 4)
    assert found("plumbing") == [resting.id]


def test_a_shift_is_planned_in_ones_own_community_once_and_not_too_long(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    lead, clerk, stranger = (
        world.staff(Post.CSL),
        world.staff(Post.CS),
        world.staff(Post.CS, world.other_community),
    )
    now = clock.now()

    def plan(actor: Actor, who: Actor, hours: float, community: int | None = None) -> int:
        with engine.work(actor) as work:
            shift = PlannedShift(who.id, now + timedelta(hours=1), now + timedelta(hours=1 + hours))
            return roster.plan_shift(work, community or world.community, shift)

    shift = plan(lead, clerk, 8)
    for actor, who, hours, community, error in (
        (clerk, clerk, 8, None, NotPermitted),
        (lead, stranger, 8, None, RecordNotFound),
        (lead, clerk, 8, world.other_community, NotPermitted),
        (lead, clerk, 4, None, RuleRefused),
        (lead, clerk, 25, None, RuleRefused),
        (lead, clerk, -1, None, RuleRefused),
    ):
        with pytest.raises(error):
            plan(actor, who, hours, community)
    with engine.reading(clerk) as work:
        assert [
            one.account_id for one in roster.shifts(work, world.community, now, now + timedelta(days=1))
        ] == [clerk.id]
    with engine.reading(stranger) as work, pytest.raises(NotPermitted):
        roster.shifts(work, world.community, now, now + timedelta(days=1))
    with engine.work(stranger) as work, pytest.raises(RecordNotFound):
        roster.remove_shift(work, shift)
    with engine.work(lead) as work:
        roster.remove_shift(work, shift)
    begun = plan(lead, clerk, 8)
    clock.advance(hours=2)
    with engine.work(lead) as work, pytest.raises(RuleRefused, match="已经开始"):
        roster.remove_shift(work, begun)


def test_only_planners_and_dispatchers_ask_who_is_on_shift(engine: Engine, world: World) -> None:
    with engine.reading(world.staff(Post.FIN)) as work, pytest.raises(NotPermitted):
        roster.on_shift(work, world.community, "rp")


def test_teams_belong_to_a_community_and_its_planners(engine: Engine, world: World) -> None:
    lead, repairer, stranger = (
        world.staff(Post.RPL),
        world.staff(Post.RP),
        world.staff(Post.RPL, world.other_community),
    )
    with engine.work(lead) as work:
        team = teams.create_team(work, world.community, "水电一班")
        teams.set_members(work, team, frozenset({repairer.id, lead.id}), lead.id)
        with pytest.raises(RecordConflict):
            teams.create_team(work, world.community, "水电一班")
    with engine.reading(lead) as work:
        [found] = teams.teams(work, world.community)
    assert set(found.members) == {(repairer.id, False), (lead.id, True)}
    with engine.work(stranger) as work:
        with pytest.raises(NotPermitted):
            teams.create_team(work, world.community, "水电二班")
        with pytest.raises(NotPermitted):
            teams.teams(work, world.community)
        with pytest.raises(RecordNotFound):
            teams.set_members(work, team, frozenset())


KEPT = [Post.SYS, Post.SEC, Post.AUD]


@pytest.mark.parametrize("post", KEPT)
def test_the_last_holder_of_a_kept_post_stays(engine: Engine, world: World, post: Post) -> None:
    """Without one, nobody grants, approves or looks; who holds it in one place only does not count."""
    last = world.staff(post, everywhere=True)
    world.staff(post, world.other_community)
    with engine.reading(SYSTEM) as work:
        [held] = staff_file.file_of(work, last.id).listed.posts
    for end in (
        lambda work: staff.end_post(work, held.id),
        lambda work: granting.change_post(work, last.id, Post.CS, world.community),
    ):
        with pytest.raises(RuleRefused) as refused, engine.work(SYSTEM) as work:
            end(work)
        assert refused.value.code == "last_of_post"
    world.staff(post, everywhere=True)
    with engine.work(SYSTEM) as work:
        staff.end_post(work, held.id)


@pytest.mark.parametrize("post", KEPT)
def test_the_account_of_the_last_holder_is_not_switched_off(
    engine: Engine, world: World, administration: Actor, post: Post
) -> None:
    last = world.staff(post, everywhere=True)
    with pytest.raises(RuleRefused) as refused, engine.work(administration) as work:
        staff.disable(work, last.id)
    assert refused.value.code == "last_of_post"
    world.staff(post, everywhere=True)
    with engine.work(administration) as work:
        staff.disable(work, last.id)
