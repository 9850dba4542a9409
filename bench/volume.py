"""Fills tables with many rows by statements of the database itself, as a busy company would over months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from bench.flow import KEY, Stand
from engine.ports import SYSTEM
from engine.store.tables import bundle
from engine.work import Work

_NUMBERS = (
    "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
)
_BASE = 1_000_000_000  # ids of these rows; those drawn by the engine are far larger


@dataclass(frozen=True)
class Crowd:
    """What open tasks are spread over.

    Attributes:
        pairs: (post, community); the first ones get most tasks.
        people: who holds three tasks of ten, by fake ids from 1.
        first_due: seconds from now to the earliest due date; negative for late ones.
        span: seconds from the earliest to the latest due date.
    """

    pairs: Sequence[tuple[str, int]]
    people: int = 5000
    first_due: int = -259_200
    span: int = 2_592_000


def open_tasks(made: Stand, count: int, crowd: Crowd) -> None:
    """Insert open cases with a task each."""
    now = made.engine.clock.now()
    with made.engine.work(SYSTEM) as work:
        bundle_id = work.connection.scalars(select(bundle.c.id)).one()
        numbers, begun = _NUMBERS.format(count=count), _moment(made, now, "-86400")
        due = _moment(made, now, f"({crowd.first_due} + (i * 104729) % {crowd.span})")
        pair = f"((i * 7919 % 1000) * (i * 7919 % 1000) * {len(crowd.pairs)} / 1000000)"
        group = _case(pair, [f"'{post}'" for post, _ in crowd.pairs])
        scope = _case(pair, [str(scope) for _, scope in crowd.pairs])
        work.connection.execute(
            text(
                "INSERT INTO instance (id, bundle_id, process_key, business_key, scope_id, state, title,"
                " title_en, place, started_at, starter_id, waits, revision) "
                f"{numbers} SELECT {_BASE} + i, {bundle_id}, '{KEY}', 'V' || i, {scope}, 'active',"
                f" '卫生间漏水', 'Leak', '3栋2单元501', {begun}, 1, '{{}}', 1 FROM n"
            )
        )
        work.connection.execute(
            text(
                "INSERT INTO user_task (id, instance_id, token, process_key, path, called_process, step_id,"
                " name, name_en, form_key, group_code, scope_id, assignee_id, rank, opened_at, limit_text,"
                " clock, due_at, original_due_at, due_sort, level, pausable, paused_seconds, pause_count,"
                " suspended) "
                f"{numbers} SELECT {_BASE} + i, {_BASE} + i, 'token' || i, '{KEY}', '', '{KEY}', 'first',"
                f" '受理派单', 'Accept', 'plain', {group}, {scope},"
                f" CASE WHEN i % 10 < 3 THEN 1 + i * 31 % {crowd.people} END, i * 13 % 4, {begun},"
                f" 'PT30M', '24x7', {due}, {due}, {due}, 0, false, 0, 0, false FROM n"
            )
        )
    _analyse(made)


def deadlines(made: Stand, count: int) -> None:
    """Insert open cases with a deadline each, none due within the hour."""
    crowd = Crowd([("cs", made.world.community)], first_due=3600)
    open_tasks(made, count, crowd)
    now = made.engine.clock.now()
    due = _moment(made, now, "(3600 + i * 17 % 2592000)")
    with made.engine.work(SYSTEM) as work:
        work.connection.execute(
            text(
                "INSERT INTO job (id, kind, instance_id, task_id, token, step_id, due_at, scheduled_at,"
                f" attempts, held) {_NUMBERS.format(count=count)} SELECT {_BASE} + i, 'deadline',"
                f" {_BASE} + i, {_BASE} + i, 'token' || i, 'first', {due}, {due}, 0, false FROM n"
            )
        )
    _analyse(made)


def finished_steps(made: Stand, count: int, scopes: Sequence[int]) -> None:
    """Write finished steps of a year, 12 procedures of 10 steps, into a plain table of the bench's own.

    It has nothing but what a report needs, so reading it is the least that a report without figures by day
    would cost.
    """
    day = (
        "date('2026-01-01', '+' || (i * 7919 % 365) || ' days')"
        if made.engine.database.is_sqlite
        else "date '2026-01-01' + CAST(i * 7919 % 365 AS int)"
    )
    with made.engine.work(SYSTEM) as work:
        work.connection.execute(
            text(
                "CREATE TABLE bench_step (day date, scope_id bigint, process_key text, step_id text,"
                " late int, seconds int, late_seconds int)"
            )
        )
        work.connection.execute(
            text(
                f"INSERT INTO bench_step {_NUMBERS.format(count=count)} SELECT {day},"
                f" {_case(f'(i / 365 % {len(scopes)})', [str(scope) for scope in scopes])},"
                " 'process_' || (i / 7300 % 12), 'step_' || (i / 87600 % 10),"
                " CASE WHEN i % 20 < 3 THEN 1 ELSE 0 END, 600 + i % 7200,"
                " CASE WHEN i % 20 < 3 THEN i % 3600 ELSE 0 END FROM n"
            )
        )


def fold_finished(made: Stand) -> int:
    """Add the finished steps up by day, as the product's own rollup does; return how many rows that makes."""
    with made.engine.work(SYSTEM) as work:
        work.connection.execute(
            text(
                "INSERT INTO step_day (day, scope_id, process_key, step_id, finished, late, seconds,"
                " late_seconds) SELECT day, scope_id, process_key, step_id, count(*), sum(late),"
                " sum(seconds), sum(late_seconds) FROM bench_step"
                " GROUP BY day, scope_id, process_key, step_id"
            )
        )
        rows = work.connection.execute(text("SELECT count(*) FROM step_day")).scalar_one()
    _analyse(made)
    return int(rows)


def month_of_steps(work: Work) -> None:
    """Add up one month of the finished steps themselves."""
    work.connection.execute(
        text(
            "SELECT process_key, step_id, count(*), sum(late) FROM bench_step"
            " WHERE day BETWEEN '2026-06-01' AND '2026-06-30' GROUP BY process_key, step_id"
        )
    ).all()


def _moment(made: Stand, now: datetime, seconds: str) -> str:
    """Say a moment some seconds after now in the database's own words."""
    since = f"{int(now.timestamp())} + {seconds}"
    if made.engine.database.is_sqlite:
        return f"strftime('%Y-%m-%dT%H:%M:%S', {since}, 'unixepoch') || '.000000Z'"
    return f"to_timestamp({since})"


def _case(number: str, values: Sequence[str]) -> str:
    """Pick a value by its number."""
    listed = " ".join(f"WHEN {index} THEN {value}" for index, value in enumerate(values))
    return f"CASE {number} {listed} END"


def _analyse(made: Stand) -> None:
    """Count rows for the planner, which PostgreSQL does by itself within a minute."""
    if not made.engine.database.is_sqlite:
        with made.engine.work(SYSTEM) as work:
            work.connection.execute(text("ANALYZE"))
