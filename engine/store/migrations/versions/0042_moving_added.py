"""moving_party: what a case added to the record of somebody who was known, so that it can be taken back."""

import sqlalchemy as sa
from alembic import op

from engine.store.types import JsonColumn

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("moving_party", sa.Column("added", JsonColumn, nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("moving_party", "added")
