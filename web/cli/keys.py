"""`wuye keys rotate`: seal everything with a new key."""

import argparse
from typing import Any

from handlers.shared import rotation
from handlers.shared.sealed import vault_of
from web.cli import progress
from web.cli.engines import installed
from web.cli.saying import complain, say


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
    with progress.shown("正在用新密钥加密", "Sealing everything with a new key"):
        done = rotation.rotate(engine)
    active = vault_of(engine).ring.active
    say(
        f"{done.values} 项数据和 {done.files} 个文件已改用密钥 {active} 加密。请备份 keys.json。",
        f"{done.values} values and {done.files} files are sealed with key {active} now. Back up keys.json.",
    )
    for name in done.broken:
        complain(f"{name} 打不开，保持原样", f"{name} cannot be opened and stays as it is")
    return 1 if done.broken else 0


def run_forget(_arguments: argparse.Namespace) -> None:
    """Forget old keys, and say how many."""
    gone = rotation.forget_old_keys(installed())
    say(
        f"已移除 {gone} 把旧密钥。请备份 keys.json。", f"{gone} old keys are off the ring. Back up keys.json."
    )
