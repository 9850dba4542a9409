"""`wuye accounts recover`: a way back in for an administrator who lost phone and codes."""

import argparse
from typing import Any

from engine.work import SYSTEM
from handlers.accounts import recovery
from web.cli.engines import installed
from web.cli.saying import say


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    accounts = commands.add_parser("accounts", help="accounts that nobody else can help")
    actions = accounts.add_subparsers(dest="action", required=True, metavar="ACTION")
    recover = actions.add_parser(
        "recover",
        help="print a fresh first password and forget the authenticator; logged, security is told",
    )
    recover.add_argument("login", help="login name of the account")
    recover.set_defaults(run=run_recover)


def run_recover(arguments: argparse.Namespace) -> None:
    """Print a fresh first password."""
    engine = installed()
    with engine.work(SYSTEM) as work:  # shown before it counts: nobody could read it later
        password = recovery.recover(work, arguments.login)
        say(
            f"初始密码（只显示这一次，72 小时内有效）：{password}",
            f"First password, shown once, valid for 72 hours: {password}",
        )
    say(
        "该账号的登录已全部退出，下次登录时重新绑定动态口令。此操作已记入日志。",
        "All sessions ended. An authenticator is bound anew at the next sign-in. This was logged.",
    )
