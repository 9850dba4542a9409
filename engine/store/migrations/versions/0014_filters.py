"""filters: lists are narrowed to a step within their indexes, and cases are found by pairs of characters."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_FREE = sa.text("assignee_id IS NULL")
_HELD = sa.text("assignee_id IS NOT NULL")
_BY_RANK = ["group_code", "scope_id", "rank", "due_sort"]
_BY_DUE = ["group_code", "scope_id", "due_sort"]
_OF_PERSON = ["assignee_id", "rank", "due_sort", "id", "process_key", "group_code", "scope_id"]
_PART = 1000


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("task_candidate") as table:
        table.add_column(sa.Column("step_id", sa.String(length=100), nullable=True))
    op.execute(
        "UPDATE task_candidate SET step_id ="
        " (SELECT step_id FROM user_task WHERE user_task.id = task_candidate.task_id)"
    )
    with op.batch_alter_table("task_candidate") as table:
        table.alter_column("step_id", existing_type=sa.String(length=100), nullable=False)
    _remake("ix_user_task_claimable", [*_BY_RANK, "id", "process_key", "assignee_id", "step_id"], _FREE)
    _remake("ix_user_task_assigned", [*_OF_PERSON, "step_id"], _HELD)
    _remake("ix_user_task_team", [*_BY_RANK, "id", "process_key", "step_id"])
    _remake("ix_user_task_team_due", [*_BY_DUE, "id", "process_key", "step_id", "rank", "assignee_id"])
    _remake(
        "ix_task_candidate_claimable", [*_BY_RANK, "task_id", "process_key", "assignee_id", "step_id"], _FREE
    )
    _remake(
        "ix_task_candidate_due",
        [*_BY_DUE, "task_id", "process_key", "assignee_id", "step_id", "rank"],
        _FREE,
    )
    op.create_table(
        "case_gram",
        sa.Column("gram", sa.String(length=2), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("gram", "instance_id", name=op.f("pk_case_gram")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_repair_order_instance_id", "repair_order", ["instance_id"], unique=False)
    _note("SELECT id, business_key, title, title_en, place FROM instance")
    _note("SELECT instance_id, search_text FROM repair_order WHERE instance_id IS NOT NULL")


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_repair_order_instance_id", table_name="repair_order")
    op.drop_table("case_gram")
    _remake("ix_user_task_team_due", [*_BY_DUE, "id", "process_key"])
    _remake("ix_user_task_team", [*_BY_RANK, "id", "process_key"])
    _remake("ix_user_task_assigned", _OF_PERSON, _HELD)
    _remake("ix_user_task_claimable", [*_BY_RANK, "id", "process_key", "assignee_id"], _FREE)
    op.drop_index("ix_task_candidate_due", table_name="task_candidate")
    op.drop_index("ix_task_candidate_claimable", table_name="task_candidate")
    with op.batch_alter_table("task_candidate") as table:
        table.drop_column("step_id")
    _make("ix_task_candidate_claimable", [*_BY_RANK, "task_id", "process_key", "assignee_id"], _FREE)
    _make("ix_task_candidate_due", [*_BY_DUE, "task_id", "process_key", "assignee_id"], _FREE)


def _remake(name: str, columns: list[str], where: sa.TextClause | None = None) -> None:
    op.drop_index(name, table_name=_table(name))
    _make(name, columns, where)


def _make(name: str, columns: list[str], where: sa.TextClause | None = None) -> None:
    op.create_index(name, _table(name), columns, unique=False, sqlite_where=where, postgresql_where=where)


def _table(index: str) -> str:
    return "user_task" if index.startswith("ix_user_task") else "task_candidate"


def _note(query: str) -> None:
    connection = op.get_bind()
    into = sa.text("INSERT INTO case_gram (gram, instance_id) VALUES (:gram, :case) ON CONFLICT DO NOTHING")
    rows = connection.execute(sa.text(query)).fetchall()
    for first in range(0, len(rows), _PART):
        found = [
            {"gram": pair, "case": case_id}
            for case_id, *texts in rows[first : first + _PART]
            for pair in sorted(_pairs(texts))
        ]
        if found:
            connection.execute(into, found)


def _pairs(texts: list[str]) -> set[str]:
    words = unicodedata.normalize("NFKC", " ".join(texts)).lower().split()
    return {word[at : at + 2] for word in words for at in range(len(word) - 1)}
