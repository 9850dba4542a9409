"""`wuye audit verify`: is the access log whole?"""

import argparse
import sys
from typing import Any

from handlers.shared import log_anchors
from web.cli import progress
from web.cli.engines import installed

REFUSED = 1
_REASONS = {
    "altered": "the entry was edited, inserted or moved",
    "missing": "an entry is missing",
    "head": "the end of the day's chain does not fit its entries",
    "anchor": "entries that were there when an anchor was kept are gone or different",
}


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    audit = commands.add_parser("audit", help="look after the access log")
    actions = audit.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="find edits, deletions, truncation and reordering")
    verify.set_defaults(run=run_verify)


def run_verify(_arguments: argparse.Namespace) -> int:
    """Print every place where the chain does not hold; keep a new anchor when it holds everywhere."""
    engine = installed()
    try:
        with progress.shown("Reading the access log"):
            breaks = log_anchors.verify(engine)
    except ValueError:
        print(f"{log_anchors.file_of(engine)} was altered: a line is no anchor.", file=sys.stderr)
        return REFUSED
    for one in breaks:
        print(f"{one.day} entry {one.number}: {_REASONS[one.reason]}", file=sys.stderr)
    if breaks:
        print(f"The access log was tampered with in {len(breaks)} places.", file=sys.stderr)
        return REFUSED
    end = log_anchors.keep(engine)
    print("The access log is whole." if end is None else f"The access log is whole up to {end.line()}.")
    return 0
