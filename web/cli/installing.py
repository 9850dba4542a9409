"""`wuye init` and `wuye demo`: make an installation, or one with a made-up estate."""

import argparse
from typing import Any

from engine.store import schema
from engine.work import SYSTEM
from handlers import bootstrap, settings
from handlers.accounts import installation
from web.cli.procedures import deploy_built_in


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    init = commands.add_parser("init", help="make or upgrade schema, procedures, administrator")
    init.add_argument("--admin", default="admin", help="login of the administrator (default: %(default)s)")
    init.set_defaults(run=run_init)


def run_init(arguments: argparse.Namespace) -> None:
    """Make or upgrade an installation; a second time changes only what is new."""
    engine = bootstrap.build(settings.from_environment())
    schema.upgrade(engine.database)
    deploy_built_in(engine)
    login = arguments.admin
    password = engine.run(SYSTEM, lambda work: installation.create_first_administrator(work, login))
    if password is not None:
        print(f"First administrator: {login}\nFirst password, shown once, valid for 72 hours: {password}")
    print("Ready. Start with: wuye serve")
