"""Lists the procedures of an installation with their versions, for pages about them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from engine import definitions
from engine.bpmn.program import Program
from engine.errors import DefinitionNotFound
from engine.store.tables import bundle, deployment, instance
from engine.work import Work

READ = "process.read"
_NEWEST = select(func.max(bundle.c.id)).group_by(bundle.c.process_key).order_by(bundle.c.process_key)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a procedure: the exact files that its cases run on.

    Attributes:
        open_cases: how many cases still run on it.
    """

    bundle_id: int
    process_key: str
    version: int
    deployed_at: datetime
    actor_id: int
    deployment: str
    open_cases: int


def current(work: Work) -> list[Version]:
    """Return the newest version of every procedure."""
    newest = {found.process_key: found for found in _versions(work, None)}
    return [newest[key] for key in sorted(newest)]


def versions(work: Work, process_key: str) -> list[Version]:
    """Return all versions of a procedure, the newest first.

    Raises:
        DefinitionNotFound: no procedure of that key was deployed.
    """
    found = _versions(work, process_key)
    if not found:
        raise DefinitionNotFound("process_not_found", "没有流程“{key}”", key=process_key)
    return found[::-1]


def files(work: Work, process_key: str, version: int | None = None) -> dict[str, bytes]:
    """Return the files by name that a version of a procedure runs on, the newest where none is given.

    Raises:
        DefinitionNotFound: there is no such procedure or version.
    """
    found = [one for one in versions(work, process_key) if version in (None, one.version)]
    if not found:
        raise DefinitionNotFound(
            "version_not_found", "流程“{key}”没有第 {version} 版", key=process_key, version=version
        )
    _, content = definitions.bundle_files(work.connection, found[0].bundle_id)
    return dict(sorted(content.items()))


def _versions(work: Work, process_key: str | None) -> list[Version]:
    if not any(permission == READ for permission, _ in work.grants.permissions):
        work.require(READ)
    counted = (
        select(instance.c.bundle_id, func.count().label("open_cases"))
        .where(instance.c.state.in_(("active", "suspended")))
        .group_by(instance.c.bundle_id)
        .subquery()
    )
    query = (
        select(
            bundle.c.id,
            bundle.c.process_key,
            bundle.c.version,
            bundle.c.created_at,
            deployment.c.actor_id,
            deployment.c.name,
            func.coalesce(counted.c.open_cases, 0).label("open_cases"),
        )
        .join(deployment, deployment.c.id == bundle.c.deployment_id)
        .outerjoin(counted, counted.c.bundle_id == bundle.c.id)
        .order_by(bundle.c.process_key, bundle.c.version)
    )
    if process_key is not None:
        query = query.where(bundle.c.process_key == process_key)
    return [Version(*row) for row in work.connection.execute(query)]


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A human step that the actor's groups do; its id counts within its procedure.

    Attributes:
        name, name_en: of every sheet of the procedure that uses the id, for all of them are meant.
    """

    step_id: str
    name: str
    name_en: str


def own_steps(work: Work) -> list[tuple[Program, list[OwnStep]]]:
    """List the steps that the actor's groups do in the procedures in force, by procedure."""
    groups = {member.group for member in work.memberships}
    found = []
    for bundle_id in work.connection.execute(_NEWEST).scalars():
        program = definitions.program(work.engine, work.connection, bundle_id)
        named: dict[str, dict[tuple[str, str], None]] = {}
        for step in program.steps.values():
            if step.kind == "user" and not groups.isdisjoint(step.group):
                named.setdefault(step.element, {})[step.name, step.name_en] = None
        if named:
            found.append((program, [_own_step(element, list(names)) for element, names in named.items()]))
    return found


def _own_step(element: str, names: list[tuple[str, str]]) -> OwnStep:
    chinese, english = ([either for either in both if either] for both in zip(*names, strict=True))
    return OwnStep(element, "、".join(dict.fromkeys(chinese)), ", ".join(dict.fromkeys(english)))
