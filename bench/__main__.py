"""`python -m bench`: measure, print the table, and keep it as JSON where asked."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import burst, lists, pages, service, timers
from bench.report import Row, machine, table, write_json
from bench.sizes import FULL, QUICK, Sizes
from engine.clock import monotonic
from tests.postgres import DURABLE, PostgresServer

_BUFFERS = "shared_buffers=1GB"  # as PostgreSQL advises for 4 GB of memory; a million tasks take half of it

Subject = Callable[[], Iterator[Row]]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; missed targets are reported, they are no failure."""
    arguments = _parser().parse_args(argv)
    if arguments.json is not None:
        arguments.json.open("a").close()  # a place that cannot be written to is told now
    sizes = QUICK if arguments.quick else FULL
    on = machine()
    print(on, file=sys.stderr)
    begun = monotonic()
    rows: list[Row] = []
    with _postgres(arguments.postgresql) as new_database:
        for subject in _subjects(sizes, new_database):
            for row in subject():
                said = f"{monotonic() - begun:5.0f} s  {row.what.strip()}: {row.value:.3g} {row.unit}"
                print(said, file=sys.stderr, flush=True)
                rows.append(row)
    print(on)
    print(table(rows))
    if arguments.json is not None:
        write_json(arguments.json, on, rows)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the product against its targets.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("--postgresql", action="store_true", help="measure on PostgreSQL as well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser


@contextmanager
def _postgres(is_wanted: bool) -> Iterator[Callable[[], str] | None]:
    """Start a PostgreSQL of the bench's own, with every commit on the disk before it returns."""
    if not is_wanted:
        yield None
        return
    with TemporaryDirectory(prefix="wuye-bench-postgres-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), (*DURABLE, _BUFFERS))
        server.start()
        try:
            yield server.new_database
        finally:
            server.stop()


def _subjects(sizes: Sizes, new_database: Callable[[], str] | None) -> Iterator[Subject]:
    yield lambda: service.sqlite_rows(sizes)
    if new_database is not None:
        yield lambda: service.postgres_rows(sizes, new_database)
    yield lambda: pages.completion_rows(sizes)
    yield lambda: timers.idle_rows(sizes)
    yield lambda: timers.lateness_rows(sizes)
    yield lambda: burst.rows(sizes, "SQLite")
    if new_database is not None:
        yield lambda: burst.rows(sizes, "PostgreSQL", (new_database(), new_database()))
    yield lambda: lists.rows(sizes, "SQLite")
    if new_database is not None:
        yield lambda: lists.rows(sizes, "PostgreSQL", new_database())


if __name__ == "__main__":
    sys.exit(main())
