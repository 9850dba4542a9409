"""approved substitutions: who stands in for those who approve or see much waits for approval."""

import sqlalchemy as sa
from alembic import op

from engine.store.types import UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "account_substitution",
        sa.Column("is_waiting", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("account_substitution", sa.Column("decided_at", UtcDateTime()))
    op.add_column("account_substitution", sa.Column("decided_by", sa.BigInteger()))


def downgrade() -> None:
    """Take back."""
    for name in ("decided_by", "decided_at", "is_waiting"):
        op.drop_column("account_substitution", name)
