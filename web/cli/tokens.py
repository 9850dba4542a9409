"""`wuye token create`: a service account for a program that uses /engine-rest."""

import argparse
import getpass
import os
from typing import Any

from engine.errors import RuleBroken
from engine.work import SYSTEM
from handlers.accounts import installation
from handlers.accounts.permissions import Post
from web.cli.engines import installed


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    token = commands.add_parser("token", help="tokens of programs")
    actions = token.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="open a service account and print its token, once")
    create.add_argument("--name", required=True, help="what the program is called")
    posts = sorted(one.value for one in Post)
    create.add_argument("--post", required=True, choices=posts, help="what it may do")
    create.set_defaults(run=run_create)


def run_create(arguments: argparse.Namespace) -> None:
    """Open a service account and print its token."""
    name = arguments.name.strip()
    if not name:
        raise RuleBroken("name_missing", "请填写服务账号名称")
    engine = installed()
    post = Post(arguments.post)
    with engine.work(SYSTEM) as work:  # shown before it counts: nobody could read it later
        print(installation.create_token(work, name, post, made_by=_user()), flush=True)


def _user() -> str:
    """Return who runs this on the machine, also behind sudo: only they can tell whose token it is."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return str(os.getuid())
