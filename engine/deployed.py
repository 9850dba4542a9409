"""Reads what was deployed: files and their versions, definitions, and the bundles that cases run on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Row, Select, and_, func, select

from engine.errors import DefinitionNotFound
from engine.store.tables import bundle, definition, deployment, resource

Kind = Literal["process", "decision", "form", "topics"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One version of one file."""

    id: int
    name: str
    version: int
    checksum: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, a decision or a form.

    Attributes:
        resource: name of its file.
    """

    id: int
    kind: Kind
    key: str
    version: int
    name: str
    resource: str
    resource_id: int
    deployment_id: int
    deployed_at: datetime


def current_files(connection: Connection) -> dict[str, StoredFile]:
    """Return the files that hold the latest version of something, by name."""
    latest = _latest().subquery()
    found = (
        select(resource)
        .where(resource.c.id.in_(select(latest.c.resource_id)))
        .order_by(resource.c.name, resource.c.version)
    )
    return {row.name: _file(row) for row in connection.execute(found)}


def file(connection: Connection, resource_id: int) -> StoredFile:
    """Return one version of a file.

    Raises:
        DefinitionNotFound: there is no such file.
    """
    row = connection.execute(select(resource).where(resource.c.id == resource_id)).one_or_none()
    if row is None:
        raise DefinitionNotFound("resource_not_found", "没有编号为 {id} 的文件", id=resource_id)
    return _file(row)


def files_before(
    connection: Connection, moment: datetime, names: Collection[str], but: int | None
) -> dict[str, StoredFile]:
    """Return the files of some names that had been deployed last at a moment.

    Args:
        but: a deployment that does not count, for it was made at that very moment.
    """
    found = (
        select(resource)
        .join(deployment, deployment.c.id == resource.c.deployment_id)
        .where(resource.c.name.in_(names), deployment.c.deployed_at <= moment)
        .order_by(resource.c.version)
    )
    rows = connection.execute(found if but is None else found.where(deployment.c.id != but))
    return {row.name: _file(row) for row in rows}


def files_of_deployment(connection: Connection, deployment_id: int) -> list[StoredFile]:
    """Return the files that a deployment brought, by name."""
    found = select(resource).where(resource.c.deployment_id == deployment_id).order_by(resource.c.name)
    return [_file(row) for row in connection.execute(found)]


def bundle_files(connection: Connection, bundle_id: int) -> tuple[str, dict[str, bytes]]:
    """Return the process that a bundle starts with, and its files.

    Raises:
        DefinitionNotFound: there is no such bundle.
    """
    row = connection.execute(
        select(bundle.c.process_key, bundle.c.resources).where(bundle.c.id == bundle_id)
    ).one_or_none()
    if row is None:
        raise DefinitionNotFound("bundle_not_found", "没有编号为 {id} 的流程版本", id=bundle_id)
    wanted = select(resource.c.name, resource.c.content).where(
        resource.c.id.in_([int(found) for found in row.resources.values()])
    )
    return row.process_key, {name: bytes(content) for name, content in connection.execute(wanted)}


def current_bundle(connection: Connection, process_key: str) -> int:
    """Return the bundle that new cases of a procedure run on.

    Raises:
        DefinitionNotFound: no procedure of that key was deployed.
    """
    found = (
        select(bundle.c.id)
        .where(bundle.c.process_key == process_key)
        .order_by(bundle.c.version.desc())
        .limit(1)
    )
    bundle_id = connection.execute(found).scalar_one_or_none()
    if bundle_id is None:
        raise DefinitionNotFound("process_not_found", "没有名为“{key}”的流程", key=process_key)
    return int(bundle_id)


def latest_definitions(connection: Connection, kind: Kind) -> list[Definition]:
    """Return the latest version of every process, decision or form, by key."""
    return _definitions(connection, _latest().where(definition.c.kind == kind).order_by(definition.c.key))


def versions(connection: Connection, kind: Kind, key: str) -> list[Definition]:
    """Return all versions of a definition, the newest first; empty where there is none."""
    found = _every().where(definition.c.kind == kind, definition.c.key == key)
    return _definitions(connection, found.order_by(definition.c.version.desc()))


def definition_by_id(connection: Connection, definition_id: int) -> Definition:
    """Return one version.

    Raises:
        DefinitionNotFound: there is no such definition.
    """
    found = _definitions(connection, _every().where(definition.c.id == definition_id))
    if not found:
        raise DefinitionNotFound("definition_not_found", "没有编号为 {id} 的定义", id=definition_id)
    return found[0]


def definitions_of_deployment(connection: Connection, deployment_id: int) -> list[Definition]:
    """Return what a deployment brought, by kind and key."""
    found = _every().where(definition.c.deployment_id == deployment_id)
    return _definitions(connection, found.order_by(definition.c.kind, definition.c.key))


def _every() -> Select[tuple[object, ...]]:
    return (
        select(definition, resource.c.name.label("resource"), deployment.c.deployed_at)
        .join(resource, resource.c.id == definition.c.resource_id)
        .join(deployment, deployment.c.id == definition.c.deployment_id)
    )


def _latest() -> Select[tuple[object, ...]]:
    newest = (
        select(definition.c.kind, definition.c.key, func.max(definition.c.version).label("version"))
        .group_by(definition.c.kind, definition.c.key)
        .subquery()
    )
    return _every().join(
        newest,
        and_(
            newest.c.kind == definition.c.kind,
            newest.c.key == definition.c.key,
            newest.c.version == definition.c.version,
        ),
    )


def _definitions(connection: Connection, found: Select[tuple[object, ...]]) -> list[Definition]:
    return [_definition(row) for row in connection.execute(found)]


def _definition(row: Row[tuple[object, ...]]) -> Definition:
    return Definition(
        row.id,
        row.kind,
        row.key,
        row.version,
        row.name,
        row.resource,
        row.resource_id,
        row.deployment_id,
        row.deployed_at,
    )


def _file(row: Row[tuple[object, ...]]) -> StoredFile:
    return StoredFile(row.id, row.name, row.version, row.checksum, bytes(row.content))
