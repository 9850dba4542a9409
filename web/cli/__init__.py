"""The command line `wuye`: set an installation up, serve it, deploy procedures, look after it."""

import argparse
import sys
from collections.abc import Sequence

from engine.errors import Problem
from web import texts
from web.cli import (
    accounts,
    audit,
    backups,
    bench,
    demonstration,
    estate,
    exporting,
    installing,
    keys,
    procedures,
    reporting,
    serving,
    tokens,
)
from web.words import problem_text

REFUSED = 1

MODULES = (
    installing,
    demonstration,
    serving,
    procedures,
    estate,
    tokens,
    accounts,
    reporting,
    bench,
    audit,
    keys,
    exporting,
    backups,
)


def parser() -> argparse.ArgumentParser:
    """Build the parser with every command."""
    built = argparse.ArgumentParser(
        prog="wuye",
        description="Workflow platform of a property-management company. Settings come from the environment: "
        "DATABASE_URL and WUYE_* (WUYE_DATA_DIR, WUYE_HTTPS, WUYE_PROXIES, ...).",
    )
    commands = built.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in MODULES:
        module.add_commands(commands)
    return built


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 refused with reasons; argparse ends with 2 on wrong usage.
    """
    arguments = parser().parse_args(argv)
    try:
        done: int | None = arguments.run(arguments)
    except Problem as problem:
        tell(problem)
        return REFUSED
    except OSError as error:  # a file or folder that is missing, taken, or not ours to use
        where = f"{error.filename}: " if error.filename is not None else ""
        print(f"{where}{error.strerror or error}", file=sys.stderr)
        return REFUSED
    return done or 0


def tell(problem: Problem) -> None:
    """Print why something is refused: a line of Chinese, a line of English."""
    with texts.speaking("en"):
        english = problem_text(problem)
    print(*dict.fromkeys((problem.text(), english)), sep="\n", file=sys.stderr)
