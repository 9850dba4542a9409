"""Keeps what people agreed to their contacts being used for; a withdrawal counts at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, select

from engine.ids import new_id
from engine.work import Work
from handlers.errors import RecordConflict
from handlers.estate import consents
from handlers.estate.consents import AT_COUNTER, How, Proof
from handlers.estate.entry import house_row, require_related
from handlers.estate.records import estate_authorisation
from handlers.shared import access_log, agreed_texts, attachments
from handlers.shared.permissions import Permission

NOTED = "authorise"  # in the access log: somebody wrote down that a person agrees


class Purpose(StrEnum):
    """What a contact may be used for; an authorisation covers one of these."""

    REPAIR = "repair"
    NOTICE = "notice"
    FEE = "fee"
    EMERGENCY = "emergency"


class Answer(StrEnum):
    """What a person at the counter says to one use of their contacts."""

    YES = "yes"
    NO = "no"
    NO_MORE = "no_more"


class AgreementState(StrEnum):
    """What a person said to one use of their contacts; who was never asked has said nothing."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"  # asked, and not agreed


@dataclass(frozen=True)
class Agreement:
    """The last thing a person said to one use of their contacts, when, and how.

    Attributes:
        papers: photos of what they signed, for who may open them.
    """

    state: AgreementState
    at: datetime
    text_version: str
    channel: str
    papers: tuple[int, ...] = ()


def note_answer(
    work: Work, person_id: int, house_id: int, scope: Purpose, answer: Answer, *, proof: Proof = AT_COUNTER
) -> None:
    """Note what a person says to one use of their contacts, on the text that is in force.

    Of a yes it is kept how it was given and who took it down, and the person is told.
    """
    version = agreed_texts.in_force(agreed_texts.Kind.AUTHORISATION).version
    match answer:
        case Answer.YES:
            authorise(work, person_id, house_id, scope, version, proof=proof)
        case Answer.NO:
            decline(work, person_id, house_id, scope, version)
        case Answer.NO_MORE:
            withdraw(work, person_id, house_id, scope)


def note_several(work: Work, person_id: int, house_id: int, scopes: Iterable[Purpose], proof: Proof) -> None:
    """Note that a person agreed to some uses of their contacts, and tell them once."""
    version = agreed_texts.in_force(agreed_texts.Kind.AUTHORISATION).version
    fresh = [one for one in scopes if _authorised(work, person_id, house_id, one, (version, proof))]
    if fresh:
        consents.tell(work, person_id, house_id, fresh, proof)


def authorise(
    work: Work,
    person_id: int,
    house_id: int,
    scope: Purpose,
    text_version: str,
    *,
    proof: Proof = AT_COUNTER,
) -> None:
    """Note that a person agreed to one use of their contacts, with what shows it, and tell them.

    Raises:
        RuleRefused: a paper without a photo, or a call to a number that is not on record.
    """
    if _authorised(work, person_id, house_id, scope, (text_version, proof)):
        consents.tell(work, person_id, house_id, [scope], proof)


def _authorised(work: Work, person_id: int, house_id: int, scope: Purpose, said: tuple[str, Proof]) -> bool:
    """Write an agreement down, and tell whether there was none before."""
    work.require(Permission.OWNER_ENTER, house_row(work, house_id).community_id)
    require_related(work, person_id, house_id)
    if is_authorised(work, person_id, scope):
        return False
    text_version, proof = said
    consents.require_proof(work, person_id, proof)
    values = {
        "text_version": text_version,
        "withdrawn_at": None,
        "channel": proof.how,
        "recorded_by": proof.recorded_by or work.actor.id,
    }
    row_id = _note(work, person_id, scope, values)
    attachments.attach(work, proof.photos, consents.PAPER, row_id)
    detail = {"how": proof.how.value}
    access_log.append(work, access_log.Entry(NOTED, "person", person_id, scope, detail=detail))
    return True


def decline(work: Work, person_id: int, house_id: int, scope: Purpose, text_version: str) -> None:
    """Note at the counter that a person was asked for one use of their contacts and did not agree.

    It is kept as an agreement withdrawn at the moment it was given.

    Raises:
        RecordConflict: the person has agreed before; that is withdrawn, not declined.
    """
    work.require(Permission.OWNER_ENTER, house_row(work, house_id).community_id)
    require_related(work, person_id, house_id)
    if is_authorised(work, person_id, scope):
        raise RecordConflict("already_authorised", "业主已授权此用途；如不再同意，请登记撤回")
    said = {"text_version": text_version, "withdrawn_at": work.now, "channel": How.COUNTER}
    _note(work, person_id, scope, said | {"recorded_by": work.actor.id})
    access_log.append(work, access_log.Entry("decline_authorisation", "person", person_id, scope))


def withdraw(work: Work, person_id: int, house_id: int, scope: Purpose) -> None:
    """Note that a person no longer agrees; from now on that use is refused."""
    work.require(Permission.OWNER_ENTER, house_row(work, house_id).community_id)
    require_related(work, person_id, house_id)
    work.connection.execute(
        estate_authorisation.update()
        .where(
            estate_authorisation.c.person_id == person_id,
            estate_authorisation.c.scope == scope,
            estate_authorisation.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=work.now)
    )
    access_log.append(work, access_log.Entry("withdraw_authorisation", "person", person_id, scope))


def end(work: Work, person_id: int, scopes: Iterable[Purpose]) -> int:
    """End a person's agreements to some uses at once; for commands that have asked who may.

    Returns:
        How many were in force.
    """
    wanted = list(dict.fromkeys(scopes))
    ended = work.connection.execute(
        estate_authorisation.update()
        .where(
            estate_authorisation.c.person_id == person_id,
            estate_authorisation.c.scope.in_(wanted),
            estate_authorisation.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=work.now)
    ).rowcount
    for scope in wanted:
        access_log.append(work, access_log.Entry("withdraw_authorisation", "person", person_id, scope))
    return ended


def agreements(work: Work, person_ids: Iterable[int]) -> Mapping[int, Mapping[Purpose, Agreement]]:
    """Return the last thing each person said to each use; for queries that have checked who asks."""
    said: dict[int, dict[Purpose, Agreement]] = {}
    rows = work.connection.execute(
        select(estate_authorisation)
        .where(estate_authorisation.c.person_id.in_(set(person_ids)))
        .order_by(estate_authorisation.c.granted_at, estate_authorisation.c.id)
    ).all()
    papers = consents.papers_of(work, [row.id for row in rows if row.channel == How.PAPER])
    for row in rows:
        state = AgreementState.GIVEN
        if row.withdrawn_at is not None:
            is_no = row.withdrawn_at == row.granted_at
            state = AgreementState.DECLINED if is_no else AgreementState.WITHDRAWN
        said.setdefault(row.person_id, {})[Purpose(row.scope)] = Agreement(
            state, row.withdrawn_at or row.granted_at, row.text_version, row.channel, papers.get(row.id, ())
        )
    return said


def is_authorised(work: Work, person_id: int, scope: Purpose) -> bool:
    """Tell whether a person's agreement to a use is in force."""
    found: bool = work.connection.execute(
        select(
            exists().where(
                estate_authorisation.c.person_id == person_id,
                estate_authorisation.c.scope == scope,
                estate_authorisation.c.withdrawn_at.is_(None),
            )
        )
    ).scalar_one()
    return found


def recorder(work: Work, person_id: int, scope: Purpose) -> tuple[int | None, datetime] | None:
    """Return who took down the agreement that is in force, if that is known, and when."""
    row = work.connection.execute(
        select(estate_authorisation.c.recorded_by, estate_authorisation.c.granted_at)
        .where(
            estate_authorisation.c.person_id == person_id,
            estate_authorisation.c.scope == scope,
            estate_authorisation.c.withdrawn_at.is_(None),
        )
        .order_by(estate_authorisation.c.granted_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.recorded_by, row.granted_at)


def _note(work: Work, person_id: int, scope: Purpose, values: Mapping[str, object]) -> int:
    row_id = new_id()
    work.connection.execute(
        estate_authorisation.insert().values(
            id=row_id, person_id=person_id, scope=scope, granted_at=work.now, **values
        )
    )
    return row_id
