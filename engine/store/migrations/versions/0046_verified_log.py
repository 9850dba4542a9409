"""verified log: when the access log was last verified, and what was found."""

import sqlalchemy as sa
from alembic import op

from engine.store.types import UtcDateTime

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "access_log_check",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("access_log_check")
