"""Puts what a case entered before a second person (policy C1), who types it again from the papers."""

from collections.abc import Mapping

from sqlalchemy import select

from engine.bilingual import Text
from engine.ports import Json
from engine.service_tasks import Context
from engine.work import Work
from handlers.checking import asking, deciding, form_parts
from handlers.checking.asking import Entered, Step, Subject
from handlers.checking.deciding import Result
from handlers.checking.fields import Field
from handlers.checking.records import CheckOutcome, second_check
from handlers.errors import FieldsInvalid
from handlers.estate.people import unsealed
from handlers.moving import cases, people
from handlers.moving.cases import Case
from handlers.moving.people import MAIN, Party
from handlers.shared.answers import Answers
from handlers.shared.facts import Pairs
from handlers.shared.sealed import vault_of

LEASE_ENDS = Field.LEASE_ENDS
STEP = "second_check"  # the element in each of the diagrams
_KIND = "moving_case"
_AGAIN = frozenset({Field.NAME, Field.ID_NUMBER, Field.PHONE, Field.AREA})


def ask(context: Context, case: Case, more: Mapping[Field, str] | None = None) -> None:
    """Let every person that a case entered wait for the second check.

    Args:
        more: further values that go with the main person, such as the end of a lease.
    """
    work = context.work
    entered = [party for party in people.parties(work, case) if party.is_checked]
    _withdraw(work, case, {_group(party.position) for party in entered})
    for party in entered:
        values = _values(work, party) | (dict(more or {}) if party.position == MAIN else {})
        again = frozenset(field for field in values if field in _AGAIN)
        asking.ask(
            work,
            Subject(_KIND, case.id, _group(party.position), case.community_id, case.house_id),
            Entered(values, typed_again=again),
            Step(context.instance_id, STEP),
        )


def decide(context: Context, case: Case, answers: dict[str, Json]) -> dict[str, Json]:
    """Take what the second person typed, and note how it went.

    Returns:
        same, for the gateway behind it: everything agrees; and the outcome, where it does not though it was
        said to.

    Raises:
        ActionNotAllowed: the actor entered it.
        FieldsInvalid: something was left out, or cannot be right.
    """
    work, given = context.work, Answers(answers)
    waiting = _waiting(work, case)
    if given.outcome == "reject":
        for check_id in waiting.values():
            deciding.reject(work, check_id, given.text("reason"))
        cases.note(work, case, "differs", given.text("reason"))
        return _differed(work, case)
    lines = given.lines("others")
    others = sorted((group for group in waiting if group != _group(MAIN)), key=_position)
    if len(lines) != len(others):
        message = "共有 {count} 位其他人要再输一遍，与所填行数不同"
        raise FieldsInvalid({"others": (message, {"count": len(others)})})
    results = [form_parts.decided(work, waiting[_group(MAIN)], answers)]
    for index, (group, line) in enumerate(zip(others, lines, strict=True)):
        results.append(_other(work, waiting[group], line, index))
    if any(result != Result.CONFIRMED for result in results):
        return _differed(work, case) | {"outcome": form_parts.DIFFERED}
    cases.change(work, case, checked_at=work.now, checked_by=work.actor.id)
    return {"same": True}


def _differed(work: Work, case: Case) -> dict[str, Json]:
    cases.change(work, case, differed=case.differed + 1)
    return {"same": False}


def _other(work: Work, check_id: int, line: Answers, index: int) -> str:
    retyped = {field: line.text(field) for field in ("name", "id_number", "phone") if line.text(field)}
    try:
        return deciding.decide(work, check_id, retyped).result.value
    except FieldsInvalid as invalid:
        wrong = {f"others.{index}.{key}": why for key, why in invalid.fields.items()}
        raise FieldsInvalid(wrong) from invalid


def withdraw(work: Work, case: Case) -> None:
    """Let the checks of a case go that nobody has decided."""
    _withdraw(work, case, set())


def _withdraw(work: Work, case: Case, but: set[str]) -> None:
    for group, check_id in _waiting(work, case).items():
        if group not in but:
            deciding.withdraw(work, check_id)


def facts(work: Work, case: Case) -> Pairs:
    """Say what waits for the check, masked, person by person; what is typed again is not shown."""
    found: Pairs = []
    for group, check_id in sorted(_waiting(work, case).items()):
        number = int(group.rpartition("_")[2])
        who: Text = (
            ("主要登记人", "Main person") if number == MAIN else (f"其他人 {number}", f"Other {number}")
        )
        found.append(["核对谁", who])
        found += form_parts.facts(work, check_id)
    return found


def _who(position: int) -> Text:
    if position == MAIN:
        return ("主要登记人", "Main person")
    return (f"其他人 {position}", f"Other {position}")


def _position(group: str) -> int:
    return int(group.rpartition("_")[2])


def _values(work: Work, party: Party) -> dict[Field, str]:
    vault, row = vault_of(work.engine), party.person
    known = {
        Field.NAME: unsealed(vault, row, "name"),
        Field.ID_NUMBER: unsealed(vault, row, "id_number"),
        Field.PHONE: unsealed(vault, row, "phone"),
        Field.SHARE: party.relation.share or "",
    }
    return {field: value for field, value in known.items() if value}


def _group(position: int) -> str:
    return f"person_{position}"


def _waiting(work: Work, case: Case) -> dict[str, int]:
    rows = work.connection.execute(
        select(second_check.c.field_group, second_check.c.id).where(
            second_check.c.subject_kind == _KIND,
            second_check.c.subject_id == case.id,
            second_check.c.state == CheckOutcome.WAITING,
        )
    )
    return {row.field_group: row.id for row in rows}
