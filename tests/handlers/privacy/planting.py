"""Puts texts about one person into every table, and looks where they are found again."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Integer, LargeBinary, Numeric, String, Text, select

from engine import case_texts
from engine.ids import new_id
from engine.ports import SYSTEM
from engine.store.metadata import metadata
from engine.store.types import UtcDateTime
from engine.work import Engine, Work
from handlers.settings import of as settings_of
from handlers.shared.rotation import sealed_columns
from handlers.shared.sealed import vault_of

CANARY = "欧阳锋行的金丝雀"
SEALED = {(table.name, column) for table, column in sealed_columns()}


def plant(work: Work, name: str, **given: Any) -> int:
    """Insert a row whose every sealed column holds the canary, and return its id."""
    table = metadata.tables[name]
    row_id = int(given.pop("id", 0) or new_id())
    values = {column.name: _value(work, column, row_id) for column in table.c if _is_wanted(column)}
    if "id" in table.c:
        values["id"] = row_id
    work.connection.execute(table.insert().values({**values, **given}))
    return row_id


def _is_wanted(column: Column[Any]) -> bool:
    if (column.table.name, column.name) in SEALED:
        return True
    return not column.nullable and column.default is None and column.server_default is None


def _value(work: Work, column: Column[Any], row_id: int) -> Any:
    table = column.table.name
    if (table, column.name) in SEALED:
        return work.engine.vault.seal(table, column.name, row_id, CANARY)
    kinds: tuple[tuple[type, Any], ...] = (
        (UtcDateTime, work.now),
        (Date, date(2026, 1, 1)),
        (Boolean, False),
        (JSON, {}),
        (LargeBinary, b""),
        (Numeric, 0),
        (Integer, row_id % 1000),
        (Text, f"x{row_id}"),
        (String, f"x{row_id}"),
    )
    plain = next(value for kind, value in kinds if isinstance(column.type, kind))
    length = getattr(column.type, "length", None)
    return plain[-length:] if isinstance(plain, str) and length else plain


def found_in(engine: Engine) -> set[str]:
    """Return every "table.column" in which the canary is found, sealed or not, or its traces in the index."""
    vault = vault_of(engine)
    found = set()
    grams = case_texts.pairs([CANARY])
    with engine.reading(SYSTEM) as work:
        for table in metadata.sorted_tables:
            for row in work.connection.execute(select(table)).mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if CANARY in str(value)}
                found |= {
                    f"{table.name}.{name}"
                    for name, value in row.items()
                    if (table.name, name) in SEALED
                    and value is not None
                    and CANARY in vault.open(table.name, name, row["id"], value)
                }
                if table.name == "case_gram" and row["gram"] in grams:
                    found.add("case_gram.gram")
    return found


def files_on_disk(engine: Engine) -> set[str]:
    """Return the names of attachments and files for fetching that are on disk."""
    settings = settings_of(engine)
    folders = (settings.attachments_dir, settings.data_dir / "work")
    return {path.name for folder in folders if folder.is_dir() for path in folder.iterdir()}


def closed_case(work: Work, key: str, **given: Any) -> int:
    """Insert a case that is over, with everything that people write into one, and return its instance."""
    deployment_id = plant(work, "deployment")
    bundle_id = plant(work, "bundle", deployment_id=deployment_id, version=new_id() % 10**9)
    case = {"bundle_id": bundle_id, "process_key": key, "business_key": f"{key}-{bundle_id}", "scope_id": 1}
    instance_id = plant(work, "instance", **{"state": "completed", "ended_at": work.now, **case, **given})
    task_id = plant(work, "task_history", instance_id=instance_id, ended_at=work.now)
    plant(work, "task_draft", task_id=task_id, actor_id=new_id())
    plant(work, "due_change", instance_id=instance_id, reason=CANARY)
    plant(work, "incident", instance_id=instance_id, close_reason=CANARY, message="")
    return instance_id
