"""proposals: what the checks found stands with what was handed in."""

import sqlalchemy as sa
from alembic import op

from engine.store.types import JsonColumn

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("proposal", sa.Column("checked", JsonColumn, nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("proposal", "checked")
