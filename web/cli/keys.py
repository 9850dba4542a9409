"""`wuye keys rotate`: seal everything with a new key."""

import argparse
from typing import Any

from handlers.shared import rotation
from handlers.shared.sealed import vault_of
from web.cli.engines import installed


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    keys = commands.add_parser("keys", help="look after the keys that seal personal data")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser(
        "rotate", help="make a new key and seal every value with it, online; run again after an interruption"
    )
    rotate.set_defaults(run=run_rotate)


def run_rotate(_arguments: argparse.Namespace) -> None:
    """Rotate, and say how much was sealed again."""
    engine = installed()
    done = rotation.rotate(engine)
    print(f"{done} values are sealed with key {vault_of(engine).ring.active} now. Back up keys.json.")
