"""the auditor's sample of second checks."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "check_sample",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("marked_at", types.UtcDateTime(), nullable=True),
        sa.Column("marked_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["check_id"], ["second_check.id"], name=op.f("fk_check_sample_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_sample")),
        sa.UniqueConstraint("check_id", name=op.f("uq_check_sample_check_id")),
    )
    op.create_index("ix_check_sample_month", "check_sample", ["month"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_check_sample_month", table_name="check_sample")
    op.drop_table("check_sample")
