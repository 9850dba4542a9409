"""Finds everything that leads to one person: accounts, relations, orders, changes, cases."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, or_, select

from engine.store.metadata import metadata
from engine.store.tables import case_comment, task_history, user_task
from engine.work import Work
from handlers.accounts.records import account
from handlers.checking.correction_records import data_correction
from handlers.checking.records import second_check
from handlers.estate.records import estate_authorisation, estate_person, estate_relation, estate_vehicle
from handlers.privacy.records import privacy_export_person, privacy_request
from handlers.shared.records import attachment

_PHONES = ("phone_index", "other_phone_index")

Ids = frozenset[int]


@dataclass(frozen=True)
class Traces:
    """Ids of what leads to a person.

    Attributes:
        orders: repairs that the person or their account reported.
        calls: repairs that name one of the person's numbers, which nobody else has, as the one to call.
        changes: changes of owner and tenant that entered the person or ended a relation of theirs.
        cases: instances of all these, except the case that asks.
        exports: files that hold the person.
    """

    person_id: int
    accounts: Ids
    relations: Ids
    vehicles: Ids
    orders: Ids
    calls: Ids
    changes: Ids
    corrections: Ids
    checks: Ids
    requests: Ids
    exports: Ids
    cases: Ids
    tasks: Ids
    comments: Ids


def of_sibling(name: str) -> Table:
    """Return a table of a package beside this one, which is not imported here."""
    return metadata.tables[name]


def ids(work: Work, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Ids:
    """Return the values of a column in the rows that meet the conditions."""
    found = work.connection.execute(select(column).where(*conditions)).scalars()
    return frozenset(int(one) for one in found if one is not None)


def traces_of(work: Work, person_id: int, case_id: int | None = None) -> Traces:
    """Find what leads to a person.

    Args:
        case_id: instance of the case that asks, which is not over yet and stays as it is.
    """
    accounts = ids(work, account.c.id, account.c.person_id == person_id)
    relations = ids(work, estate_relation.c.id, estate_relation.c.person_id == person_id)
    vehicles = ids(work, estate_vehicle.c.id, estate_vehicle.c.person_id == person_id)
    orders, calls = _orders(work, person_id, accounts)
    changes = _changes(work, person_id, relations)
    corrections = _corrections(work, person_id, accounts)
    requests = _requests(work, person_id, accounts, case_id)
    cases = frozenset().union(
        _instances(work, of_sibling("repair_order"), orders),
        _instances(work, of_sibling("moving_case"), changes),
        _instances(work, data_correction, corrections),
        _instances(work, privacy_request, requests),
    ) - {case_id}
    tasks = ids(work, user_task.c.id, user_task.c.instance_id.in_(cases)) | ids(
        work, task_history.c.id, task_history.c.instance_id.in_(cases)
    )
    return Traces(
        person_id=person_id,
        accounts=accounts,
        relations=relations,
        vehicles=vehicles,
        orders=orders,
        calls=calls,
        changes=changes,
        corrections=corrections,
        checks=_checks(work, person_id, relations | vehicles | changes | corrections, cases),
        requests=requests,
        exports=ids(work, privacy_export_person.c.export_id, privacy_export_person.c.person_id == person_id),
        cases=cases,
        tasks=tasks,
        comments=ids(work, case_comment.c.id, case_comment.c.instance_id.in_(cases)),
    )


def attached(work: Work, traces: Traces) -> ColumnElement[bool]:
    """Say which attachments belong to a person: uploaded by them, or attached to what concerns them."""
    visit, signature = of_sibling("repair_assignment"), of_sibling("repair_signature")
    of = {
        "repair_order": traces.orders,
        "repair_complaint": traces.orders,
        "repair_assignment": ids(work, visit.c.id, visit.c.order_id.in_(traces.orders)),
        "repair_signature": ids(work, signature.c.id, signature.c.order_id.in_(traces.orders)),
        "case_comment": traces.comments,
        "data_correction": traces.corrections,
        "authorisation": ids(
            work, estate_authorisation.c.id, estate_authorisation.c.person_id == traces.person_id
        ),
    }
    return or_(
        attachment.c.uploaded_by.in_(traces.accounts),
        *(
            (attachment.c.owner_kind == kind) & attachment.c.owner_id.in_(owners)
            for kind, owners in of.items()
        ),
    )


def _orders(work: Work, person_id: int, accounts: Ids) -> tuple[Ids, Ids]:
    order = of_sibling("repair_order")
    is_own = or_(order.c.reporter_person_id == person_id, order.c.reporter_account_id.in_(accounts))
    own = ids(work, order.c.id, is_own)
    calls = ids(work, order.c.id, order.c.phone_index.in_(_own_phones(work, person_id)))
    return own, calls - own


def _own_phones(work: Work, person_id: int) -> set[str]:
    """Return the blind indexes of the person's numbers that nobody else on record has."""
    row = work.connection.execute(select(estate_person).where(estate_person.c.id == person_id)).one()
    found = {getattr(row, name) for name in _PHONES} - {None}
    for name in _PHONES:
        shared = select(estate_person.c[name]).where(
            estate_person.c[name].in_(found), estate_person.c.id != person_id
        )
        found -= set(work.connection.execute(shared).scalars())
    return found


def _changes(work: Work, person_id: int, relations: Ids) -> Ids:
    party, change = of_sibling("moving_party"), of_sibling("moving_change")
    ended = (change.c.record == "relation", change.c.record_id.in_(relations))
    return ids(work, party.c.case_id, party.c.person_id == person_id) | ids(work, change.c.case_id, *ended)


def _corrections(work: Work, person_id: int, accounts: Ids) -> Ids:
    concerns = or_(data_correction.c.person_id == person_id, data_correction.c.requested_by.in_(accounts))
    return ids(work, data_correction.c.id, concerns)


def _requests(work: Work, person_id: int, accounts: Ids, case_id: int | None) -> Ids:
    concerns = or_(privacy_request.c.person_id == person_id, privacy_request.c.asked_by.in_(accounts))
    found = ids(work, privacy_request.c.id, concerns)
    if case_id is None:
        return found
    return found - ids(work, privacy_request.c.id, privacy_request.c.instance_id == case_id)


def _checks(work: Work, person_id: int, subjects: Iterable[int], cases: Ids) -> Ids:
    # Ids are drawn from one well, so that a subject's id says which table it is of.
    concerns = or_(
        second_check.c.subject_id.in_({person_id, *subjects}), second_check.c.instance_id.in_(cases)
    )
    return ids(work, second_check.c.id, concerns)


def _instances(work: Work, table: Table, owners: Ids) -> Ids:
    return ids(work, table.c.instance_id, table.c.id.in_(owners))
