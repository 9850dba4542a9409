"""Changes of procedures: proposed by one person, put into force by another (policy S3)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from difflib import unified_diff
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from engine import deploying
from engine.check_problem import CheckProblem, DeploymentRefused, Severity
from engine.deployed import StoredFile, current_files, files_before
from engine.deploying import Checked
from engine.errors import DefinitionNotFound, NotPermitted, RuleBroken
from engine.ids import new_id
from engine.store.dialects import one_at_a_time
from engine.store.tables import proposal, proposal_file
from engine.work import Work

DRAFT, DEPLOY, APPROVE, READ = "process.draft", "process.deploy", "process.approve", "process.read"
WAITING, APPROVED, REFUSED, WITHDRAWN = "waiting", "approved", "refused", "withdrawn"
SETTLED_SHOWN = 20
LONGEST_REASON = 500
_MOST_LINES = 400  # of one file's difference
_COUNTED = select(func.count()).select_from(proposal).where(proposal.c.state == WAITING)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed change.

    Attributes:
        state: waiting, approved, refused or withdrawn.
        reason: why it was refused.
    """

    id: int
    name: str
    state: str
    proposed_at: datetime
    proposed_by: int
    decided_at: datetime | None
    decided_by: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ProposedFile:
    """One file of a proposal, beside what is in force.

    Attributes:
        is_new: no file of that name is in force.
        lines: its difference from what is in force, as `diff -u` writes it; empty where nothing differs.
        is_cut: there are more lines than are kept here.
        before, after: the whole file; `before` is empty for a new one. Of what was decided, `before` was in
            force at that moment.
    """

    name: str
    is_new: bool
    lines: tuple[str, ...]
    is_cut: bool
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A proposal with everything that somebody needs to decide.

    Attributes:
        affected: keys of the procedures that get a new version.
        problems: what the checks found in these files beside those in force, warnings included; only while
            it waits.
    """

    proposal: Proposal
    files: tuple[ProposedFile, ...]
    affected: tuple[str, ...]
    problems: tuple[CheckProblem, ...]


def check(work: Work, files: Mapping[str, bytes]) -> Checked:
    """Check files that somebody wants to propose; it takes seconds, so this Work only reads.

    Raises:
        NotPermitted: the actor may neither draft nor deploy.
    """
    _require_one(work, DRAFT, DEPLOY)
    return deploying.changes(work, files)


def propose(work: Work, name: str, files: Mapping[str, bytes], checked: Checked) -> int:
    """Keep checked files until a second person decides; nothing of them is in force.

    Args:
        checked: of these very files, by `check`.
    Raises:
        NotPermitted: the actor may neither draft nor deploy.
        DeploymentRefused: with every problem found; nothing was kept.
        RuleBroken: everything is in force already.
    """
    _require_one(work, DRAFT, DEPLOY)
    if any(problem.is_error for problem in checked.problems):
        raise DeploymentRefused(checked.problems)
    if not checked.changed:
        raise RuleBroken("nothing_changed", "这些文件和现行的完全一样，不用部署")
    proposal_id = new_id()
    row = {
        "id": proposal_id,
        "name": name[:200],
        "state": WAITING,
        "proposed_at": work.now,
        "proposed_by": work.actor.id,
        "reason": "",
        "checked": _kept({name: files[name] for name in checked.changed}, checked),
    }
    work.connection.execute(insert(proposal), row)
    kept = [
        {"proposal_id": proposal_id, "name": one, "content": files[one]} for one in sorted(checked.changed)
    ]
    work.connection.execute(insert(proposal_file), kept)
    return proposal_id


def may_decide(work: Work) -> bool:
    """Tell whether the actor may approve what others proposed."""
    return _holds(work, APPROVE)


def waiting_count(work: Work) -> int:
    """Count what waits for a decision; 0 for those who may not decide."""
    return int(work.connection.execute(_COUNTED).scalar_one()) if may_decide(work) else 0


def listed(work: Work) -> tuple[Proposal, ...]:
    """List what waits, oldest first, then what was decided last."""
    _require_one(work, READ)
    is_waiting = proposal.c.state == WAITING
    waiting = work.connection.execute(select(proposal).where(is_waiting).order_by(proposal.c.id))
    settled = work.connection.execute(
        select(proposal).where(~is_waiting).order_by(proposal.c.id.desc()).limit(SETTLED_SHOWN)
    )
    return tuple(_said(row) for row in (*waiting, *settled))


def opened(work: Work, proposal_id: int) -> Opened:
    """Show a proposal beside what is in force.

    The checks take seconds, so what they found is kept; they run again where something else came into force
    since, and before it is approved.

    Raises:
        NotPermitted, DefinitionNotFound: the actor may not read procedures; there is no such proposal.
    """
    _require_one(work, READ)
    row = _read(work, proposal_id)
    found, files = _said(row), _files(work, proposal_id)
    if found.state != WAITING:
        moment = found.decided_at or found.proposed_at
        before = files_before(work.connection, moment, files, row.deployment_id)
        return Opened(found, _beside(before, files), (), ())
    standing = current_files(work.connection)
    kept = row.checked or {}
    if kept.get("of") == _checksum(files, ((name, one.id) for name, one in standing.items())):
        affected = tuple(kept["affected"])
        problems = tuple(
            CheckProblem(**{**one, "severity": Severity(one["severity"])}) for one in kept["problems"]
        )
    else:
        checked = deploying.changes(work, files)
        affected, problems = checked.affected, checked.problems
    return Opened(found, _beside(standing, files), affected, problems)


def _kept(files: Mapping[str, bytes], checked: Checked) -> dict[str, Any]:
    return {
        "of": _checksum(files, checked.standing),
        "affected": list(checked.affected),
        "problems": [asdict(problem) for problem in checked.problems],
    }


def _checksum(files: Mapping[str, bytes], standing: Iterable[tuple[str, int]]) -> str:
    """Name a set of files beside those in force: for others the checks may find something else."""
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    text = json.dumps([sorted(digests.items()), sorted(standing)])
    return sha256(text.encode()).hexdigest()


def check_again(work: Work, proposal_id: int) -> Checked:
    """Check a proposal against what is in force today; it takes seconds, so this Work only reads.

    Raises:
        NotPermitted, DefinitionNotFound: the actor may not approve; there is no such proposal.
    """
    _require_one(work, APPROVE)
    _read(work, proposal_id)
    return deploying.changes(work, _files(work, proposal_id))


def approve(work: Work, proposal_id: int, checked: Checked | None = None) -> deploying.Deployment:
    """Put a proposal into force for new cases.

    Args:
        checked: by `check_again`; made anew where something else came into force meanwhile.
    Raises:
        NotPermitted: the actor may not approve, or proposed it.
        RuleBroken: it was decided already.
        DeploymentRefused: what is in force has changed meanwhile, and the whole would not hold any more.
    """
    found = _to_decide(work, proposal_id)
    if work.actor.id == found.proposed_by or found.proposed_by in work.grants.stands_in_for:
        raise NotPermitted("own_proposal", "自己提交的流程修改要由另一个人批准")
    files = _files(work, proposal_id)
    made = deploying.put_into_force(work, found.name, files, source="proposal", checked=checked)
    _settle(work, proposal_id, APPROVED, deployment_id=made.id if made.definitions else None)
    return made


def refuse(work: Work, proposal_id: int, reason: str) -> None:
    """Refuse a proposal with a reason.

    Raises:
        NotPermitted, RuleBroken: the actor may not approve; it was decided already; there is no reason.
    """
    _to_decide(work, proposal_id)
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise RuleBroken("reason_missing", "请写明不批准的原因，最多 {most} 字", most=LONGEST_REASON)
    _settle(work, proposal_id, REFUSED, reason=reason.strip())


def withdraw(work: Work, proposal_id: int) -> None:
    """Take one's own proposal back.

    Raises:
        NotPermitted, RuleBroken: it is somebody else's; it was decided already.
    """
    if _waiting(work, proposal_id).proposed_by != work.actor.id:
        raise NotPermitted("not_own_proposal", "只有提交人可以撤回")
    _settle(work, proposal_id, WITHDRAWN)


def _require_one(work: Work, *permissions: str) -> None:
    """Refuse who holds none of the permissions; procedures are the same in every community."""
    if not _holds(work, *permissions):
        work.require(permissions[0])


def _holds(work: Work, *permissions: str) -> bool:
    return work.actor.kind == "system" or any(held in permissions for held, _ in work.grants.permissions)


def _to_decide(work: Work, proposal_id: int) -> Row[Any]:
    _require_one(work, APPROVE)
    return _waiting(work, proposal_id)


def _waiting(work: Work, proposal_id: int) -> Row[Any]:
    one_at_a_time(work.connection, proposal)
    found = _read(work, proposal_id)
    if found.state != WAITING:
        raise RuleBroken("proposal_decided", "这项修改已经处理过了，请刷新页面")
    return found


def _read(work: Work, proposal_id: int) -> Row[Any]:
    found = work.connection.execute(select(proposal).where(proposal.c.id == proposal_id)).one_or_none()
    if found is None:
        raise DefinitionNotFound("proposal_not_found", "没有这项流程修改")
    return found


def _settle(work: Work, proposal_id: int, state: str, **also: object) -> None:
    values = {"state": state, "decided_at": work.now, "decided_by": work.actor.id, **also}
    work.connection.execute(update(proposal).where(proposal.c.id == proposal_id).values(**values))


def _files(work: Work, proposal_id: int) -> dict[str, bytes]:
    kept = (
        select(proposal_file).where(proposal_file.c.proposal_id == proposal_id).order_by(proposal_file.c.name)
    )
    return {row.name: row.content for row in work.connection.execute(kept)}


def _beside(standing: Mapping[str, StoredFile], files: Mapping[str, bytes]) -> tuple[ProposedFile, ...]:
    return tuple(
        _differing(name, standing[name].content if name in standing else None, content)
        for name, content in files.items()
    )


def _differing(name: str, old: bytes | None, new: bytes) -> ProposedFile:
    before, after = (_readable(name, one) for one in (old or b"", new))
    lines = list(unified_diff(before, after, lineterm="", n=2))[2:]
    is_cut = len(lines) > _MOST_LINES
    return ProposedFile(name, old is None, tuple(lines[:_MOST_LINES]), is_cut, old or b"", new)


def _readable(name: str, content: bytes) -> list[str]:
    """Return the lines of a file; a form is laid out anew, for some editors write it in one."""
    text = content.decode(errors="replace")
    if name.endswith(".form") and content:
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return text.splitlines()


def _said(row: Row[Any]) -> Proposal:
    return Proposal(
        row.id,
        row.name,
        row.state,
        row.proposed_at,
        row.proposed_by,
        row.decided_at,
        row.decided_by,
        row.reason,
    )
