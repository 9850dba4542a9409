"""`wuye audit`: is the access log whole, and does what is in force stand in it?"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from engine.work import Engine
from handlers.errors import RuleRefused
from handlers.safety import reconciling, verifying
from handlers.safety.reconciling import Difference
from handlers.safety.verifying import ALTERED_FILE
from handlers.shared import log_anchors
from handlers.shared.access_log import Anchor
from web.cli import progress
from web.cli.engines import installed
from web.cli.files import require_file

REFUSED = 1
_SHOWN = 50
_REASONS = {
    "altered": "the entry was edited, inserted or moved",
    "missing": "an entry is missing",
    "head": "the end of the day's chain does not fit its entries",
    "anchor": "entries that were there when an anchor was kept are gone or different",
    "tally": "looks at people's data were counted on this day that no entry tells of",
    "no_entries": "there are accounts or cases, but the access log is empty",
    "no_anchors": "no anchor was kept, so a cut log could not be found; was the file of anchors removed?",
}
_DIFFERENCES = {
    "post_not_given": "no entry gives this account the post it holds (after an upgrade: wuye audit adopt)",
    "post_revived": "this account holds a post that was ended",
    "consent_revived": "this person's consent is in force though it was withdrawn since",
    "password_altered": "this account's password was not set by the platform: issue a new first password",
    "password_unsealed": "this account's password has no seal (after an upgrade: wuye audit adopt)",
    "relation_not_given": "no entry gives this person this relation (after an upgrade: wuye audit adopt)",
    "relation_revived": "this person's relation counts though it has ended",
    "tally_lowered": "fewer looks of this account are counted than the log tells of",
}


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    audit = commands.add_parser("audit", help="look after the access log")
    actions = audit.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="find edits, deletions, truncation and reordering")
    verify.add_argument(
        "--anchors",
        type=Path,
        metavar="FILE",
        help="a process log that was collected on another machine: its anchors are held against the log too",
    )
    verify.set_defaults(run=run_verify)
    adopt = actions.add_parser(
        "adopt",
        help="once after an upgrade: note that what an earlier version did not log or seal was looked at",
    )
    adopt.set_defaults(run=run_adopt)


def run_verify(arguments: argparse.Namespace) -> int:
    """Print every place where the chain does not hold; keep a new anchor when it holds everywhere."""
    engine = installed()
    with progress.shown("正在读取访问日志", "Reading the access log"):
        found = verifying.verify(engine, _elsewhere(arguments.anchors))
    for one in found.breaks:
        if one.reason == ALTERED_FILE:
            file = log_anchors.file_of(engine)
            said = f"{file} 已被改动：有一行不是锚点", f"{file} was altered: a line is no anchor."
            print(*said, sep="\n", file=sys.stderr)
        else:
            print(f"{one.day} entry {one.number}: {_REASONS[one.reason]}", file=sys.stderr)
    _print(engine, found.differences, sys.stderr)
    if found.differences:
        count = len(found.differences)
        print(f"{count} things are in force that the access log does not tell of.", file=sys.stderr)
    if found.breaks:
        print(f"The access log was tampered with in {len(found.breaks)} places.", file=sys.stderr)
    if found:
        return REFUSED
    end = log_anchors.keep(engine)
    print("The access log is whole." if end is None else f"The access log is whole up to {end.line()}.")
    return 0


def run_adopt(_arguments: argparse.Namespace) -> int:
    """Print what was adopted, so that whoever runs it has seen it."""
    engine = installed()
    _print(engine, reconciling.adopt(engine), sys.stdout)
    log_anchors.keep(engine)
    print("Noted in the access log. A post that nobody can explain is ended on the page of the person.")
    return 0


def _print(engine: Engine, found: Iterable[Difference], file: TextIO) -> None:
    """Print what was found, of each sort the first ones and how many more."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[one.what] += 1
        if counts[one.what] <= _SHOWN:
            print(_line(engine, one), file=file)
    for what, count in counts.items():
        if count > _SHOWN:
            print(f"… and {count - _SHOWN} more: {_DIFFERENCES[what]}", file=file)


def _line(engine: Engine, one: Difference) -> str:
    at = one.at.astimezone(engine.zone)
    return f"{at:%Y-%m-%d %H:%M} {one.subject_id} {one.detail}: {_DIFFERENCES[one.what]}"


def _elsewhere(path: Path | None) -> list[Anchor]:
    if path is None:
        return []
    require_file(path)
    with path.open(encoding="utf-8", errors="replace") as file:
        anchors = log_anchors.shipped(file)
    if not anchors:
        raise RuleRefused("no_anchors_in_file", "{file} 中没有锚点（access log anchor: …）", file=str(path))
    return anchors
