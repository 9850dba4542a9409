"""staffing: who joins and who leaves."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "staffing_case",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("department", sa.String(length=100), nullable=False),
        sa.Column("posts", types.JsonColumn, nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("leaves_at", types.UtcDateTime(), nullable=True),
        sa.Column("left_at", types.UtcDateTime(), nullable=True),
        sa.Column("successor_id", sa.BigInteger(), nullable=True),
        sa.Column("returned", types.JsonColumn, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staffing_case_account_id")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_staffing_case_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["scope_id"], ["estate_community.id"], name=op.f("fk_staffing_case_scope_id")
        ),
        sa.ForeignKeyConstraint(["successor_id"], ["account.id"], name=op.f("fk_staffing_case_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staffing_case")),
        sa.UniqueConstraint("number", name=op.f("uq_staffing_case_number")),
    )
    op.create_index("ix_staffing_case_account_id", "staffing_case", ["account_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_staffing_case_account_id", table_name="staffing_case")
    op.drop_table("staffing_case")
