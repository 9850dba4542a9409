"""Makes a person's own copy of everything that is on record about them, as a table or for other programs."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from engine.ports import SYSTEM, Json, OutboxItem
from engine.store.tables import instance
from engine.work import Work
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.estate.authorisation import agreements
from handlers.estate.people import unsealed
from handlers.estate.records import estate_house, estate_person, estate_relation, estate_vehicle
from handlers.privacy import handing_out, requests
from handlers.privacy.export_rows import language_of
from handlers.privacy.records import RequestState, privacy_export, privacy_export_person
from handlers.privacy.requests import Request
from handlers.privacy.words import PURPOSES, RELATIONS
from handlers.shared import access_log, limits, work_files
from handlers.shared.messages import NOTIFY
from handlers.shared.outbox import ON_DEATH, JobContext, put
from handlers.shared.spreadsheets import spreadsheet

JOB = "request_file"
FAILED_JOB = "request_file_failed"
_LATER = timedelta(hours=6)
JSON_TYPE = "application/json"

# Label in both languages, and what is on record.
Line = tuple[tuple[str, str], str]

_PERSON: tuple[tuple[str, tuple[str, str]], ...] = (
    ("name", ("姓名", "Name")),
    ("id_number", ("证件号", "ID number")),
    ("phone", ("手机号", "Mobile number")),
    ("other_phone", ("备用电话", "Other phone")),
    ("postal_address", ("通信地址", "Postal address")),
    ("mail", ("邮箱", "Mail")),
    ("remark", ("备注", "Remark")),
)
_MORE_RELATIONS = {
    "family": ("家庭成员", "Family member"),
    "emergency_contact": ("紧急联系人", "Emergency contact"),
}
_SAID = {
    "given": ("同意", "agreed"),
    "withdrawn": ("已撤回", "withdrawn"),
    "declined": ("不同意", "declined"),
}


def have_made(work: Work, row: Request, key: str, not_before: datetime | None = None) -> None:
    """Have the file made in the background.

    Args:
        key: of this making.
    """
    args: dict[str, Json] = {"number": row.number, ON_DEATH: FAILED_JOB}
    put(work, OutboxItem(JOB, args, f"{JOB}:{key}", not_before))


def make_later(context: JobContext) -> None:
    """Try again later after every attempt failed: it was granted, and nobody else asks for it again."""

    def again(work: Work) -> None:
        row = requests.by_number(work, str(context.job.args["number"]))
        have_made(work, row, f"{row.id}:{context.job.id}", work.now + _LATER)
        context.done(work)

    context.engine.run(SYSTEM, again)


def make(context: JobContext) -> None:
    """Make the file of a granted request, seal it, and tell the person; run by the outbox."""
    engine, number = context.engine, str(context.job.args["number"])
    with engine.reading(SYSTEM) as work:
        row = requests.by_number(work, number)
        is_wanted = row.state == RequestState.GRANTED and row.file_until is None
        file = _written(work, row) if is_wanted else b""
    name = work_files.of(engine).write([file]) if is_wanted else ""

    def keep(work: Work) -> None:
        if is_wanted:
            _keep(work, row, name)
        context.done(work)

    engine.run(SYSTEM, keep)


def lines(work: Work, person_id: int) -> list[Line]:
    """Read everything on record about a person; for steps that have decided that they get it."""
    return [
        *_of_person(work, person_id),
        *_of_houses(work, person_id),
        *_of_consent(work, person_id),
        *_of_cases(work, person_id),
        *_of_exports(work, person_id),
    ]


def _keep(work: Work, row: Request, name: str) -> None:
    requests.change(work, row, file_name=name, file_until=work.now + limits.REQUEST_LINK)
    access_log.append(work, access_log.Entry("make_own_data", requests.RECORD, row.id))
    if not handing_out.is_for_hands(work, row):
        requests.tell(work, row, "request_file_ready")
        return
    requests.tell(work, row, "request_file_at_desk")
    args: dict[str, Json] = {"group": Post.DPO, "scope_id": str(row.community_id)}
    key = f"request_hand_out:{row.id}"
    put(work, OutboxItem(NOTIFY, {"template": "request_hand_out", "request_id": str(row.id), **args}, key))


def _written(work: Work, row: Request) -> bytes:
    found = lines(work, row.person_id)
    if row.kind == "move":
        items = [{"item": label[1], "item_zh": label[0], "value": value} for label, value in found]
        return json.dumps({"number": row.number, "data": items}, ensure_ascii=False, indent=1).encode()
    chosen = language_of(work, row.asked_by)
    heads = (("项目", "Item")[chosen], ("内容", "Content")[chosen])
    return spreadsheet(row.number, heads, [(label[chosen], value) for label, value in found], (24, 60))


def _of_person(work: Work, person_id: int) -> Iterator[Line]:
    row = work.connection.execute(select(estate_person).where(estate_person.c.id == person_id)).one()
    for column, label in _PERSON:
        if value := unsealed(work.engine.vault, row, column):
            yield label, value
    if row.birth_decade:
        yield ("出生年代", "Decade of birth"), str(row.birth_decade)


def _of_houses(work: Work, person_id: int) -> Iterator[Line]:
    rows = work.connection.execute(
        select(estate_relation, estate_house.c.address)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(estate_relation.c.person_id == person_id)
        .order_by(estate_relation.c.id)
    )
    for row in rows:
        label = {**RELATIONS, **_MORE_RELATIONS}[row.kind]
        yield label, f"{row.address} {_day(work, row.valid_from)} – {_day(work, row.valid_to)}".strip()
    plates = work.connection.execute(select(estate_vehicle).where(estate_vehicle.c.person_id == person_id))
    for row in plates:
        yield ("车牌", "Number plate"), work.engine.vault.open("estate_vehicle", "plate", row.id, row.plate)


def _of_consent(work: Work, person_id: int) -> Iterator[Line]:
    for purpose, answer in agreements(work, [person_id]).get(person_id, {}).items():
        chinese, english = PURPOSES[purpose]
        label = (f"联系方式用于{chinese}", f"Contacts used for: {english}")
        yield label, f"{' / '.join(_SAID[answer.state])} {_day(work, answer.at)}"


def _of_cases(work: Work, person_id: int) -> Iterator[Line]:
    rows: Any = work.connection.execute(
        select(instance.c.business_key, instance.c.title, instance.c.started_at)
        .join(account, account.c.id == instance.c.starter_id)
        .where(account.c.person_id == person_id)
        .order_by(instance.c.started_at)
    )
    for row in rows:
        yield ("办理的事项", "Case"), f"{row.business_key} {row.title} {_day(work, row.started_at)}"


def _of_exports(work: Work, person_id: int) -> Iterator[Line]:
    """Say to whom the data were given; PIPL gives everybody the right to know."""
    rows: Any = work.connection.execute(
        select(privacy_export)
        .join(privacy_export_person, privacy_export_person.c.export_id == privacy_export.c.id)
        .where(privacy_export_person.c.person_id == person_id, privacy_export.c.fetched_at.is_not(None))
        .order_by(privacy_export.c.fetched_at)
    )
    for row in rows:
        yield ("提供给", "Given to"), f"{_recipient(work, row)} {_day(work, row.fetched_at)}"


def _recipient(work: Work, row: Row[Any]) -> str:
    if row.recipient is None:
        return row.number  # type: ignore[no-any-return]  # a row of Core has no types
    return work.engine.vault.open("privacy_export", "recipient", row.id, row.recipient)


def _day(work: Work, moment: Any) -> str:
    return "" if moment is None else f"{moment.astimezone(work.engine.zone):%Y-%m-%d}"
