"""Measures the completion of a step where the pages call it: durable, with permission and history."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import event, text

from bench.flow import STEPS, Stand, stand
from bench.references import Spiff, rate_of_postgres_commits, rate_of_sqlite_commits
from bench.report import Row
from bench.sizes import Sizes
from engine.clock import monotonic

_FLOOR_SECONDS = 0.25
_LEAST = {"SQLite": 300, "PostgreSQL": 150}
_MOST_STATEMENTS = 15
_MOST_BYTES = 12_000


def sqlite_rows(sizes: Sizes) -> Iterator[Row]:
    """Compare completions on SQLite with plain SpiffWorkflow and with bare commits."""
    spiff = Spiff()
    with TemporaryDirectory(prefix="wuye-bench-") as name, stand(Path(name)) as made:
        folder = Path(name)
        rates = _by_turns(
            sizes.rounds,
            {
                "ours": lambda: _rate(made, sizes.cases),
                "memory": lambda: spiff.rate_in_memory(sizes.cases),
                "json": lambda: spiff.rate_as_json(folder, sizes.cases),
                "floor": lambda: rate_of_sqlite_commits(folder, _FLOOR_SECONDS),
            },
        )
        yield from _rate_rows("SQLite", rates, sizes)
        yield from _cost_rows(made)
    with TemporaryDirectory(prefix="wuye-bench-") as name, stand(Path(name)) as made:
        yield _bytes_row("SQLite", made, spiff, sizes)


def postgres_rows(sizes: Sizes, new_database: Callable[[], str]) -> Iterator[Row]:
    """Compare completions on PostgreSQL with plain SpiffWorkflow and with bare commits."""
    spiff = Spiff()
    url = new_database()
    with TemporaryDirectory(prefix="wuye-bench-") as name, stand(Path(name), url) as made:
        rates = _by_turns(
            sizes.rounds,
            {
                "ours": lambda: _rate(made, sizes.cases),
                "memory": lambda: spiff.rate_in_memory(sizes.cases),
                "floor": lambda: rate_of_postgres_commits(url, _FLOOR_SECONDS),
            },
        )
        yield from _rate_rows("PostgreSQL", rates, sizes)
        yield _bytes_row("PostgreSQL", made, spiff, sizes)


def _by_turns(rounds: int, contenders: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Let contenders take turns, so that a busy moment of the machine hits all; return their medians."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for call in contenders.values():
        call()  # to warm up
    for _ in range(rounds):
        for name, call in contenders.items():
            found[name].append(call())
    return {name: median(rates) for name, rates in found.items()}


def _rate(made: Stand, cases: int) -> float:
    """Return completions a second; the cases are over afterwards."""
    made.start(cases)
    taken = 0.0
    for _ in STEPS:
        ids = made.open_tasks()
        begun = monotonic()
        for task_id in ids:
            made.complete(task_id)
        taken += monotonic() - begun
    return cases * len(STEPS) / taken


def _rate_rows(store: str, rates: Mapping[str, float], sizes: Sizes) -> Iterator[Row]:
    ours, what = rates["ours"], f"complete one human task, service layer, {store}"
    note = sizes.reduced("rounds") and f"reduced: {sizes.rounds} rounds of {sizes.cases} cases"
    share = 0.15
    yield Row(
        what,
        f">= {_LEAST[store]}/s, >= {share:.0%} of memory" if store == "SQLite" else f">= {_LEAST[store]}/s",
        ours,
        "/s",
        ours >= _LEAST[store] and (store != "SQLite" or ours >= share * rates["memory"]),
        "SpiffWorkflow in memory",
        rates["memory"],
        note,
    )
    if "json" in rates:
        yield Row("  the same", "", ours, "/s", None, "SpiffWorkflow, whole JSON a step", rates["json"])
    yield Row("  the same", "", ours, "/s", None, f"bare commits of {store}", rates["floor"])


def _cost_rows(made: Stand) -> Iterator[Row]:
    """Count statements and commits of one completion that leads to another step."""
    made.start(1)
    with _counted(made) as counted:
        made.complete(made.open_tasks()[0])
    yield Row(
        "statements per completion",
        f"<= {_MOST_STATEMENTS}",
        counted["statements"],
        "",
        counted["statements"] <= _MOST_STATEMENTS,
    )
    yield Row("commits per completion", "1", counted["commits"], "", counted["commits"] == 1)


@contextmanager
def _counted(made: Stand) -> Iterator[dict[str, int]]:
    counts = {"statements": 0, "commits": 0}
    writer = made.engine.database.writer

    def count_statement(*_: object) -> None:
        counts["statements"] += 1

    def count_commit(_: object) -> None:
        counts["commits"] += 1

    event.listen(writer, "before_cursor_execute", count_statement)
    event.listen(writer, "commit", count_commit)
    yield counts
    event.remove(writer, "before_cursor_execute", count_statement)
    event.remove(writer, "commit", count_commit)
    counts["statements"] -= 1 if made.engine.database.is_sqlite else 0  # BEGIN


def _bytes_row(store: str, made: Stand, spiff: Spiff, sizes: Sizes) -> Row:
    made.start(50)
    before = _size(made)
    made.start(sizes.stored)
    each = (_size(made) - before) / sizes.stored
    return Row(
        f"bytes per open instance, all tables and indexes, {store}",
        "<= 12 kB",
        each / 1000,
        "kB",
        each <= _MOST_BYTES,
        "stock JSON of the state alone",
        spiff.bytes_as_json() / 1000,
        sizes.reduced("stored"),
    )


def _size(made: Stand) -> int:
    """Return the bytes of all tables and indexes, free pages left out."""
    with made.engine.reading(made.clerk) as work:
        if made.engine.database.is_sqlite:
            query = "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE"
        else:
            query = (
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        return int(work.connection.execute(text(query)).scalar_one())
