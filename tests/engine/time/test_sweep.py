"""What becomes late is marked and escalated once, whoever looks and however often."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, update
from sqlalchemy.engine import Engine as SqlEngine

from engine import inbox, incidents
from engine.clock import SettableClock
from engine.escalation import parse_ladder
from engine.inbox import View
from engine.limits import keep_ladder
from engine.ports import SYSTEM, OutboxItem
from engine.store.database import Database
from engine.store.tables import escalation, history_event, incident, job, task_candidate, user_task
from engine.sweep import BATCH, sweep
from engine.timers import fire_due, next_due
from engine.work import Engine
from tests.engine.ports import MemoryOutbox
from tests.engine.time import world
from tests.engine.time.world import CLERK, COMMUNITY, HOUSE, LEAD, count, fetch, fired, open_steps, story

MINUTES = timedelta(minutes=1)


def test_nothing_happens_to_a_step_in_time(engine: Engine, clock: SettableClock) -> None:
    open_steps(engine)
    clock.advance(minutes=29, seconds=59)

    assert fire_due(engine) == 0
    assert story(engine) == []


def test_a_late_step_is_marked_though_it_has_no_ladder(engine: Engine, clock: SettableClock) -> None:
    open_steps(engine)
    clock.advance(minutes=31)

    assert fire_due(engine) == 1
    (task,) = fetch(engine, user_task)
    assert task.overdue_at == clock.now()
    assert task.level == 0
    assert story(engine) == ["overdue"]
    assert world.messages(engine) == []
    assert count(engine, job) == 0


def test_a_ladder_is_climbed_rung_by_rung(engine: Engine, clock: SettableClock) -> None:
    (task_id,) = open_steps(engine, ladder="accept", assignee_id=CLERK.id, job_in=24 * MINUTES)

    levels = []
    for minutes in (24, 6, 149, 1, 60):
        clock.advance(minutes=minutes)
        fire_due(engine)
        levels.append(fetch(engine, user_task)[0].level)

    assert levels == [1, 2, 2, 3, 3]
    assert fired(engine) == [(task_id, 1), (task_id, 2), (task_id, 3)]
    assert story(engine) == ["escalated", "overdue", "escalated", "escalated"]
    assert next_due(engine) is None


def test_an_early_warning_goes_to_whoever_holds_the_step(engine: Engine, clock: SettableClock) -> None:
    warned_at = clock.now() + 10 * MINUTES
    open_steps(engine, follow_up_at=warned_at, assignee_id=CLERK.id, job_in=10 * MINUTES)
    clock.advance(minutes=12)
    fire_due(engine)
    fire_due(engine)

    (message,) = world.messages(engine)
    assert message.name == "notify"
    assert message.args["template"] == "task_warning"
    assert message.args["to"] == [str(CLERK.id)]
    (row,) = fetch(engine, escalation)
    assert (row.level, row.due_at, row.fired_at) == (0, warned_at, clock.now())
    assert story(engine) == ["warned"]
    assert next_due(engine) == clock.now() + 18 * MINUTES


def test_nobody_holding_a_step_means_that_its_candidates_are_told(
    engine: Engine, clock: SettableClock
) -> None:
    open_steps(engine, ladder="accept", job_in=24 * MINUTES)
    for minutes in (24, 7):
        clock.advance(minutes=minutes)
        fire_due(engine)

    assert [(message.args["level"], message.args["to"]) for message in world.messages(engine)] == [
        (1, [str(CLERK.id)]),
        (2, [str(CLERK.id), str(LEAD.id)]),
    ]


def test_rungs_that_are_climbed_at_once_are_told_in_one_message(engine: Engine, clock: SettableClock) -> None:
    open_steps(engine, ladder="accept")
    clock.advance(minutes=31)
    fire_due(engine)

    (message,) = world.messages(engine)
    assert (message.args["level"], message.args["to"]) == (2, [str(CLERK.id), str(LEAD.id)])
    assert [row.level for row in fetch(engine, escalation)] == [1, 2]


def test_a_rung_widens_the_candidates_in_the_community_of_the_case(
    engine: Engine, clock: SettableClock
) -> None:
    (task_id,) = open_steps(engine, ladder="accept", group_code="resident", scope_id=HOUSE)
    clock.advance(minutes=31)
    fire_due(engine)

    (candidate,) = fetch(engine, task_candidate)
    assert (candidate.task_id, candidate.group_code, candidate.scope_id) == (task_id, "csl", COMMUNITY)
    assert candidate.due_sort == fetch(engine, user_task)[0].due_sort


def test_a_step_that_somebody_holds_is_widened_as_held(engine: Engine, clock: SettableClock) -> None:
    held, free = (open_steps(engine, ladder="accept", assignee_id=who)[0] for who in (CLERK.id, None))
    clock.advance(minutes=31)
    fire_due(engine)

    candidates = {row.task_id: row for row in fetch(engine, task_candidate)}
    assert (candidates[held].assignee_id, candidates[free].assignee_id) == (CLERK.id, None)
    assert {row.process_key for row in candidates.values()} == {"repair"}
    with engine.reading(LEAD) as work:
        assert [row.id for row in inbox.page(work, View.CLAIMABLE).rows] == [free]


def test_widening_to_somebody_who_is_a_candidate_already_changes_nothing(
    engine: Engine, clock: SettableClock
) -> None:
    open_steps(engine, ladder="accept", group_code="csl")
    clock.advance(minutes=31)

    assert fire_due(engine) == 1
    assert fetch(engine, task_candidate) == []


def test_two_rungs_that_widen_to_the_same_post_do_it_once(engine: Engine, clock: SettableClock) -> None:
    rows = [{"level": level, "after": f"{level}00%", "widen": "csl"} for level in (1, 2)]
    keep_ladder(engine, world.BUNDLE, "twice", parse_ladder(rows))
    open_steps(engine, ladder="twice")
    for _ in range(2):
        clock.advance(minutes=31)
        fire_due(engine)

    assert [level for _, level in fired(engine)] == [1, 2]
    assert len(fetch(engine, task_candidate)) == 1


@pytest.mark.parametrize("looks", [(61,), (31, 30)])
def test_a_lower_rung_that_comes_later_does_not_lower_the_level(
    engine: Engine, clock: SettableClock, looks: tuple[int, ...]
) -> None:
    rows = [{"level": 2, "after": "100%", "widen": "csl"}, {"level": 1, "after": "200%", "widen": "csl"}]
    keep_ladder(engine, world.BUNDLE, "upside_down", parse_ladder(rows))
    open_steps(engine, ladder="upside_down")
    for minutes in looks:
        clock.advance(minutes=minutes)
        fire_due(engine)

    assert [level for _, level in fired(engine)] == [2, 1]
    assert fetch(engine, user_task)[0].level == 2


def test_a_rung_leaves_the_step_open_and_with_its_holder(engine: Engine, clock: SettableClock) -> None:
    open_steps(engine, ladder="accept", assignee_id=CLERK.id)
    clock.advance(hours=48)
    fire_due(engine)

    (task,) = fetch(engine, user_task)
    assert task.assignee_id == CLERK.id
    assert task.level == 3


def test_what_came_due_in_an_outage_happens_once_each_when_the_platform_is_back(
    engine: Engine, clock: SettableClock
) -> None:
    opened_at = clock.now()
    ids = open_steps(engine, 1000, ladder="accept", job_in=24 * MINUTES)
    clock.advance(hours=4)
    fire_due(engine)
    fire_due(engine)

    assert Counter(fired(engine)) == {(task_id, level): 1 for task_id in ids for level in (1, 2, 3)}
    assert count(engine, user_task, user_task.c.overdue_at == clock.now()) == 1000
    last = fetch(engine, escalation, escalation.c.id)[-1]
    assert (last.due_at, last.fired_at) == (opened_at + timedelta(hours=3), clock.now())


def test_a_node_that_starts_anew_does_not_repeat_what_the_last_one_did(
    engine: Engine, clock: SettableClock
) -> None:
    (task_id,) = open_steps(engine, ladder="accept", job_in=24 * MINUTES)
    clock.advance(minutes=25)
    fire_due(engine)
    restarted = world.new_engine(engine.database, clock)
    clock.advance(minutes=10)
    fire_due(restarted)
    fire_due(restarted)

    assert fired(engine) == [(task_id, 1), (task_id, 2)]


def test_two_nodes_on_one_database_fire_each_rung_once(
    engine: Engine, database: Database, clock: SettableClock
) -> None:
    ids = open_steps(engine, 3000, ladder="accept", job_in=24 * MINUTES)
    clock.advance(minutes=31)
    nodes = [
        world.new_engine(Database(database.url.render_as_string(hide_password=False)), clock) for _ in "ab"
    ]
    together = threading.Barrier(2, timeout=20)
    done: list[int] = []

    def run(node: Engine) -> None:
        together.wait()
        done.append(fire_due(node))

    threads = [threading.Thread(target=run, args=(node,)) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    told = [message.dedup_key for node in nodes for message in world.messages(node)]
    for node in nodes:
        node.database.dispose()

    assert sum(done) == 3000
    assert sorted(fired(engine)) == sorted((task_id, level) for task_id in ids for level in (1, 2))
    assert len(told) == len(set(told)) == 3000
    assert story(engine).count("overdue") == 3000


def test_a_step_that_somebody_is_completing_is_left_for_later(
    engine: Engine, database: Database, clock: SettableClock
) -> None:
    if database.is_sqlite:
        return  # one writer at a time: there is nobody to wait for
    kept, done = open_steps(engine, 2, ladder="accept")
    clock.advance(minutes=31)
    with engine.work(SYSTEM) as work:
        # As completing does: the case is held, and the job deleted only afterwards.
        held = work.connection.execute(
            user_task.select().where(user_task.c.id == done).with_for_update()
        ).one()
        assert fire_due(engine) == 1
        work.connection.execute(delete(job).where(job.c.task_id == held.id))
        work.connection.execute(delete(user_task).where(user_task.c.id == held.id))

    assert fire_due(engine) == 0
    assert {task_id for task_id, _ in fired(engine)} == {kept}


def test_a_held_job_waits_however_late_it_is(engine: Engine, clock: SettableClock) -> None:
    open_steps(engine, ladder="accept")
    with engine.work(SYSTEM) as work:
        work.connection.execute(update(job).values(held=True))
    clock.advance(hours=5)

    assert fire_due(engine) == 0
    assert next_due(engine) is None


def test_a_case_suspended_during_a_sweep_is_left_alone(sqlite_engine: Engine, clock: SettableClock) -> None:
    class Suspending(MemoryOutbox):
        """Has somebody suspend every case that is not fired yet, as soon as the first batch is."""

        def put_many(self, connection: Connection, items: Sequence[OutboxItem], now: datetime) -> None:
            super().put_many(connection, items, now)
            connection.execute(update(job).values(held=True))

    open_steps(sqlite_engine, BATCH + 1, ladder="accept")
    clock.advance(minutes=31)
    sweep(replace(sqlite_engine, outbox=Suspending()), clock.now())

    assert count(sqlite_engine, user_task, user_task.c.overdue_at.is_(None)) == 1
    assert count(sqlite_engine, job, job.c.held, job.c.due_at <= clock.now()) == 1


def test_one_broken_ladder_becomes_an_incident_and_its_neighbours_go_on(
    engine: Engine, clock: SettableClock
) -> None:
    (broken,) = open_steps(engine, ladder="no_such_ladder")
    open_steps(engine, 20, ladder="accept")
    clock.advance(minutes=31)
    fire_due(engine)

    (trouble,) = fetch(engine, incident)
    assert trouble.kind == "deadline"
    assert count(engine, user_task, user_task.c.level == 2) == 20
    assert count(engine, job, job.c.task_id == broken) == 0


def test_a_retried_deadline_is_armed_again(engine: Engine, clock: SettableClock) -> None:
    open_steps(engine, ladder="written_later")
    clock.advance(minutes=31)
    fire_due(engine)
    (trouble,) = fetch(engine, incident)
    keep_ladder(engine, world.BUNDLE, "written_later", world.LADDER)
    engine.run(SYSTEM, lambda work: incidents.retry(work, trouble.id, "阶梯已补"))
    fire_due(engine)

    assert fetch(engine, user_task)[0].level == 2
    assert fetch(engine, incident)[0].close_kind == "retried"


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=-10)])
def test_a_clock_that_jumps_neither_repeats_nor_misses_anything(
    engine: Engine, clock: SettableClock, jump: timedelta
) -> None:
    start = clock.now()
    ids = open_steps(engine, 5, ladder="accept", job_in=24 * MINUTES)
    for minute in range(0, 35, 5):
        clock.set(start + minute * MINUTES)
        fire_due(engine)
    clock.set(clock.now() + jump)
    fire_due(engine)
    for minute in range(0, 300, 7):
        clock.set(max(start + minute * MINUTES, clock.now()))
        fire_due(engine)

    assert Counter(fired(engine)) == {(task_id, level): 1 for task_id in ids for level in (1, 2, 3)}
    assert story(engine).count("overdue") == 5


@contextmanager
def noted_statements() -> Iterator[list[tuple[str, Any]]]:
    """Note every statement, with its parameters, but those that begin a transaction."""
    noted: list[tuple[str, Any]] = []

    @event.listens_for(SqlEngine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, *_rest):  # type: ignore[no-untyped-def]  # as the event gives them
        if not statement.startswith("BEGIN"):
            noted.append((statement, parameters))

    try:
        yield noted
    finally:
        event.remove(SqlEngine, "before_cursor_execute", note)


def plan(engine: Engine, statement: str, parameters: Any) -> str:
    with engine.reading(SYSTEM) as work:
        rows = work.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return "; ".join(row.detail for row in rows)


def test_a_sweep_with_nothing_due_is_one_query_on_an_index(
    sqlite_engine: Engine, clock: SettableClock
) -> None:
    open_steps(sqlite_engine, 2000)
    with noted_statements() as noted:
        assert fire_due(sqlite_engine) == 0

    ((query, parameters),) = noted
    assert plan(sqlite_engine, query, parameters) == "SCAN job USING INDEX ix_job_due_at"  # up to LIMIT


def test_a_sweep_touches_only_what_is_due(sqlite_engine: Engine, clock: SettableClock) -> None:
    open_steps(sqlite_engine, 2, ladder="accept")
    open_steps(sqlite_engine, 2000, due_at=clock.now() + timedelta(days=1))
    clock.advance(minutes=31)
    with noted_statements() as noted:
        assert fire_due(sqlite_engine) == 2

    plans = [
        plan(sqlite_engine, statement, parameters)
        for statement, parameters in noted
        if not statement.startswith("INSERT")
    ]
    assert "SEARCH job USING INDEX ix_job_due_at (due_at<?)" in plans
    whole = [found for found in plans if "SCAN" in found.replace("SCAN json_each", "")]
    assert set(whole) == {"SCAN job USING INDEX ix_job_due_at"}  # the next one to come due, up to LIMIT


@pytest.mark.long
def test_ten_thousand_deadlines_due_at_once_take_a_few_statements_a_batch(
    engine: Engine, clock: SettableClock
) -> None:
    open_steps(engine, 10_000, ladder="accept")
    clock.advance(minutes=31)
    with noted_statements() as noted:
        fire_due(engine)

    assert count(engine, escalation) == 20_000
    assert count(engine, history_event) == 30_000
    assert count(engine, user_task, user_task.c.overdue_at.is_not(None), user_task.c.level == 2) == 10_000
    assert len(noted) < 12 * 10_000 / BATCH
