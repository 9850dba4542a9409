"""Puts second checks into words: what was entered, by whom, how long ago, and by when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel.speaklater import LazyString

from engine.bilingual import joined
from engine.work import Work
from handlers.checking.fields import FIELD_NAMES
from handlers.checking.queries import ListedCheck
from handlers.checking.records import CheckOutcome, Risk
from handlers.estate.importing import PastImport
from handlers.repair.phone_checks import PhoneCheck
from web.texts import gettext, lazy_gettext
from web.words import TimeLeft, length_words, person_names, time_left, written

KINDS: Mapping[str, LazyString] = {
    "correction": lazy_gettext("资料更正"),
    "moving_case": lazy_gettext("入住、过户或租户"),
    "import": lazy_gettext("导入交付清单"),
    "relation": lazy_gettext("业主或住户登记"),
    "person": lazy_gettext("人员资料"),
    "house": lazy_gettext("房屋资料"),
    "vehicle": lazy_gettext("车辆"),
}
RISKS: Mapping[str, tuple[LazyString, str]] = {
    Risk.LOW: (lazy_gettext("低"), ""),
    Risk.MEDIUM: (lazy_gettext("中"), ""),
    Risk.HIGH: (lazy_gettext("高"), "late"),
}
STATES: Mapping[str, tuple[LazyString, str]] = {
    CheckOutcome.WAITING: (lazy_gettext("待核对"), "soon"),
    CheckOutcome.CONFIRMED: (lazy_gettext("一致"), "fine"),
    CheckOutcome.REJECTED: (lazy_gettext("已退回"), "late"),
    CheckOutcome.WITHDRAWN: (lazy_gettext("已撤回"), ""),
}


@dataclass(frozen=True)
class CheckRow:
    """One check in words.

    Attributes:
        address: where it is checked, or where its case is told; empty where neither is.
        left: of its step, while it is open.
    """

    check: ListedCheck
    what: str
    fields: str
    place: str
    risk: str
    risk_look: str
    state: str
    state_look: str
    entered: str
    checker: str
    age: str
    address: str
    left: TimeLeft | None


@dataclass(frozen=True)
class CallRow:
    """A phone report that another clerk has to look at."""

    call: PhoneCheck
    what: str
    place: str
    entered: str
    age: str
    address: str
    left: TimeLeft | None


@dataclass(frozen=True)
class ImportRow:
    """An import that waits for its release."""

    past: PastImport
    address: str
    importer: str
    age: str
    is_mine: bool
    at: datetime
    left: TimeLeft | None


def check_rows(work: Work, checks: Iterable[ListedCheck]) -> list[CheckRow]:
    """Say each check in the reader's language."""
    found = list(checks)
    people = {one.entered_by for one in found} | {one.checked_by for one in found if one.checked_by}
    names = person_names(work, people)
    return [_row(work.now, one, names) for one in found]


def call_rows(work: Work, calls: Iterable[PhoneCheck]) -> list[CallRow]:
    """Say each phone report that waits for a second look."""
    found = list(calls)
    names = person_names(work, {one.entered_by for one in found})
    return [
        CallRow(
            call=one,
            what=written(one.fault),
            place=" ".join(filter(None, (one.community, one.place))),
            entered=names.get(one.entered_by, ""),
            age=length_words(work.now - one.entered_at),
            address=_call_address(one),
            left=time_left(work.now, one.due_at, one.opened_at) if one.opened_at else None,
        )
        for one in found
    ]


def _call_address(one: PhoneCheck) -> str:
    if one.task_id is None or one.is_mine:
        return url_for("cases.show", number=one.number)
    return url_for("tasks.show", task_id=one.task_id)


def import_rows(
    work: Work, imports: Iterable[PastImport], due: Mapping[int, tuple[datetime | None, datetime]]
) -> list[ImportRow]:
    """Say each import that waits."""
    found = list(imports)
    names = person_names(work, {one.imported_by for one in found})
    return [
        ImportRow(
            one,
            url_for("imports.show", import_id=one.id),
            names.get(one.imported_by, ""),
            length_words(work.now - one.imported_at),
            one.imported_by == work.actor.id,
            one.imported_at,
            time_left(work.now, *due[one.id]) if one.id in due else None,
        )
        for one in found
    ]


def _row(now: datetime, one: ListedCheck, names: Mapping[int, str]) -> CheckRow:
    is_open = one.state == CheckOutcome.WAITING
    risk, risk_look = RISKS[one.risk]
    state, state_look = STATES[one.state]
    return CheckRow(
        check=one,
        what=str(KINDS.get(one.kind, gettext("录入"))),
        fields=written(joined(FIELD_NAMES[field] for field in one.fields)),
        place=" ".join(filter(None, (one.community, one.place))),
        risk=str(risk),
        risk_look=risk_look,
        state=str(state),
        state_look=state_look,
        entered=names.get(one.entered_by, ""),
        checker=names.get(one.checked_by, "") if one.checked_by else "",
        age=length_words(now - one.entered_at),
        address=_address(one),
        left=time_left(now, one.due_at, one.opened_at) if is_open and one.task_id else None,
    )


def _address(one: ListedCheck) -> str:
    if one.task_id is not None and not one.is_mine:
        return url_for("tasks.show", task_id=one.task_id)
    return url_for("cases.show", number=one.number) if one.number else ""
