"""What the pages about proposed changes of procedures show."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from engine import definitions, procedures, proposals
from engine.check_problem import CheckProblem
from engine.proposals import Proposal, ProposedFile
from engine.work import Work
from web import change_words, table_words
from web.texts import gettext, lazy_gettext
from web.words import either, person_names

# Nothing was typed: earlier versions kept the title that they showed then, in the language of its author.
_UNTITLED = ("", "流程修改", "Changes of procedures")
STATES = {
    proposals.WAITING: (lazy_gettext("待批准"), "soon"),
    proposals.APPROVED: (lazy_gettext("已批准"), "fine"),
    proposals.REFUSED: (lazy_gettext("未批准"), "late"),
    proposals.WITHDRAWN: (lazy_gettext("已撤回"), ""),
}
_WORDS = {"bpmn": change_words.changes, "dmn": table_words.changes}


@dataclass(frozen=True)
class ProposalRow:
    """One proposed change, in words.

    Attributes:
        name: as it was typed; in the reader's language where nothing was.
        look: the kind of its tag.
        is_mine: the reader proposed it.
    """

    id: int
    name: str
    state: str
    look: str
    is_waiting: bool
    is_mine: bool
    proposed_at: datetime
    proposed_by: str
    decided_at: datetime | None
    decided_by: str
    reason: str


@dataclass(frozen=True)
class ChangedFile:
    """A file with what it changes, in words as far as there are any, and line by line."""

    name: str
    is_new: bool
    words: tuple[str, ...]
    lines: tuple[str, ...]
    is_cut: bool


@dataclass(frozen=True)
class ProposalScreen:
    """One proposed change with all that is needed to decide.

    Attributes:
        may_decide: the reader may approve or refuse it.
        procedures: that get a new version, by name.
    """

    row: ProposalRow
    files: tuple[ChangedFile, ...]
    procedures: tuple[str, ...]
    problems: tuple[CheckProblem, ...]
    may_decide: bool


def proposal_rows(work: Work) -> tuple[ProposalRow, ...]:
    """List what waits and what was decided lately, for those who propose or decide."""
    concerned = {proposals.DRAFT, proposals.DEPLOY, proposals.APPROVE}
    if concerned.isdisjoint(permission for permission, _ in work.grants.permissions):
        return ()
    listed = proposals.listed(work)
    known = person_names(work, {one for found in listed for one in _people(found)})
    return tuple(_row(work, found, known) for found in listed)


def proposal_screen(work: Work, proposal_id: int) -> ProposalScreen:
    """Read one proposed change.

    Raises:
        NotPermitted, DefinitionNotFound: as `proposals.opened`.
    """
    found = proposals.opened(work, proposal_id)
    row = _row(work, found.proposal, person_names(work, _people(found.proposal)))
    return ProposalScreen(
        row,
        tuple(_file(one) for one in found.files),
        _names(work, found.affected),
        found.problems,
        row.is_waiting and not row.is_mine and proposals.may_decide(work),
    )


def _file(one: ProposedFile) -> ChangedFile:
    say = _WORDS.get(one.name.rpartition(".")[2])
    words = say(one.before, one.after) if say and not one.is_new else ()
    return ChangedFile(one.name, one.is_new, words, one.lines, one.is_cut)


def _names(work: Work, keys: Collection[str]) -> tuple[str, ...]:
    """Say procedures; one that is new has no name yet."""
    names = {}
    for one in procedures.current(work):
        if one.process_key in keys:
            program = definitions.program(work.engine, work.connection, one.bundle_id)
            names[one.process_key] = either(program.name, program.name_en)
    return tuple(names.get(key) or key for key in keys)


def _people(found: Proposal) -> set[int]:
    return {found.proposed_by} if found.decided_by is None else {found.proposed_by, found.decided_by}


def _row(work: Work, found: Proposal, known: dict[int, str]) -> ProposalRow:
    label, look = STATES[found.state]
    return ProposalRow(
        id=found.id,
        name=gettext("流程修改") if found.name in _UNTITLED else found.name,
        state=str(label),
        look=look,
        is_waiting=found.state == proposals.WAITING,
        is_mine=found.proposed_by == work.actor.id,
        proposed_at=found.proposed_at,
        proposed_by=known.get(found.proposed_by, ""),
        decided_at=found.decided_at,
        decided_by=known.get(found.decided_by, "") if found.decided_by is not None else "",
        reason=found.reason,
    )
