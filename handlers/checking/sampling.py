"""Draws one in twenty of a month's confirmed checks, corrections among them, for the auditor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from engine.ids import new_id
from engine.store.dialects import insert_new
from engine.work import SYSTEM, Engine, Work
from handlers.accounts.permissions import Post
from handlers.checking.correction_records import data_correction
from handlers.checking.records import CheckOutcome, check_sample, second_check
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate.records import estate_house
from handlers.shared import access_log
from handlers.shared.messages import notification
from handlers.shared.permissions import Permission
from handlers.shared.scopes import require_somewhere
from handlers.shared.sealed import vault_of

EVERY = timedelta(hours=6)
ONE_IN = 20
FINE, WRONG = "fine", "wrong"
_IMPORT = "import"


@dataclass(frozen=True)
class Sampled:
    """A check that was drawn.

    Attributes:
        kind: of the record, such as "correction" or "moving_case".
        house_id, address: where it is about a house.
        verdict: fine, wrong, or "" until the auditor said.
        corrected_by: number of the correction that was opened for the house after it was found wrong.
    """

    id: int
    kind: str
    fields: tuple[str, ...]
    house_id: int | None
    address: str
    entered_by: int
    checked_by: int
    checked_at: datetime
    verdict: str
    note: str
    corrected_by: str


def watch(engine: Engine) -> int:
    """Draw the sample of the month before, once; return how many checks were drawn."""
    with engine.reading(SYSTEM) as work:
        month = month_before(work)
    return engine.run(SYSTEM, lambda work: draw(work, month))


def month_before(work: Work) -> date:
    """Return the first day of the month before this one."""
    today = work.now.astimezone(work.engine.zone).date()
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def draw(work: Work, month: date) -> int:
    """Draw from a month's confirmed checks; the same month gives the same sample, and nobody can foresee it.

    The lot is a keyed digest of month and check: repeatable with the installation's key, and only with it.
    Corrections and other checks are drawn apart, at least one of each.

    Source: policy C1.
    """
    known = select(func.count()).select_from(check_sample).where(check_sample.c.month == month)
    if work.connection.execute(known).scalar_one():
        return 0
    drawn = []
    for is_correction in (True, False):
        ids = _confirmed(work, month, is_correction=is_correction)
        lots = {one: vault_of(work.engine).blind_index("sample", f"{month}:{one}") for one in ids}
        drawn += sorted(ids, key=lots.__getitem__)[: -(-len(ids) // ONE_IN)]
    rows = [{"id": new_id(), "month": month, "check_id": one, "verdict": ""} for one in drawn]
    if rows:
        insert_new(work.connection, check_sample, rows)
    return len(rows)


def sample(work: Work, month: date) -> list[Sampled]:
    """List what was drawn of a month, what nobody has looked at first; for the auditor."""
    require_somewhere(work, Permission.AUDIT_READ)
    rows = work.connection.execute(
        select(check_sample, second_check, estate_house.c.address)
        .join(second_check, second_check.c.id == check_sample.c.check_id)
        .outerjoin(estate_house, estate_house.c.id == second_check.c.house_id)
        .where(check_sample.c.month == month)
        .order_by(check_sample.c.verdict, second_check.c.checked_at, check_sample.c.id)
    ).all()
    corrected = _corrected(work, rows)
    return [
        Sampled(
            row.id,
            row.subject_kind,
            tuple(row.fields),
            row.house_id,
            row.address or "",
            row.entered_by,
            row.checked_by,
            row.checked_at,
            row.verdict,
            "" if row.note is None else work.engine.vault.open("check_sample", "note", row.id, row.note),
            corrected.get(row.id, ""),
        )
        for row in rows
    ]


def mark(work: Work, sample_id: int, verdict: str, note: str) -> None:
    """Say what a look at the papers showed; of what is wrong the lead is told, who opens a correction.

    Raises:
        FieldsInvalid: neither was chosen, or it is wrong and nothing says what.
        RecordConflict: somebody has said already.
    """
    require_somewhere(work, Permission.AUDIT_READ)
    if verdict not in (FINE, WRONG):
        raise FieldsInvalid({"verdict": ("请选择无误或有误", {})})
    if verdict == WRONG and not note.strip():
        raise FieldsInvalid({"note": ("请写明哪里不对", {})})
    row = work.connection.execute(
        select(check_sample.c.verdict, second_check)
        .join(second_check, second_check.c.id == check_sample.c.check_id)
        .where(check_sample.c.id == sample_id)
    ).one_or_none()
    if row is None:
        raise RecordNotFound("sample_not_found", "没有这条抽查")
    if row.verdict:
        raise RecordConflict("sample_marked", "这条抽查已有结论，请刷新")
    sealed = (
        work.engine.vault.seal("check_sample", "note", sample_id, note.strip()[:500])
        if note.strip()
        else None
    )
    work.connection.execute(
        check_sample.update()
        .where(check_sample.c.id == sample_id)
        .values(verdict=verdict, note=sealed, marked_at=work.now, marked_by=work.actor.id)
    )
    entry = access_log.Entry(f"sample_{verdict}", "second_check", row.id)
    access_log.append(work, entry)
    if verdict == WRONG:
        _tell(work, sample_id, row)


def _tell(work: Work, sample_id: int, row: Row[Any]) -> None:
    leads = work.engine.directory.recipients(work.connection, Post.CSL, row.community_id, work.now)
    to = [f"account:{one}" for one in leads]
    item = notification("sample_wrong", to, f"sample:{sample_id}", house_id=str(row.house_id or ""))
    if leads:
        work.engine.outbox.put_many(work.connection, [item], work.now)


def _confirmed(work: Work, month: date, *, is_correction: bool) -> list[int]:
    zone = work.engine.zone
    after = (month + timedelta(days=31)).replace(day=1)
    kind = second_check.c.subject_kind
    rows = work.connection.execute(
        select(second_check.c.id).where(
            second_check.c.state == CheckOutcome.CONFIRMED,
            second_check.c.checked_at >= datetime.combine(month, time(), zone),
            second_check.c.checked_at < datetime.combine(after, time(), zone),
            kind == "correction" if is_correction else kind.not_in(("correction", _IMPORT)),
        )
    )
    return sorted(rows.scalars())


def _corrected(work: Work, rows: Sequence[Row[*tuple[Any, ...]]]) -> Mapping[int, str]:
    """Find the first correction of the same house after something was found wrong."""
    wrong = [row for row in rows if row.verdict == WRONG and row.house_id is not None]
    found = work.connection.execute(
        select(data_correction.c.house_id, data_correction.c.number, data_correction.c.requested_at)
        .where(data_correction.c.house_id.in_([row.house_id for row in wrong]))
        .order_by(data_correction.c.requested_at)
    ).all()
    numbers = {}
    for row in wrong:
        after = (one for one in found if one.house_id == row.house_id and one.requested_at >= row.marked_at)
        numbers[row.id] = next((one.number for one in after), "")
    return numbers
