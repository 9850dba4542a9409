"""What is late, where, with whom and by how much; and how limits were kept."""

import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from engine.clock import SettableClock
from engine.errors import NotAllowed, Refused
from engine.ids import new_id
from engine.overdue import NOBODY, By, State, overdue_counts, overdue_now
from engine.ports import SYSTEM, Actor, Grants
from engine.reports import (
    KeptOn,
    LateBy,
    Only,
    kept_by_day,
    kept_by_step,
    late_by_person,
)
from engine.rollup import SUMS, fold
from engine.store.database import Database
from engine.store.dialects import add_up
from engine.store.tables import instance, step_day, step_delta, step_month, task_history, user_task
from engine.sweep import sweep
from engine.work import Engine
from tests.engine.ports import FakeDirectory
from tests.engine.time import world
from tests.engine.time.world import CLERK, COMMUNITY, LEAD, count, open_steps

MINUTE = timedelta(minutes=1)
OTHER_COMMUNITY = 11
MANAGER = Actor(5, "staff")
DIRECTOR = Actor(6, "staff")
DAY = date(2026, 11, 23)


@pytest.fixture
def company(engine: Engine) -> Engine:
    """A manager of one community and a director of all, who may read reports."""
    assert isinstance(engine.directory, FakeDirectory)
    engine.directory.give(MANAGER, Grants((), frozenset({("report.read", COMMUNITY)})))
    engine.directory.give(DIRECTOR, Grants((), frozenset({("report.read", None)})))
    return engine


def move_to(engine: Engine, community: int, task_ids: list[int]) -> None:
    with engine.work(SYSTEM) as work:
        cases = select(user_task.c.instance_id).where(user_task.c.id.in_(task_ids))
        work.connection.execute(update(instance).where(instance.c.id.in_(cases)).values(scope_id=community))


# --- late now ----------------------------------------------------------------------------------------------


def test_late_steps_are_listed_with_who_holds_them_and_how_late_they_are(
    company: Engine, clock: SettableClock
) -> None:
    now = clock.now()
    (held,) = open_steps(company, due_at=now + 10 * MINUTE, assignee_id=CLERK.id, step_id="visit")
    (free,) = open_steps(company, due_at=now + 30 * MINUTE)
    open_steps(company, due_at=now + 90 * MINUTE)
    open_steps(company, due_at=None, job_in=MINUTE)
    clock.advance(minutes=40)

    with company.reading(MANAGER) as work:
        steps = overdue_now(work).steps

    assert [(step.task_id, step.person, step.late_by) for step in steps] == [
        (held, f"员工{CLERK.id}", 30 * MINUTE),
        (free, "", 10 * MINUTE),
    ]
    assert (steps[0].step_id, steps[0].scope_id, steps[0].group_code) == ("visit", COMMUNITY, "cs")


def test_what_will_soon_be_late_is_listed_when_asked_for(company: Engine, clock: SettableClock) -> None:
    (soon,) = open_steps(company)
    clock.advance(minutes=20)

    with company.reading(MANAGER) as work:
        assert overdue_now(work).steps == ()
        (step,) = overdue_now(work, soon=15 * MINUTE).steps
        assert (step.task_id, step.late_by) == (soon, -10 * MINUTE)


def test_the_pages_of_the_list_hold_each_step_once(company: Engine, clock: SettableClock) -> None:
    opened = open_steps(company, 25)  # all due at the same moment
    clock.advance(hours=1)

    seen: list[int] = []
    place = None
    with company.reading(DIRECTOR) as work:
        for _ in range(10):
            page = overdue_now(work, after=place, limit=10)
            seen += [step.task_id for step in page.steps]
            place = page.next
            if place is None:
                break

    assert seen == sorted(opened)


def test_a_manager_sees_the_communities_that_are_theirs(company: Engine, clock: SettableClock) -> None:
    mine = open_steps(company, 2)
    others = open_steps(company, 3)
    move_to(company, OTHER_COMMUNITY, others)
    clock.advance(hours=1)

    with company.reading(MANAGER) as work:
        assert [step.task_id for step in overdue_now(work).steps] == sorted(mine)
        assert [found.late for found in overdue_counts(work, By.PROCESS)] == [2]
        with pytest.raises(NotAllowed):
            overdue_now(work, Only(scope_id=OTHER_COMMUNITY))
    with company.reading(DIRECTOR) as work:
        assert len(overdue_now(work).steps) == 5
        assert len(overdue_now(work, Only(scope_id=OTHER_COMMUNITY)).steps) == 3


def test_a_step_past_its_first_limit_whose_clock_stood_is_told_apart(
    company: Engine, clock: SettableClock
) -> None:
    now = clock.now()
    moved = {"due_at": now + 60 * MINUTE, "original_due_at": now + 10 * MINUTE}
    (excused,) = open_steps(company, 1, **moved, pause_reason="parts", paused_until=now + 40 * MINUTE)
    (late,) = open_steps(company, 1, due_at=now + 20 * MINUTE)
    (soon,) = open_steps(company, 1, due_at=now + 40 * MINUTE)
    clock.advance(minutes=30)

    with company.reading(MANAGER) as work:
        (found,) = overdue_counts(work, By.PROCESS, soon=30 * MINUTE)
        listed = {
            state: [step.task_id for step in overdue_now(work, soon=30 * MINUTE, state=state).steps]
            for state in State
        }
    assert (found.late, found.soon, found.excused) == (1, 1, 1)
    assert listed == {State.LATE: [late], State.SOON: [soon], State.EXCUSED: [excused]}


def test_steps_that_nobody_holds_can_be_listed(company: Engine, clock: SettableClock) -> None:
    open_steps(company, 1, assignee_id=CLERK.id)
    (free,) = open_steps(company, 1)
    clock.advance(hours=1)
    with company.reading(MANAGER) as work:
        assert [step.task_id for step in overdue_now(work, Only(person_id=NOBODY)).steps] == [free]


def test_a_late_step_tells_whom_its_ladder_has_told(company: Engine, clock: SettableClock) -> None:
    open_steps(company, 1, ladder="accept", job_in=24 * MINUTE)
    clock.advance(minutes=31)
    sweep(company, clock.now())
    with company.reading(MANAGER) as work:
        (step,) = overdue_now(work).steps
    assert (step.level, step.told) == (2, ("assignee", "csl"))


def test_whoever_may_read_no_report_is_refused(company: Engine) -> None:
    with company.reading(CLERK) as work:
        for report in (
            lambda: overdue_now(work),
            lambda: overdue_counts(work, By.STEP),
            lambda: kept_by_step(work, DAY, DAY),
            lambda: kept_by_day(work, DAY, DAY),
            lambda: late_by_person(work, DAY, DAY),
        ):
            with pytest.raises(NotAllowed):
                report()


def test_late_steps_are_counted_by_procedure_step_of_a_sheet_group_community_and_person(
    company: Engine, clock: SettableClock
) -> None:
    now = clock.now()
    open_steps(company, 2, due_at=now + 10 * MINUTE, assignee_id=CLERK.id)
    open_steps(company, 1, due_at=now + 20 * MINUTE, assignee_id=LEAD.id, step_id="visit", group_code="rp")
    open_steps(company, 3, due_at=now + 50 * MINUTE, process_key="move_in")
    other_sheet = open_steps(company, 1, due_at=now + 15 * MINUTE, called_process="repair_urgent")
    move_to(company, OTHER_COMMUNITY, other_sheet)
    clock.advance(minutes=30)

    with company.reading(DIRECTOR) as work:
        by = {
            key: [
                (found.key, found.late, found.soon, found.worst)
                for found in overdue_counts(work, key, soon=30 * MINUTE)
            ]
            for key in By
        }

    assert by[By.PROCESS] == [(("repair",), 4, 0, 20 * MINUTE), (("move_in",), 0, 3, -20 * MINUTE)]
    assert by[By.STEP] == [
        (("repair", "repair", "accept"), 2, 0, 20 * MINUTE),
        (("repair", "repair", "visit"), 1, 0, 10 * MINUTE),
        (("repair", "repair_urgent", "accept"), 1, 0, 15 * MINUTE),
        (("move_in", "repair", "accept"), 0, 3, -20 * MINUTE),
    ]
    assert by[By.GROUP] == [(("cs",), 3, 3, 20 * MINUTE), (("rp",), 1, 0, 10 * MINUTE)]
    assert by[By.SCOPE] == [((COMMUNITY,), 3, 3, 20 * MINUTE), ((OTHER_COMMUNITY,), 1, 0, 15 * MINUTE)]
    assert {found[0]: found[1:] for found in by[By.PERSON]} == {
        (CLERK.id,): (2, 0, 20 * MINUTE),
        (LEAD.id,): (1, 0, 10 * MINUTE),
        (None,): (1, 3, 15 * MINUTE),
    }


def test_a_report_can_be_narrowed(company: Engine, clock: SettableClock) -> None:
    open_steps(company, assignee_id=CLERK.id)
    open_steps(company, 2, step_id="visit", group_code="rp")
    open_steps(company, 3, process_key="move_in")
    clock.advance(hours=1)

    with company.reading(MANAGER) as work:
        sizes = [
            len(overdue_now(work, only).steps)
            for only in (
                Only(),
                Only(process_key="repair"),
                Only(process_key="repair", step_id="accept"),
                Only(group_code="rp"),
                Only(person_id=CLERK.id),
                Only(scope_id=COMMUNITY),
            )
        ]
    assert sizes == [6, 3, 1, 2, 1, 6]


# --- over time ---------------------------------------------------------------------------------------------


def finish(engine: Engine, *steps: tuple[date, str, int], community: int = COMMUNITY) -> None:
    """Write what finished steps leave behind: (day, step, minutes late)."""
    with engine.work(SYSTEM) as work:
        rows = [
            {
                "id": new_id(),
                "day": day,
                "scope_id": community,
                "process_key": "repair",
                "called_process": "repair",
                "step_id": step,
                "late": minutes > 0,
                "seconds": 600 + 60 * minutes,
                "late_seconds": 60 * minutes,
            }
            for day, step, minutes in steps
        ]
        work.connection.execute(insert(step_delta), rows)


def test_folding_changes_no_figure_and_leaves_nothing_to_fold(company: Engine) -> None:
    finish(company, (DAY, "accept", 0), (DAY, "accept", 5), (DAY, "visit", 0))
    with company.reading(DIRECTOR) as work:
        before = kept_by_step(work, DAY, DAY)

    assert fold(company) == 3
    assert fold(company) == 0
    finish(company, (DAY, "accept", 10))
    fold(company)
    with company.reading(DIRECTOR) as work:
        after = kept_by_step(work, DAY, DAY)

    assert [(kept.step_id, kept.finished, kept.late, kept.seconds, kept.late_seconds) for kept in before] == [
        ("accept", 2, 1, 1500, 300),
        ("visit", 1, 0, 600, 0),
    ]
    assert [(kept.step_id, kept.finished, kept.late, kept.seconds, kept.late_seconds) for kept in after] == [
        ("accept", 3, 2, 2700, 900),
        ("visit", 1, 0, 600, 0),
    ]
    assert count(company, step_delta) == 0
    assert count(company, step_day) == 2


def test_figures_are_kept_by_day_and_for_the_days_asked_for(company: Engine) -> None:
    later = DAY + timedelta(days=2)
    finish(company, (DAY, "accept", 0), (DAY, "visit", 5), (later, "accept", 5))
    fold(company)
    finish(company, (later, "accept", 0))

    with company.reading(DIRECTOR) as work:
        assert kept_by_day(work, DAY, later) == [KeptOn(DAY, 2, 1), KeptOn(later, 2, 1)]
        assert kept_by_day(work, DAY, DAY, Only(step_id="visit")) == [KeptOn(DAY, 1, 1)]
        assert kept_by_step(work, later, later)[0].finished == 2
        with pytest.raises(Refused):
            kept_by_day(work, DAY, DAY, Only(person_id=CLERK.id))


def test_figures_of_other_communities_are_left_out(company: Engine) -> None:
    finish(company, (DAY, "accept", 0))
    finish(company, (DAY, "accept", 5), (DAY, "accept", 0), community=OTHER_COMMUNITY)
    for _ in range(2):
        with company.reading(MANAGER) as work:
            assert kept_by_day(work, DAY, DAY) == [KeptOn(DAY, 1, 0)]
        with company.reading(DIRECTOR) as work:
            assert kept_by_day(work, DAY, DAY) == [KeptOn(DAY, 3, 1)]
        fold(company)


def test_two_nodes_that_fold_at_once_count_each_step_once(company: Engine, database: Database) -> None:
    days = [DAY + timedelta(days=number % 7) for number in range(12_000)]
    finish(company, *((day, f"step{number % 11}", number % 2) for number, day in enumerate(days)))
    url = database.url.render_as_string(hide_password=False)
    nodes = [world.new_engine(Database(url), SettableClock(company.clock.now())) for _ in "ab"]
    together = threading.Barrier(2, timeout=20)
    folded: list[int] = []

    def run(node: Engine) -> None:
        together.wait()
        folded.append(fold(node))

    threads = [threading.Thread(target=run, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    for node in nodes:
        node.database.dispose()

    assert sum(folded) == 12_000
    assert count(company, step_delta) == 0
    with company.reading(DIRECTOR) as work:
        kept = kept_by_day(work, DAY, DAY + timedelta(days=7))
    assert (sum(day.finished for day in kept), sum(day.late for day in kept)) == (12_000, 6000)


def test_late_steps_are_counted_by_who_ended_them_and_by_local_day(
    company: Engine, clock: SettableClock
) -> None:
    midnight = datetime(2026, 11, 24, tzinfo=ZoneInfo("Asia/Shanghai"))
    open_steps(company)
    case_id = world.fetch(company, instance)[0].id
    with company.work(SYSTEM) as work:
        for who, due_at, late_by in (
            (CLERK, midnight - MINUTE, 5),
            (CLERK, midnight - 2 * MINUTE, 30),
            (LEAD, midnight - MINUTE, 7),
            (LEAD, midnight, 9),  # the next day in Shanghai, the same in London
            (LEAD, midnight - MINUTE, -3),
        ):
            work.connection.execute(
                insert(task_history).values(
                    id=new_id(),
                    instance_id=case_id,
                    process_key="repair",
                    called_process="repair",
                    step_id="accept",
                    name="受理派单",
                    group_code="cs",
                    scope_id=COMMUNITY,
                    opened_at=clock.now(),
                    due_at=due_at,
                    ended_at=due_at + late_by * MINUTE,
                    end_kind="completed",
                    late=late_by > 0,
                    actor_id=who.id,
                )
            )
    with company.reading(MANAGER) as work:
        assert late_by_person(work, DAY, DAY) == [
            LateBy(CLERK.id, f"员工{CLERK.id}", 2, 30 * MINUTE),
            LateBy(LEAD.id, f"员工{LEAD.id}", 1, 7 * MINUTE),
        ]
        assert late_by_person(work, DAY, DAY, Only(person_id=LEAD.id))[0].late == 1
        assert late_by_person(work, DAY, DAY, Only(step_id="visit")) == []


@pytest.mark.long
def test_a_year_of_ten_million_steps_is_summed_up(company: Engine) -> None:
    days = [DAY - timedelta(days=number) for number in range(366)]
    months = sorted({day.replace(day=1) for day in days})
    with company.work(SYSTEM) as work:
        add_up(work.connection, step_day, [row for day in days for row in sums("day", day, 1)], SUMS)
        rows = [row for month in months for row in sums("month", month, _days_in(month, days))]
        add_up(work.connection, step_month, rows, SUMS)

    with company.reading(DIRECTOR) as work:
        assert sum(one.finished for one in kept_by_step(work, days[-1], DAY)) == 366 * 480 * 57


def _days_in(month: date, days: list[date]) -> int:
    return sum(day.replace(day=1) == month for day in days)


def sums(column: str, when: date, days: int) -> list[dict[str, object]]:
    return [
        {
            column: when,
            "scope_id": COMMUNITY,
            "process_key": f"process{step % 12}",
            "called_process": f"process{step % 12}",
            "step_id": f"step{step}",
            "finished": 57 * days,
            "late": 9 * days,
            "seconds": 57 * 600 * days,
            "late_seconds": 900 * days,
        }
        for step in range(480)
    ]
