"""`wuye init` and `wuye demo`: make an installation, or one with a made-up estate."""

import argparse
from pathlib import Path
from typing import Any

from engine.store import schema
from engine.work import SYSTEM, Engine
from handlers import bootstrap, built_in, settings
from handlers.accounts import installation
from handlers.demo import build as demo
from handlers.estate import communities

SIGN_INS = "demo-sign-ins.txt"


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    init = commands.add_parser("init", help="make or upgrade schema, procedures, administrator")
    init.add_argument("--admin", default="admin", help="login of the administrator (default: %(default)s)")
    init.set_defaults(run=run_init)
    demo = commands.add_parser("demo", help="fill an empty installation with a made-up estate and its cases")
    demo.add_argument("--small", action="store_true", help="one small community instead of three")
    demo.add_argument("--seed", type=int, default=1, help="another number makes another estate")
    demo.add_argument("--if-empty", action="store_true", help="do nothing when there is an estate already")
    demo.set_defaults(run=run_demo)


def run_init(arguments: argparse.Namespace) -> None:
    """Make or upgrade an installation; a second time changes only what is new."""
    engine = bootstrap.build(settings.from_environment())
    prepare(engine)
    login = arguments.admin
    password = engine.run(SYSTEM, lambda work: installation.create_first_administrator(work, login))
    if password is not None:
        print(f"First administrator: {login}\nFirst password, shown once, valid for 72 hours: {password}")
    print("Ready. Start with: wuye serve")


def run_demo(arguments: argparse.Namespace) -> None:
    """Fill an empty installation, and say who can sign in."""
    configured = settings.from_environment()
    engine = bootstrap.build(configured)
    prepare(engine)
    sign_ins = configured.data_dir / SIGN_INS
    if arguments.if_empty and has_estate(engine):
        print(sign_ins.read_text(encoding="utf-8") if sign_ins.exists() else "There is an estate already.")
        return
    made = demo.build(
        engine, configured.data_dir, size=demo.SMALL if arguments.small else demo.FULL, seed=arguments.seed
    )
    lines = [f"{one.post} {one.post_en}: {one.login}  {one.password}  ({one.name})" for one in made.sign_ins]
    lines += [f"{made.houses} houses, {made.cases} cases; hand-over list to import: {made.list_file}"]
    lines.append(
        "Start with WUYE_DEMO=1 wuye serve; the page of messages then shows codes and first passwords."
    )
    keep_private(sign_ins, "\n".join(lines) + "\n")
    print("\n".join(lines))


def prepare(engine: Engine) -> None:
    """Make or upgrade the schema, the built-in procedures and the calendars."""
    schema.upgrade(engine.database)
    done = built_in.deploy_built_in(engine)
    built_in.seed_holidays(engine)
    for name in done.kept:
        print(f"{name}: your own version stays in force; this release ships another")


def has_estate(engine: Engine) -> bool:
    """Tell whether the installation knows a community."""
    with engine.reading(SYSTEM) as work:
        return bool(communities.every(work))


def keep_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
