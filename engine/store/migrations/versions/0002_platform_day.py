"""platform_day: the minutes in which the platform was up."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "platform_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("first_beat_at", types.UtcDateTime(), nullable=False),
        sa.Column("last_beat_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_platform_day")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("platform_day")
