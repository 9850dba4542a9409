"""roster: templates of shifts, what has to be manned, leave."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "account_shift", sa.Column("is_planned", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.create_table(
        "account_shift_template",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("is_lead", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"],
            ["estate_community.id"],
            name=op.f("fk_account_shift_template_community_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_shift_template")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_account_shift_template_community_id_name")),
    )
    op.create_table(
        "account_cover",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("skill", sa.String(length=32), nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_account_cover_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_cover")),
        sa.UniqueConstraint(
            "community_id", "kind", "skill", name=op.f("uq_account_cover_community_id_kind_skill")
        ),
    )
    op.create_table(
        "account_leave",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", types.UtcDateTime(), nullable=False),
        sa.Column("ends_at", types.UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_leave_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_leave")),
    )
    op.create_index("ix_account_leave_account_id", "account_leave", ["account_id", "ends_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_account_leave_account_id", table_name="account_leave")
    op.drop_table("account_leave")
    op.drop_table("account_cover")
    op.drop_table("account_shift_template")
    op.drop_column("account_shift", "is_planned")
