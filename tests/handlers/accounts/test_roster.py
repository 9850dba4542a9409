"""Planning shifts: whose, when, and what is refused; leave and substitutes; who is really there."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest

from engine.clock import SettableClock
from engine.errors import NotPermitted, Problem
from engine.ports import SYSTEM, Actor, Membership
from engine.work import Engine
from handlers.accounts import leave, roster, substitution, teams
from handlers.accounts.booking import PlannedShift
from handlers.accounts.permissions import Post
from handlers.accounts.roster import Shift
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound, RuleRefused
from handlers.shared import access_log
from tests.handlers.estate_world import World

DAY = timedelta(days=1)


class Plan(World):
    """A desk and a workshop with their leads; speaks in hours from now."""

    def __init__(self, engine: Engine, clock: SettableClock) -> None:
        super().__init__(engine)
        self.clock = clock
        self.start = clock.now()
        self.desk_lead, self.workshop_lead = self.staff(Post.CSL), self.staff(Post.RPL)
        self.manager = self.staff(Post.PM)
        self.clerk, self.repairer, self.other = self.staff(Post.CS), self.staff(Post.RP), self.staff(Post.RP)

    def at(self, hour: float) -> datetime:
        """Return a moment some hours after the beginning."""
        return self.start + timedelta(hours=hour)

    def planned(self, who: Actor, begin: float, end: float, *, is_lead: bool = False) -> PlannedShift:
        """Return a shift to be planned."""
        return PlannedShift(who.id, self.at(begin), self.at(end), is_lead)

    def plan(self, by: Actor, who: Actor, begin: float, end: float, *, is_lead: bool = False) -> int:
        """Let somebody plan a shift."""
        shift = self.planned(who, begin, end, is_lead=is_lead)
        return self.engine.run(by, lambda work: roster.plan_shift(work, self.community, shift))

    def leave(self, who: Actor, begin: float, end: float) -> int:
        """Let the manager note a leave; return how many shifts fell vacant."""
        return self.engine.run(
            self.manager,
            lambda work: leave.set_leave(work, self.community, who.id, self.at(begin), self.at(end)),
        )

    def stand_in(self, absent: Actor, substitute: Actor, begin: float, end: float) -> int:
        """Let the manager name a substitute."""
        return self.engine.run(
            self.manager,
            lambda work: substitution.set_substitute(
                work, absent.id, substitute.id, self.at(begin), self.at(end)
            ),
        )

    def shifts(self, who: Actor) -> list[tuple[float, float]]:
        """Return somebody's shifts in hours from the beginning."""
        with self.engine.reading(SYSTEM) as work:
            found = roster.shifts(work, self.community, self.start - DAY, self.start + 40 * DAY)
        spans = [(one.starts_at, one.ends_at) for one in found if one.account_id == who.id]
        hour = timedelta(hours=1)
        return [((begin - self.start) / hour, (end - self.start) / hour) for begin, end in spans]

    def there(self) -> list[tuple[int, str]]:
        """Return who is on shift now, and for whom."""
        with self.engine.reading(self.manager) as work:
            return [(one.account_id, one.instead_of) for one in roster.on_shift(work, self.community)]


@pytest.fixture
def world(engine: Engine, clock: SettableClock) -> Plan:
    """The people of a roster."""
    return Plan(engine, clock)


def visible(world: Plan, who: Actor) -> list[Shift]:
    with world.engine.reading(who) as work:
        return roster.shifts(work, world.community, world.start, world.start + DAY)


@pytest.mark.both_stores
def test_a_lead_plans_the_own_people_and_a_manager_everybody(world: Plan) -> None:
    world.plan(world.desk_lead, world.clerk, 1, 9)
    world.plan(world.workshop_lead, world.repairer, 1, 9)
    world.plan(world.manager, world.other, 1, 9)
    with pytest.raises(ActionNotAllowed, match="不归您排班"):
        world.plan(world.desk_lead, world.repairer, 20, 28)
    with pytest.raises(NotPermitted):
        world.plan(world.clerk, world.clerk, 20, 28)


def test_the_lead_of_a_team_plans_the_team_and_nobody_else(world: Plan) -> None:
    with world.engine.work(world.workshop_lead) as work:
        team = teams.create_team(work, world.community, "水电一班")
        teams.set_members(work, team, frozenset({world.repairer.id, world.other.id}), world.repairer.id)
    shift = world.plan(world.repairer, world.other, 1, 9)
    with pytest.raises(ActionNotAllowed):
        world.plan(world.repairer, world.clerk, 1, 9)
    with pytest.raises(NotPermitted):
        world.plan(world.repairer, world.other, 20, 28, is_lead=True)
    with world.engine.work(world.repairer) as work:
        roster.remove_shift(work, shift)
    with pytest.raises(NotPermitted):
        world.plan(world.other, world.repairer, 1, 9)


def test_people_see_themselves_and_their_team_and_dispatchers_see_everybody(world: Plan) -> None:
    for who in (world.clerk, world.repairer, world.other):
        world.plan(world.manager, who, 1, 9)
    assert {one.account_id for one in visible(world, world.repairer)} == {world.repairer.id}
    assert len(visible(world, world.clerk)) == 3
    with world.engine.work(world.workshop_lead) as work:
        team = teams.create_team(work, world.community, "水电一班")
        teams.set_members(work, team, frozenset({world.repairer.id, world.other.id}))
    assert {one.account_id for one in visible(world, world.repairer)} == {world.repairer.id, world.other.id}


def test_nobody_is_booked_twice_and_the_refusal_says_until_when(world: Plan) -> None:
    world.plan(world.desk_lead, world.clerk, 1, 9)
    with pytest.raises(RuleRefused, match="已有班次") as refused:
        world.plan(world.desk_lead, world.clerk, 8, 16)
    assert refused.value.params["until"] == world.at(9)
    world.plan(world.desk_lead, world.clerk, 9, 17)


@pytest.mark.both_stores
def test_of_two_leads_who_plan_one_person_at_once_one_is_refused(world: Plan) -> None:
    barrier = Barrier(2)
    ends: list[str] = []

    def plan(by: Actor) -> None:
        barrier.wait()
        try:
            world.plan(by, world.clerk, 1, 9)
            ends.append("planned")
        except RuleRefused:
            ends.append("refused")

    threads = [Thread(target=plan, args=(by,)) for by in (world.desk_lead, world.manager)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["planned", "refused"]
    assert world.shifts(world.clerk) == [(1, 9)]


def test_the_past_is_not_planned(world: Plan) -> None:
    with pytest.raises(RuleRefused, match="已经过去"):
        world.plan(world.desk_lead, world.clerk, -9, -1)


def test_nobody_makes_themselves_shift_lead_and_making_one_is_logged(world: Plan) -> None:
    with pytest.raises(ActionNotAllowed, match="不能给自己"):
        world.plan(world.desk_lead, world.desk_lead, 1, 9, is_lead=True)
    world.plan(world.manager, world.desk_lead, 1, 9, is_lead=True)
    with world.engine.reading(world.manager) as work:
        assert access_log.count(work, "plan_lead_shift", world.start - DAY) == 1


def test_a_shift_is_moved_and_given_to_somebody_else(world: Plan) -> None:
    shift = world.plan(world.workshop_lead, world.repairer, 1, 9)
    world.plan(world.workshop_lead, world.other, 9, 17)
    change = world.planned(world.other, 1, 10)
    with world.engine.work(world.workshop_lead) as work, pytest.raises(RuleRefused, match="已有班次"):
        roster.change_shift(work, shift, change)
    with world.engine.work(world.workshop_lead) as work:
        roster.change_shift(work, shift, world.planned(world.other, 2, 9))
    assert (world.shifts(world.repairer), world.shifts(world.other)) == ([], [(2, 9), (9, 17)])


def test_of_a_shift_that_has_begun_only_the_end_changes_and_of_one_that_is_over_nothing(world: Plan) -> None:
    shift = world.plan(world.workshop_lead, world.repairer, 1, 9)
    world.clock.advance(hours=2)

    def change(who: Actor, begin: float, end: float) -> None:
        with world.engine.work(world.workshop_lead) as work:
            roster.change_shift(work, shift, world.planned(who, begin, end))

    for who, begin in ((world.other, 1), (world.repairer, 3)):
        with pytest.raises(RuleRefused, match="只能改结束时间"):
            change(who, begin, 9)
    change(world.repairer, 1, 5)
    world.clock.advance(hours=4)
    with pytest.raises(RecordConflict, match="已于"):
        change(world.repairer, 1, 12)


def test_a_shift_of_somebody_elses_people_cannot_be_found(world: Plan) -> None:
    shift = world.plan(world.desk_lead, world.clerk, 1, 9)
    with world.engine.reading(world.workshop_lead) as work, pytest.raises(RecordNotFound):
        roster.shift(work, shift)
    with world.engine.work(world.workshop_lead) as work, pytest.raises(RecordNotFound):
        roster.remove_shift(work, shift)


def test_going_on_shift_lasts_until_the_planned_shift_begins(world: Plan) -> None:
    world.plan(world.workshop_lead, world.repairer, 2, 10)
    with world.engine.work(world.repairer) as work:
        roster.go_on_shift(work, world.community, 8)
    assert world.shifts(world.repairer) == [(0, 2), (2, 10)]


@pytest.mark.both_stores
def test_leave_cuts_shifts_and_refuses_new_ones_until_it_is_ended(world: Plan) -> None:
    for begin in (1, 25, 49):
        world.plan(world.desk_lead, world.clerk, begin, begin + 8)
    assert world.leave(world.clerk, 5, 50) == 3
    assert world.shifts(world.clerk) == [(1, 5), (50, 57)]
    with pytest.raises(RuleRefused, match="请假"):
        world.plan(world.desk_lead, world.clerk, 30, 38)
    with pytest.raises(RuleRefused, match="已经请假"):
        world.leave(world.clerk, 40, 60)
    with world.engine.reading(world.desk_lead) as work:
        [noted] = leave.leaves(work, world.community, world.start, world.at(100))
    with world.engine.work(world.desk_lead) as work:
        leave.end_leave(work, world.community, noted.id)
    world.plan(world.desk_lead, world.clerk, 30, 38)


def test_leave_within_a_shift_leaves_both_ends_of_it(world: Plan) -> None:
    world.plan(world.desk_lead, world.clerk, 1, 9)
    world.leave(world.clerk, 3, 5)
    assert world.shifts(world.clerk) == [(1, 3), (5, 9)]


def test_who_is_on_leave_cannot_go_on_shift(world: Plan) -> None:
    world.leave(world.repairer, 0, 20)
    with world.engine.work(world.repairer) as work, pytest.raises(RuleRefused, match="销假"):
        roster.go_on_shift(work, world.community, 8)


def test_only_whoever_plans_somebodys_shifts_notes_their_leave(world: Plan) -> None:
    for by in (world.workshop_lead, world.clerk):
        with world.engine.work(by) as work, pytest.raises(Problem, match=r"不归您|权限"):
            leave.set_leave(work, world.community, world.clerk.id, world.start, world.at(5))


def test_a_substitute_is_there_instead_of_the_absent_and_for_that_time_only(world: Plan) -> None:
    world.plan(world.workshop_lead, world.repairer, 0, 9)
    world.stand_in(world.repairer, world.other, 2, 4)
    assert world.there() == [(world.repairer.id, "")]
    world.clock.advance(hours=2)
    assert world.there() == [(world.other.id, "职员5")]
    world.clock.advance(hours=2)
    assert world.there() == [(world.repairer.id, "")]


def test_a_substitute_is_booked_for_the_shifts_of_the_absent(world: Plan) -> None:
    world.plan(world.workshop_lead, world.repairer, 1, 9)
    world.stand_in(world.repairer, world.other, 0, 20)
    with pytest.raises(RuleRefused, match="上班"):
        world.plan(world.workshop_lead, world.other, 8, 12)
    with pytest.raises(RuleRefused, match="替班"):
        world.plan(world.workshop_lead, world.repairer, 10, 18)
    world.plan(world.workshop_lead, world.other, 9, 17)


def test_substitutes_of_substitutes_and_those_on_leave_are_refused(world: Plan) -> None:
    world.stand_in(world.repairer, world.other, 0, 20)
    third = world.staff(Post.RP)
    for absent, substitute in ((world.other, third), (third, world.repairer)):
        with pytest.raises(RuleRefused, match="替班"):
            world.stand_in(absent, substitute, 10, 30)
    world.leave(third, 30, 40)
    with pytest.raises(RuleRefused, match="请假"):
        world.stand_in(world.repairer, third, 35, 45)


def test_the_substitute_of_the_shift_lead_leads_on_their_behalf(world: Plan) -> None:
    world.plan(world.manager, world.repairer, 0, 9, is_lead=True)
    world.stand_in(world.repairer, world.other, 0, 9)
    with world.engine.reading(world.other) as work:
        assert Membership("cs", world.community, world.repairer.id) in work.memberships
        told = work.engine.directory.recipients(work.connection, "rp", world.community, work.now)
    assert list(told) == [world.other.id]
