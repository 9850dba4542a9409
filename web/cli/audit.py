"""`wuye audit`: is the access log whole, and does what is in force stand in it?"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

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
from web.cli.saying import complain, say

REFUSED = 1
_SHOWN = 50
_REASONS = {
    "altered": ("这一条被改动、插入或移动过", "the entry was edited, inserted or moved"),
    "missing": ("少了一条", "an entry is missing"),
    "head": (
        "当天记录链的末端与各条记录不符",
        "the end of the day's chain does not fit its entries",
    ),
    "anchor": (
        "保存锚点时还在的记录不见了或变了",
        "entries that were there when an anchor was kept are gone or different",
    ),
    "tally": (
        "当天计数的查看中有些没有对应的记录",
        "looks at people's data were counted on this day that no entry tells of",
    ),
    "no_entries": (
        "已有账号或事项，访问日志却是空的",
        "there are accounts or cases, but the access log is empty",
    ),
    "no_anchors": (
        "没有保存过锚点，日志被截断也查不出；锚点文件是否被删除？",
        "no anchor was kept, so a cut log could not be found; was the file of anchors removed?",
    ),
}
_DIFFERENCES = {
    "post_not_given": (
        "没有记录说明这个账号的岗位是谁给的（升级之后请运行 wuye audit adopt）",
        "no entry gives this account the post it holds (after an upgrade: wuye audit adopt)",
    ),
    "post_revived": ("这个账号持有已经结束的岗位", "this account holds a post that was ended"),
    "consent_revived": (
        "此人的同意已经撤回，现在却有效",
        "this person's consent is in force though it was withdrawn since",
    ),
    "password_altered": (
        "这个账号的密码不是平台设置的：请重新发放初始密码",
        "this account's password was not set by the platform: issue a new first password",
    ),
    "password_unsealed": (
        "这个账号的密码没有封签（升级之后请运行 wuye audit adopt）",
        "this account's password has no seal (after an upgrade: wuye audit adopt)",
    ),
    "relation_not_given": (
        "没有记录说明此人的这项关系是怎么来的（升级之后请运行 wuye audit adopt）",
        "no entry gives this person this relation (after an upgrade: wuye audit adopt)",
    ),
    "relation_revived": (
        "此人的关系已经结束，现在却有效",
        "this person's relation counts though it has ended",
    ),
    "tally_lowered": (
        "这个账号的查看计数比日志记的少",
        "fewer looks of this account are counted than the log tells of",
    ),
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
            complain(f"{file} 已被改动：有一行不是锚点", f"{file} was altered: a line is no anchor.")
        else:
            chinese, english = _REASONS[one.reason]
            complain(f"{one.day} 第 {one.number} 条：{chinese}", f"{one.day} entry {one.number}: {english}")
    _print(engine, found.differences, complain)
    if found.differences:
        count = len(found.differences)
        complain(
            f"有 {count} 项现在有效，访问日志里却没有记载。",
            f"{count} things are in force that the access log does not tell of.",
        )
    if found.breaks:
        count = len(found.breaks)
        complain(f"访问日志有 {count} 处被改动。", f"The access log was tampered with in {count} places.")
    if found:
        return REFUSED
    end = log_anchors.keep(engine)
    if end is None:
        say("访问日志完整。", "The access log is whole.")
    else:
        say(f"访问日志完整，直到 {end.line()}。", f"The access log is whole up to {end.line()}.")
    return 0


def run_adopt(_arguments: argparse.Namespace) -> int:
    """Print what was adopted, so that whoever runs it has seen it."""
    engine = installed()
    _print(engine, reconciling.adopt(engine), say)
    log_anchors.keep(engine)
    say(
        "已记入访问日志。说不清来历的岗位，请在此人的页面上结束。",
        "Noted in the access log. A post that nobody can explain is ended on the page of the person.",
    )
    return 0


def _print(engine: Engine, found: Iterable[Difference], tell: Callable[[str, str], None]) -> None:
    """Tell what was found, of each sort the first ones and how many more."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[one.what] += 1
        if counts[one.what] <= _SHOWN:
            which = f"{one.at.astimezone(engine.zone):%Y-%m-%d %H:%M} {one.subject_id} {one.detail}"
            chinese, english = _DIFFERENCES[one.what]
            tell(f"{which}：{chinese}", f"{which}: {english}")
    for what, count in counts.items():
        if count > _SHOWN:
            chinese, english = _DIFFERENCES[what]
            tell(f"……另有 {count - _SHOWN} 项：{chinese}", f"… and {count - _SHOWN} more: {english}")


def _elsewhere(path: Path | None) -> list[Anchor]:
    if path is None:
        return []
    require_file(path)
    with path.open(encoding="utf-8", errors="replace") as file:
        anchors = log_anchors.shipped(file)
    if not anchors:
        raise RuleRefused("no_anchors_in_file", "{file} 中没有锚点（access log anchor: …）", file=str(path))
    return anchors
