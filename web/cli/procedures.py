"""`wuye check` and `wuye deploy`: what process owners do with their files."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine import definitions
from engine.check_problem import CheckProblem, DeploymentRefused, without_consequences
from engine.errors import RuleBroken
from engine.store import schema
from engine.topics import TOPICS_FILE
from engine.work import SYSTEM, Engine
from handlers import bootstrap, built_in, settings
from web.cli.engines import installed, is_made
from web.cli.files import content_of
from web.cli.saying import complain, say

KINDS = (".bpmn", ".dmn", ".form")
REFUSED = 1
_NAME = "wuye deploy"


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    check = commands.add_parser("check", help="run the deployment checks; nothing is stored")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="print the findings as JSON")
    check.set_defaults(run=run_check)
    deploy = commands.add_parser("deploy", help="check files and put them into force for new cases")
    deploy.add_argument("files", nargs="+", type=Path, metavar="FILE")
    deploy.add_argument("--name", default=_NAME, help="what the deployment is called")
    deploy.set_defaults(run=run_deploy)


def run_check(arguments: argparse.Namespace) -> int:
    """Print every finding of the files as if they were deployed now; refused when there is an error."""
    files = read(arguments.files)
    with _engine() as (engine, in_force), engine.reading(SYSTEM) as work:
        problems = without_consequences(definitions.check(work, {**in_force, **files}), files)
    if arguments.json:
        print(json.dumps([asdict(one) for one in problems], ensure_ascii=False, indent=2))
    else:
        tell(problems)
    return REFUSED if any(one.is_error for one in problems) else 0


@contextmanager
def _engine() -> Iterator[tuple[Engine, Mapping[str, bytes]]]:
    """Give the engine of the installation; where none was made yet an empty one, and what comes with it."""
    if is_made(settings.from_environment()):
        yield installed(), {}
        return
    complain(
        "尚未安装：与随产品提供的文件一起检查。",
        "Nothing is installed yet: checked with the files that come with the product.",
    )
    with TemporaryDirectory() as folder:
        engine = bootstrap.build(settings.from_environment({"WUYE_DATA_DIR": folder}))
        schema.upgrade(engine.database)
        yield engine, built_in.built_in_files()
        engine.database.dispose()


def run_deploy(arguments: argparse.Namespace) -> int:
    """Deploy files; print what was stored, or why nothing was."""
    engine = installed()
    files, name = read(arguments.files), arguments.name.strip() or _NAME
    with engine.reading(SYSTEM) as work:  # the checks take seconds, and others want to write meanwhile
        checked = definitions.changes(work, files)
    try:
        deployed = engine.run(
            SYSTEM,
            lambda work: definitions.deploy(work, name, files, source="command line", checked=checked),
        )
    except DeploymentRefused as refused:
        tell(refused.problems)
        return REFUSED
    for one in deployed.definitions:
        print(f"{one.kind} {one.key} version {one.version} ({one.resource})")
    if not deployed.definitions:
        say("没有新内容：所有文件都已生效。", "Nothing new: every file is in force already.")
    return 0


def read(paths: Sequence[Path]) -> dict[str, bytes]:
    """Read files; a folder stands for the procedure files in it.

    Raises:
        RuleBroken: one cannot be read, a folder holds none, or two have the same name, under which only one
            can be in force.
    """
    found: dict[str, Path] = {}
    for path in paths:
        for one in _inside(path) if path.is_dir() else [path]:
            other = found.setdefault(one.name, one)
            if other.resolve() != one.resolve():
                raise RuleBroken(
                    "same_name",
                    "{other} 和 {path} 文件名相同，一次只能给其中一个；请改名或去掉一个再运行",
                    other=str(other),
                    path=str(one),
                )
    return {name: _content(path) for name, path in found.items()}


def _inside(folder: Path) -> list[Path]:
    named = sorted(one for one in folder.rglob("*") if one.suffix in KINDS or one.name == TOPICS_FILE)
    files = [one for one in named if one.is_file()]
    if not files:
        raise RuleBroken(
            "folder_empty", "文件夹 {folder} 里没有流程文件（.bpmn、.dmn、.form）", folder=str(folder)
        )
    return files


def _content(path: Path) -> bytes:
    try:
        return content_of(path)
    except FileNotFoundError as error:
        raise RuleBroken(
            "no_such_file", "没有文件 {path}，请检查路径和文件名再运行", path=str(path)
        ) from error
    except OSError as error:
        raise RuleBroken(
            "file_unreadable", "无法读取文件 {path}，请检查它的权限再运行", path=str(path)
        ) from error


def tell(problems: Iterable[CheckProblem]) -> None:
    """Print findings, one in a paragraph, in both languages."""
    for one in problems:
        word = "error" if one.is_error else "warning"
        print(f"{one.resource} {one.element_id} [{one.rule}] {word}", file=sys.stderr)
        print(f"  {one.zh}；{one.remedy_zh}\n  {one.en}; {one.remedy_en}", file=sys.stderr)
