"""report drafts: what residents have filled in of a report and not sent."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "repair_report_draft",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("saved_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair_report_draft")),
        sa.UniqueConstraint("account_id", name=op.f("uq_repair_report_draft_account_id")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("repair_report_draft")
