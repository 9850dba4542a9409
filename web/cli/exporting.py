"""`wuye export xes|ocel FILE`: what cases went through, for process mining."""

import argparse
from pathlib import Path
from secrets import token_hex
from typing import Any

from engine.work import SYSTEM
from handlers.shared import process_logs
from web.cli import files, progress
from web.cli.engines import installed
from web.cli.saying import say

_WRITERS = {"xes": process_logs.write_xes, "ocel": process_logs.write_ocel}


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    export = commands.add_parser("export", help="history of cases for process mining, without personal data")
    export.add_argument("format", choices=sorted(_WRITERS), help="XES 1849-2016 or OCEL 2.0 (JSON)")
    export.add_argument("file", type=Path, metavar="FILE")
    export.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace) -> None:
    """Write the file; it appears when it is complete."""
    files.require_file(arguments.file)
    engine = installed()
    draft = arguments.file.with_name(f"{arguments.file.name}.{token_hex(4)}.part")
    try:
        with (
            progress.shown("正在写文件", "Writing"),
            draft.open("x", encoding="utf-8") as file,
            engine.reading(SYSTEM) as work,
        ):
            count = _WRITERS[arguments.format](work, file)
        draft.replace(arguments.file)
    finally:
        draft.unlink(missing_ok=True)
    if arguments.format == "xes":
        say(f"已写入 {arguments.file}：{count} 件", f"{count} cases in {arguments.file}")
    else:
        say(f"已写入 {arguments.file}：{count} 个事件", f"{count} events in {arguments.file}")
