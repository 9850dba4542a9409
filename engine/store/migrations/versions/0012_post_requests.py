"""post requests: a post beside another one waits for approval."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account_post_request",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("post", sa.String(length=16), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", types.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(length=16), nullable=False, server_default=""),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_post_request_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_account_post_request_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_post_request")),
    )
    op.create_index(
        "ix_account_post_request_account_id", "account_post_request", ["account_id"], unique=False
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_account_post_request_account_id", table_name="account_post_request")
    op.drop_table("account_post_request")
