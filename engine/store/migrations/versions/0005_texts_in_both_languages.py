"""what is kept for people to read, in both languages: incidents, and messages that were sent."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("incident", sa.Column("said", types.JsonColumn, nullable=True))
    op.add_column(
        "outbox_message", sa.Column("language", sa.String(length=8), nullable=False, server_default="zh")
    )
    op.add_column("outbox_message", sa.Column("translation", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("outbox_message", "translation")
    op.drop_column("outbox_message", "language")
    op.drop_column("incident", "said")
