"""Takes out of every table what says something about a person; ids, moments and codes stay."""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Table, select

from engine import case_texts
from engine.store.dialects import overwrite_deleted
from engine.store.tables import (
    case_comment,
    case_follower,
    due_change,
    inbox_filter,
    incident,
    instance,
    task_draft,
    task_history,
)
from engine.work import Work
from handlers.accounts import records as accounts
from handlers.accounts.records import account
from handlers.checking.correction_records import data_correction
from handlers.checking.records import check_sample, second_check
from handlers.estate.people import name_index
from handlers.estate.records import (
    estate_counted_owner,
    estate_import_change,
    estate_person,
    estate_relation,
    estate_vehicle,
)
from handlers.privacy.erasing_traces import Traces, attached, of_sibling
from handlers.privacy.records import privacy_export, privacy_request
from handlers.shared.masks import ERASED
from handlers.shared.records import attachment, outbox_message
from handlers.shared.sealed import Unsealable, vault_of

_PART = 500
_SHORTEST_NAME = 2  # one character stands in too many texts

# Everything of an account that signs it in.
_SIGN_IN = (
    accounts.account_login,
    accounts.account_old_password,
    accounts.account_session,
    accounts.account_recovery_code,
    accounts.account_token,
)
_OF_PERSON = ("name", "id_number", "phone", "other_phone", "postal_address", "mail", "remark")
_INDEXES = ("id_index", "phone_index", "phone_tail_index", "other_phone_index")
_CALLED = ("contact_name", "contact_phone", "phone_index", "phone_tail_index")
_OF_ACCOUNT = ("name", "login_name", "phone", "mail", "wechat_id", "first_password", "old_phone")


@dataclass
class Wipe:
    """What one erasure does.

    Attributes:
        counts: rows that were emptied or deleted, by table.
        files: names of attachments whose rows are gone.
        work_files: names of files that were made to be fetched.
    """

    work: Work
    counts: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    work_files: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        overwrite_deleted(self.work.connection)

    def delete(self, table: Table, *conditions: ColumnElement[bool]) -> None:
        """Delete rows."""
        self.counts[table.name] += self.work.connection.execute(table.delete().where(*conditions)).rowcount

    def empty(self, table: Table, columns: tuple[str, ...], *conditions: ColumnElement[bool]) -> None:
        """Take texts out of rows that stay: to null, or where that cannot be to a dash."""
        must = tuple(name for name in columns if not table.c[name].nullable and _is_sealed(table, name))
        values: dict[str, str | None] = {
            name: None if table.c[name].nullable else "" for name in columns if name not in must
        }
        if not must:
            changed = self.work.connection.execute(table.update().where(*conditions).values(values))
            self.counts[table.name] += changed.rowcount
            return
        seal = self.work.engine.vault.seal
        for row_id in self.work.connection.execute(select(table.c.id).where(*conditions)).scalars().all():
            sealed = {name: seal(table.name, name, row_id, ERASED) for name in must}
            mine = table.update().where(table.c.id == row_id)
            self.work.connection.execute(mine.values({**values, **sealed}))
            self.counts[table.name] += 1


def wipe_person(wipe: Wipe, traces: Traces) -> None:
    """Take a person out of everything that leads to them; their values are read before they go."""
    _wipe_words(wipe, _values_of(wipe.work, traces))
    _wipe_files(wipe, traces)
    _wipe_cases(wipe, traces)
    wipe_orders(wipe, traces.orders)
    wipe.empty(_order(), _CALLED, _order().c.id.in_(traces.calls))
    _wipe_changes(wipe, traces)
    for account_id in traces.accounts:
        wipe_account(wipe, account_id)
    _wipe_record(wipe, traces)


def wipe_account(wipe: Wipe, account_id: int) -> None:
    """Take its holder out of an account, which nobody signs in with any more; its id stays."""
    for table in _SIGN_IN:
        wipe.delete(table, table.c.account_id == account_id)
    wipe.delete(accounts.account_totp, accounts.account_totp.c.id == account_id)
    for name in ("owner_code", "owner_help", "repair_report_draft"):
        wipe.delete(of_sibling(name), of_sibling(name).c.account_id == account_id)
    for table in (task_draft, inbox_filter, case_follower):
        wipe.delete(table, table.c.actor_id == account_id)
    staffing, incidents = of_sibling("staffing_case"), of_sibling("safety_incident")
    wipe.empty(staffing, ("name", "phone", "note"), staffing.c.account_id == account_id)
    wipe.empty(incidents, ("description",), incidents.c.reported_by == account_id)
    wipe.empty(account, _OF_ACCOUNT, account.c.id == account_id)
    work = wipe.work
    values = {"phone_index": None, "password_hash": None, "password_seal": None, "department": ""}
    values["state"] = "disabled"
    work.connection.execute(account.update().where(account.c.id == account_id).values(values))
    ended = account.update().where(account.c.id == account_id, account.c.disabled_at.is_(None))
    work.connection.execute(ended.values(disabled_at=work.now, disabled_by=work.actor.id))


def _values_of(work: Work, traces: Traces) -> tuple[str, ...]:
    """Return in clear what texts might quote of a person: names, numbers, plates."""
    found = []
    places = (
        (estate_person, _OF_PERSON, {traces.person_id}),
        (account, _OF_ACCOUNT, traces.accounts),
        (estate_vehicle, ("plate",), traces.vehicles),
    )
    for table, columns, wanted in places:
        for row in work.connection.execute(select(table).where(table.c.id.in_(wanted))):
            sealed = ((name, getattr(row, name)) for name in columns)
            found += [_opened(work, (table, name), row.id, one) for name, one in sealed if one]
    return tuple(one for one in found if len(one) >= _SHORTEST_NAME and one != ERASED)


def _wipe_words(wipe: Wipe, values: tuple[str, ...]) -> None:
    """Delete what names nobody by id: messages that were kept, and what staff looked for."""
    for table, columns in ((outbox_message, ("recipient", "body", "translation")), (inbox_filter, ("body",))):
        last = 0
        while True:
            query = select(table).where(table.c.id > last).order_by(table.c.id).limit(_PART)
            rows = wipe.work.connection.execute(query).all()
            if not rows:
                break
            last = rows[-1].id
            quoting = [
                row.id
                for row in rows
                if any(
                    _quotes(_opened(wipe.work, (table, name), row.id, getattr(row, name)), values)
                    for name in columns
                    if getattr(row, name) is not None
                )
            ]
            if quoting:
                wipe.delete(table, table.c.id.in_(quoting))


def _opened(work: Work, place: tuple[Table, str], row_id: int, sealed: str) -> str:
    """Open a value; what nobody can open any more says nothing about anybody and holds nothing up."""
    table, name = place
    try:
        return work.engine.vault.open(table.name, name, row_id, sealed)
    except Unsealable:
        return ""


def _quotes(text: str, values: tuple[str, ...]) -> bool:
    """Tell whether a text, or the JSON of one, has one of the values in it."""
    return any(one in text or json.dumps(one)[1:-1] in text for one in values)


def _wipe_files(wipe: Wipe, traces: Traces) -> None:
    work = wipe.work
    mine = attached(work, traces)
    wipe.files += work.connection.execute(select(attachment.c.file_name).where(mine)).scalars()
    wipe.delete(attachment, mine)
    places = ((privacy_export, traces.exports), (privacy_request, traces.requests))
    for table, wanted in places:
        has_file = (table.c.id.in_(wanted), table.c.file_name.is_not(None))
        wipe.work_files += work.connection.execute(select(table.c.file_name).where(*has_file)).scalars()
        wipe.empty(table, ("file_name",), *has_file)


def _wipe_cases(wipe: Wipe, traces: Traces) -> None:
    wipe.delete(task_draft, task_draft.c.task_id.in_(traces.tasks))
    wipe.delete(case_comment, case_comment.c.id.in_(traces.comments))
    cases = traces.cases
    wipe.empty(task_history, ("extra",), task_history.c.instance_id.in_(cases))
    wipe.empty(due_change, ("reason",), due_change.c.instance_id.in_(cases))
    wipe.empty(incident, ("close_reason",), incident.c.instance_id.in_(cases))
    wipe.empty(second_check, ("entered", "reason"), second_check.c.id.in_(traces.checks))
    wipe.empty(check_sample, ("note",), check_sample.c.check_id.in_(traces.checks))
    corrections = data_correction.c.id.in_(traces.corrections)
    wipe.empty(data_correction, ("before", "after", "reason", "answer"), corrections)
    wipe.empty(privacy_request, ("wish", "answer"), privacy_request.c.id.in_(traces.requests))


def wipe_orders(wipe: Wipe, order_ids: Collection[int]) -> None:
    """Take out of repairs what people wrote and whom to call, and let words lead to them no more."""
    order, own = _order(), _order().c.id.in_(order_ids)
    words = select(order.c.instance_id, order.c.search_text).where(own, order.c.instance_id.is_not(None))
    for row in wipe.work.connection.execute(words).all():
        _forget_words(wipe.work, row.instance_id, row.search_text)
    wipe.empty(order, (*_CALLED, "description", "search_text", "rating_text"), own)
    for name in ("repair_note", "repair_signature"):
        table = of_sibling(name)
        wipe.delete(table, table.c.order_id.in_(order_ids))


def _order() -> Table:
    return of_sibling("repair_order")


def _forget_words(work: Work, instance_id: int, text: str) -> None:
    """Let a case be found by its number, subject and place only."""
    case_texts.forget(work, instance_id, text)
    said = work.connection.execute(select(instance).where(instance.c.id == instance_id)).one()
    case_texts.note(work, instance_id, said.business_key, said.title, said.title_en, said.place)


def _wipe_changes(wipe: Wipe, traces: Traces) -> None:
    change, note = of_sibling("moving_case"), of_sibling("moving_note")
    wipe.empty(change, ("proof_number",), change.c.id.in_(traces.changes))
    wipe.delete(note, note.c.case_id.in_(traces.changes))


def _wipe_record(wipe: Wipe, traces: Traces) -> None:
    """Leave of a person's own row nothing but its id, to which relations and agreements keep pointing."""
    work, person_id = wipe.work, traces.person_id
    change = estate_import_change.c
    records = ((estate_person.name, {person_id}), (estate_relation.name, traces.relations))
    for record, wanted in records:
        wipe.delete(estate_import_change, change.record == record, change.record_id.in_(wanted))
    wipe.delete(estate_vehicle, estate_vehicle.c.person_id == person_id)
    for name in ("owner_code", "owner_help", "owner_reminder"):
        wipe.delete(of_sibling(name), of_sibling(name).c.person_id == person_id)
    # Taken out of the statistics alone, they would show their decade; the row says no more whose it is.
    is_counted = estate_counted_owner.c.person_id == person_id
    work.connection.execute(estate_counted_owner.update().where(is_counted).values(person_id=None))
    own = estate_person.c.id == person_id
    wipe.empty(estate_person, (*_OF_PERSON, *_INDEXES), own)
    plain = {"sex": "", "birth_decade": None, "id_type": "", "checked_at": None}
    nobody = name_index(vault_of(work.engine), f"{ERASED}{person_id}")
    work.connection.execute(estate_person.update().where(own).values(name_index=nobody, **plain))


def _is_sealed(table: Table, name: str) -> bool:
    return bool(table.c[name].info.get("sealed"))
