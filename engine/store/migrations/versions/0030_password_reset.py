"""when a password was reset, for the day in which nothing delicate is done with the account."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("account", sa.Column("reset_at", types.UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("account", "reset_at")
