"""The command line `wuye`: set an installation up, serve it, deploy procedures, look after it."""

import importlib
import sys
from collections.abc import Sequence

INTERRUPTED = 130  # what a shell says of a program that was ended by Ctrl+C


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 refused with reasons, 130 interrupted; argparse ends with 2 on wrong usage.
    """
    try:
        # Not loaded with this module: that takes a second or more, and somebody may press Ctrl+C meanwhile.
        done: int = importlib.import_module("web.cli.commands").run(argv)
    except KeyboardInterrupt:
        print("\n已中断", "Interrupted", sep="\n", file=sys.stderr)
        return INTERRUPTED
    return done
