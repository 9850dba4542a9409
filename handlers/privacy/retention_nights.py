"""Carries the table of periods out, night by night: in small transactions, on from where it was cut off."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select

from engine.errors import Problem
from engine.store.dialects import insert_new, overwrite_deleted, take_time
from engine.work import SYSTEM, Engine, Work
from handlers.privacy import (
    erased_list,
    retention_cases,
    retention_files,
    retention_people,
    retention_repair,
    retention_sweeps,
)
from handlers.privacy.erasing_records import retention_run
from handlers.privacy.retention import keep_of
from handlers.privacy.retention_parts import Part, Sweep

_log = logging.getLogger(__name__)

EVERY = timedelta(minutes=15)
_HOURS = range(1, 5)  # of the night, local time
_SHOWN = timedelta(days=30)

# What is carried out here, by the class of data, people last: what leads to them is smaller by then.
SWEEPS: Mapping[str, Sweep] = {
    "vehicle": retention_sweeps.vehicles,
    "photos": retention_repair.photos,
    "repair_text": retention_repair.texts,
    "repair_text_common": retention_repair.texts_of_common_areas,
    "evidence": retention_cases.evidence,
    "correction": retention_cases.corrections,
    "second_check": retention_cases.second_checks,
    "moving": retention_cases.changes,
    "case_text": retention_cases.texts,
    "request": retention_cases.requests,
    "incident": retention_cases.incidents,
    "session": retention_sweeps.sessions,
    "message": retention_sweeps.messages,
    "more_looks": retention_sweeps.more_looks,
    "import": retention_sweeps.imports,
    "report_draft": retention_sweeps.report_drafts,
    "search": retention_sweeps.searches,
    "staff": retention_people.staff,
    "emergency_contact": retention_people.emergency_contacts,
    "person": retention_people.people,
    "leftover": retention_files.leftovers,
}


@dataclass(frozen=True)
class Done:
    """What was carried out for a class of data.

    Attributes:
        last_at: when it was last gone through to the end; None when it never was.
        lately: rows or people within 30 days.
        held_back: at the last time.
    """

    last_at: datetime | None = None
    lately: int = 0
    held_back: int = 0


def watch(engine: Engine) -> None:
    """Carry the periods out when it is night, or when a night was missed; several nodes share the work."""
    with engine.reading(SYSTEM) as work:
        is_due = _is_due(work)
    if is_due:
        carry_out(engine)


def carry_out(engine: Engine) -> None:
    """Carry every period out that was not carried out today."""
    erased_list.keep(engine)
    today = engine.clock.now().astimezone(engine.zone).date()
    for class_id in SWEEPS:
        try:
            _carry_out(engine, today, class_id)
        except Problem:
            # It stays open, which the scoreboard tells as late; the other classes must not wait for it.
            _log.exception("the period of %s could not be carried out", class_id)


def done_by_class(work: Work) -> dict[str, Done]:
    """Return what was carried out, by class; for queries that have asked who may."""
    since = work.now - _SHOWN
    rows = work.connection.execute(
        select(
            retention_run.c.class_id,
            func.max(retention_run.c.ended_at).label("last_at"),
            func.sum(retention_run.c.done).label("lately"),
        )
        .where(retention_run.c.started_at > since)
        .group_by(retention_run.c.class_id)
    ).all()
    held = _held_back(work)
    return {row.class_id: Done(row.last_at, int(row.lately), held.get(row.class_id, 0)) for row in rows}


def last_night(work: Work) -> datetime | None:
    """Return when every class was last gone through to the end; None when that never was."""
    days = work.connection.execute(
        select(func.max(retention_run.c.ended_at))
        .where(retention_run.c.class_id.in_(SWEEPS), retention_run.c.ended_at.is_not(None))
        .group_by(retention_run.c.day)
        .having(func.count() == len(SWEEPS))
        .order_by(retention_run.c.day.desc())
        .limit(1)
    )
    found: datetime | None = days.scalar()
    return found


def _is_due(work: Work) -> bool:
    now = work.now.astimezone(work.engine.zone)
    last = last_night(work)
    if last is not None and last.astimezone(work.engine.zone).date() == now.date():
        return False
    is_missed = last is None or work.now - last > timedelta(days=1, hours=6)
    return now.hour in _HOURS or is_missed


def _carry_out(engine: Engine, day: date, class_id: str) -> None:
    cutoff = engine.clock.now() - keep_of(class_id)
    mine = and_(retention_run.c.day == day, retention_run.c.class_id == class_id)
    after, held_back = 0, 0
    while True:

        def part(work: Work, after: int = after) -> Part | None:
            return _part(work, mine, (day, class_id), cutoff, after)

        found = engine.run(SYSTEM, part)
        if found is None:  # another node, or this one before, has gone through it to the end
            return
        held_back += found.held_back
        if found.last is None:
            break
        after = found.last

    def end(work: Work) -> None:
        is_open = and_(mine, retention_run.c.ended_at.is_(None))
        work.connection.execute(
            retention_run.update().where(is_open).values(ended_at=work.now, held_back=held_back)
        )

    engine.run(SYSTEM, end)


def _part(
    work: Work, mine: ColumnElement[bool], key: tuple[date, str], cutoff: datetime, after: int
) -> Part | None:
    """Do one part and count it, in one transaction."""
    overwrite_deleted(work.connection)
    take_time(work.connection)
    day, class_id = key
    fresh = {"day": day, "class_id": class_id, "started_at": work.now, "done": 0, "held_back": 0}
    insert_new(work.connection, retention_run, [fresh])
    row = work.connection.execute(select(retention_run).where(mine).with_for_update()).one()
    if row.ended_at is not None:
        return None
    found = SWEEPS[class_id](work, cutoff, after)
    if found.done:
        more = retention_run.update().where(mine)
        work.connection.execute(more.values(done=retention_run.c.done + found.done))
    return found


def _held_back(work: Work) -> dict[str, int]:
    """Return how much was held back by class, the newest day last."""
    rows = work.connection.execute(
        select(retention_run.c.class_id, retention_run.c.held_back)
        .where(retention_run.c.started_at > work.now - _SHOWN, retention_run.c.ended_at.is_not(None))
        .order_by(retention_run.c.day)
    )
    return {row.class_id: row.held_back for row in rows}
