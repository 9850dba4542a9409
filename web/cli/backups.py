"""`wuye backup` and `wuye restore`: everything that is needed to start again, in one sealed file."""

import argparse
import os
from pathlib import Path
from typing import Any

from handlers import settings
from handlers.shared import backup, log_anchors
from web.cli.engines import installed

PHRASE = "WUYE_BACKUP_PHRASE"


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    about = f"sealed with the phrase in {PHRASE}; SQLite only"
    saving = commands.add_parser("backup", help=f"copy database, keys and attachments, {about}")
    saving.add_argument("file", type=Path, metavar="FILE")
    saving.set_defaults(run=run_backup)
    restoring = commands.add_parser("restore", help=f"make an installation out of a backup, {about}")
    restoring.add_argument("file", type=Path, metavar="FILE")
    restoring.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace) -> None:
    """Back up while people go on working."""
    installed().database.dispose()
    size = backup.back_up(settings.from_environment(), arguments.file.absolute(), _phrase())
    print(f"{size} bytes in {arguments.file}. Keep the phrase apart from it: nothing opens it without.")


def run_restore(arguments: argparse.Namespace) -> int:
    """Restore into an empty data directory, and look whether the access log is whole."""
    backup.restore(settings.from_environment(), arguments.file.absolute(), _phrase())
    breaks = log_anchors.verify(installed())
    print("Restored." if not breaks else f"Restored, but the access log is broken in {len(breaks)} places.")
    return 1 if breaks else 0


def _phrase() -> str:
    return os.environ.get(PHRASE, "")
