"""How somebody agreed to a use of their contacts, and the message that tells them what was written down."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from engine.ids import new_id
from engine.ports import Json
from engine.work import Work
from handlers.errors import RuleRefused
from handlers.estate.identity import is_mobile
from handlers.estate.people import unsealed
from handlers.estate.records import estate_authorisation, estate_community, estate_house, estate_person
from handlers.shared import attachments
from handlers.shared.messages import Template, notification
from handlers.shared.permissions import Permission

PAPER = "authorisation"  # the kind of record that a signed paper is attached to
_NUMBERS = ("phone", "other_phone")


class How(StrEnum):
    """In which way a person agreed: seen with an ID document, on paper, or called on a number on record."""

    COUNTER = "counter"
    PAPER = "paper"
    CALL = "call"


@dataclass(frozen=True)
class Proof:
    """What shows that a person agreed.

    Attributes:
        called: the number that was called.
        photos: uploads that show the signed paper.
        recorded_by: account of who took the word down, where somebody else completes it; the actor when None.
    """

    how: How
    called: str = ""
    photos: tuple[int, ...] = ()
    recorded_by: int | None = None


AT_COUNTER = Proof(How.COUNTER)

HOW_WORDS: Mapping[str, tuple[str, str]] = {
    How.COUNTER: ("当面核对证件", "in person, with an ID document"),
    How.PAPER: ("书面授权书", "on paper"),
    How.CALL: ("电话", "by phone"),
}
_PURPOSES: Mapping[str, tuple[str, str]] = {
    "repair": ("维修联系", "repairs"),
    "notice": ("发送通知", "notices"),
    "fee": ("缴费联系", "fees"),
    "emergency": ("紧急联系", "emergencies"),
}


def require_proof(work: Work, person_id: int, proof: Proof) -> None:
    """Refuse a word that nothing shows.

    Raises:
        RuleRefused: no photo of the paper, or a number was called that is not on record.
    """
    if proof.how is How.PAPER and not proof.photos:
        raise RuleRefused("consent_paper", "请附上已签字授权书的照片")
    if proof.how is not How.CALL:
        return
    called = "".join(one for one in proof.called if one.isdecimal())
    if not called or called not in _numbers(work, person_id):
        raise RuleRefused("consent_call", "请填写拨打的号码，须是此人登记的号码")


def tell(work: Work, person_id: int, house_id: int, scopes: Iterable[str], proof: Proof) -> None:
    """Tell a person on their number on record what was written down, by whom, and how to take it back."""
    if not any(is_mobile(one) for one in _numbers(work, person_id)):
        return
    args: dict[str, Json] = {
        "scopes": sorted(str(one) for one in scopes),
        "how": proof.how.value,
        "by": str(proof.recorded_by or work.actor.id),
        "house_id": str(house_id),
    }
    item = notification("consent_recorded", [f"person:{person_id}"], f"consent:{new_id()}", **args)
    work.engine.outbox.put_many(work.connection, [item], work.now)


def may_see_paper(work: Work, authorisation_id: int) -> bool:
    """Let who took the paper in, data protection and the audit open it."""
    recorded_by = work.connection.execute(
        select(estate_authorisation.c.recorded_by).where(estate_authorisation.c.id == authorisation_id)
    ).scalar()
    if recorded_by is not None and recorded_by == work.actor.id:
        return True
    return work.may(Permission.PERSON_ERASE) or work.may(Permission.AUDIT_READ)


def papers_of(work: Work, authorisation_ids: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return the photos of signed papers that the actor may open, by agreement."""
    return {
        one: tuple(found.id for found in attachments.attachments_of(work, PAPER, one))
        for one in authorisation_ids
        if may_see_paper(work, one)
    }


READERS: Mapping[str, attachments.Reader] = {PAPER: may_see_paper}


def facts(work: Work, args: Mapping[str, Json], language: str) -> dict[str, str]:
    """Return the words for what was written down: purposes, how, who, where, and the desk's phone."""
    own = 1 if language.startswith("en") else 0
    by, scopes = int(str(args["by"])), args["scopes"]
    assert isinstance(scopes, list)
    row = work.connection.execute(
        select(estate_community.c.name, estate_community.c.desk_phone)
        .join(estate_house, estate_house.c.community_id == estate_community.c.id)
        .where(estate_house.c.id == int(str(args["house_id"])))
    ).one()
    return {
        "community": row.name,
        "desk": row.desk_phone,
        "purposes": (", " if own else "、").join(_PURPOSES[str(one)][own] for one in scopes),
        "how": HOW_WORDS[str(args["how"])][own],
        "who": work.engine.directory.names(work.connection, [by]).get(by, ""),
    }


TEMPLATES = (
    Template(
        "consent_recorded",
        "已登记您的授权",
        "Your agreement was recorded",
        "【物业云】{community}：{who}已登记您同意将联系方式用于{purposes}（{how}）。不是您的意思或不再同意，"
        "请在“个人信息”里撤回，或致电 {desk}，立即生效。",
        "[Wuye Flow] {community}: {who} recorded that you agree to your contacts being used for {purposes} "
        "({how}). If you did not, or no longer do, withdraw it under “Personal data” or call {desk}; it "
        "counts at once.",
        facts,
    ),
)


def _numbers(work: Work, person_id: int) -> tuple[str, ...]:
    row = work.connection.execute(select(estate_person).where(estate_person.c.id == person_id)).one()
    return tuple(number for column in _NUMBERS if (number := unsealed(work.engine.vault, row, column)))
