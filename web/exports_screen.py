"""What the pages of exports show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine import cases
from engine.bilingual import chinese
from engine.work import Work
from handlers.estate import communities
from handlers.privacy import export_steps, exports
from handlers.privacy.records import ExportState
from handlers.privacy.words import CONTENTS, EXPORT_PURPOSES, EXPORT_STATES, FIELDS
from handlers.shared.permissions import Permission
from web.case_ahead import Now, ahead_of
from web.words import either, person_names, said, written

_IN_HEAD = ("编号", "状态")
_LOOKS: Mapping[str, str] = {
    ExportState.OPEN: "soon",
    ExportState.MAKING: "soon",
    ExportState.FAILED: "late",
    ExportState.READY: "fine",
    ExportState.FETCHED: "soon",
    ExportState.REFUSED: "late",
}

Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Line:
    """An export in the list, in words."""

    number: str
    content: str
    rows: int
    who: str
    at: datetime
    state: str
    look: str


@dataclass(frozen=True)
class ListScreen:
    """Exports; whoever watches over access may trace a leaked list."""

    lines: tuple[Line, ...]
    may_ask: bool
    may_trace: bool


@dataclass(frozen=True)
class AskingScreen:
    """What can be asked for, where."""

    communities: Options
    community_id: int
    buildings: Options
    contents: Options
    fields: Options
    purposes: Options


@dataclass(frozen=True)
class ExportScreen:
    """An export.

    Attributes:
        until: when the link ends; None before the file is made.
        delete_until: by when the reader has to say that the file is deleted; None where they need not.
        now: the steps that are open, for whoever may see the case.
    """

    number: str
    state: str
    look: str
    facts: tuple[tuple[str, str], ...]
    until: datetime | None
    delete_until: datetime | None
    now: tuple[Now, ...]
    is_ready: bool
    is_making: bool
    has_failed: bool
    may_withdraw: bool
    shows_course: bool


def list_screen(work: Work) -> ListScreen:
    """Read the list of exports."""
    found = exports.listed(work)
    names = person_names(work, [one.asked_by for one in found])
    lines = tuple(
        Line(
            one.number,
            either(*CONTENTS[one.content]),
            one.rows,
            names.get(one.asked_by, ""),
            one.asked_at,
            either(*EXPORT_STATES[one.state]),
            _LOOKS.get(one.state, ""),
        )
        for one in found
    )
    may_ask = bool(communities.with_permission(work, Permission.EXPORT_ASK))
    may_trace = any(held == Permission.ACCESS_LOG_READ for held, _ in work.grants.permissions)
    return ListScreen(lines, may_ask, may_trace)


def asking_screen(work: Work, community_id: int) -> AskingScreen:
    """Read what can be asked for in a community, the first one where none is named."""
    places = communities.with_permission(work, Permission.EXPORT_ASK)
    known = {one.id for one in places}
    chosen = community_id if community_id in known else min(known, default=0)
    buildings = exports.buildings(work, chosen) if chosen else []
    return AskingScreen(
        tuple((str(one.id), one.name) for one in places),
        chosen,
        tuple((str(one), name) for one, name in buildings),
        _options(CONTENTS),
        _options(FIELDS),
        _options(EXPORT_PURPOSES),
    )


def export_screen(work: Work, number: str) -> ExportScreen:
    """Read an export."""
    row = exports.seen(work, number)
    is_own = row.asked_by == work.actor.id
    sees_case = cases.is_open_to(work, number)
    return ExportScreen(
        number,
        either(*EXPORT_STATES[row.state]),
        _LOOKS.get(row.state, ""),
        tuple(
            (said(label), written(text))
            for label, text in export_steps.said(work, row)
            if chinese(label) not in _IN_HEAD
        ),
        row.link_until,
        row.delete_until if is_own and row.state == ExportState.FETCHED else None,
        ahead_of(work, cases.detail(work, number)).now if sees_case else (),
        is_own and row.state == ExportState.READY and row.file_name is not None and work.now < row.link_until,
        is_own and row.state == ExportState.MAKING,
        is_own and row.state == ExportState.FAILED and work.now < row.link_until,
        is_own and row.state == ExportState.OPEN,
        sees_case,
    )


def _options(words: Mapping[str, tuple[str, str]]) -> Options:
    return tuple((code, either(*names)) for code, names in words.items())
