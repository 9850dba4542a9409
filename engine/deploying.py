"""Takes files into force: checks the whole that would result, stores what changed, makes new bundles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select

from engine.bpmn.check.entries import check_entries
from engine.bpmn.check.examine import Examination, examine, read_whole
from engine.bpmn.check.rules import Report
from engine.bpmn.check.whole import Surroundings, Whole
from engine.bpmn.trial import Trial, try_out
from engine.calendar import calendar_names
from engine.check_problem import CheckProblem, DeploymentRefused, in_order, without_consequences
from engine.deployed import Definition, StoredFile, current_files, definitions_of_deployment
from engine.errors import RuleBroken
from engine.ids import new_id
from engine.store.dialects import one_at_a_time
from engine.store.tables import bundle, definition, deployment, resource
from engine.topics import TOPICS_FILE
from engine.usage import Usage
from engine.work import Work

MOST_FILES = 200


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deployment brought.

    Attributes:
        definitions: the new versions; empty when nothing had changed.
        bundles: procedure -> its new bundle.
        warnings: findings that do not stop a deployment.
    """

    id: int
    name: str
    deployed_at: datetime
    definitions: tuple[Definition, ...]
    bundles: Mapping[str, int]
    warnings: tuple[CheckProblem, ...]


@dataclass(frozen=True)
class Checked:
    """A set of files after the checks.

    Attributes:
        files: name -> content of everything that would be in force.
        changed: names of the files that are new or differ from what is in force.
        affected: procedures that use a changed file.
        standing: name and id of every file that was in force when they were checked.
    """

    files: Mapping[str, bytes]
    changed: frozenset[str]
    affected: tuple[str, ...]
    usage: Usage
    problems: tuple[CheckProblem, ...]
    standing: frozenset[tuple[str, int]]


def changes(work: Work, files: Mapping[str, bytes]) -> Checked:
    """Check files as `check` does, and tell which of them differ from what is in force.

    It takes seconds, so it belongs into a Work that only reads: on SQLite others could not write meanwhile.
    """
    return _checked(work, files)


def check(work: Work, files: Mapping[str, bytes]) -> tuple[CheckProblem, ...]:
    """Check files as if they were deployed now, without storing anything; warnings included."""
    return _checked(work, files).problems


def deploy(
    work: Work,
    name: str,
    files: Mapping[str, bytes],
    *,
    source: str = "",
    duplicate_filtering: bool = True,
    checked: Checked | None = None,
) -> Deployment:
    """Check files and take them into force; those not given stay as they are.

    Args:
        files: name -> content of .bpmn, .dmn and .form files, and topics.toml.
        source: what sent them, such as "Camunda Modeler".
        duplicate_filtering: leave out files that have not changed.
        checked: as `put_into_force`.
    Raises:
        NotPermitted: the actor lacks "process.deploy".
        DeploymentRefused: with every problem found; nothing was stored.
    """
    work.require("process.deploy")
    return put_into_force(
        work, name, files, source=source, duplicate_filtering=duplicate_filtering, checked=checked
    )


def put_into_force(
    work: Work,
    name: str,
    files: Mapping[str, bytes],
    *,
    source: str = "",
    duplicate_filtering: bool = True,
    checked: Checked | None = None,
) -> Deployment:
    """Do what `deploy` does, for commands that have asked who may.

    Args:
        checked: of these very files, by `changes`; made anew where something else came into force meanwhile.
    Raises:
        DeploymentRefused: as `deploy`.
    """
    one_at_a_time(work.connection, deployment)
    if checked is None or checked.standing != _standing(current_files(work.connection)):
        checked = _checked(work, files)
    if any(problem.is_error for problem in checked.problems):
        raise DeploymentRefused(checked.problems)
    stored = checked.changed if duplicate_filtering else frozenset(files)
    deployment_id = new_id()
    bundles: dict[str, int] = {}
    if stored:
        _write_deployment(work, deployment_id, name, source)
        _write_files(work, deployment_id, {one: files[one] for one in sorted(stored)}, checked.usage)
        affected = checked.usage.procedures_using(stored)
        bundles = _write_bundles(work, deployment_id, affected, checked.usage)
    return Deployment(
        deployment_id,
        name,
        work.now,
        tuple(definitions_of_deployment(work.connection, deployment_id)),
        bundles,
        checked.problems,
    )


def _checked(work: Work, given: Mapping[str, bytes]) -> Checked:
    if len(given) > MOST_FILES:
        raise RuleBroken("too_many_files", "一次最多部署 {most} 个文件", most=MOST_FILES)
    around = _surroundings(work)
    current = current_files(work.connection)
    replaced = _replaced(work.connection, current, given, around)
    standing = {name: found.content for name, found in current.items()}
    files = {name: content for name, content in standing.items() if name not in replaced} | dict(given)
    changed = frozenset(
        name for name, content in given.items() if name not in current or current[name].content != content
    )
    examination = examine(files, around)
    refused = any(found.is_error and found.resource in given for found in examination.problems)
    before = None if refused or not standing else examine(standing, around)
    problems = _of_these(given, examination, before)
    usage = Usage.of(examination.whole)
    affected = usage.procedures_using(changed)
    if before is not None and TOPICS_FILE not in changed and not any(found.is_error for found in problems):
        problems += _lost_entries(before, examination)
    if changed and not any(found.is_error for found in problems):
        uses = {root: usage.files_of(root) for root in usage.roots(affected)}
        problems += _tried(work, examination, files, uses)
    return Checked(files, changed, affected, usage, in_order(problems), _standing(current))


def _of_these(given: Mapping[str, bytes], now: Examination, before: Examination | None) -> list[CheckProblem]:
    """Leave out what was wrong already in files that are not given, as after a change of topics."""
    old = set(before.problems) if before else set()
    found = without_consequences(now.problems, given)
    return [one for one in found if one.resource in given or one not in old]


def _lost_entries(before: Examination, now: Examination) -> tuple[CheckProblem, ...]:
    """Find what the platform could not start any more; with new topics it may not want to."""
    report = Report()
    check_entries(before.whole, now.whole, report)
    return report.problems


def _standing(current: Mapping[str, StoredFile]) -> frozenset[tuple[str, int]]:
    return frozenset((name, found.id) for name, found in current.items())


def _surroundings(work: Work) -> Surroundings:
    engine = work.engine
    return Surroundings(engine.directory.groups(), calendar_names(engine), engine.library, work.now)


def _replaced(
    connection: Connection,
    current: Mapping[str, StoredFile],
    given: Mapping[str, bytes],
    around: Surroundings,
) -> frozenset[str]:
    """Find files in force of which everything is now in a file of another name."""
    keys = _keys(read_whole(given, around))
    declared = {key for file_keys in keys.values() for key in file_keys}
    rest = {found.id: name for name, found in current.items() if name not in given}
    rows = select(definition.c.resource_id, definition.c.kind, definition.c.key)
    held: dict[str, set[tuple[str, str]]] = {}
    for resource_id, kind, key in connection.execute(rows.where(definition.c.resource_id.in_(rest))):
        held.setdefault(rest[resource_id], set()).add((kind, key))
    return frozenset(name for name, file_keys in held.items() if file_keys <= declared)


def _keys(whole: Whole) -> dict[str, set[tuple[str, str]]]:
    keys: dict[str, set[tuple[str, str]]] = {}
    for key, process in whole.processes.items():
        keys.setdefault(process.resource, set()).add(("process", key))
    for key, name in whole.decision_files.items():
        keys.setdefault(name, set()).add(("decision", key))
    for key, name in whole.form_files.items():
        keys.setdefault(name, set()).add(("form", key))
    return keys


def _tried(
    work: Work, examination: Examination, files: Mapping[str, bytes], uses: Mapping[str, frozenset[str]]
) -> tuple[CheckProblem, ...]:
    topics = examination.whole.topics
    forms = {
        key: {**form.variables, **topics.set_by(form.on_complete)}
        for key, form in examination.whole.forms.items()
    }
    report = Report()
    models = {name: content for name, content in files.items() if not name.endswith(".form")}
    trial = Trial(tuple(uses), models, topics, forms, work.now, work.engine.zone.key, uses)
    try_out(trial, examination.whole, report)
    return report.problems


# --- storing -----------------------------------------------------------------------------------------------


def _write_deployment(work: Work, deployment_id: int, name: str, source: str) -> None:
    row = {
        "id": deployment_id,
        "name": name[:200],
        "source": source[:200],
        "deployed_at": work.now,
        "actor_id": work.actor.id,
    }
    work.connection.execute(insert(deployment), row)


def _write_files(work: Work, deployment_id: int, files: Mapping[str, bytes], usage: Usage) -> None:
    versions = _newest_versions(work.connection)
    for name, content in files.items():
        resource_id = new_id()
        row = {
            "id": resource_id,
            "deployment_id": deployment_id,
            "name": name,
            "version": _newest_file(work.connection, name) + 1,
            "checksum": sha256(content).hexdigest(),
            "content": content,
        }
        work.connection.execute(insert(resource), row)
        for kind, key, label in usage.declared_in(name):
            work.connection.execute(
                insert(definition),
                {
                    "id": new_id(),
                    "kind": kind,
                    "key": key,
                    "version": versions.get((kind, key), 0) + 1,
                    "name": label[:200],
                    "resource_id": resource_id,
                    "deployment_id": deployment_id,
                },
            )


def _newest_versions(connection: Connection) -> dict[tuple[str, str], int]:
    found = select(definition.c.kind, definition.c.key, func.max(definition.c.version)).group_by(
        definition.c.kind, definition.c.key
    )
    return {(kind, key): version for kind, key, version in connection.execute(found)}


def _newest_file(connection: Connection, name: str) -> int:
    found = select(func.max(resource.c.version)).where(resource.c.name == name)
    return connection.execute(found).scalar_one() or 0


def _write_bundles(work: Work, deployment_id: int, affected: tuple[str, ...], usage: Usage) -> dict[str, int]:
    ids = {name: found.id for name, found in current_files(work.connection).items()}
    newest = select(bundle.c.process_key, func.max(bundle.c.version)).group_by(bundle.c.process_key)
    versions: dict[str, int] = {row[0]: row[1] for row in work.connection.execute(newest)}
    bundles: dict[str, int] = {}
    for key in affected:
        bundles[key] = new_id()
        row = {
            "id": bundles[key],
            "process_key": key,
            "version": versions.get(key, 0) + 1,
            "created_at": work.now,
            # As text: JSON readers in browsers round such numbers.
            "resources": {name: str(ids[name]) for name in sorted(usage.files_of(key))},
            "deployment_id": deployment_id,
        }
        work.connection.execute(insert(bundle), row)
    return bundles
