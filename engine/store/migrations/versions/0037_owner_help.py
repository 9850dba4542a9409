"""owner help: an owner whose phone is lost is helped at the counter."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "owner_help",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("house_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("proofs", types.JsonColumn, nullable=False),
        sa.Column("new_phone", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(64)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("code_until", types.UtcDateTime()),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_owner_help_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["estate_person.id"], name=op.f("fk_owner_help_person_id")),
        sa.ForeignKeyConstraint(["house_id"], ["estate_house.id"], name=op.f("fk_owner_help_house_id")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_owner_help_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_help")),
        sa.UniqueConstraint("number", name=op.f("uq_owner_help_number")),
    )
    op.create_index("ix_owner_help_account_id", "owner_help", ["account_id", "asked_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("owner_help")
