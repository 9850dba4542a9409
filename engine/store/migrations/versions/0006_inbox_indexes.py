"""inbox indexes: all that a page of a list is chosen by."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_FREE = sa.text("assignee_id IS NULL")
_HELD = sa.text("assignee_id IS NOT NULL")
_BY_RANK = ["group_code", "scope_id", "rank", "due_sort"]
_BY_DUE = ["group_code", "scope_id", "due_sort"]
_OF_PERSON = ["assignee_id", "rank", "due_sort", "id"]


def upgrade() -> None:
    """Apply."""
    _remake("ix_user_task_claimable", [*_BY_RANK, "id", "process_key", "assignee_id"], _FREE)
    _remake("ix_user_task_assigned", [*_OF_PERSON, "process_key", "group_code", "scope_id"], _HELD)
    _remake("ix_user_task_team", [*_BY_RANK, "id", "process_key"])
    _remake("ix_user_task_team_due", [*_BY_DUE, "id", "process_key"])
    op.drop_index("ix_task_candidate_inbox", table_name="task_candidate")
    with op.batch_alter_table("task_candidate") as table:
        table.add_column(sa.Column("process_key", sa.String(length=100), nullable=True))
        table.add_column(sa.Column("assignee_id", sa.BigInteger(), nullable=True))
    for column in ("process_key", "assignee_id"):
        op.execute(
            f"UPDATE task_candidate SET {column} ="  # noqa: S608  # names of our own columns
            f" (SELECT {column} FROM user_task WHERE user_task.id = task_candidate.task_id)"
        )
    with op.batch_alter_table("task_candidate") as table:
        table.alter_column("process_key", existing_type=sa.String(length=100), nullable=False)
    _make("ix_task_candidate_claimable", [*_BY_RANK, "task_id", "process_key", "assignee_id"], _FREE)
    _make("ix_task_candidate_due", [*_BY_DUE, "task_id", "process_key", "assignee_id"], _FREE)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_task_candidate_due", table_name="task_candidate")
    op.drop_index("ix_task_candidate_claimable", table_name="task_candidate")
    with op.batch_alter_table("task_candidate") as table:
        table.drop_column("assignee_id")
        table.drop_column("process_key")
    _make("ix_task_candidate_inbox", [*_BY_RANK, "task_id"])
    _remake("ix_user_task_team_due", [*_BY_DUE, "id"])
    _remake("ix_user_task_team", [*_BY_RANK, "id"])
    _remake("ix_user_task_assigned", _OF_PERSON, _HELD)
    _remake("ix_user_task_claimable", [*_BY_RANK, "id"], _FREE)


def _remake(name: str, columns: list[str], where: sa.TextClause | None = None) -> None:
    op.drop_index(name, table_name="user_task")
    _make(name, columns, where)


def _make(name: str, columns: list[str], where: sa.TextClause | None = None) -> None:
    table = "user_task" if name.startswith("ix_user_task") else "task_candidate"
    op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)
