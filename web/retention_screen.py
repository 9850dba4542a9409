"""What the page of periods shows, in the reader's language."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_decimal

from engine.work import Work
from handlers.privacy.erasing import Cause
from handlers.privacy.retention import Action, DataClass, Period
from handlers.privacy.retention_nights import Done
from handlers.privacy.retention_queries import overview
from web.texts import gettext, lazy_gettext
from web.words import either

ACTIONS = {
    Action.DELETE: lazy_gettext("删除"),
    Action.ANONYMISE: lazy_gettext("匿名化"),
    Action.KEEP: lazy_gettext("保留"),
}
CAUSES = {
    Cause.REQUEST: lazy_gettext("近 30 天应本人要求删除"),
    Cause.PERIOD: lazy_gettext("近 30 天到期匿名化的人"),
    Cause.RESTORE: lazy_gettext("近 30 天恢复备份后重新删除"),
}
_OTHER_WORK = lazy_gettext("随时清理")


@dataclass(frozen=True)
class Row:
    """One class of data.

    Attributes:
        done: what was carried out within 30 days, in words.
        held_back: how many are due and kept back for now; "" where none.
    """

    name: str
    keep: str
    since: str
    action: str
    law: str
    done: str
    held_back: str


@dataclass(frozen=True)
class RetentionScreen:
    """The page."""

    rows: tuple[Row, ...]
    kept: tuple[tuple[str, tuple[str, ...]], ...]
    counts: tuple[tuple[str, str], ...]
    last_night: datetime | None


def retention_screen(work: Work) -> RetentionScreen:
    """Read the table of periods.

    Raises:
        NotPermitted: the actor watches over neither data protection nor everything.
    """
    found = overview(work)
    counts = tuple(
        (format_decimal(found.erased.get(cause, 0)), str(words)) for cause, words in CAUSES.items()
    )
    return RetentionScreen(
        rows=tuple(_row(one, done) for one, done in found.rows),
        kept=tuple((either(*one.reason), one.columns) for one in found.kept),
        counts=counts,
        last_night=found.last_night,
    )


def _row(one: DataClass, done: Done | None) -> Row:
    by_night = one.by.startswith("handlers.privacy.")
    held_back = done.held_back if done else 0
    return Row(
        name=either(*one.name),
        keep=_length(one.period),
        since=either(*one.since),
        action=str(ACTIONS[one.action]),
        law=either(*one.law),
        done=(format_decimal(done.lately if done else 0) if by_night else str(_OTHER_WORK) if one.by else ""),
        held_back=gettext("暂缓 %(count)s", count=format_decimal(held_back)) if held_back else "",
    )


def _length(period: Period | None) -> str:
    if period is None:
        return gettext("长期")
    if period.count == 0:
        return gettext("立即")
    if period.count == 1:
        return gettext("1 年") if period.unit == "Y" else gettext("1 天")
    if period.unit == "Y":
        return gettext("%(count)s 年", count=period.count)
    return gettext("%(count)s 天", count=period.count)
