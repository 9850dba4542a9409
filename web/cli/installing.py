"""`wuye init`: make or upgrade an installation."""

import argparse
from typing import Any

from engine.store import schema
from engine.work import SYSTEM, Engine
from handlers import bootstrap, built_in, settings
from handlers.accounts import installation
from handlers.accounts.logins import checked_name
from handlers.shared import log_anchors
from web.cli import progress
from web.cli.saying import say


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    init = commands.add_parser("init", help="make or upgrade schema, procedures, administrator")
    init.add_argument("--admin", default="admin", help="login of the administrator (default: %(default)s)")
    init.set_defaults(run=run_init)


def run_init(arguments: argparse.Namespace) -> None:
    """Make or upgrade an installation; a second time changes only what is new."""
    login = checked_name(arguments.admin)
    engine = bootstrap.build(settings.from_environment())
    with progress.shown("正在准备", "Making ready"):
        prepare(engine)
    with engine.work(SYSTEM) as work:  # shown before it counts: nobody could read it later
        password = installation.create_first_administrator(work, login)
        if password is not None:
            say(
                f"首个系统管理员：{login}；初始密码（只显示这一次，72 小时内有效）：{password}",
                f"First administrator: {login}\nFirst password, shown once, valid for 72 hours: {password}",
            )
    log_anchors.keep(engine)
    say("已就绪。启动：wuye serve", "Ready. Start with: wuye serve")


def prepare(engine: Engine) -> None:
    """Make or upgrade the schema, the built-in procedures and the calendars."""
    schema.upgrade(engine.database)
    done = built_in.deploy_built_in(engine)
    built_in.seed_holidays(engine)
    for name in done.kept:
        say(
            f"{name}：继续使用你们自己的版本；新版产品另带了一份",
            f"{name}: your own version stays in force; this release ships another",
        )
