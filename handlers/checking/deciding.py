"""Decides on what waits for a second check: the same, not the same, or wrong."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, select

from engine import instances
from engine.ports import Json
from engine.work import Work
from handlers.checking import persons, rules
from handlers.checking.fields import Field
from handlers.checking.records import CheckOutcome, second_check
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.shared import access_log
from handlers.shared.permissions import Permission

Check = Row[Any]

_RULES = "checking_rules"
_LONGEST_REASON = 500


class Result(StrEnum):
    """What came of an attempt to check; a diagram branches on it."""

    CONFIRMED = "confirmed"
    MISMATCH = "mismatch"
    TO_LEAD = "to_lead"


@dataclass(frozen=True)
class Verdict:
    """What came of an attempt to check, and the fields that did not agree."""

    result: Result
    fields: tuple[Field, ...] = ()


def decide(work: Work, check_id: int, retyped: Mapping[str, str]) -> Verdict:
    """Compare what the second person typed without seeing it; what is equal is confirmed.

    What differs stays as it is and is counted: from the third time on only a lead may decide. Neither
    person is told what the other one typed.

    Args:
        retyped: field -> text for each field that has to be typed again.
    Raises:
        ActionNotAllowed: the actor entered it, or stands in for who did.
        FieldsInvalid: a field was left out or cannot be right; nothing is counted.
        RecordConflict: somebody has decided already.
    Source: policy C1.
    """
    check = _locked(work, check_id)
    checked_for = _require_second(work, check)
    wrong = rules.different(values_of(work, check), check.typed_again, retyped)
    if not wrong:
        _close(work, check, CheckOutcome.CONFIRMED, checked_for)
        return Verdict(Result.CONFIRMED)
    mismatches = check.mismatches + 1
    work.connection.execute(
        second_check.update().where(second_check.c.id == check_id).values(mismatches=mismatches)
    )
    detail: dict[str, Json] = {"fields": [field.value for field in wrong], "time": mismatches}
    access_log.append(work, access_log.Entry("mismatch_check", "second_check", check_id, detail=detail))
    is_over = mismatches >= mismatches_before_lead(work, check.instance_id)
    return Verdict(Result.TO_LEAD if is_over else Result.MISMATCH, wrong)


def reject(work: Work, check_id: int, reason: str) -> None:
    """Say as the second person that what was entered is wrong, and why."""
    if not reason.strip():
        raise FieldsInvalid({"reason": ("请填写退回原因", {})})
    check = _locked(work, check_id)
    checked_for = _require_second(work, check)
    sealed = work.engine.vault.seal("second_check", "reason", check_id, reason.strip()[:_LONGEST_REASON])
    _close(work, check, CheckOutcome.REJECTED, checked_for, sealed)


def withdraw(work: Work, check_id: int) -> None:
    """Let a check go, as what was entered is not wanted any more; the calling command has asked who may."""
    check = _locked(work, check_id)
    _close(work, check, CheckOutcome.WITHDRAWN, None)


def note(work: Work, check: Check, state: CheckOutcome, checked_by: int | None) -> None:
    """Note what somebody decided elsewhere, where it was asked who may."""
    _close(work, check, state, None, checked_by=checked_by)


def require_second(work: Work, check_id: int) -> None:
    """Refuse whoever may not be the second person of a check.

    Raises:
        ActionNotAllowed, NotPermitted, RecordConflict: as `decide` does.
    """
    _require_second(work, _locked(work, check_id))


def values_of(work: Work, check: Check) -> dict[str, str]:
    """Open what was entered.

    Raises:
        RecordConflict: the person's data were erased meanwhile, which a restored backup may bring about.
    """
    if check.entered is None:
        raise RecordConflict("entry_erased", "录入的资料已按规定删除，请取消这一事项")
    opened: dict[str, str] = json.loads(
        work.engine.vault.open("second_check", "entered", check.id, check.entered)
    )
    return opened


def mismatches_before_lead(work: Work, instance_id: int | None) -> int:
    """Return after how many differences only a lead decides."""
    table = instances.table_of(work, instance_id, _RULES)
    (row,) = table.evaluate({"rule": "mismatches_before_lead"})
    return int(str(row["count"]))


def _locked(work: Work, check_id: int) -> Check:
    check = work.connection.execute(
        select(second_check).where(second_check.c.id == check_id).with_for_update()
    ).one_or_none()
    if check is None:
        raise RecordNotFound("check_not_found", "没有这项二次核对")
    if check.state != CheckOutcome.WAITING:
        raise RecordConflict("check_over", "这项录入已经核对过，请刷新")
    return check


def _require_second(work: Work, check: Check) -> int | None:
    goes_to_lead = check.mismatches >= mismatches_before_lead(work, check.instance_id)
    permission = rules.permission_to_check(check.risk, check.fields, goes_to_lead=goes_to_lead)
    first = {one for one in (check.entered_by, check.entered_for) if one is not None}
    if permission is Permission.HOUSE_CHECK and work.may(Permission.CHECK_ABOVE, check.community_id):
        permission = Permission.CHECK_ABOVE  # the step is open to the manager once it is late
    return persons.checking_for(work, permission, check.community_id, first)


def _close(
    work: Work,
    check: Check,
    state: CheckOutcome,
    checked_for: int | None,
    reason: str | None = None,
    *,
    checked_by: int | None = None,
) -> None:
    work.connection.execute(
        second_check.update()
        .where(second_check.c.id == check.id)
        .values(
            state=state,
            entered=None,
            checked_by=checked_by or work.actor.id,
            checked_for=checked_for,
            checked_at=work.now,
            reason=reason,
        )
    )
    detail: dict[str, Json] = {"group": check.field_group}
    if checked_for is not None:
        detail["for"] = str(checked_for)
    access_log.append(work, access_log.Entry(f"{state}_check", "second_check", check.id, detail=detail))
