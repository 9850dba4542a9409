"""Weeks planned at once, and the hours at which nobody is there for something."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import cover, leave, roster, roster_week, shift_templates, staff, substitution
from handlers.accounts.cover import Cover, CoverKind
from handlers.accounts.permissions import Post
from handlers.accounts.presence import PlannedSpan, StandIn, who_is_there
from handlers.accounts.roster_week import Cell, Outcome
from handlers.accounts.shift_templates import Template
from handlers.errors import RuleRefused
from tests.handlers.estate_world import World

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)  # it is ten in the morning
DAY, EVENING, NIGHT, LEAD = shift_templates.COMPANY


def at(hour: float, day: int = 0) -> datetime:
    return datetime(2026, 11, 23, tzinfo=SHANGHAI) + timedelta(days=day, hours=hour)


def plan(world: World, by: Actor, template: Template, who: Actor, *days: int) -> Outcome:
    cells = [Cell(who.id, MONDAY + timedelta(days=day)) for day in days]
    return world.engine.run(by, lambda work: roster_week.plan_cells(work, world.community, template, cells))


def gaps(world: World, by: Actor, *chosen: Cover, days: int = 1) -> list[tuple[str, datetime, datetime]]:
    with world.engine.work(SYSTEM) as work:
        cover.set_covers(work, world.community, chosen)
    with world.engine.reading(by) as work:
        found = cover.gaps(work, world.community, work.now, work.now + timedelta(days=days))
    return [(one.cover.skill or one.cover.kind, one.starts_at, one.ends_at) for one in found]


def able(engine: Engine, who: Actor, *skills: str) -> None:
    with engine.work(SYSTEM) as work:
        staff.set_skills(work, who.id, frozenset(skills))


@pytest.mark.both_stores
def test_ticked_cells_get_the_templates_shift_and_the_others_are_told_with_their_reason(
    world: World,
) -> None:
    lead, clerk = world.staff(Post.CSL), world.staff(Post.CS)
    with world.engine.work(lead) as work:
        leave.set_leave(work, world.community, clerk.id, at(0, 2), at(24, 2))
    outcome = plan(world, lead, DAY, clerk, 1, 2, 3)
    assert outcome.done == 2
    [left_out] = outcome.left_out
    assert (left_out.day, left_out.reason.code) == (date(2026, 11, 25), "worker_on_leave")
    again = plan(world, lead, DAY, clerk, 1, 3)
    assert (again.done, again.same, again.left_out) == (0, 2, [])


def test_nothing_ticked_is_refused(world: World) -> None:
    with pytest.raises(RuleRefused, match="勾选"):
        plan(world, world.staff(Post.CSL), DAY, world.staff(Post.CS))


def test_a_night_shift_of_the_template_begins_and_ends_by_the_clock_of_the_community(world: World) -> None:
    lead, clerk = world.staff(Post.PM), world.staff(Post.CS)
    plan(world, lead, LEAD, clerk, 0)
    with world.engine.reading(lead) as work:
        [shift] = roster.shifts(work, world.community, at(0), at(0, 2))
    assert (shift.starts_at, shift.ends_at, shift.is_lead) == (at(22), at(8, 1), True)


def test_cells_are_cleared_but_for_what_has_begun(world: World, clock: SettableClock) -> None:
    lead, clerk = world.staff(Post.CSL), world.staff(Post.CS)
    plan(world, lead, DAY, clerk, 0, 1)
    cells = [Cell(clerk.id, MONDAY + timedelta(days=day)) for day in (0, 1, 2)]
    outcome = world.engine.run(lead, lambda work: roster_week.clear_cells(work, world.community, cells))
    assert (outcome.done, [one.reason.code for one in outcome.left_out]) == (1, ["shift_begun"])


def test_a_week_is_copied_once_without_unplanned_shifts(world: World) -> None:
    lead, clerk, away = world.staff(Post.CSL), world.staff(Post.CS), world.staff(Post.CS)
    for who in (clerk, away):
        plan(world, lead, DAY, who, 1, 5)
    with world.engine.work(clerk) as work:
        roster.go_on_shift(work, world.community, 2)
    with world.engine.work(lead) as work:
        leave.set_leave(work, world.community, away.id, at(0, 8), at(12, 8))

    def copy() -> Outcome:
        target = MONDAY + timedelta(days=9)
        return world.engine.run(
            lead, lambda work: roster_week.copy_week(work, world.community, MONDAY, target)
        )

    outcome = copy()
    assert outcome.done == 3
    assert [(one.name, one.day) for one in outcome.left_out] == [("职员3", date(2026, 12, 1))]
    assert (copy().done, copy().same) == (0, 3)
    with world.engine.reading(lead) as work:
        copied = roster.shifts(work, world.community, at(0, 7), at(0, 14))
    assert [one.starts_at for one in copied if one.account_id == clerk.id] == [at(8, 8), at(8, 12)]


def test_a_week_is_not_copied_to_itself(world: World) -> None:
    lead = world.staff(Post.CSL)
    with world.engine.work(lead) as work, pytest.raises(RuleRefused, match="自己"):
        roster_week.copy_week(work, world.community, MONDAY, MONDAY + timedelta(days=6))


def test_a_community_names_its_own_shifts_and_returns_to_the_companys(world: World) -> None:
    lead = world.staff(Post.CSL)
    own = (Template("大班", 9 * 60, 12 * 60),)
    for chosen, expected in ((own, own), ((), shift_templates.COMPANY)):
        with world.engine.work(lead) as work:
            shift_templates.set_templates(work, world.community, chosen)
        with world.engine.reading(lead) as work:
            assert shift_templates.templates(work, world.community) == expected


@pytest.mark.parametrize(
    "wrong",
    [(Template("", 0, 60),), (Template("甲", 0, 60), Template("甲", 60, 60)), (Template("甲", 0, 1500),)],
)
def test_templates_without_a_name_or_with_impossible_times_are_refused(
    world: World, wrong: tuple[Template, ...]
) -> None:
    with world.engine.work(world.staff(Post.CSL)) as work, pytest.raises(RuleRefused):
        shift_templates.set_templates(work, world.community, wrong)


@pytest.mark.both_stores
def test_a_desk_without_a_clerk_is_a_gap_and_the_shift_lead_fills_it(world: World) -> None:
    lead, clerk, repairer = world.staff(Post.PM), world.staff(Post.CS), world.staff(Post.RP)
    plan(world, lead, DAY, clerk, 0, 1)
    desk = Cover(CoverKind.DESK)
    assert gaps(world, lead, desk) == [("desk", at(16), at(8, 1))]
    plan(world, lead, LEAD, repairer, 0)
    assert gaps(world, lead, desk) == [("desk", at(16), at(22))]


def test_a_night_without_a_shift_lead_is_a_gap(world: World) -> None:
    lead, clerk = world.staff(Post.PM), world.staff(Post.CS)
    assert gaps(world, lead, cover.NIGHT_LEAD, days=2) == [
        ("lead", at(22), at(8, 1)),
        ("lead", at(22, 1), at(8, 2)),
    ]
    plan(world, lead, LEAD, clerk, 1)
    assert gaps(world, lead, cover.NIGHT_LEAD, days=2) == [("lead", at(22), at(8, 1))]


def test_a_skill_is_covered_by_who_has_it_or_may_do_whatever_needs_no_licence(world: World) -> None:
    lead, general, electrician = world.staff(Post.PM), world.staff(Post.RP), world.staff(Post.RP)
    able(world.engine, general, "general")
    able(world.engine, electrician, "electric")
    plumbing = Cover(CoverKind.SKILL, "plumbing", 8 * 60, 8 * 60)
    electric = Cover(CoverKind.SKILL, "electric", 8 * 60, 8 * 60)
    plan(world, lead, DAY, general, 1)
    ends = [(at(10), at(16)), (at(8, 2), at(10, 2))]
    assert set(gaps(world, lead, plumbing, electric, days=2)) == {
        *(("plumbing", *span) for span in ends),
        *(("electric", *span) for span in ends),
        ("electric", at(8, 1), at(16, 1)),
    }
    plan(world, lead, DAY, electrician, 1)
    assert gaps(world, lead, electric, days=2) == [("electric", *span) for span in ends]


def test_a_substitute_fills_the_place_only_with_the_skill(world: World) -> None:
    manager, electrician, helper = world.staff(Post.PM), world.staff(Post.RP), world.staff(Post.RP)
    able(world.engine, electrician, "electric")
    plan(world, manager, DAY, electrician, 1)
    with world.engine.work(manager) as work:
        substitution.set_substitute(work, electrician.id, helper.id, at(0, 1), at(12, 1))
    electric = Cover(CoverKind.SKILL, "electric", 8 * 60, 8 * 60)
    today, tomorrow = ("electric", at(10), at(16)), ("electric", at(8, 1), at(10, 1))
    assert gaps(world, manager, electric) == [today, tomorrow]
    able(world.engine, helper, "electric")
    assert gaps(world, manager, electric) == [today]


def test_without_a_word_the_desk_the_night_lead_and_the_skills_people_have_are_manned(world: World) -> None:
    lead, repairer = world.staff(Post.RPL), world.staff(Post.RP)
    able(world.engine, repairer, "plumbing", "general")
    with world.engine.reading(lead) as work:
        found = [(one.kind, one.skill) for one in cover.covers(work, world.community)]
    assert found == [("desk", ""), ("lead", ""), ("skill", "plumbing")]


def test_only_planners_and_dispatchers_see_gaps_and_only_planners_say_what_is_manned(world: World) -> None:
    repairer, clerk = world.staff(Post.RP), world.staff(Post.CS)
    with world.engine.reading(repairer) as work, pytest.raises(NotPermitted):
        cover.gaps(work, world.community, work.now, work.now + timedelta(days=1))
    with world.engine.work(clerk) as work, pytest.raises(NotPermitted):
        cover.set_covers(work, world.community, [Cover(CoverKind.DESK)])


@pytest.mark.parametrize(
    "wrong",
    [
        (Cover(CoverKind.DESK), Cover(CoverKind.DESK, "", 60, 60)),
        (Cover(CoverKind.SKILL, "magic"),),
        (Cover(CoverKind.DESK, "plumbing"),),
        (Cover(CoverKind.DESK, "", 0, 0),),
    ],
)
def test_what_cannot_be_manned_is_refused(world: World, wrong: tuple[Cover, ...]) -> None:
    with world.engine.work(world.staff(Post.CSL)) as work, pytest.raises(RuleRefused):
        cover.set_covers(work, world.community, wrong)


# --- plain values -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manned", "free"),
    [
        ([], [(0, 10)]),
        ([(0, 10)], []),
        ([(-5, 20)], []),
        ([(2, 4), (6, 8)], [(0, 2), (4, 6), (8, 10)]),
        ([(0, 6), (2, 4)], [(6, 10)]),
        ([(0, 5), (5, 10)], []),
        ([(10, 12), (-3, 0)], [(0, 10)]),
    ],
)
def test_what_nobody_covers_is_left(
    manned: list[tuple[float, float]], free: list[tuple[float, float]]
) -> None:
    spans = [(at(begin), at(end)) for begin, end in manned]
    assert cover.uncovered(at(0), at(10), spans) == [(at(begin), at(end)) for begin, end in free]


def test_days_that_meet_are_one_span() -> None:
    whole = Cover(CoverKind.DESK)
    assert cover.required(whole, at(10), at(10, 3), SHANGHAI) == [(at(10), at(10, 3))]
    assert cover.required(cover.NIGHT_LEAD, at(1), at(23), SHANGHAI) == [(at(1), at(8)), (at(22), at(23))]


def test_the_later_named_of_two_substitutes_counts() -> None:
    shift = PlannedSpan(1, 10, at(8), at(16), is_lead=False)
    stand_ins = {10: [StandIn(1, 11, at(9), at(12)), StandIn(2, 12, at(11), at(20))]}
    found = [(one.account_id, one.starts_at, one.ends_at) for one in who_is_there([shift], stand_ins)]
    assert found == [
        (10, at(8), at(9)),
        (11, at(9), at(11)),
        (12, at(11), at(12)),
        (12, at(12), at(16)),
    ]
