"""Puts the product's own procedures into force, leaving alone what process owners have changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select

from engine import calendar, definitions, deployed
from engine.store.tables import deployment, resource
from engine.topics import TOPICS_FILE
from engine.work import SYSTEM, Engine, Work

FOLDER = Path(__file__).resolve().parents[1] / "processes"
CALENDARS = "calendars.toml"
SOURCE = "product"
_KINDS = (".bpmn", ".dmn", ".form")


@dataclass(frozen=True)
class BuiltIn:
    """What became of the product's procedures.

    Attributes:
        deployed: names of the files that were put into force.
        kept: files that the product changed, but a process owner had changed before; theirs stays in force.
    """

    deployed: tuple[str, ...]
    kept: tuple[str, ...]


def built_in_files() -> dict[str, bytes]:
    """Read the product's procedures, forms and tables by name."""
    paths = (path for path in FOLDER.iterdir() if path.suffix in _KINDS or path.name == TOPICS_FILE)
    return {path.name: path.read_bytes() for path in sorted(paths)}


def deploy_built_in(engine: Engine, files: Mapping[str, bytes] | None = None) -> BuiltIn:
    """Deploy the files that this version of the product ships for the first time, or changed.

    Args:
        files: those of `built_in_files` when absent.
    Raises:
        DeploymentRefused: they do not fit together with what process owners have deployed.
    """
    shipped = built_in_files() if files is None else files
    return engine.run(SYSTEM, lambda work: _deploy(work, shipped))


def declare_calendars(engine: Engine) -> None:
    """Tell an engine the working calendars that diagrams may name."""
    calendar.declare(engine, calendar.parse_calendars((FOLDER / CALENDARS).read_text(encoding="utf-8")))


def seed_holidays(engine: Engine) -> None:
    """Publish the holidays that the product ships, for the years that nobody has published yet."""
    for path in sorted((FOLDER / "calendars").glob("*.csv")):
        days = calendar.parse_days(path.read_text(encoding="utf-8"))
        engine.run(SYSTEM, partial(calendar.seed_days, table=path.stem, days=days))


def _deploy(work: Work, files: Mapping[str, bytes]) -> BuiltIn:
    before = _shipped_before(work.connection)
    in_force = {name: file.checksum for name, file in deployed.current_files(work.connection).items()}
    changed = {name for name, content in files.items() if before.get(name) != sha256(content).hexdigest()}
    kept = {name for name in changed if name in in_force and in_force[name] != before.get(name)}
    fresh = sorted(changed - kept)
    if fresh:
        definitions.deploy(work, "built-in", {name: files[name] for name in fresh}, source=SOURCE)
    return BuiltIn(tuple(fresh), tuple(sorted(kept)))


def _shipped_before(connection: Connection) -> dict[str, str]:
    """Return the checksum of each file as the product deployed it last."""
    rows = connection.execute(
        select(resource.c.name, resource.c.checksum)
        .join(deployment, deployment.c.id == resource.c.deployment_id)
        .where(deployment.c.source == SOURCE)
        .order_by(resource.c.version)
    )
    return {row.name: row.checksum for row in rows}
