"""What residents do about a lease online: ask for a change, and, as the owner, say yes or no to one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from engine import idempotency, tasks
from engine.bilingual import Text, beside
from engine.ports import Json
from engine.store.tables import instance, user_task
from engine.work import Work
from handlers.accounts import trust
from handlers.checking.corrections import own_person
from handlers.errors import FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate import communities
from handlers.estate.communities import OwnHouse
from handlers.estate.entry import house_row
from handlers.estate.queries import is_valid
from handlers.estate.records import CheckState, RelationKind, estate_relation
from handlers.moving import cases, people, rules, starting, words
from handlers.moving.records import OVER, Kind, moving_case

CHANNEL = "online"
CONFIRM = "owner_confirm"  # the step in which an owner answers
_SHOWN = 5


@dataclass(frozen=True)
class Question:
    """What an owner is asked: whether they let to somebody."""

    task_id: int
    number: str
    what: Text
    who: Text
    due_at: datetime | None


@dataclass(frozen=True)
class Asked:
    """A change that the actor asked for."""

    number: str
    what: Text
    state: Text
    at: datetime


@dataclass(frozen=True)
class Letting:
    """A home that the actor owns or rents.

    Attributes:
        changes: code -> name of what may be asked for.
        tenants: (relation, masked name); for owners only.
        lease_ends_on: of the actor's own lease.
    """

    house: OwnHouse
    is_owner: bool
    changes: Mapping[str, Text]
    tenants: tuple[tuple[int, Text], ...]
    lease_ends_on: date | None
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Wish:
    """What a resident asks for.

    Attributes:
        what: in, renew or out.
        tenant: relation of the tenant who stays or leaves; an owner names one.
    """

    what: str
    tenant: int | None = None
    note: str = ""


def lettings(work: Work) -> list[Letting]:
    """List the homes that the actor owns or rents, with what waits for their word."""
    return [_letting(work, house) for house in communities.own_houses(work) if _role(work, house.id)]


def asked(work: Work) -> list[Asked]:
    """List the changes that the actor asked for, the newest first."""
    rows = work.connection.execute(
        select(moving_case)
        .where(moving_case.c.registered_by == work.actor.id, moving_case.c.channel == CHANNEL)
        .order_by(moving_case.c.id.desc())
        .limit(_SHOWN)
    )
    return [
        Asked(row.number, words.WAY_NAMES[row.way], words.STATE_NAMES[row.state], row.registered_at)
        for row in rows
    ]


def is_asked(work: Work) -> bool:
    """Tell whether an owner's word is waited for."""
    owned = (house.id for house in communities.own_houses(work) if _role(work, house.id) == "owner")
    return any(True for house_id in owned for _ in _questions(work, house_id))


def ask(work: Work, house_id: int, wish: Wish, *, idempotency_key: str | None = None) -> str:
    """Ask for a change of tenant: a notice that the desk registers within its limit, as one by phone.

    Returns:
        The number of the case.
    Raises:
        FieldsInvalid: nothing chosen, or no tenant named.
        RecordConflict: the same was asked for already.
        RecordNotFound: the home is not the actor's own or rented one.
        StillCooling: the password was reset within the last day.
    Source: policy C2.
    """
    house = house_row(work, house_id)
    role = _role(work, house_id)
    if role is None:
        raise RecordNotFound("house_not_found", "没有这套房屋")
    trust.require_settled(work)
    digest = idempotency.fingerprint("tenant_request", str(house_id), wish.what, str(wish.tenant))
    earlier = idempotency.recall(work, idempotency_key, "moving.request", digest)
    if earlier is not None:
        return str(earlier["number"])
    tenant = _tenant(work, house_id, role, wish)
    _require_new(work, house_id, wish.what, tenant)
    case = cases.add(work, Kind.TENANT, house, work.now, CHANNEL)
    cases.note(work, case, "notice", wish.note)
    case = cases.change(work, case, way=wish.what)
    case = cases.add_facts(work, case, told_by=role, tenant=None if tenant is None else str(tenant))
    starting.started(work, case, house, "tenant_notice", {"notice_at": work.now.isoformat()})
    idempotency.remember(work, idempotency_key, {"number": case.number})
    return str(case.number)


def answer(work: Work, task_id: int, outcome: str, note: str, *, idempotency_key: str | None = None) -> None:
    """Say yes or no to a tenant, as the owner; the same key again changes nothing.

    Raises:
        RecordNotFound: the actor is not asked this.
        AnswersInvalid: neither yes nor no, or a no without a reason.
        StillCooling: the password was reset within the last day.
    """
    if idempotency.is_used(work, idempotency_key):
        return
    asked_of = (home.id for home in communities.own_houses(work) if is_owner(work, home.id))
    if task_id not in {one.task_id for house_id in asked_of for one in _questions(work, house_id)}:
        raise RecordNotFound("question_not_found", "没有等您答复的这件事")
    trust.require_settled(work)
    answers: dict[str, Json] = {"outcome": outcome, "how": CHANNEL, "note": note}
    tasks.complete(work, task_id, answers, idempotency_key=idempotency_key)


def is_owner(work: Work, house_id: int) -> bool:
    """Tell whether the actor owns a house now."""
    return _role(work, house_id) == "owner"


def _letting(work: Work, house: OwnHouse) -> Letting:
    role = _role(work, house.id)
    owns = role == "owner"
    masked = people.masked(work, house.id, RelationKind.TENANT) if owns else []
    changes = ("in", "renew", "out") if owns else ("renew", "out")
    return Letting(
        house=house,
        is_owner=owns,
        changes={code: words.WAY_NAMES[code] for code in changes if masked or not owns or code == "in"},
        tenants=tuple((relation_id, beside(one.name, one.phone)) for relation_id, one in masked),
        lease_ends_on=None if owns else _own_relation(work, house.id, RelationKind.TENANT)[1],
        questions=tuple(_questions(work, house.id)) if owns else (),
    )


def _questions(work: Work, house_id: int) -> Iterable[Question]:
    rows = work.connection.execute(
        select(user_task.c.id, user_task.c.due_at, moving_case.c.number)
        .join(instance, instance.c.id == user_task.c.instance_id)
        .join(moving_case, moving_case.c.instance_id == instance.c.id)
        .where(
            moving_case.c.house_id == house_id,
            moving_case.c.kind == Kind.TENANT,
            user_task.c.step_id == CONFIRM,
        )
        .order_by(user_task.c.id)
    ).all()
    for row in rows:
        case = cases.by_number(work.connection, row.number)
        who = words.who_told(work, case)
        yield Question(row.id, row.number, words.WAY_NAMES[case.way], who, row.due_at)


def _role(work: Work, house_id: int) -> str | None:
    """Say whether the actor owns or rents a house; family only act for who does."""
    if any(_own_relation(work, house_id, kind)[0] for kind in rules.OWNERS):
        return "owner"
    return "tenant" if _own_relation(work, house_id, RelationKind.TENANT)[0] else None


def _own_relation(work: Work, house_id: int, kind: str) -> tuple[int | None, date | None]:
    row = work.connection.execute(
        select(estate_relation.c.id, estate_relation.c.lease_ends_on)
        .where(
            estate_relation.c.house_id == house_id,
            estate_relation.c.person_id == (own_person(work) or 0),
            estate_relation.c.kind == kind,
            estate_relation.c.check_state == CheckState.CHECKED,
            is_valid(work),
        )
        .limit(1)
    ).one_or_none()
    return (None, None) if row is None else (int(row.id), row.lease_ends_on)


def _tenant(work: Work, house_id: int, role: str, wish: Wish) -> int | None:
    allowed = ("in", "renew", "out") if role == "owner" else ("renew", "out")
    if wish.what not in allowed:
        raise FieldsInvalid({"what": ("请选择办什么", {})})
    if wish.what == "in":
        return None
    if role == "tenant":
        return _own_relation(work, house_id, RelationKind.TENANT)[0]
    known = dict(people.masked(work, house_id, RelationKind.TENANT))
    if wish.tenant not in known:
        raise FieldsInvalid({"tenant": ("请选择哪位租户", {})})
    return wish.tenant


def _require_new(work: Work, house_id: int, what: str, tenant: int | None) -> None:
    rows = work.connection.execute(
        select(moving_case).where(
            moving_case.c.house_id == house_id,
            moving_case.c.kind == Kind.TENANT,
            moving_case.c.way == what,
            moving_case.c.state.not_in(OVER),
        )
    )
    for row in rows:
        if str(row.facts.get("tenant") or "") == str(tenant or ""):
            raise RecordConflict("tenant_change_open", "这件事已在办理，单号 {number}", number=row.number)
