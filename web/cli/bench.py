"""`wuye bench`: measure this version against its targets, where it runs from a checkout."""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from web.cli.saying import complain

CHECKOUT = Path(__file__).resolve().parents[2]
REFUSED = 1


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    bench = commands.add_parser("bench", help="measure against the targets; needs a checkout")
    bench.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    bench.add_argument("--postgresql", action="store_true", help="measure on PostgreSQL as well")
    bench.add_argument("--json", metavar="FILE", help="write the figures there, too")
    bench.set_defaults(run=run_bench)


def run_bench(arguments: argparse.Namespace) -> int:
    """Hand over to the package `bench`, which is not installed with the product."""
    if not (CHECKOUT / "bench" / "__main__.py").is_file():
        complain(
            "没有安装测量程序：请在产品源码目录中运行。",
            "The measurements are not installed: run this in a checkout of the product.",
        )
        return REFUSED
    sys.path.insert(0, str(CHECKOUT))
    options = [f"--{name}" for name in ("quick", "postgresql") if getattr(arguments, name)]
    if arguments.json:
        options += ["--json", arguments.json]
    done: int = importlib.import_module("bench.__main__").main(options)
    return done
