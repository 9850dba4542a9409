"""long work that its owner watches, and imports that are released by a second person or taken back."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "long_work",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("args", types.JsonColumn, nullable=False),
        sa.Column("cursor", types.JsonColumn, nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("counts", types.JsonColumn, nullable=False),
        sa.Column("result", types.JsonColumn, nullable=True),
        sa.Column("failure", types.JsonColumn, nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("job_key", sa.String(length=200), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=True),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_long_work")),
    )
    op.create_index("ix_long_work_owner_id", "long_work", ["owner_id", "id"], unique=False)
    op.create_index("ix_long_work_ended_at", "long_work", ["ended_at"], unique=False)
    op.create_table(
        "estate_import_problem",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("sheet", sa.String(length=100), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.String(length=50), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("message", sa.String(length=200), nullable=False),
        sa.Column("params", types.JsonColumn, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_import_problem")),
    )
    op.create_index(
        "ix_estate_import_problem_import_id",
        "estate_import_problem",
        ["import_id", "sheet", "row_number", "id"],
        unique=False,
    )
    op.create_table(
        "estate_import_change",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("record", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_import_change")),
    )
    op.create_index(
        "ix_estate_import_change_record",
        "estate_import_change",
        ["record", "record_id", "import_id"],
        unique=False,
    )
    op.create_index(
        "ix_estate_import_change_import_id", "estate_import_change", ["import_id", "id"], unique=False
    )
    op.add_column(
        "estate_import",
        sa.Column("state", sa.String(length=16), server_default="waiting", nullable=False),
    )
    op.add_column("estate_import", sa.Column("file_name", sa.Text(), nullable=True))
    op.add_column("estate_import", sa.Column("work_id", sa.BigInteger(), nullable=True))
    op.add_column("estate_import", sa.Column("finished_at", types.UtcDateTime(), nullable=True))
    op.add_column("estate_import", sa.Column("undone_at", types.UtcDateTime(), nullable=True))
    op.add_column("estate_import", sa.Column("undone_by", sa.BigInteger(), nullable=True))
    op.execute("UPDATE estate_import SET state = 'released' WHERE released_at IS NOT NULL")


def downgrade() -> None:
    """Take back."""
    for name in ("undone_by", "undone_at", "finished_at", "work_id", "file_name", "state"):
        op.drop_column("estate_import", name)
    op.drop_table("estate_import_change")
    op.drop_table("estate_import_problem")
    op.drop_table("long_work")
