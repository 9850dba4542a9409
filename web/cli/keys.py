"""`wuye keys rotate`: seal everything with a new key."""

import argparse
import sys
from typing import Any

from handlers.shared import rotation
from handlers.shared.sealed import vault_of
from web.cli import progress
from web.cli.engines import installed


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    keys = commands.add_parser("keys", help="look after the keys that seal personal data")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser(
        "rotate",
        help="make a new key and seal all values and files with it, online; run again after a cut",
    )
    rotate.set_defaults(run=run_rotate)
    forget = actions.add_parser(
        "forget", help="take old keys off the ring when nothing needs them; older backups bring their own"
    )
    forget.set_defaults(run=run_forget)


def run_rotate(_arguments: argparse.Namespace) -> int:
    """Rotate, and say how much was sealed again."""
    engine = installed()
    with progress.shown("Sealing everything with a new key"):
        done = rotation.rotate(engine)
    active = vault_of(engine).ring.active
    print(f"{done.values} values and {done.files} files are sealed with key {active} now. Back up keys.json.")
    for name in done.broken:
        print(f"{name} cannot be opened and stays as it is", file=sys.stderr)
    return 1 if done.broken else 0


def run_forget(_arguments: argparse.Namespace) -> None:
    """Forget old keys, and say how many."""
    gone = rotation.forget_old_keys(installed())
    print(f"{gone} old keys are off the ring. Back up keys.json.")
