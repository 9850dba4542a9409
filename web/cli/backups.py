"""`wuye backup` and `wuye restore`: everything that is needed to start again, in one sealed file."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from engine.store import schema
from engine.work import SYSTEM, Engine
from handlers import bootstrap, settings
from handlers.privacy import erased_list
from handlers.privacy.erasing_again import erase_again
from handlers.shared import backup, backup_proof
from handlers.shared.backup import Manifest
from handlers.shared.backup_proof import BACKUP, RESTORE_TEST, Failure
from web.cli import progress
from web.cli.engines import installed

_FAILURES = {
    "rows": "table {what} has not the rows that it had when the backup was made",
    "sealed": "{what} holds a value that no key on the ring opens",
    "file": "attachment {what} is missing or damaged",
    "log": "the access log is broken at {what}",
}


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    about = f"sealed with the phrase in {backup.PHRASE}; PostgreSQL needs its client programs"
    saving = commands.add_parser("backup", help=f"copy database, keys and attachments, {about}")
    saving.add_argument("file", type=Path, metavar="FILE")
    saving.set_defaults(run=run_backup)
    restoring = commands.add_parser("restore", help=f"make an installation out of a backup, {about}")
    restoring.add_argument("file", type=Path, metavar="FILE")
    restoring.add_argument(
        "--test",
        action="store_true",
        help="restore beside this installation, look whether everything is there, and note the day",
    )
    restoring.add_argument(
        "--erased",
        type=Path,
        action="append",
        default=[],
        metavar="LIST",
        help="a list of erased ids (erased.list) saved elsewhere; the one beside FILE is always read",
    )
    restoring.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace) -> None:
    """Back up while people go on working, and note that it was done."""
    engine = installed()
    made_at = engine.clock.now().isoformat()
    phrase = _phrase()
    with progress.shown("Backing up"):
        size = backup.back_up(settings.from_environment(), arguments.file.absolute(), phrase, made_at)
    engine.run(SYSTEM, lambda work: backup_proof.note(work, BACKUP, size, []))
    erased_list.keep(engine, arguments.file.absolute().parent)
    print(f"{size} bytes in {arguments.file}. Keep the phrase apart from it: nothing opens it without.")


def run_restore(arguments: argparse.Namespace) -> int:
    """Restore into an empty place, and look whether everything came back."""
    file = arguments.file.absolute()
    if arguments.test:
        return _test(file)
    lists = [file.parent / erased_list.NAME, *arguments.erased]
    erased_list.require_readable(arguments.erased)
    phrase = _phrase()
    with progress.shown("Restoring"):
        manifest = backup.restore(settings.from_environment(), file, phrase)
    engine = bootstrap.build(settings.from_environment())
    with progress.shown("Looking whether everything came back"):
        failures = _proved(engine, manifest)
    with progress.shown("Erasing again what had been erased"):
        again = erase_again(engine, lists)
    print(f"{again} people and accounts that had been erased since were erased again.")
    print("Restored." if not failures else f"Restored, but {len(failures)} things do not hold.")
    return 1 if failures else 0


def _test(file: Path) -> int:
    engine, phrase = installed(), _phrase()
    with (
        progress.shown("Restoring beside this installation"),
        backup_proof.scratch(settings.from_environment()) as place,
    ):
        manifest = backup.restore(place, file, phrase)
        copy = bootstrap.build(place)
        failures = _proved(copy, manifest)
        copy.database.dispose()
    size = file.stat().st_size
    engine.run(SYSTEM, lambda work: backup_proof.note(work, RESTORE_TEST, size, failures, manifest.made_at))
    print("It comes back whole." if not failures else f"{len(failures)} things do not hold.")
    return 1 if failures else 0


def _proved(engine: Engine, manifest: Manifest) -> list[Failure]:
    """Prove a restored copy, brought to the schema of this version where it is older."""
    rows = backup_proof.missing_rows(engine, manifest)
    schema.upgrade(engine.database)
    failures = [*rows, *backup_proof.prove(engine)]
    for one in failures:
        print(_FAILURES[one.code].format(what=one.what), file=sys.stderr)
    return failures


def _phrase() -> str:
    return os.environ.get(backup.PHRASE, "")
