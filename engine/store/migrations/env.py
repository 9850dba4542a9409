"""Runs migrations on the connection that `engine.store.schema` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from engine.store.tables import metadata


def _rendered(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types by the names that the template imports."""
    if kind != "type":
        return False
    module = type(item).__module__
    if module == "engine.store.types":
        return f"types.{type(item).__name__}()"
    if type(item).__name__ == "JSON":
        return "types.JsonColumn"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    render_item=_rendered,
)
with context.begin_transaction():
    context.run_migrations()
