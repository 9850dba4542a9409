"""What the page of long work shows, in words of its kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel.speaklater import LazyString

from engine.work import Work
from handlers.estate.import_running import IMPORT
from handlers.estate.import_undo import UNDO
from handlers.shared.long_work import LongWork
from web.texts import gettext, lazy_gettext
from web.words import filled, length_words

_STATES: Mapping[str, tuple[LazyString, str]] = {
    "waiting": (lazy_gettext("排队中"), "accent"),
    "running": (lazy_gettext("进行中"), "accent"),
    "done": (lazy_gettext("已完成"), "fine"),
    "failed": (lazy_gettext("没有完成"), "late"),
    "stopped": (lazy_gettext("已停止"), ""),
}


@dataclass(frozen=True)
class KindWords:
    """How one kind of long work is spoken of.

    Attributes:
        unit: what is counted, such as 户.
        counts: name of a further number -> its label.
        result: what the link to the outcome says.
        endpoint, argument: of the page of the outcome, and the key of its id in args and result.
    """

    title: LazyString
    unit: LazyString
    counts: Mapping[str, LazyString]
    result: LazyString
    endpoint: str
    argument: str


_KINDS: Mapping[str, KindWords] = {
    IMPORT: KindWords(
        lazy_gettext("导入交付清单"),
        lazy_gettext("户"),
        {"rows": lazy_gettext("读到的行"), "problems": lazy_gettext("有问题的行")},
        lazy_gettext("查看导入结果"),
        "imports.show",
        "import_id",
    ),
    UNDO: KindWords(
        lazy_gettext("撤销导入"),
        lazy_gettext("处改动"),
        {},
        lazy_gettext("查看这次导入"),
        "imports.show",
        "import_id",
    ),
}


@dataclass(frozen=True)
class JobScreen:
    """The page.

    Attributes:
        amount: how far it is in words; empty while nobody knows.
        took: how long it has been going on, or took.
        page: of what it is about.
    """

    id: int
    title: str
    state: str
    look: str
    is_open: bool
    is_done: bool
    may_go_on: bool
    done: int
    total: int
    amount: str
    numbers: tuple[tuple[str, int], ...]
    failure: str
    created_at: datetime
    ended_at: datetime | None
    took: str
    page: str
    page_label: str


def job_screen(work: Work, job: LongWork) -> JobScreen:
    """Say a piece of long work."""
    words = _KINDS[job.kind]
    state, look = _STATES[job.state]
    begun = job.started_at or job.created_at
    page_id = job.result.get(words.argument) or job.args.get(words.argument)
    return JobScreen(
        id=job.id,
        title=str(words.title),
        state=str(state),
        look=look,
        is_open=job.is_open,
        is_done=job.state == "done",
        may_go_on=job.state in ("failed", "stopped"),
        done=job.done,
        total=job.total,
        amount=_amount(job, str(words.unit)),
        numbers=tuple(
            (str(label), job.counts[name]) for name, label in words.counts.items() if name in job.counts
        ),
        failure=filled(job.failure[0], job.failure[1]) if job.failure else "",
        created_at=job.created_at,
        ended_at=job.ended_at,
        took=length_words((job.ended_at or work.now) - begun),
        page=_page(words, page_id),
        page_label=str(words.result),
    )


def _page(words: KindWords, page_id: object) -> str:
    arguments: dict[str, Any] = {words.argument: int(str(page_id))} if page_id else {}
    return url_for(words.endpoint, **arguments) if arguments else ""


def _amount(job: LongWork, unit: str) -> str:
    if not job.total:
        return ""
    return gettext("%(done)s / %(total)s %(unit)s", done=job.done, total=job.total, unit=unit)
