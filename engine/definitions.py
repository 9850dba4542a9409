"""Deployments: checked files, stored once per version, and the bundles of versions that cases run on."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, func, insert, select

from engine.bpmn.check.examine import examine
from engine.bpmn.check.whole import Surroundings
from engine.bpmn.decisions import Decision, read_decisions
from engine.bpmn.expressions import ValueType
from engine.bpmn.program import Program, compile_program
from engine.calendar import calendar_names
from engine.check_problem import DeploymentRefused
from engine.errors import DefinitionNotFound, RuleBroken
from engine.file_sets import Content, contents_of, files_of_procedure
from engine.forms import Form
from engine.ids import new_id
from engine.store.dialects import lock_deployments
from engine.store.tables import bundle, definition, deployment, resource
from engine.topics import RESOURCE as TOPICS
from engine.topics import Topics
from engine.work import Engine, Work

T = TypeVar("T")

PERMISSION = "process.deploy"
MOST_FILES = 200
_CACHED = 256


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, decision or form."""

    id: int
    kind: str
    key: str
    version: int
    name: str
    resource: str
    deployment_id: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """What one deployment added; no definitions when every file was known already."""

    id: int
    name: str
    source: str
    deployed_at: datetime
    definitions: tuple[Definition, ...]


# --- deploying ---------------------------------------------------------------------------------------------


def deploy(
    work: Work,
    name: str,
    files: Mapping[str, bytes],
    *,
    source: str = "",
    duplicate_filtering: bool = True,
) -> Deployment:
    """Check files together with the current versions of all others, store what is new, make new bundles.

    Running cases keep the bundles they began with.

    Args:
        files: resource name -> content; any subset of .bpmn, .dmn, .form and topics.toml.
        duplicate_filtering: pass over files that are the same as their current version.
    Raises:
        NotPermitted: without `process.deploy`.
        DeploymentRefused: with every problem the checks found; nothing is stored.
    """
    work.require(PERMISSION)
    if not files or len(files) > MOST_FILES:
        raise RuleBroken(
            "no_files", "一次请部署 1 到 {most} 个文件，收到 {count} 个", most=MOST_FILES, count=len(files)
        )
    lock_deployments(work.connection)
    current = _current_resources(work.connection)
    changed = {
        file: content
        for file, content in files.items()
        if not duplicate_filtering or file not in current or current[file].checksum != _checksum(content)
    }
    whole = _contents(work.connection, current.values()) | dict(files)
    _check(work, whole)
    deployment_id = new_id()
    name, source = name[:200], source[:200]
    work.connection.execute(
        insert(deployment).values(
            id=deployment_id, name=name, source=source, deployed_at=work.now, actor_id=work.actor.id
        )
    )
    versions = {file: known.id for file, known in current.items()}
    versions |= _store(work.connection, deployment_id, changed, current)
    found = contents_of(whole)
    new = [one for one in found if one.resource in changed]
    stored = _define(work.connection, deployment_id, new, versions)
    _bundle(work, deployment_id, found, versions)
    return Deployment(deployment_id, name, source, work.now, tuple(stored))


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _current_resources(connection: Connection) -> dict[str, Any]:
    newest = select(resource.c.name, func.max(resource.c.version).label("version")).group_by(resource.c.name)
    latest = newest.subquery()
    rows = connection.execute(
        select(resource.c.id, resource.c.name, resource.c.version, resource.c.checksum).join(
            latest, (latest.c.name == resource.c.name) & (latest.c.version == resource.c.version)
        )
    )
    return {row.name: row for row in rows}


def _contents(connection: Connection, rows: Iterable[Any]) -> dict[str, bytes]:
    ids = [row.id for row in rows]
    found = connection.execute(select(resource.c.name, resource.c.content).where(resource.c.id.in_(ids)))
    return {row.name: row.content for row in found}


def _check(work: Work, files: Mapping[str, bytes]) -> None:
    topics = Topics.parse(files[TOPICS]) if TOPICS in files else Topics()
    around = Surroundings(topics, work.engine.directory.groups(), calendar_names(work.engine))
    checked = {name: content for name, content in files.items() if name != TOPICS}
    found = examine(checked, around)
    if found.errors:
        raise DeploymentRefused(found.problems)


def _store(
    connection: Connection, deployment_id: int, files: Mapping[str, bytes], current: Mapping[str, Any]
) -> dict[str, int]:
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "deployment_id": deployment_id,
            "name": name,
            "version": current[name].version + 1 if name in current else 1,
            "checksum": _checksum(content),
            "content": content,
        }
        for name, content in sorted(files.items())
    ]
    if rows:
        connection.execute(insert(resource), rows)
    return {row["name"]: row["id"] for row in rows}


def _define(
    connection: Connection, deployment_id: int, found: list[Content], versions: Mapping[str, int]
) -> list[Definition]:
    highest = {
        (row.kind, row.key): row.version
        for row in connection.execute(
            select(
                definition.c.kind, definition.c.key, func.max(definition.c.version).label("version")
            ).group_by(definition.c.kind, definition.c.key)
        )
    }
    stored = [
        Definition(
            new_id(),
            one.kind,
            one.key,
            highest.get((one.kind, one.key), 0) + 1,
            one.name,
            one.resource,
            deployment_id,
        )
        for one in found
    ]
    if stored:
        connection.execute(
            insert(definition),
            [
                {
                    "id": one.id,
                    "kind": one.kind,
                    "key": one.key,
                    "version": one.version,
                    "name": one.name,
                    "resource_id": versions[one.resource],
                    "deployment_id": deployment_id,
                }
                for one in stored
            ],
        )
    return stored


def _bundle(work: Work, deployment_id: int, found: list[Content], versions: Mapping[str, int]) -> None:
    """Make a new bundle of every procedure whose set of file versions is not its newest one."""
    for process in [one for one in found if one.is_procedure]:
        wanted = {name: versions[name] for name in sorted(files_of_procedure(process, found))}
        newest = work.connection.execute(
            select(bundle.c.version, bundle.c.resources)
            .where(bundle.c.process_key == process.key)
            .order_by(bundle.c.version.desc())
            .limit(1)
        ).one_or_none()
        if newest is not None and newest.resources == wanted:
            continue
        work.connection.execute(
            insert(bundle).values(
                id=new_id(),
                process_key=process.key,
                version=newest.version + 1 if newest else 1,
                created_at=work.now,
                resources=wanted,
                deployment_id=deployment_id,
            )
        )


# --- what cases run on -------------------------------------------------------------------------------------


class _Compiled:
    """Keeps what was compiled, the least recently used goes first; one of these per engine."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[object, Any] = OrderedDict()

    def get(self, key: object, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                known: T = self._kept[key]
                return known
        made = make()  # outside the lock: compiling twice is harmless, waiting is not
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > _CACHED:
                self._kept.popitem(last=False)
        return made


def _compiled(engine: Engine) -> _Compiled:
    found = engine.cache.setdefault("compiled", _Compiled())
    assert isinstance(found, _Compiled)
    return found


def current_bundle(connection: Connection, process_key: str) -> int:
    """Return the bundle that new cases of a procedure start on.

    Raises:
        DefinitionNotFound: nothing of that key was deployed.
    """
    found = connection.execute(
        select(bundle.c.id)
        .where(bundle.c.process_key == process_key)
        .order_by(bundle.c.version.desc())
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise DefinitionNotFound("procedure_not_found", "没有部署流程“{key}”", key=process_key)
    return int(found)


def program(engine: Engine, connection: Connection, bundle_id: int) -> Program:
    """Return the compiled procedure of a bundle."""

    def make() -> Program:
        row = connection.execute(select(bundle).where(bundle.c.id == bundle_id)).one()
        files = _files(connection, row.resources.values())
        topics = Topics.parse(files[TOPICS]) if TOPICS in files else Topics()
        return compile_program(
            row.process_key,
            files,
            topics,
            forms=_form_variables(files, topics),
            bundle_id=bundle_id,
            zone=engine.zone.key,
        )

    return _compiled(engine).get(("program", bundle_id), make)


def _files(connection: Connection, ids: Iterable[int]) -> dict[str, bytes]:
    rows = connection.execute(
        select(resource.c.name, resource.c.content).where(resource.c.id.in_([int(one) for one in ids]))
    )
    return {row.name: row.content for row in rows}


def _form_variables(files: Mapping[str, bytes], topics: Topics) -> dict[str, dict[str, ValueType]]:
    forms = [Form.parse(content, name) for name, content in files.items() if name.endswith(".form")]
    return {form.id: dict(form.variables) | dict(topics.outputs_of(form.on_complete)) for form in forms}


def form(engine: Engine, connection: Connection, bundle_id: int, key: str) -> Form:
    """Return a form as the bundle has it.

    Raises:
        DefinitionNotFound: the bundle has no such form.
    """

    def make() -> dict[str, Form]:
        resources = connection.execute(
            select(bundle.c.resources).where(bundle.c.id == bundle_id)
        ).scalar_one()
        ids = [found for name, found in resources.items() if name.endswith(".form")]
        forms = [Form.parse(content, name) for name, content in _files(connection, ids).items()]
        return {one.id: one for one in forms}

    found = _compiled(engine).get(("forms", bundle_id), make).get(key)
    if found is None:
        raise DefinitionNotFound("form_not_found", "没有表单“{key}”", key=key)
    return found


def decision(engine: Engine, connection: Connection, key: str) -> Decision:
    """Return the current version of a decision, for questions asked outside of a case.

    Raises:
        DefinitionNotFound: no such decision was deployed.
    """
    found = connection.execute(
        select(definition.c.resource_id)
        .where(definition.c.kind == "decision", definition.c.key == key)
        .order_by(definition.c.version.desc())
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise DefinitionNotFound("decision_not_found", "没有决策表“{key}”", key=key)

    def make() -> dict[str, Decision]:
        content = connection.execute(select(resource.c.content).where(resource.c.id == found)).scalar_one()
        return {one.id: one for one in read_decisions(content)}

    return _compiled(engine).get(("decisions", found), make)[key]
