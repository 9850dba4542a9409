"""`wuye demo`: an installation with a made-up estate, whole or not at all."""

import argparse
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.store.database import sqlite_url
from engine.work import SYSTEM, Engine
from handlers import bootstrap, settings
from handlers.demo import build as demo
from handlers.demo.build import Demonstration
from handlers.demo.population import Size
from handlers.estate import communities
from handlers.settings import Settings
from handlers.shared import log_anchors
from web.cli.installing import prepare
from web.cli.locking import alone
from web.cli.saying import complain, say
from web.cli.serving import require_port

SIGN_INS = "demo-sign-ins.txt"
UNFINISHED = "demo-unfinished"  # names the database that a demonstration is being built in
_DRAFT = ".demo-draft"
LOCK = "demo-lock"
_TRACES = ("", "-wal", "-shm", "-journal")
_REFUSED = 1
_PRINT = partial(print, flush=True)


def add_commands(commands: Any) -> None:
    """Add the command to the parser."""
    made = commands.add_parser("demo", help="fill an empty installation with a made-up estate and its cases")
    made.add_argument("--small", action="store_true", help="one small community instead of three")
    made.add_argument("--seed", type=int, default=1, help="another number makes another estate")
    made.add_argument("--if-empty", action="store_true", help="do nothing when there is an estate already")
    made.add_argument("--port", type=int, help="refuse at once when this port, to be served on, is taken")
    made.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> int:
    """Fill an empty installation, and say who can sign in."""
    if arguments.port is not None:
        require_port(arguments.port)
    if arguments.port is not None and is_taken(arguments.port):
        return _refuse(
            f"端口 {arguments.port} 已被占用，请换一个：make run PORT={arguments.port + 1}",
            f"Port {arguments.port} is taken; choose another: make run PORT={arguments.port + 1}",
        )
    configured = settings.from_environment()
    engine = bootstrap.build(configured)
    prepare(engine)
    with alone(configured.data_dir, LOCK) as is_alone:
        if not is_alone:
            return _refuse(
                "这里正在建演示数据，请等它建完。",
                "A demonstration is being built here already; wait for it to end.",
            )
        if has_estate(engine):
            return _what_is_there(configured, engine, is_welcome=arguments.if_empty)
        sign_ins = fill(configured, engine, demo.SMALL if arguments.small else demo.FULL, arguments.seed)
        log_anchors.keep(engine)
    print(sign_ins.read_text(encoding="utf-8"), end="")
    say(f"登录账号保存在：{sign_ins}", f"Sign-ins are kept in {sign_ins}")
    if arguments.port is None:  # else it is served next
        say("启动：WUYE_DEMO=1 wuye serve", "Start with: WUYE_DEMO=1 wuye serve")
    return 0


def fill(
    configured: Settings, engine: Engine, size: Size, seed: int, say: Callable[[str], None] = _PRINT
) -> Path:
    """Build a whole demonstration, or nothing when it is interrupted; return where the sign-ins are."""
    sign_ins = configured.data_dir / SIGN_INS
    with draft_of(configured, engine) as draft:
        made = demo.build(draft, configured.data_dir, size=size, seed=seed, say=say)
        keep_private(sign_ins, _who_can_sign_in(made))
    return sign_ins


def has_estate(engine: Engine) -> bool:
    """Tell whether the installation knows a community."""
    with engine.reading(SYSTEM) as work:
        return bool(communities.every(work))


def is_taken(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether somebody listens on a port of this machine already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def keep_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


# --- what is there already ----------------------------------------------------------------------------------


def _what_is_there(configured: Settings, engine: Engine, *, is_welcome: bool) -> int:
    """Say whose estate it is, and how to go on."""
    if _is_unfinished(configured, engine):
        return _refuse(
            f"演示数据只建了一半就中断了。请删除并重新创建数据库，删除 {configured.data_dir}，再运行一次。",
            "The demonstration was interrupted before it was finished. Drop and create the database, "
            f"remove {configured.data_dir}, and run this again.",
        )
    sign_ins = configured.data_dir / SIGN_INS
    if not is_welcome:
        return _refuse(
            "已有小区数据，演示数据只能建在空的安装上。",
            "There is an estate already; a demonstration needs an empty installation.",
        )
    if sign_ins.exists():
        print(sign_ins.read_text(encoding="utf-8"), end="")
        say(
            f"演示数据已建好，登录账号在：{sign_ins}",
            f"The demonstration is there already; its sign-ins are in {sign_ins}",
        )
        return 0
    say(
        "已有小区数据，但这里没有演示登录账号。"
        f"如果只是未建完的演示数据，请删除 {configured.data_dir} 后再运行一次。",
        "There is an estate already, and no sign-ins of a demonstration. "
        f"If it is nothing but an unfinished demonstration, remove {configured.data_dir} and run this again.",
    )
    return 0


def _is_unfinished(configured: Settings, engine: Engine) -> bool:
    mark = configured.data_dir / UNFINISHED
    return mark.exists() and mark.read_text(encoding="utf-8") == _name(engine)


def _name(engine: Engine) -> str:
    return engine.database.url.render_as_string(hide_password=True)


def _who_can_sign_in(made: Demonstration) -> str:
    lines = [f"{one.post} {one.post_en}: {one.login}  {one.password}  ({one.name})" for one in made.sign_ins]
    lines += (
        f"房屋 {made.houses} 套，事项 {made.cases} 件；可试导入的交付清单：{made.list_file}",
        f"{made.houses} houses, {made.cases} cases; hand-over list to import: {made.list_file}",
        "这些账号无需动态口令；正式的系统管理员和审计员必须绑定。",
        "These accounts need no authenticator; real administrators and auditors must bind one.",
        "验证码和初始密码可在消息页上看到。",
        "Codes and first passwords can be read on the page of messages.",
    )
    return "\n".join(lines) + "\n"


def _refuse(chinese: str, english: str) -> int:
    complain(chinese, english)
    return _REFUSED


# --- a draft ------------------------------------------------------------------------------------------------


@contextmanager
def draft_of(configured: Settings, engine: Engine) -> Iterator[Engine]:
    """Give what to build on; its content counts only once the block is left without an error.

    On SQLite that is a copy of the database, written back in one transaction. Other databases are built on
    directly, under a mark that tells an unfinished demonstration from somebody's estate.
    """
    if not engine.database.is_sqlite:
        mark = configured.data_dir / UNFINISHED
        keep_private(mark, _name(engine))
        yield engine
        mark.unlink()
        return
    engine.database.dispose()
    target = Path(engine.database.url.database or "")
    copy = target.with_name(target.name + _DRAFT)
    _remove(copy)  # of a run that was killed
    copy.touch(mode=0o600)
    try:
        _copy(target, copy)
        draft = bootstrap.build(replace(configured, database_url=sqlite_url(copy)))
        yield draft
        draft.database.dispose()
        _copy(copy, target)
    finally:
        _remove(copy)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _remove(database: Path) -> None:
    for trace in _TRACES:
        database.with_name(database.name + trace).unlink(missing_ok=True)
