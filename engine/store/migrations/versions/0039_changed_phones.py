"""changed phones: the old number is told, and no first password follows for a day."""

import sqlalchemy as sa
from alembic import op

from engine.store.types import UtcDateTime

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("account", sa.Column("old_phone", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("phone_changed_at", UtcDateTime(), nullable=True))
    op.add_column("account", sa.Column("phone_changed_by", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("account", "phone_changed_by")
    op.drop_column("account", "phone_changed_at")
    op.drop_column("account", "old_phone")
