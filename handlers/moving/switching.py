"""The switch of a house from its old owners to the new ones, all at once, and taking it back."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Row, Table, select, update

from engine import instances
from engine.service_tasks import Context, service_task
from engine.store.tables import instance
from engine.work import Work
from handlers.accounts import residents
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.errors import DomainError, RuleRefused
from handlers.estate import authorisation, relation_log
from handlers.estate.authorisation import Answer, Purpose
from handlers.estate.consents import How, Proof
from handlers.estate.records import (
    CheckState,
    RelationKind,
    estate_parking,
    estate_relation,
    estate_vehicle,
)
from handlers.moving import cases, checks, leaving_things, notices, people, rules
from handlers.moving.cases import Case
from handlers.moving.people import Party
from handlers.moving.records import OVER, State, moving_change
from handlers.moving.rules import Standing
from handlers.shared import access_log

# What a switch begins and ends, by its name among the changes of a case.
_TABLES: Mapping[str, Table] = {
    "relation": estate_relation,
    "vehicle": estate_vehicle,
    "parking": estate_parking,
}


@service_task("transfer.switch")
def switch(context: Context) -> None:
    """End the old owners' and their family's access and begin the new owners', in one transaction.

    Their vehicles and parking places leave the house in the same stroke.

    Running again does nothing. Nothing is left half done: the engine rolls a failure back as a whole.

    Raises:
        RuleRefused: the old owner was not told, the papers are not complete, or nobody has checked the entry.
    Source: policy C2, C4; tenants stay.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        return
    _require_ready(case)
    before = people.standings(work, case.house_id)
    parties = people.parties(work, case)
    leaving = case.facts.get("leaving")
    entered = {one.person.id for one in parties}
    ended = rules.ending(before, None if leaving is None else {int(str(one)) for one in leaving}, entered)
    _end(work, case, ended)
    _begin(work, case, parties)
    leaving_things.end(work, case, before, parties, ended)
    detach_cases(work, case, [one for one in before if one.id not in ended or one.person_id in entered])
    _authorise(work, case, parties)
    case = cases.change(work, case, state=State.DONE, done_at=work.now)
    gone = {one.person_id for one in before if one.id in ended and one.kind in rules.OWNERS} - entered
    notices.to_people(work, case, sorted(gone), "transfer_done_old")
    notices.to_people(work, case, [one.person.id for one in parties], "transfer_done_new")
    access_log.append(work, access_log.Entry("transfer_house", "house", case.house_id))


def _require_ready(case: Case) -> None:
    rules.require_told(case.told_at)
    if case.papers_at is None or case.checked_at is None:
        raise RuleRefused("transfer_not_ready", "材料未齐全或未经二次核对，不能切换")


def _end(work: Work, case: Case, relation_ids: Iterable[int]) -> None:
    for relation_id in relation_ids:
        work.connection.execute(
            update(estate_relation).where(estate_relation.c.id == relation_id).values(valid_to=work.now)
        )
        cases.log_change(work, case, "relation", relation_id, "ended")
        relation_log.note_ended(work, [relation_id])


def _begin(work: Work, case: Case, parties: Iterable[Party]) -> None:
    for party in parties:
        work.connection.execute(
            update(estate_relation)
            .where(estate_relation.c.id == party.relation.id)
            .values(valid_from=work.now, check_state=CheckState.CHECKED, counts_since=work.now)
        )
        cases.log_change(work, case, "relation", party.relation.id, "begun")
        relation_log.note_counts(work, estate_relation.c.id == party.relation.id)


def detach_cases(work: Work, case: Case, staying: list[Standing]) -> None:
    """Take the old owners' open cases out of the house: the new owner sees none of them.

    What tenants and owners who stay began remains theirs; what the desk wrote down for somebody remains
    with the house only while somebody of before still lives there.
    """
    persons = {one.person_id for one in staying if one.kind != RelationKind.EMERGENCY_CONTACT}
    own = set(work.connection.execute(select(account.c.id).where(account.c.person_id.in_(persons))).scalars())
    for row in open_cases(work, case):
        is_by_resident = _is_resident(work, row.starter_id)
        if row.starter_id in own or (persons and not is_by_resident):
            continue
        instances.leave_residents(work, row.id, None, Post.CS)
        cases.log_change(work, case, "case", row.id, "detached")


def open_cases(work: Work, case: Case) -> list[Row[tuple[object, ...]]]:
    """Return the open cases that belong to the people of a case's house."""
    return list(
        work.connection.execute(
            select(instance)
            .where(
                instance.c.resident_scope_id == case.house_id,
                instance.c.ended_at.is_(None),
                instance.c.id != case.instance_id,
            )
            .order_by(instance.c.id)
        )
    )


def _is_resident(work: Work, account_id: int) -> bool:
    kind = work.connection.execute(select(account.c.kind).where(account.c.id == account_id)).scalar()
    return kind == "resident"


def _authorise(work: Work, case: Case, parties: Iterable[Party]) -> None:
    """Note what the new owners agreed to, and open their accounts where they have none yet."""
    for party in parties:
        note_agreements(work, party.person.id, case)
        open_account(work, party.person.id, case.house_id)


def note_agreements(work: Work, person_id: int, case: Case) -> None:
    """Note for which uses of their contacts somebody said yes and no at the counter; an earlier yes stays."""
    agreed = {Purpose(str(scope)) for scope in case.facts.get("scopes", [])}
    taken_down = Proof(How.COUNTER, recorded_by=case.entered_by)
    authorisation.note_several(work, person_id, case.house_id, sorted(agreed), taken_down)
    for scope in sorted(set(Purpose) - agreed):
        if not authorisation.is_authorised(work, person_id, scope):
            authorisation.note_answer(work, person_id, case.house_id, scope, Answer.NO)


def open_account(work: Work, person_id: int, house_id: int) -> bool:
    """Open an account for somebody who is bound to a house now, and say whether they can sign in.

    Without a mobile number, or with one that another account has, the change goes on; the desk helps later.
    """
    if work.connection.execute(select(account.c.id).where(account.c.person_id == person_id)).first():
        return True
    try:
        with work.savepoint():
            residents.open_account(work, person_id, house_id)
    except DomainError:
        return False
    return True


@service_task("transfer.cancel")
def cancel(context: Context, reason: str) -> None:
    """Cancel a transfer: what was entered is withdrawn, and everything stays as it was.

    Raises:
        RuleRefused: it was switched already.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        raise RuleRefused("already_switched", "业主已切换，不能取消；办错请走“产权变更撤回”")
    if case.state in OVER:
        return
    checks.withdraw(work, case)
    people.withdraw(work, case)
    cases.note(work, case, "cancelled", reason)
    cases.change(work, case, state=State.STOPPED, closed_at=work.now)


@service_task("transfer.reverse")
def reverse(context: Context) -> None:
    """Take a wrong transfer back as a whole: the old relations are in force again, the new ones end.

    So does everybody who came through the wrong owners since, with their vehicles and open cases.

    Running again does nothing.
    """
    work, case = context.work, cases.of(context)
    if case.done_at is not None:
        return
    wrong = cases.by_id(work.connection, case.reverses_id)
    changes = work.connection.execute(
        select(moving_change)
        .where(moving_change.c.case_id == wrong.id, moving_change.c.undone_at.is_(None))
        .order_by(moving_change.c.change)  # what was begun ends before what was ended begins again
    ).all()
    begun = {
        change.record_id for change in changes if (change.record, change.change) == ("relation", "begun")
    }
    before = people.standings(work, wrong.house_id)
    told = [_undo(work, wrong, change) for change in changes]
    stays = {one.person_id for one in people.standings(work, wrong.house_id) if one.kind in rules.OWNERS}
    wrong_owners = [one for one in before if one.id in begun and one.person_id not in stays]
    _end_what_came_through(work, case, before, wrong_owners)
    work.connection.execute(
        update(moving_change).where(moving_change.c.case_id == wrong.id).values(undone_at=work.now)
    )
    cases.change(work, wrong, state=State.REVERSED)
    case = cases.change(work, case, state=State.DONE, done_at=work.now)
    notices.to_people(work, case, [one for one in told if one is not None], "transfer_taken_back")
    access_log.append(work, access_log.Entry("take_transfer_back", "house", case.house_id))


def _end_what_came_through(
    work: Work, case: Case, before: list[Standing], wrong_owners: list[Standing]
) -> None:
    """End the relations through the wrong owners, and whatever these people have in the house."""
    gone = rules.all_leaving_with(before, wrong_owners)
    owners = {one.id for one in wrong_owners}
    _end(work, case, [relation_id for relation_id in gone if relation_id not in owners])
    staying = people.standings(work, case.house_id)
    leaving_things.end_vehicles(
        work,
        case,
        persons={one.person_id for one in before if one.id in gone} - {one.person_id for one in staying},
    )
    detach_cases(work, case, staying)


def _undo(work: Work, wrong: Case, change: Row[tuple[object, ...]]) -> int | None:
    """Undo one change; return the person to tell, if it was a relation of somebody."""
    if change.record == "case":
        instances.leave_residents(work, change.record_id, wrong.house_id, Post.CS)
        return None
    table = _TABLES[str(change.record)]
    valid_to = work.now if change.change == "begun" else None
    row = work.connection.execute(
        update(table).where(table.c.id == change.record_id).values(valid_to=valid_to).returning(table)
    ).one()
    if table is not estate_relation:
        return None
    if valid_to is None:
        relation_log.note_counts(work, estate_relation.c.id == row.id)
    else:
        relation_log.note_ended(work, [row.id])
    return int(row.person_id)
