"""erasure: whose data were erased, and what the periods of retention had carried out."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "privacy_erasure",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("erased_at", types.UtcDateTime(), nullable=False),
        sa.Column("erased_by", sa.BigInteger(), nullable=False),
        sa.Column("counts", types.JsonColumn, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_erasure")),
    )
    op.create_index("ix_privacy_erasure_subject", "privacy_erasure", ["kind", "subject_id"])
    op.create_index("ix_privacy_erasure_erased_at", "privacy_erasure", ["erased_at"])
    op.create_table(
        "retention_run",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("class_id", sa.String(length=32), nullable=False),
        sa.Column("started_at", types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", types.UtcDateTime(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("held_back", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "class_id", name=op.f("pk_retention_run")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("retention_run")
    op.drop_table("privacy_erasure")
