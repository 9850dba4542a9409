"""Asks for a second check of what was just entered, whichever procedure entered it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.ids import new_id
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.checking import persons, rules
from handlers.checking.fields import TYPED_AGAIN, Field
from handlers.checking.records import CheckOutcome, Risk, second_check
from handlers.errors import RuleRefused
from handlers.shared import access_log
from handlers.shared.messages import notification
from handlers.shared.permissions import Permission

# Who is told that something waits, by what the second person must be allowed to.
_GROUPS: Mapping[Permission, Post] = {
    Permission.OWNER_CHECK: Post.CS,
    Permission.HOUSE_CHECK: Post.CSL,
    Permission.FEE_CHECK: Post.FINL,
}


@dataclass(frozen=True)
class Subject:
    """Which fields of which record.

    Attributes:
        kind, id: of the record, such as "relation" and the relation's id.
        group: one of the record's groups of fields, such as "owner"; each is checked by itself.
        house_id: of the record, if it belongs to a house.
    """

    kind: str
    id: int
    group: str
    community_id: int
    house_id: int | None = None


@dataclass(frozen=True)
class Step:
    """The user task in which the second person decides; its limit and its ladder are those of the check."""

    instance_id: int
    step_id: str


@dataclass(frozen=True)
class Entered:
    """What was entered.

    Attributes:
        values: as they were typed; they are kept sealed, and only until somebody has decided.
        typed_again: fields that the second person types again without seeing them; hand-typed ID numbers,
            phones and amounts when None. Pass an empty set for what was read from a file or a chip.
        entered_by: account of who entered it; the actor when None.
    """

    values: Mapping[Field, str]
    risk: Risk = Risk.MEDIUM
    typed_again: frozenset[Field] | None = None
    entered_by: int | None = None


def ask(work: Work, subject: Subject, entered: Entered, step: Step) -> int:
    """Let what was entered wait for a second person.

    Asked again for the same fields of the same record while a check waits, because they were entered anew,
    it goes on with the new values and the mismatches counted so far.

    Returns:
        The id of the check.
    Source: policy C1.
    """
    values = {field.value: value.strip() for field, value in entered.values.items() if value.strip()}
    if not values and subject.kind != "import":  # a whole list is compared as the page of imports shows it
        raise RuleRefused("nothing_to_check", "没有需要核对的内容")
    known = open_check(work, subject)
    check_id = known or new_id()
    wanted = TYPED_AGAIN if entered.typed_again is None else entered.typed_again
    is_own = entered.entered_by in (None, work.actor.id)
    row = {
        "house_id": subject.house_id,
        "risk": entered.risk,
        "entered_by": work.actor.id if is_own else entered.entered_by,
        "entered_for": persons.entering_for(work, subject.community_id) if is_own else None,
        "entered_at": work.now,
        "entered": work.engine.vault.seal(
            "second_check", "entered", check_id, json.dumps(values, ensure_ascii=False)
        ),
        "fields": sorted(values),
        "typed_again": sorted(field for field in values if field in wanted),
        "instance_id": step.instance_id,
        "step_id": step.step_id,
    }
    if known is None:
        row |= {
            "id": check_id,
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "field_group": subject.group,
            "community_id": subject.community_id,
            "state": CheckOutcome.WAITING,
            "mismatches": 0,
        }
        work.connection.execute(second_check.insert().values(row))
    else:
        work.connection.execute(second_check.update().where(second_check.c.id == check_id).values(row))
    detail = {"group": subject.group, "risk": entered.risk.value}
    access_log.append(work, access_log.Entry("ask_check", "second_check", check_id, detail=detail))
    _tell(work, subject, row, step)
    return check_id


def _tell(work: Work, subject: Subject, row: Mapping[str, Any], step: Step) -> None:
    """Tell those who may be the second person that something waits; not who entered it."""
    permission = rules.permission_to_check(row["risk"], row["fields"], goes_to_lead=False)
    group = _GROUPS[permission]
    accounts = work.engine.directory.recipients(work.connection, group, subject.community_id, work.now)
    others = [one for one in accounts if one not in (row["entered_by"], row["entered_for"])]
    tell(work, "check_waiting", others, step.instance_id)


def tell(work: Work, template: str, accounts: Iterable[int], instance_id: int) -> None:
    """Send members of staff a message about a case."""
    to = [str(one) for one in accounts]
    if to:
        item = notification(template, to, f"second_check:{new_id()}", instance_id=str(instance_id))
        work.engine.outbox.put_many(work.connection, [item], work.now)


def open_check(work: Work, subject: Subject) -> int | None:
    """Return the check of these fields that waits, or None."""
    found: int | None = work.connection.execute(
        select(second_check.c.id).where(
            second_check.c.subject_kind == subject.kind,
            second_check.c.subject_id == subject.id,
            second_check.c.field_group == subject.group,
            second_check.c.state == CheckOutcome.WAITING,
        )
    ).scalar_one_or_none()
    return found
