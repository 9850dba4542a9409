"""step_delta, step_day, step_month: finished steps by the sheet that holds them.

Rows from before are given to the sheet on which a step of that id was done; where several have one, to the
procedure itself. `wuye reports rebuild` sets those right from history.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_SUMS = (
    ("finished", sa.Integer),
    ("late", sa.Integer),
    ("seconds", sa.BigInteger),
    ("late_seconds", sa.BigInteger),
)
_NAMES = ", ".join(name for name, _ in _SUMS)


def upgrade() -> None:
    """Apply."""
    op.execute(
        "CREATE TEMPORARY TABLE step_sheet AS SELECT process_key, step_id, min(called_process) AS sheet"
        " FROM task_history GROUP BY process_key, step_id HAVING count(DISTINCT called_process) = 1"
    )
    op.add_column(
        "step_delta", sa.Column("called_process", sa.String(length=100), nullable=False, server_default="")
    )
    op.execute(
        "UPDATE step_delta SET called_process = coalesce((SELECT sheet FROM step_sheet WHERE"  # our own words
        " step_sheet.process_key = step_delta.process_key AND step_sheet.step_id = step_delta.step_id),"
        " process_key)"
    )
    with op.batch_alter_table("step_delta") as batch:
        batch.alter_column("called_process", server_default=None)
    for period in ("day", "month"):
        _make_anew(period, f"coalesce(sheet, step_{period}.process_key)", ["called_process"])
    op.execute("DROP TABLE step_sheet")


def _make_anew(period: str, sheet: str, also: list[str]) -> None:
    """Copy the sums of a period into a table with another key."""
    table, kept = f"step_{period}", f"step_{period}_kept"
    joined = (
        f" LEFT JOIN step_sheet ON step_sheet.process_key = {table}.process_key"
        f" AND step_sheet.step_id = {table}.step_id"
        if also
        else ""
    )
    summed = ", ".join(f"sum({name}) AS {name}" for name, _ in _SUMS)
    keys = f"{period}, scope_id, {table}.process_key"
    op.execute(
        f"CREATE TEMPORARY TABLE {kept} AS"  # noqa: S608  # our own words
        f" SELECT {keys}, {sheet} AS called_process, {table}.step_id, {summed}"
        f" FROM {table}{joined} GROUP BY {keys}, 4, {table}.step_id"
    )
    op.drop_table(table)
    key = [period, "scope_id", "process_key", *also, "step_id"]
    op.create_table(
        table,
        sa.Column(period, sa.Date(), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.String(length=100), nullable=False) for name in key[2:]),
        *(sa.Column(name, kind(), nullable=False) for name, kind in _SUMS),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
    )
    names = ", ".join(key)
    op.execute(f"INSERT INTO {table} ({names}, {_NAMES}) SELECT {names}, {_NAMES} FROM {kept}")  # noqa: S608  # our own words
    op.execute(f"DROP TABLE {kept}")


def downgrade() -> None:
    """Take back."""
    for period in ("day", "month"):
        _make_anew(period, "''", [])
    with op.batch_alter_table("step_delta") as batch:
        batch.drop_column("called_process")
