"""reminders: each is sent once."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_WAITING = sa.text("fired_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.add_column("task_reminder", sa.Column("fired_at", types.UtcDateTime(), nullable=True))
    op.create_index(
        "ix_task_reminder_waiting",
        "task_reminder",
        ["remind_at"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_task_reminder_waiting", table_name="task_reminder")
    op.drop_column("task_reminder", "fired_at")
