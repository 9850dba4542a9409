"""Takes texts out of cases that ended long ago: remarks, corrections, changes, requests, incidents."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Table, exists, or_, select

from engine.store.tables import case_comment, due_change, incident, instance, task_history
from engine.work import Work
from handlers.checking.correction_records import data_correction
from handlers.checking.records import check_sample, second_check
from handlers.privacy.erasing_traces import of_sibling
from handlers.privacy.erasing_wiping import Wipe
from handlers.privacy.records import privacy_request
from handlers.privacy.retention_parts import (
    Due,
    Part,
    delete_files,
    drop_attachments,
    empty,
    first,
    last_of,
)
from handlers.shared.masks import ERASED
from handlers.shared.records import attachment

_CORRECTED = ("before", "after", "reason", "answer")


def texts(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete remarks with their files, and empty answers and reasons."""

    def parts() -> Iterator[Part]:
        yield _comments(work, cutoff)
        for table, column in ((task_history, "extra"), (due_change, "reason"), (incident, "close_reason")):
            filled = table.c[column].is_not(None) & (table.c[column] != "")
            source = table.join(instance, instance.c.id == table.c.instance_id)
            yield empty(work, Due(table, instance.c.ended_at, (filled,), source), (column,), cutoff)

    return first(parts())


def evidence(work: Work, cutoff: datetime, _after: int) -> Part:
    """Delete photos of documents that proved a correction."""
    source = attachment.join(data_correction, data_correction.c.id == attachment.c.owner_id)
    of_kind = (attachment.c.owner_kind == "data_correction",)
    return delete_files(work, Due(attachment, data_correction.c.settled_at, of_kind, source), cutoff)


def corrections(work: Work, cutoff: datetime, after: int) -> Part:
    """Empty what was corrected."""
    ids = Due(data_correction, data_correction.c.settled_at).ids(work, cutoff, after)
    return _emptied(work, data_correction, _CORRECTED, "after", ids)


def second_checks(work: Work, cutoff: datetime, _after: int) -> Part:
    """Empty what was entered, why it was sent back, and what a sample found."""

    def parts() -> Iterator[Part]:
        filled = (or_(second_check.c.entered.is_not(None), second_check.c.reason.is_not(None)),)
        yield empty(work, Due(second_check, second_check.c.checked_at, filled), ("entered", "reason"), cutoff)
        noted = (check_sample.c.note.is_not(None),)
        yield empty(work, Due(check_sample, check_sample.c.marked_at, noted), ("note",), cutoff)

    return first(parts())


def changes(work: Work, cutoff: datetime, _after: int) -> Part:
    """Empty numbers of papers, and delete notes of changes of owner and tenant."""
    case, note = of_sibling("moving_case"), of_sibling("moving_note")
    noted = exists(select(note.c.id).where(note.c.case_id == case.c.id))
    due = Due(case, case.c.closed_at, (or_(case.c.proof_number.is_not(None), noted),))
    ids = due.ids(work, cutoff)
    if ids:
        wipe = Wipe(work)
        wipe.empty(case, ("proof_number",), case.c.id.in_(ids))
        wipe.delete(note, note.c.case_id.in_(ids))
    return Part(len(ids), 0, last_of(ids))


def requests(work: Work, cutoff: datetime, _after: int) -> Part:
    """Empty what people asked about their own data, and the answers."""
    filled = (or_(privacy_request.c.wish.is_not(None), privacy_request.c.answer.is_not(None)),)
    due = Due(privacy_request, privacy_request.c.settled_at, filled)
    return empty(work, due, ("wish", "answer"), cutoff)


def incidents(work: Work, cutoff: datetime, after: int) -> Part:
    """Empty security incidents."""
    table = of_sibling("safety_incident")
    ids = Due(table, table.c.closed_at).ids(work, cutoff, after)
    wipe = Wipe(work)
    for name in ("safety_note", "safety_measure"):
        beside = of_sibling(name)
        wipe.delete(beside, beside.c.incident_id.in_(ids))
    return _emptied(work, table, ("description",), "description", ids)


def _comments(work: Work, cutoff: datetime) -> Part:
    source = case_comment.join(instance, instance.c.id == case_comment.c.instance_id)
    ids = Due(case_comment, instance.c.ended_at, source=source).ids(work, cutoff)
    if ids:
        drop_attachments(work, (attachment.c.owner_kind == "case_comment") & attachment.c.owner_id.in_(ids))
        work.connection.execute(case_comment.delete().where(case_comment.c.id.in_(ids)))
    return Part(len(ids), 0, last_of(ids))


def _emptied(work: Work, table: Table, columns: tuple[str, ...], sealed: str, ids: list[int]) -> Part:
    """Empty rows whose one column that is never null does not hold a dash yet."""
    rows = work.connection.execute(select(table.c.id, table.c[sealed]).where(table.c.id.in_(ids)))
    unseal = work.engine.vault.open
    left = [row.id for row in rows if unseal(table.name, sealed, row.id, row[1]) != ERASED]
    if left:
        Wipe(work).empty(table, columns, table.c.id.in_(left))
    return Part(len(left), 0, last_of(ids))
