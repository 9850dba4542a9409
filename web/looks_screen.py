"""What the pages of unusual access show: people with their counts of a day, and one person's entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask import url_for
from flask_babel.speaklater import LazyString

from engine.errors import RuleBroken
from engine.work import Work
from handlers.estate.authorisation import Purpose
from handlers.repair.intake import DESK_CALL
from handlers.safety import watching
from handlers.safety.watching import Look, PersonDay
from handlers.shared import limits, tally
from web.house_words import SCOPES
from web.numbers import LARGEST_ID
from web.roster_words import post_words
from web.texts import gettext, lazy_gettext
from web.words import person_name, person_names

KINDS: Mapping[str, LazyString] = {
    "reveals": lazy_gettext("看号码"),
    "units": lazy_gettext("单元电话"),
    "houses": lazy_gettext("打开房屋"),
    "papers": lazy_gettext("看证件材料"),
    "searches": lazy_gettext("查找业主"),
    "rows": lazy_gettext("列表业主"),
    "exports": lazy_gettext("导出"),
    "over": lazy_gettext("超限额"),
    "refused": lazy_gettext("被拒绝"),
}
ACTIONS: Mapping[str, LazyString] = {
    "reveal_phone": lazy_gettext("查看电话"),
    "reveal_id": lazy_gettext("查看证件号码"),
    "unit_contacts": lazy_gettext("查看单元业主电话"),
    "open_house": lazy_gettext("打开房屋档案"),
    "open_paper": lazy_gettext("打开更正的凭证"),
    "search_person": lazy_gettext("按电话或姓名查找"),
    "search_phone": lazy_gettext("按电话查找"),
    "ask_export": lazy_gettext("申请导出"),
    "fetch_export": lazy_gettext("下载导出文件"),
}


@dataclass(frozen=True)
class Line:
    """A person in the list of a day."""

    name: str
    posts: str
    person: PersonDay


@dataclass(frozen=True)
class LooksScreen:
    """Everybody who looked at people's data on a day; `later` is empty today."""

    day: date
    earlier: str
    later: str
    lines: tuple[Line, ...]
    kinds: tuple[tuple[str, LazyString], ...]


@dataclass(frozen=True)
class LogScreen:
    """What somebody looked at on a day.

    Attributes:
        entries: (what, for what, entry).
    """

    account_id: int
    name: str
    day: date
    entries: tuple[tuple[str, str, Look], ...]
    more: str


def looks_screen(work: Work, day: date | None) -> LooksScreen:
    """Read who looked at how much on a day, today unless another one is asked for."""
    today = tally.today(work)
    shown = min(day or today, today)
    found = watching.people_of(work, shown)
    used = {kind for one in found for kind in one.amounts}
    return LooksScreen(
        shown,
        url_for("safety.looks", day=shown - timedelta(days=1)),
        url_for("safety.looks", day=shown + timedelta(days=1)) if shown < today else "",
        tuple(Line(person_name(one.name), post_words(one.posts), one) for one in found),
        tuple((kind, words) for kind, words in KINDS.items() if kind in used),
    )


def log_screen(work: Work, account_id: int, day: date | None, after: str) -> LogScreen:
    """Read one page of what somebody looked at on a day."""
    shown = day or tally.today(work)
    found = watching.looks_of(work, account_id, shown, _key(after))
    last = found[-1].key if len(found) == limits.PAGE_ROWS else None
    more = f"{last[0].isoformat()}~{last[1]}" if last else ""
    return LogScreen(
        account_id,
        person_names(work, [account_id]).get(account_id, ""),
        shown,
        tuple((str(ACTIONS[one.action]), _purpose(one), one) for one in found),
        url_for("safety.looks_of", account_id=account_id, day=shown, after=more) if more else "",
    )


def _purpose(one: Look) -> str:
    if one.purpose == DESK_CALL:
        return gettext("来电")
    return str(SCOPES[Purpose(one.purpose)]) if one.purpose in set(Purpose) else ""


def _key(text: str) -> tuple[date, int] | None:
    """Read where a page begins.

    Raises:
        RuleBroken: it is no such place.
    """
    if not text:
        return None
    day, _, number = text.partition("~")
    try:
        key = date.fromisoformat(day), int(number)
    except ValueError as error:
        raise RuleBroken("bad_page", "没有这一页") from error
    return key if 0 <= key[1] <= LARGEST_ID else None
