"""`wuye backup` and `wuye restore`: everything that is needed to start again, in one sealed file."""

import argparse
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.store import schema
from engine.work import SYSTEM, Engine, Work
from handlers import bootstrap, settings
from handlers.accounts import after_restore
from handlers.errors import RuleRefused
from handlers.owning import codes
from handlers.privacy import erased_list, exports
from handlers.privacy.erasing_again import erase_again
from handlers.settings import Settings
from handlers.shared import backup, backup_proof, database_copies
from handlers.shared.backup import TEMPORARY, Manifest
from handlers.shared.backup_proof import BACKUP, RESTORE_TEST, Failure
from web.cli import files, progress
from web.cli.engines import installed
from web.cli.locking import alone
from web.cli.saying import complain, say

_LOCK = f"{TEMPORARY}lock"  # beginning so, it is never copied
_FAILURES = {
    "rows": (
        "表 {what} 的行数与备份时不同",
        "table {what} has not the rows that it had when the backup was made",
    ),
    "sealed": ("{what} 中有数据，任何密钥都打不开", "{what} holds a value that no key on the ring opens"),
    "file": ("附件 {what} 缺失或损坏", "attachment {what} is missing or damaged"),
    "log": ("访问日志在 {what} 处不完整", "the access log is broken at {what}"),
}


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    about = f"sealed with the phrase in {backup.PHRASE}; PostgreSQL needs its client programs"
    saving = commands.add_parser("backup", help=f"copy database, keys and attachments, {about}")
    saving.add_argument("file", type=Path, metavar="FILE")
    saving.add_argument("--force", action="store_true", help="write over FILE when it is there")
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
    engine, file = installed(), arguments.file.absolute()
    files.require_file(file)
    made_at = engine.clock.now().isoformat()
    with _alone(settings.of(engine)), progress.shown("正在备份", "Backing up"):
        if not arguments.force:
            backup.require_new(file)
        size = backup.back_up(settings.of(engine), file, _phrase(), made_at)
    engine.run(SYSTEM, lambda work: backup_proof.note(work, BACKUP, size, []))
    erased_list.keep(engine, file.parent)
    say(
        f"已备份到 {arguments.file}，{size} 字节。口令请另行保管，没有它无法恢复。",
        f"{size} bytes in {arguments.file}. Keep the phrase apart from it: nothing opens it without.",
    )


def run_restore(arguments: argparse.Namespace) -> int:
    """Restore into an empty place, and look whether everything came back."""
    file = arguments.file.absolute()
    backup.require_there(file)
    if arguments.test:
        return _test(file)
    lists = [file.parent / erased_list.NAME, *arguments.erased]
    erased_list.require_readable(lists[1:])
    configured = settings.from_environment()
    configured.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(configured):
        with progress.shown("正在恢复", "Restoring"):
            manifest = backup.restore(configured, file, _phrase())
        engine = bootstrap.build(configured)
        try:
            failures, again = _finish(engine, manifest, lists)
        except KeyboardInterrupt:
            complain(
                "恢复没有做完：已删除的人可能又在其中。请清空数据目录和数据库后重新恢复。",
                "The restore is not finished: people who had been erased may be back. "
                "Empty data folder and database, and restore again.",
            )
            raise
    made_at = datetime.fromisoformat(manifest.made_at) if manifest.made_at else None
    _tell_what_is_old(made_at and made_at.astimezone(engine.zone))
    say(
        f"备份之后删除过的 {again} 个人员和账号已再次删除。",
        f"{again} people and accounts that had been erased since were erased again.",
    )
    _conclude(("已恢复", "Restored"), failures)
    return 1 if failures else 0


def _finish(engine: Engine, manifest: Manifest, lists: list[Path]) -> tuple[list[Failure], int]:
    with progress.shown("正在核对", "Looking whether everything came back"):
        failures = _proved(engine, manifest)
    engine.run(SYSTEM, _revoke)
    with progress.shown("正在再次删除已删除的人", "Erasing again what had been erased"):
        again = erase_again(engine, lists)
    engine.run(SYSTEM, lambda work: database_copies.finish(work.connection))  # from here on it may be served
    return failures, again


def _revoke(work: Work) -> None:
    """Let nobody in by what was ended, used or taken back after the backup."""
    after_restore.revoke_access(work)
    codes.revoke_open(work)
    exports.close_links(work)


def _tell_what_is_old(made_at: datetime | None) -> None:
    at = f"{made_at:%Y-%m-%d %H:%M}" if made_at else "?"
    say(
        "所有登录、令牌、验证码、恢复码和未用的初始密码均已作废，请重新登录或重新发放。",
        "All sign-ins, tokens, codes, recovery codes and unused first passwords are revoked; issue new ones.",
    )
    say(
        f"备份时间 {at}。此后停用的账号、结束的岗位、改过的密码和撤回的授权都回到了当时的状态："
        "开放使用前，请在 /staff/ 逐一核对账号和岗位，在 /houses/ 各户页面核对授权。",
        f"The backup is of {at}. Accounts disabled, posts ended, passwords changed "
        "and agreements withdrawn after that are as they were then. Before people use it, look through "
        "accounts and posts on /staff/, and agreements on the pages of the houses on /houses/.",
    )


@contextmanager
def _alone(configured: Settings) -> Iterator[None]:
    """Keep other backups and restores of a data folder out, and clear away what killed ones left of its data.

    Raises:
        RuleRefused: one runs here.
    """
    with alone(configured.data_dir, _LOCK) as is_alone:
        if not is_alone:
            raise RuleRefused("backup_runs", "这里正在备份或恢复，请等它结束")
        for left in configured.data_dir.glob(f"{TEMPORARY}*"):
            if left.is_dir():
                shutil.rmtree(left)
        yield


def _test(file: Path) -> int:
    engine = installed()
    with (
        _alone(settings.of(engine)),
        progress.shown("正在另处试恢复", "Restoring beside this installation"),
        backup_proof.scratch(settings.of(engine)) as place,
    ):
        manifest = backup.restore(place, file, _phrase())
        copy = bootstrap.build(place)
        failures = _proved(copy, manifest)
        copy.database.dispose()
    size = file.stat().st_size
    engine.run(SYSTEM, lambda work: backup_proof.note(work, RESTORE_TEST, size, failures, manifest.made_at))
    _conclude(("试恢复完成", "Restored beside it"), failures)
    return 1 if failures else 0


def _proved(engine: Engine, manifest: Manifest) -> list[Failure]:
    """Prove a restored copy, brought to the schema of this version where it is older."""
    rows = backup_proof.missing_rows(engine, manifest)
    schema.upgrade(engine.database)
    failures = [*rows, *backup_proof.prove(engine)]
    for one in failures:
        complain(*(text.format(what=one.what) for text in _FAILURES[one.code]))
    return failures


def _conclude(done: tuple[str, str], failures: list[Failure]) -> None:
    chinese, english = done
    if failures:
        say(f"{chinese}，但有 {len(failures)} 处不符", f"{english}, but {len(failures)} things do not hold.")
    else:
        say(f"{chinese}，全部完好", f"{english}; everything is there.")


def _phrase() -> str:
    return os.environ.get(backup.PHRASE, "")
