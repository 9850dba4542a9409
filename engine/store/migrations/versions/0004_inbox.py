"""inbox: drafts outlive their task; reminders; saved filters."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # No page has written drafts before this revision, so the table can be made anew.
    op.drop_table("task_draft")
    op.create_table(
        "task_draft",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_draft")),
        sa.UniqueConstraint("task_id", "actor_id", name=op.f("uq_task_draft_task_id_actor_id")),
    )
    op.create_index("ix_task_draft_saved_at", "task_draft", ["saved_at"], unique=False)
    op.create_table(
        "task_reminder",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("remind_at", types.UtcDateTime(), nullable=False),
        sa.Column("set_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["user_task.id"],
            name=op.f("fk_task_reminder_task_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("task_id", "actor_id", name=op.f("pk_task_reminder")),
    )
    op.create_index("ix_task_reminder_actor_id", "task_reminder", ["actor_id", "remind_at"], unique=False)
    op.create_table(
        "inbox_filter",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_filter")),
    )
    op.create_index("ix_inbox_filter_actor_id", "inbox_filter", ["actor_id", "id"], unique=False)
    op.create_index("ix_case_follower_actor_id", "case_follower", ["actor_id", "instance_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_case_follower_actor_id", table_name="case_follower")
    op.drop_table("inbox_filter")
    op.drop_table("task_reminder")
    op.drop_table("task_draft")
    op.create_table(
        "task_draft",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["user_task.id"], name=op.f("fk_task_draft_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_draft")),
        sa.UniqueConstraint("task_id", "actor_id", name=op.f("uq_task_draft_task_id_actor_id")),
    )
