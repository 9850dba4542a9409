"""more looks than the quota, agreed to by a lead."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "estate_more_looks",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", types.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("until", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_estate_more_looks_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_more_looks")),
        sa.UniqueConstraint("number", name=op.f("uq_estate_more_looks_number")),
    )
    op.create_index(
        "ix_estate_more_looks_account_id", "estate_more_looks", ["account_id", "kind"], unique=False
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_estate_more_looks_account_id", table_name="estate_more_looks")
    op.drop_table("estate_more_looks")
