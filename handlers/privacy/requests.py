"""Takes in what somebody asks about their own data, on their pages or at the desk (PIPL 44 to 50)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select

from engine import calendar, definitions, instances
from engine.durations import Duration
from engine.ids import new_id
from engine.ports import SYSTEM, Actor, Json
from engine.work import Engine, Work
from handlers.accounts import trust
from handlers.checking.corrections import own_person
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate.authorisation import Purpose
from handlers.estate.entry import house_row
from handlers.estate.records import estate_house, estate_relation
from handlers.privacy.records import RequestState, privacy_export, privacy_request
from handlers.privacy.words import KINDS, ON_BEHALF
from handlers.shared import access_log, limits, work_files
from handlers.shared.lapsing import Lapse, until
from handlers.shared.messages import notification
from handlers.shared.numbers import next_number
from handlers.shared.permissions import Permission

PROCESS = "privacy_request"
RECORD = "privacy_request"
_LETTER = "P"
_LONGEST = 1000
_CALENDAR = "office"

Request = Row[Any]


@dataclass(frozen=True)
class Asked:
    """What somebody asks.

    Attributes:
        scopes: of a withdrawal: the uses of the contacts that are not agreed to any more.
        house_id, person_id: whose data, at the desk; residents ask for themselves.
    """

    kind: str
    wish: str = ""
    scopes: tuple[str, ...] = ()
    house_id: int | None = None
    person_id: int | None = None
    on_behalf: str = "self"


@dataclass(frozen=True)
class _Place:
    person_id: int
    house_id: int
    community_id: int


def ask(engine: Engine, actor: Actor, asked: Asked) -> str:
    """Ask about one's own data, or at the desk for somebody who stands there, and start the procedure.

    Returns:
        The number of the request.
    Raises:
        FieldsInvalid: something is missing.
        RecordConflict: the same is being asked already.
        RecordNotFound, NotPermitted: it is not for the actor to ask.
    """
    _require_complete(asked)
    with engine.reading(actor) as work:
        place = _own_place(work) if actor.kind == "resident" else _desk_place(work, asked)
        if actor.kind == "resident" and asked.kind != "withdraw":
            trust.require_settled(work)
    # A resident holds no right in the community, and who moved out none anywhere: the platform opens it.
    by = SYSTEM if actor.kind == "resident" else actor
    return engine.run(by, lambda work: _taken_in(work, asked, place, actor))


def _is_file_over(now: datetime) -> ColumnElement[bool]:
    return and_(privacy_request.c.file_name.is_not(None), until(privacy_request.c.file_until, now))


def _is_export_over(now: datetime) -> ColumnElement[bool]:
    return and_(privacy_export.c.file_name.is_not(None), until(privacy_export.c.link_until, now))


# The diagram of exports says, too, what nobody fetched in time; but a case that is suspended stands still.
LAPSES = (
    Lapse(privacy_request, _is_file_over, lambda _now: {"file_name": None}, file="file_name"),
    Lapse(privacy_export, _is_export_over, lambda _now: {"file_name": None}, file="file_name"),
)


def withdraw(engine: Engine, actor: Actor, number: str, reason: str) -> None:
    """Withdraw a request as the resident whose data it is about, while it is open."""
    with engine.reading(actor) as work:
        row = _own(work, number)
    engine.run(SYSTEM, lambda work: instances.cancel(work, row.instance_id, reason))


def fetch(work: Work, number: str) -> bytes:
    """Hand out the answer's file, once, to the resident whose data it holds.

    Raises:
        RecordConflict: it is not there yet, or not any more.
    """
    row = _own(work, number, locked=True)
    trust.require_settled(work)
    return released(work, row, access_log.Entry("fetch_own_data", RECORD, row.id))


def released(work: Work, row: Request, entry: access_log.Entry) -> bytes:
    """Open the file of a request, for commands that have asked who may; it is gone then.

    Raises:
        RecordConflict: it is not there yet, or not any more.
    """
    if row.file_name is None or row.file_until is None or work.now >= row.file_until:
        raise RecordConflict("request_file_gone", "文件还没有生成、已下载过或已过期，可以再申请一次")
    files, name = work_files.of(work.engine), row.file_name
    content = b"".join(files.read(name))
    change(work, row, fetched_at=work.now, file_name=None)
    access_log.append(work, entry)
    work.after_commit(lambda: files.delete(name))
    return content


def own(work: Work) -> list[Request]:
    """List what was asked about the actor's own data, by them or for them, newest first."""
    person_id = _own_person(work)
    return [] if person_id is None else _listed(work, privacy_request.c.person_id == person_id)


def of_person(work: Work, house_id: int, person_id: int) -> list[Request]:
    """List what was asked about a person of a house, newest first, for the desk."""
    work.require(Permission.OWNER_ENTER, house_row(work, house_id).community_id)
    return _listed(work, privacy_request.c.person_id == person_id)


def by_number(work: Work, number: str, *, locked: bool = False) -> Request:
    """Return the row of a request; for steps of its case, and whoever has asked who may see it."""
    query = select(privacy_request).where(privacy_request.c.number == number)
    row = work.connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        raise _not_found()
    return row


def seen(work: Work, number: str) -> Request:
    """Return a request for the person concerned, for the desk there and for data protection.

    Raises:
        RecordNotFound: there is none for this actor.
    """
    row = by_number(work, number)
    readers = (Permission.OWNER_ENTER, Permission.ACCESS_LOG_READ)
    if row.person_id != _own_person(work) and not any(work.may(one, row.community_id) for one in readers):
        raise _not_found()
    return row


def change(work: Work, row: Request, **values: object) -> None:
    """Change the row of a request."""
    work.connection.execute(privacy_request.update().where(privacy_request.c.id == row.id).values(**values))


def notes(work: Work, row: Request) -> Mapping[str, str]:
    """Open what was written down: "wish" in the person's words, "proof" and more by the steps."""
    if row.wish is None:
        return {}
    found: dict[str, str] = json.loads(work.engine.vault.open("privacy_request", "wish", row.id, row.wish))
    return found


def note(work: Work, row: Request, **texts: str) -> None:
    """Write something down beside what is there."""
    text = json.dumps({**notes(work, row), **texts}, ensure_ascii=False)
    change(work, row, wish=work.engine.vault.seal("privacy_request", "wish", row.id, text))


def answer_of(work: Work, row: Request) -> str:
    """Open the answer; empty where there is none yet."""
    sealed = row.answer
    return "" if sealed is None else work.engine.vault.open("privacy_request", "answer", row.id, sealed)


def tell(work: Work, row: Request, template: str) -> None:
    """Tell the person whose data a request is about."""
    item = notification(template, [f"person:{row.person_id}"], f"{template}:{row.id}", request_id=str(row.id))
    work.engine.outbox.put_many(work.connection, [item], work.now)


def _taken_in(work: Work, asked: Asked, place: _Place, actor: Actor) -> str:
    _require_none_open(work, asked, place)
    request_id, number = new_id(), next_number(work, _LETTER)
    channel = "online" if actor.kind == "resident" else "counter"
    answer_by, hard_stop = _limits(work, asked.kind)
    work.connection.execute(
        privacy_request.insert().values(
            id=request_id,
            number=number,
            kind=asked.kind,
            state=RequestState.OPEN,
            community_id=place.community_id,
            house_id=place.house_id,
            person_id=place.person_id,
            channel=channel,
            on_behalf=asked.on_behalf,
            scopes=list(asked.scopes),
            asked_by=actor.id,
            asked_at=work.now,
            answer_by=answer_by,
            hard_stop=hard_stop,
            correction="",
        )
    )
    note(work, by_number(work, number), wish=asked.wish.strip())
    detail: dict[str, Json] = {"kind": asked.kind, "asked_by": str(actor.id)}
    access_log.append(work, access_log.Entry("ask_privacy_request", RECORD, request_id, detail=detail))
    if channel == "counter":
        tell(work, by_number(work, number), "request_made_for_you")
    _start(work, number, asked.kind, place.community_id, channel)
    return number


def _start(work: Work, number: str, kind: str, community_id: int, channel: str) -> None:
    row = by_number(work, number)
    title, title_en = KINDS[kind]
    variables: dict[str, Json] = {
        "kind": kind,
        "answer_by": row.answer_by.isoformat(),
        "hard_stop": row.hard_stop.isoformat(),
    }
    # Only the desk sees the case: the other people of a home are not told what one of them asks.
    subject = instances.Subject(number, community_id, title=title, title_en=title_en)
    start = "privacy_by_resident" if channel == "online" else "privacy_by_staff"
    started = instances.start(work, PROCESS, subject, message=start, variables=variables)
    change(work, row, instance_id=started.id)


def _limits(work: Work, kind: str) -> tuple[datetime, datetime]:
    """Return until when to answer in working days, and at the latest, as the table says."""
    (row,) = definitions.decision(work.engine, work.connection, PROCESS).evaluate({"kind": kind})
    within, stop = Duration.parse(str(row["answer_within"])), Duration.parse(str(row["stop_after"]))
    office = calendar.calendar_of(work, _CALENDAR)
    return office.due(work.now, within), stop.after(work.now, work.engine.zone)


def _require_complete(asked: Asked) -> None:
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    if asked.kind not in KINDS:
        wrong["kind"] = ("请选择要办什么", {})
    if asked.on_behalf not in ON_BEHALF:
        wrong["on_behalf"] = ("请选择谁申请", {})
    if asked.kind == "withdraw" and (not asked.scopes or not set(asked.scopes) <= set(Purpose)):
        wrong["scopes"] = ("请选择撤回哪些用途", {})
    if asked.kind == "correct" and not asked.wish.strip():
        wrong["wish"] = ("请写明哪里不对", {})
    elif len(asked.wish) > _LONGEST:
        wrong["wish"] = ("最多 {count} 字", {"count": _LONGEST})
    if wrong:
        raise FieldsInvalid(wrong)


def _own_place(work: Work) -> _Place:
    """Find a resident's home, or the last one of somebody who moved out."""
    person_id = own_person(work)
    found = None if person_id is None else _relation(work, estate_relation.c.person_id == person_id)
    if found is None:
        raise RecordNotFound("no_own_data", "您的账户没有登记资料，请联系物业前台")
    return found


def _desk_place(work: Work, asked: Asked) -> _Place:
    house = house_row(work, asked.house_id or 0)
    work.require(Permission.OWNER_ENTER, house.community_id)
    found = _relation(
        work,
        estate_relation.c.person_id == (asked.person_id or 0),
        estate_relation.c.house_id == house.id,
    )
    if found is None:
        raise FieldsInvalid({"person_id": ("请选择是谁的信息", {})})
    return found


def _relation(work: Work, *conditions: ColumnElement[bool]) -> _Place | None:
    row = work.connection.execute(
        select(estate_relation.c.person_id, estate_relation.c.house_id, estate_house.c.community_id)
        .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
        .where(*conditions)
        .order_by(estate_relation.c.valid_to.is_not(None), estate_relation.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else _Place(row.person_id, row.house_id, row.community_id)


def _require_none_open(work: Work, asked: Asked, place: _Place) -> None:
    number = work.connection.execute(
        select(privacy_request.c.number).where(
            privacy_request.c.person_id == place.person_id,
            privacy_request.c.kind == asked.kind,
            privacy_request.c.state == RequestState.OPEN,
        )
    ).scalar()
    if number is not None:
        raise RecordConflict("request_open", "同样的申请 {number} 正在办理", number=number)


def _own(work: Work, number: str, *, locked: bool = False) -> Request:
    row = by_number(work, number, locked=locked)
    if row.person_id != _own_person(work):
        raise _not_found()
    return row


def _own_person(work: Work) -> int | None:
    return own_person(work) if work.actor.kind == "resident" else None


def _listed(work: Work, condition: ColumnElement[bool]) -> list[Request]:
    query = select(privacy_request).where(condition)
    newest = (privacy_request.c.asked_at.desc(), privacy_request.c.id.desc())
    return list(work.connection.execute(query.order_by(*newest).limit(limits.PAGE_ROWS)))


def _not_found() -> RecordNotFound:
    return RecordNotFound("request_not_found", "没有这项申请")
