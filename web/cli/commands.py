"""Reads a command line, runs its command, and says why when it cannot be done."""

import argparse
import io
import os
import sys
import unicodedata
from collections.abc import Sequence

from handlers.environment import shown
from handlers.errors import RuleRefused
from web.cli import (
    accounts,
    audit,
    backups,
    bench,
    demonstration,
    estate,
    exporting,
    failures,
    installing,
    keys,
    procedures,
    reporting,
    serving,
    tokens,
)

REFUSED = 1
_LONGEST = 500  # characters of a name, a number or an address
_NO_TEXT = ("Cc", "Cs")  # control characters, and bytes that are no UTF-8

MODULES = (
    installing,
    demonstration,
    serving,
    procedures,
    estate,
    tokens,
    accounts,
    reporting,
    bench,
    audit,
    keys,
    exporting,
    backups,
)


def parser() -> argparse.ArgumentParser:
    """Build the parser with every command."""
    built = argparse.ArgumentParser(
        prog="wuye",
        description="Workflow platform of a property-management company. Settings come from the environment: "
        "DATABASE_URL and WUYE_* (WUYE_DATA_DIR, WUYE_HTTPS, ...; all of them in docs/settings.md).",
    )
    commands = built.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in MODULES:
        module.add_commands(commands)
    return built


def run(argv: Sequence[str] | None) -> int:
    """Run one command; return 0 when it is done, 1 when it is refused."""
    _write_whatever_the_language()
    try:
        return _done(argv)
    except BrokenPipeError:  # whoever read our output has seen enough
        return REFUSED
    except failures.KINDS as error:
        if not failures.tell(error):
            raise
        return REFUSED
    finally:
        _let_go_of_output()


def _done(argv: Sequence[str] | None) -> int:
    try:
        arguments = parser().parse_args(argv)
        _require_texts(arguments)
        done: int | None = arguments.run(arguments)
    finally:
        _flush()
    return done or 0


def _require_texts(arguments: argparse.Namespace) -> None:
    """Refuse arguments that are no text, or too long; names of files may be any bytes."""
    for value in vars(arguments).values():
        if not isinstance(value, str):
            continue
        if len(value) > _LONGEST:
            raise RuleRefused(
                "argument_too_long", "参数 {value} 超过 {most} 个字符", value=shown(value), most=_LONGEST
            )
        if any(unicodedata.category(one) in _NO_TEXT for one in value):
            raise RuleRefused(
                "argument_no_text", "参数 {value} 不是 UTF-8 文字，或含有控制字符", value=shown(value)
            )


def _write_whatever_the_language() -> None:
    """Write characters that the terminal's language lacks by their numbers, not with an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    if sys.stdout is not None:  # closed by the shell
        sys.stdout.flush()


def _let_go_of_output() -> None:
    """Drop what cannot be written, or Python tries again at its end and complains."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
