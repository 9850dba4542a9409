"""What the pages of imports show: totals beside each other, bad rows with reasons, who may do what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import url_for
from flask_babel import format_decimal
from flask_babel.speaklater import LazyString

from engine.work import Work
from handlers.accounts.holders import holders
from handlers.estate import communities, import_buildings, importing
from handlers.estate.communities import Community
from handlers.estate.import_buildings import BuildingSum
from handlers.estate.import_rows import RowProblem
from handlers.estate.import_totals import Difference, Quantity
from handlers.estate.import_writing import Totals
from handlers.estate.importing import PastImport
from handlers.estate.records import ImportState
from handlers.shared.permissions import Permission
from web.texts import gettext, lazy_gettext
from web.words import either, filled, said

_STATES: Mapping[ImportState, tuple[LazyString, str]] = {
    ImportState.READING: (lazy_gettext("正在读入"), "accent"),
    ImportState.WAITING: (lazy_gettext("待放行"), "soon"),
    ImportState.RELEASED: (lazy_gettext("已放行"), "fine"),
    ImportState.UNDOING: (lazy_gettext("正在撤销"), "accent"),
    ImportState.UNDONE: (lazy_gettext("已撤销"), ""),
}
_CUT_SHORT = (lazy_gettext("没有读完"), "late")
SHOWN = 50


_STATED: Mapping[Quantity, LazyString] = {
    Quantity.HOUSES: lazy_gettext("%(sheet)s第 %(row)s 行合计：户数"),
    Quantity.OWNERS: lazy_gettext("%(sheet)s第 %(row)s 行合计：业主人数"),
    Quantity.AREA_M2: lazy_gettext("%(sheet)s第 %(row)s 行合计：建筑面积（㎡）"),
}


@dataclass(frozen=True)
class ImportRow:
    """An import with its state and people in words."""

    past: PastImport
    state: str
    look: str
    importer: str
    releaser: str
    undoer: str


@dataclass(frozen=True)
class ImportsScreen:
    """The list; `places` are where the reader may import to."""

    rows: tuple[ImportRow, ...]
    places: tuple[Community, ...]


@dataclass(frozen=True)
class Sum:
    """A total as the list says it and as it was taken over."""

    label: str
    listed: str
    taken: str
    is_same: bool


@dataclass(frozen=True)
class Problem:
    """A row that was left out."""

    number: int
    sheet: str
    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class ImportScreen:
    """One import.

    Attributes:
        uncomputed: the total rows that could not be compared, because the file does not hold their results.
        releasers: who could release it.
        next_page: of the bad rows, or "".
    """

    row: ImportRow
    sums: tuple[Sum, ...]
    numbers: tuple[tuple[str, int], ...]
    buildings: tuple[BuildingSum, ...]
    problems: tuple[Problem, ...]
    uncomputed: tuple[str, ...]
    releasers: str
    next_page: str


def imports_screen(work: Work) -> ImportsScreen:
    """Read the list of imports."""
    places = communities.with_permission(work, Permission.ESTATE_IMPORT)
    return ImportsScreen(tuple(_row(work, past) for past in importing.imports(work)), tuple(places))


def counted(totals: Totals) -> tuple[tuple[str, int], ...]:
    """Say how many rows there were, and what became of them."""
    return (
        (gettext("读到的行"), totals.rows),
        (gettext("有问题的行"), totals.problems),
        (gettext("重复的行"), totals.repeated),
        (gettext("合计与备注行"), totals.ignored),
        (gettext("清单自己的合计数"), totals.compared),
        (gettext("与各行不符的合计数"), totals.differing),
        (gettext("新增房屋"), totals.houses_added),
        (gettext("改动房屋"), totals.houses_changed),
        (gettext("新增人员"), totals.people_added),
        (gettext("改动人员"), totals.people_changed),
        (gettext("新增业主关系"), totals.relations_added),
        (gettext("去除业主关系"), totals.relations_removed),
    )


def import_screen(work: Work, import_id: int, after: int) -> ImportScreen:
    """Read one import with a page of its bad rows."""
    past = importing.one_import(work, import_id)
    found = importing.problems(work, import_id, after, SHOWN)
    totals = past.totals
    last = found[-1][0] if found else after
    return ImportScreen(
        row=_row(work, past),
        sums=(
            _sum(gettext("户数"), totals.listed_houses, totals.taken_houses, format_decimal),
            _sum(gettext("业主人数"), totals.listed_owners, totals.taken_owners, format_decimal),
            _sum(gettext("建筑面积（㎡）"), totals.listed_area_m2, totals.taken_area_m2, area),
            *(_difference(one) for one in past.differing),
        ),
        numbers=counted(totals),
        buildings=tuple(import_buildings.building_sums(work, import_id)),
        problems=tuple(_problem(*one) for one in found),
        uncomputed=tuple(
            gettext("%(sheet)s第 %(row)s 行", sheet=f"{one.sheet} ", row=one.row) for one in past.uncomputed
        ),
        releasers=_releasers(work, past),
        next_page=url_for("imports.show", import_id=import_id, after=last)
        if last < totals.problems and len(found) == SHOWN
        else "",
    )


def problem_rows(work: Work, import_id: int, most: int) -> list[tuple[str, int, str, str, str]]:
    """Return the bad rows as lines of a file."""
    found = [_problem(*one) for one in importing.problems(work, import_id, 0, most)]
    return [(one.sheet, one.row, one.column, one.value, one.reason) for one in found]


def area(value: object) -> str:
    """Say an area."""
    return str(format_decimal(value, "#,##0.00"))


def _row(work: Work, past: PastImport) -> ImportRow:
    ids = {one for one in (past.imported_by, past.released_by, past.undone_by) if one is not None}
    names = work.engine.directory.names(work.connection, ids)

    def name(account_id: int | None) -> str:
        return said(names[account_id]) if account_id is not None else ""

    state, look = _CUT_SHORT if past.is_cut_short else _STATES[past.state]
    return ImportRow(
        past, str(state), look, name(past.imported_by), name(past.released_by), name(past.undone_by)
    )


def _sum(label: str, listed: object, taken: object, say: Callable[[object], str]) -> Sum:
    return Sum(label, say(listed), say(taken), listed == taken)


def _difference(one: Difference) -> Sum:
    """Set a total that the list states itself beside what was read of its rows."""
    label = str(_STATED[one.quantity]) % {"sheet": f"{one.sheet} ", "row": one.row}
    return _sum(label, one.stated, one.read, area if one.quantity is Quantity.AREA_M2 else format_decimal)


def _problem(number: int, problem: RowProblem) -> Problem:
    params = dict(problem.params)
    if "field" in params:
        params["field"] = said(str(params["field"])).lower()
    return Problem(
        number,
        problem.sheet,
        problem.row,
        said(problem.column),
        problem.value,
        filled(problem.message, params),
    )


def _releasers(work: Work, past: PastImport) -> str:
    if past.state is not ImportState.WAITING or past.may_release:
        return ""
    able = holders(work, Permission.HOUSE_CHECK, past.communities)
    return either("、", ", ").join(said(one.name) for one in able if one.id != past.imported_by)
