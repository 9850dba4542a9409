"""What the policy scoreboard shows, in the reader's language."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import format_decimal, format_percent

from engine.work import Work
from handlers.policy.clauses import Asked, Clause, Place, State, clauses
from handlers.policy.counting import Figure
from handlers.policy.figures import figure
from web.navigation import may
from web.texts import gettext, lazy_gettext
from web.words import either

PARTS = {
    "G": lazy_gettext("总则"),
    "A": lazy_gettext("员工账号"),
    "B": lazy_gettext("业主账号"),
    "C": lazy_gettext("使用规范"),
    "D": lazy_gettext("业主资料"),
    "E": lazy_gettext("维修"),
    "F": lazy_gettext("费用"),
    "H": lazy_gettext("社区与反馈"),
    "S": lazy_gettext("监督"),
}
STATES = {
    State.ENFORCED: lazy_gettext("已落实"),
    State.PARTLY: lazy_gettext("部分落实"),
    State.PLANNED: lazy_gettext("未建设"),
}
KINDS = {
    Place.STEP: lazy_gettext("流程步骤"),
    Place.TABLE: lazy_gettext("决策表"),
    Place.RULE: lazy_gettext("程序规则"),
    Place.PERMISSION: lazy_gettext("权限"),
    Place.PAGE: lazy_gettext("页面"),
}


@dataclass(frozen=True)
class FigureLine:
    """A figure in words.

    Attributes:
        value: such as "97.3 %"; "—" where there is nothing to count yet.
        detail: such as "146 / 150"; empty for a plain count.
        moment: told instead of a value.
        is_late: it should have happened again by now.
    """

    label: str
    value: str
    detail: str
    moment: datetime | None
    is_late: bool = False


@dataclass(frozen=True)
class PlaceLine:
    """One place that enforces a clause; `address` is empty where there is nothing to open."""

    kind: str
    reference: str
    address: str


@dataclass(frozen=True)
class ClauseRow:
    """One clause."""

    id: str
    text: str
    state: State
    state_words: str
    missing: str
    figures: tuple[FigureLine, ...]
    places: tuple[PlaceLine, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class PolicyScreen:
    """The page: the parts of the policy with their clauses, and how many stand how."""

    parts: tuple[tuple[str, tuple[ClauseRow, ...]], ...]
    counts: tuple[tuple[State, str, int], ...]


def policy_screen(work: Work) -> PolicyScreen:
    """Read every clause with its figures.

    Raises:
        NotPermitted: the actor reads no reports.
    """
    rows = [_row(work, clause) for clause in clauses()]
    parts = tuple(
        (str(name), tuple(row for row in rows if row.id.startswith(letter))) for letter, name in PARTS.items()
    )
    counts = tuple(
        (state, str(words), sum(row.state is state for row in rows)) for state, words in STATES.items()
    )
    return PolicyScreen(parts, counts)


def _row(work: Work, clause: Clause) -> ClauseRow:
    return ClauseRow(
        id=clause.id,
        text=either(clause.zh, clause.en),
        state=clause.state,
        state_words=str(STATES[clause.state]),
        missing=either(*clause.missing),
        figures=tuple(_line(asked, figure(work, asked)) for asked in clause.figures),
        places=tuple(
            PlaceLine(str(KINDS[kind]), reference, _address(kind, reference))
            for kind, reference in clause.where
        ),
        tests=clause.tests,
    )


def _line(asked: Asked, found: Figure) -> FigureLine:
    label = either(asked.zh, asked.en)
    if found.value is None:
        return FigureLine(
            label, "" if found.moment else gettext("从未"), "", found.moment, is_late=found.is_late
        )
    if found.of is None:
        return FigureLine(label, format_decimal(found.value), "", None)
    if not found.of:
        return FigureLine(label, "—", gettext("还没有数据"), None)
    detail = f"{format_decimal(found.value)} / {format_decimal(found.of)}"
    return FigureLine(label, format_percent(found.value / found.of, "0.0 %"), detail, None)


def _address(kind: Place, reference: str) -> str:
    """Return where the place can be looked at, if the reader may."""
    if kind is Place.STEP and may("processes.show"):
        return url_for("processes.show", key=reference.partition(".")[0])
    if kind is Place.PAGE and reference in _PLAIN_PAGES and may(reference):
        return url_for(reference)
    return ""


_PLAIN_PAGES = frozenset(
    {"overdue.index", "inbox.index", "account.sessions", "operation.health", "retention.index"}
)
