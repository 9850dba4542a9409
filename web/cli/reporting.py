"""`wuye reports rebuild`: set the sums behind the reports right."""

import argparse
from typing import Any

from engine import rollup
from web.cli import progress
from web.cli.engines import installed
from web.cli.saying import say


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    reports = commands.add_parser("reports", help="sums behind the reports")
    actions = reports.add_subparsers(dest="action", required=True, metavar="ACTION")
    rebuild = actions.add_parser(
        "rebuild",
        help="compare the sums by day and month with history, and correct them",
        description="Compares the sums by day and month with the history of finished steps and corrects those"
        " that are wrong, all of them or none. Can be run at any time; on SQLite nobody can write meanwhile.",
    )
    rebuild.set_defaults(run=run_rebuild)


def run_rebuild(_arguments: argparse.Namespace) -> None:
    """Rebuild the sums and say what was wrong."""
    engine = installed()
    with progress.shown("正在核对汇总", "Comparing the sums with history"):
        done = rollup.rebuild(engine)
    say(
        f"已完成的步骤 {done.steps} 个；更正日汇总 {done.days} 条、月汇总 {done.months} 条。",
        f"{done.steps} finished steps; {done.days} sums by day and {done.months} by month corrected.",
    )
