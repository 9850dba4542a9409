"""Erases a person: what is left of them everywhere is an id that leads to nobody (policy D2, PIPL 47)."""

from enum import StrEnum

from sqlalchemy import select

from engine.bilingual import joined
from engine.ids import new_id
from engine.work import Work
from handlers.errors import ActionNotAllowed, RecordConflict, RecordNotFound, RuleRefused
from handlers.estate.records import estate_person
from handlers.privacy import erased_list, erasing_blocks
from handlers.privacy.erasing_blocks import Block
from handlers.privacy.erasing_records import privacy_erasure
from handlers.privacy.erasing_traces import traces_of
from handlers.privacy.erasing_wiping import Wipe, wipe_account, wipe_person
from handlers.privacy.records import privacy_request
from handlers.shared import access_log, attachments, work_files
from handlers.shared.permissions import Permission

PERSON = "person"
ACCOUNT = "account"


class Cause(StrEnum):
    """Why somebody is erased."""

    REQUEST = "request"
    PERIOD = "period"  # the data were kept as long as they may be
    RESTORE = "restore"  # a backup from before the erasure brought them back


def blocks(work: Work, person_id: int, case_id: int | None = None) -> tuple[Block, ...]:
    """Return what stands against erasing a person now; nothing where it can be done.

    Args:
        case_id: instance of the request that asks for it, which does not count as open.
    Raises:
        NotPermitted, ActionNotAllowed: the actor may not erase, and no such request of the person's is there.
    """
    _require(work, person_id, case_id)
    return erasing_blocks.blocks_of(work, traces_of(work, person_id, case_id))


def erase_person(work: Work, person_id: int, case_id: int | None = None) -> None:
    """Erase a person at their request.

    Texts, files, numbers and names are deleted in this transaction, in every table; relations, moments,
    agreements and the access log keep the id. The files go after the commit.

    Args:
        case_id: instance of the request; it is kept as it is, for its own period.
    Raises:
        RuleRefused("erasure_blocked"): with the reasons that stand against it.
        RecordConflict: it was done before.
        RecordNotFound: there is no such person.
        NotPermitted, ActionNotAllowed: the actor may not erase, and no such request of the person's is there.
    Source: policy D2; security.md P7.
    """
    _require(work, person_id, case_id)
    found = select(estate_person.c.id).where(estate_person.c.id == person_id).with_for_update()
    if work.connection.execute(found).first() is None:
        raise RecordNotFound("person_not_found", "没有这位登记人")
    if is_erased(work, PERSON, person_id):
        raise RecordConflict("person_erased", "此人的资料已经删除")
    against = erasing_blocks.blocks_of(work, traces_of(work, person_id, case_id))
    if against:
        reasons = joined((block.text for block in against), ("；", "; "))
        raise RuleRefused("erasure_blocked", "现在不能删除：{reasons}", reasons=reasons)
    erase(work, person_id, Cause.REQUEST, case_id)


def erase(work: Work, person_id: int, cause: Cause, case_id: int | None = None) -> None:
    """Erase a person whatever stands against it; for jobs that have looked, and for restored backups."""
    wipe = Wipe(work)
    wipe_person(wipe, traces_of(work, person_id, case_id))
    _note(wipe, (PERSON, person_id), cause, case_id)


def erase_account(work: Work, account_id: int, cause: Cause) -> None:
    """Take its holder out of an account that nobody uses any more; for jobs that have looked."""
    wipe = Wipe(work)
    wipe_account(wipe, account_id)
    _note(wipe, (ACCOUNT, account_id), cause)


def is_erased(work: Work, kind: str, subject_id: int) -> bool:
    """Tell whether somebody was erased, in this installation or before it was restored."""
    mine = (privacy_erasure.c.kind == kind, privacy_erasure.c.subject_id == subject_id)
    return work.connection.execute(select(privacy_erasure.c.id).where(*mine).limit(1)).first() is not None


def _require(work: Work, person_id: int, case_id: int | None) -> None:
    if case_id is None:
        work.require(Permission.PERSON_ERASE)
        return
    # Who may decide about the request was asked by its steps.
    asks = (privacy_request.c.person_id == person_id, privacy_request.c.instance_id == case_id)
    if work.connection.execute(select(privacy_request.c.id).where(*asks)).first() is None:
        raise ActionNotAllowed("no_such_request", "没有此人要求删除的申请")


def _note(wipe: Wipe, subject: tuple[str, int], cause: Cause, case_id: int | None = None) -> None:
    work, (kind, subject_id) = wipe.work, subject
    work.connection.execute(
        privacy_erasure.insert().values(
            id=new_id(),
            kind=kind,
            subject_id=subject_id,
            cause=cause,
            instance_id=case_id,
            erased_at=work.now,
            erased_by=work.actor.id,
            counts={name: count for name, count in sorted(wipe.counts.items()) if count},
        )
    )
    access_log.append(work, access_log.Entry(f"erase_{kind}", kind, subject_id, detail={"cause": cause}))
    work.after_commit(lambda: _delete_files(wipe))
    work.after_commit(lambda: erased_list.keep(work.engine))


def _delete_files(wipe: Wipe) -> None:
    engine = wipe.work.engine
    for name in wipe.files:
        attachments.delete_file(engine, name)
    for name in wipe.work_files:
        work_files.of(engine).delete(name)
