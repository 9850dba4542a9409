"""`wuye import estate` takes a developer's hand-over list over; `wuye community` says where one is."""

import argparse
from pathlib import Path
from typing import Any

from engine.work import SYSTEM, Engine
from handlers.accounts.holders import holders
from handlers.accounts.permissions import POST_NAMES
from handlers.errors import FieldsInvalid, RuleRefused
from handlers.estate import entry, import_undo, importing
from handlers.estate.import_writing import Totals
from handlers.estate.importing import ImportReport
from handlers.shared.permissions import Permission
from web import import_screen, texts
from web.cli import files, progress
from web.cli.engines import installed
from web.cli.saying import say
from web.texts import gettext
from web.words import filled


def add_commands(commands: Any) -> None:
    """Add the commands to the parser."""
    imports = commands.add_parser("import", help="take data over")
    kinds = imports.add_subparsers(dest="kind", required=True, metavar="KIND")
    estate = kinds.add_parser("estate", help="houses and owners from a hand-over list (.xlsx)")
    estate.add_argument("file", type=Path, metavar="FILE.xlsx")
    estate.add_argument("--community", default="", help="of the rows that name none")
    estate.add_argument(
        "--first",
        action="store_true",
        help="release it at once: only for the first list of an installation, when nobody else could",
    )
    estate.add_argument(
        "--difference",
        default="",
        metavar="TEXT",
        help="with --first: what is missing and why it may count, needed where not all was taken over",
    )
    estate.set_defaults(run=run_import)
    community = commands.add_parser("community", help="number of its desk, and its address for maps")
    community.add_argument("name", metavar="NAME")
    community.add_argument("--desk-phone", help="shown on every page of its residents")
    community.add_argument("--address", help="leads repair staff there by their map")
    community.set_defaults(run=run_community)


def run_import(arguments: argparse.Namespace) -> None:
    """Take a list over, name every row that was left out, and say who releases what was taken."""
    engine = installed()
    content = files.content_of(arguments.file)
    if arguments.first:
        engine.run(SYSTEM, importing.require_first)
    with progress.shown("正在读取清单", "Reading the list"):
        report = importing.import_estate(engine, SYSTEM, content, arguments.community)
    released = 0
    if arguments.first:  # before anything is printed: whoever reads may have gone
        released = _release_first(engine, report, arguments.difference)
    _show(report)
    if arguments.first:
        say(
            f"作为首份清单直接生效：{released} 条业主记录已启用。",
            f"Released at once as the first list: {released} owners' records are in force.",
        )
    else:
        _say_who_releases(engine, report)


def _show(report: ImportReport) -> None:
    chinese = _figures(report.totals)
    with texts.speaking("en"):
        english = _figures(report.totals)
        reasons = [filled(one.message, one.params) for one in report.problems]
    print(*(f"{one}  {in_english}" for one, in_english in zip(chinese, english, strict=True)), sep="\n")
    for one, reason in zip(report.problems, reasons, strict=True):
        place = f"{one.sheet} {one.row} {one.column} {one.value}"
        print(f"{place}: {one.reason()}", f"{place}: {reason}", sep="\n")


def _figures(totals: Totals) -> list[str]:
    """Say what stands in the rows that could be read and what was taken over, and what became of it."""
    beside = (
        ("户数", totals.listed_houses, totals.taken_houses),
        ("业主人数", totals.listed_owners, totals.taken_owners),
        ("建筑面积（㎡）", totals.listed_area_m2, totals.taken_area_m2),
    )
    sums = [
        (gettext(label), gettext("清单上 %(listed)s，已读入 %(taken)s", listed=listed, taken=taken))
        for label, listed, taken in beside
    ]
    return [f"{label}{gettext('：')}{figure}" for label, figure in (*sums, *import_screen.counted(totals))]


def _release_first(engine: Engine, report: ImportReport, difference: str) -> int:
    """Release the list, or take it back where that needs a reason which was not given.

    Raises:
        RuleRefused: not all of the list was taken over and nobody said why it may count.
    """
    try:
        return engine.run(
            SYSTEM, lambda work: importing.release_first(work, report.import_id, difference.strip())
        )
    except FieldsInvalid as refused:
        import_undo.forget(engine, report.import_id)
        _show(report)
        raise RuleRefused(
            "list_not_whole",
            "清单没有全部读入，没有留下任何数据。请改正清单，或用 --difference 写明差在哪里、为什么可以放行",
        ) from refused


def _say_who_releases(engine: Engine, report: ImportReport) -> None:
    with engine.reading(SYSTEM) as work:
        past = importing.one_import(work, report.import_id)
        able = holders(work, Permission.HOUSE_CHECK, past.communities)
    say(
        f"须由另一人在 /imports/{report.import_id} 页面放行后才生效。",
        f"Nothing of it counts before somebody releases it on the page /imports/{report.import_id}.",
    )
    if able:
        chinese = "、".join(f"{one.name}（{POST_NAMES[one.post][0]}）" for one in able)
        english = ", ".join(f"{one.name} ({POST_NAMES[one.post][1]})" for one in able)
        say(f"可放行的人：{chinese}", f"Who can: {english}")
    else:
        say(
            "目前无人可放行：请先给这些小区的客服主管授岗。",
            "Nobody can yet: grant a customer service lead of these communities the post first.",
        )


def run_community(arguments: argparse.Namespace) -> None:
    """Note the facts of a community."""
    name, phone, address = arguments.name, arguments.desk_phone, arguments.address
    if phone is None and address is None:
        raise RuleRefused("nothing_to_note", "请给出 --desk-phone 或 --address")
    installed().run(
        SYSTEM, lambda work: entry.describe_community(work, name, desk_phone=phone, address=address)
    )
