"""The procedures in force: deployed, compiled once per bundle, and asked for by cases and pages."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from engine.bpmn.decisions import Decision, read_decisions
from engine.bpmn.program import Program, compile_program
from engine.check_problem import CheckProblem, DeploymentRefused
from engine.deployed import (
    Definition,
    StoredFile,
    bundle_files,
    current_bundle,
    current_files,
    definition_by_id,
    definitions_of_deployment,
    file,
    files_of_deployment,
    latest_definitions,
    versions,
)
from engine.deploying import Checked, Deployment, changes, check, deploy
from engine.errors import DefinitionNotFound
from engine.forms import Form
from engine.topics import TOPICS_FILE, Topics
from engine.work import Engine, Work

__all__ = [
    "CheckProblem",
    "Checked",
    "Definition",
    "Deployment",
    "DeploymentRefused",
    "StoredFile",
    "bundle_files",
    "changes",
    "check",
    "current_bundle",
    "current_files",
    "decision",
    "definition_by_id",
    "definitions_of_deployment",
    "deploy",
    "file",
    "files_of_deployment",
    "form",
    "latest_definitions",
    "program",
    "program_of",
    "versions",
]

MOST_BUNDLES = 200
MOST_TABLES = 200
_CACHE = "programs"

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class _Compiled:
    program: Program
    forms: dict[str, Form]


@dataclass
class _Cache:
    """Compiled bundles and tables, the least recently used dropped first; versions never change."""

    bundles: OrderedDict[int, _Compiled] = field(default_factory=OrderedDict)
    tables: OrderedDict[tuple[int, str], Decision] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    compiling: threading.Lock = field(default_factory=threading.Lock)


def program(engine: Engine, connection: Connection, bundle_id: int) -> Program:
    """Return a compiled bundle, shared by all its cases.

    Raises:
        DefinitionNotFound: there is no such bundle.
    """
    return _compiled(engine, connection, bundle_id).program


def program_of(work: Work, case: Row[Any]) -> Program:
    """Return what a case runs on."""
    return program(work.engine, work.connection, case.bundle_id)


def form(engine: Engine, connection: Connection, bundle_id: int, key: str) -> Form:
    """Return a form as a bundle has it.

    Raises:
        DefinitionNotFound: the bundle has no such form.
    """
    forms = _compiled(engine, connection, bundle_id).forms
    if key not in forms:
        raise DefinitionNotFound("form_not_found", "没有名为“{key}”的表单", key=key)
    return forms[key]


def decision(engine: Engine, connection: Connection, key: str) -> Decision:
    """Return the latest version of a table, for pages and commands outside of a case.

    Raises:
        DefinitionNotFound: no table of that key was deployed.
    """
    found = versions(connection, "decision", key)
    if not found:
        raise DefinitionNotFound("decision_not_found", "没有名为“{key}”的决策表", key=key)
    cache = _cache(engine)
    wanted = (found[0].resource_id, key)
    with cache.lock:
        table = cache.tables.get(wanted)
    if table is None:
        tables = read_decisions(file(connection, found[0].resource_id).content)
        table = next(one for one in tables if one.id == key)
        with cache.lock:
            _keep(cache.tables, wanted, table, MOST_TABLES)
    return table


def _compiled(engine: Engine, connection: Connection, bundle_id: int) -> _Compiled:
    cache = _cache(engine)
    with cache.lock:
        found = cache.bundles.get(bundle_id)
        if found is not None:
            cache.bundles.move_to_end(bundle_id)
            return found
    with cache.compiling:  # one at a time: of many requests for a new version one compiles it
        with cache.lock:
            found = cache.bundles.get(bundle_id)
        if found is None:
            found = _compile(engine, connection, bundle_id)
            with cache.lock:
                _keep(cache.bundles, bundle_id, found, MOST_BUNDLES)
    return found


def _compile(engine: Engine, connection: Connection, bundle_id: int) -> _Compiled:
    key, files = bundle_files(connection, bundle_id)
    return compiled_files(key, tuple(sorted(files.items())), bundle_id, engine.zone.key)


def compiled_files(key: str, files: tuple[tuple[str, bytes], ...], bundle_id: int, zone: str) -> _Compiled:
    """Compile the files of a bundle; the same files always give the same.

    Args:
        key: id of the process that cases start with.
        files: names of resources, each with its content.
    """
    by_name = dict(files)
    topics = Topics.parse(by_name.get(TOPICS_FILE, b""))
    read = [Form.parse(content, name) for name, content in files if name.endswith(".form")]
    forms = {found.id: found for found in read}
    compiled = compile_program(
        key,
        by_name,
        topics,
        forms={
            name: {**found.variables, **topics.set_by(found.on_complete)} for name, found in forms.items()
        },
        bundle_id=bundle_id,
        zone=zone,
    )
    return _Compiled(compiled, forms)


def _cache(engine: Engine) -> _Cache:
    cache = engine.cache.setdefault(_CACHE, _Cache())
    assert isinstance(cache, _Cache)
    return cache


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
