"""Fills tables with many rows by statements of the database itself, as a busy company would over months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text

from bench.bulk import bulk, numbers
from bench.flow import KEY, Stand
from engine.store.tables import bundle, instance, job, step_day, step_month, task_candidate, user_task
from engine.work import Work

_BASE = 1_000_000_000  # ids of these rows; those drawn by the engine are far larger


@dataclass(frozen=True)
class Crowd:
    """What open tasks are spread over.

    Attributes:
        pairs: (post, community); the first ones get most tasks.
        people: who holds three tasks of ten, by fake ids from 1.
        first_due: seconds from now to the earliest due date; negative for late ones.
        span: seconds from the earliest to the latest due date.
        widened: posts that may take one task of ten each as well, in its community.
    """

    pairs: Sequence[tuple[str, int]]
    people: int = 5000
    first_due: int = -259_200
    span: int = 2_592_000
    widened: Sequence[str] = ()


def open_tasks(made: Stand, count: int, crowd: Crowd) -> None:
    """Insert open cases with a task each."""
    now = made.engine.clock.now()
    begun = _moment(made, now, "-86400")
    due = _moment(made, now, f"({crowd.first_due} + (i * 104729) % {crowd.span})")
    squared = f"(i * 7919 % 1000) * (i * 7919 % 1000) * {len(crowd.pairs)} / 1000000"
    spread = f"{numbers(made, count)} JOIN bench_pair ON bench_pair.number = {squared}"
    with bulk(made, instance, user_task, task_candidate) as connection:
        bundle_id = connection.scalars(select(bundle.c.id)).one()
        _write_pairs(connection, crowd.pairs)
        connection.execute(
            text(
                "INSERT INTO instance (id, bundle_id, process_key, business_key, scope_id, state, title,"
                f" title_en, place, started_at, starter_id, waits, revision) SELECT {_BASE} + i, {bundle_id},"
                f" '{KEY}', 'V' || i, scope_id, 'active', '卫生间漏水', 'Leak', '3栋2单元501', {begun}, 1,"
                f" '{{}}', 1 FROM {spread}"
            )
        )
        connection.execute(
            text(
                "INSERT INTO user_task (id, instance_id, token, process_key, path, called_process, step_id,"
                " name, name_en, form_key, group_code, scope_id, assignee_id, rank, opened_at, limit_text,"
                " clock, due_at, original_due_at, due_sort, level, pausable, paused_seconds, pause_count,"
                f" suspended) SELECT {_BASE} + i, {_BASE} + i, 'token' || i, '{KEY}', '', '{KEY}', 'first',"
                " '受理派单', 'Accept', 'plain', post, scope_id,"
                f" CASE WHEN i % 10 < 3 THEN 1 + i * 31 % {crowd.people} END, i * 13 % 4, {begun},"
                f" 'PT30M', '24x7', {due}, {due}, {due}, 0, false, 0, 0, false FROM {spread}"
            )
        )
        connection.execute(text("DROP TABLE bench_pair"))
        for number, post in enumerate(crowd.widened, 3):  # three of ten are held
            _widen(connection, post, number)


def _widen(connection: Connection, post: str, number: int) -> None:
    connection.execute(
        text(
            "INSERT INTO task_candidate (task_id, group_code, scope_id, process_key, step_id, assignee_id,"
            " rank, due_sort) SELECT id, CAST(:post AS text), scope_id, process_key, step_id, assignee_id,"
            " rank, due_sort FROM user_task WHERE id % 10 = :number AND group_code <> CAST(:post AS text)"
        ),
        {"post": post, "number": number},
    )


def _write_pairs(connection: Connection, pairs: Sequence[tuple[str, int]]) -> None:
    connection.execute(
        text("CREATE TEMPORARY TABLE bench_pair (number integer PRIMARY KEY, post text, scope_id bigint)")
    )
    rows = [{"number": number, "post": post, "scope": scope} for number, (post, scope) in enumerate(pairs)]
    connection.execute(text("INSERT INTO bench_pair VALUES (:number, :post, :scope)"), rows)


def deadlines(made: Stand, count: int) -> None:
    """Insert open cases with a deadline each, none due within the hour."""
    crowd = Crowd([("cs", made.world.community)], first_due=3600)
    open_tasks(made, count, crowd)
    due = _moment(made, made.engine.clock.now(), "(3600 + i * 17 % 2592000)")
    with bulk(made, job) as connection:
        connection.execute(
            text(
                "INSERT INTO job (id, kind, instance_id, task_id, token, step_id, due_at, scheduled_at,"
                f" attempts, held) SELECT {_BASE} + i, 'deadline', {_BASE} + i, {_BASE} + i, 'token' || i,"
                f" 'first', {due}, {due}, 0, false FROM {numbers(made, count)}"
            )
        )


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
    with bulk(made) as connection:
        connection.execute(
            text(
                "CREATE TABLE bench_step (day date, scope_id bigint, process_key text, step_id text,"
                " late int, seconds int, late_seconds int)"
            )
        )
        connection.execute(
            text(
                f"INSERT INTO bench_step SELECT {day},"
                f" {_case(f'(i / 365 % {len(scopes)})', [str(scope) for scope in scopes])},"
                " 'process_' || (i / 7300 % 12), 'step_' || (i / 87600 % 10),"
                " CASE WHEN i % 20 < 3 THEN 1 ELSE 0 END, 600 + i % 7200,"
                f" CASE WHEN i % 20 < 3 THEN i % 3600 ELSE 0 END FROM {numbers(made, count)}"
            )
        )


def fold_finished(made: Stand) -> int:
    """Add the finished steps up by day and month, as the product's rollup does; return the rows by day."""
    with bulk(made, step_day, step_month) as connection:
        connection.execute(
            text(
                "INSERT INTO step_day (day, scope_id, process_key, called_process, step_id, finished, late,"
                " seconds, late_seconds) SELECT day, scope_id, process_key, process_key, step_id, count(*),"
                " sum(late), sum(seconds), sum(late_seconds) FROM bench_step"
                " GROUP BY day, scope_id, process_key, step_id"
            )
        )
        month = (
            "date(day, 'start of month')" if made.engine.database.is_sqlite else "date_trunc('month', day)"
        )
        connection.execute(
            text(
                "INSERT INTO step_month (month, scope_id, process_key, called_process, step_id, finished,"
                f" late, seconds, late_seconds) SELECT {month}, scope_id, process_key, called_process,"
                " step_id, sum(finished), sum(late), sum(seconds), sum(late_seconds) FROM step_day"
                f" GROUP BY {month}, scope_id, process_key, called_process, step_id"
            )
        )
        return int(connection.execute(text("SELECT count(*) FROM step_day")).scalar_one())


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
