"""sign-in habits: by which device and from where a session was opened."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("account_session", sa.Column("device_index", sa.String(length=64), nullable=True))
    op.add_column("account_session", sa.Column("place_index", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("account_session", "place_index")
    op.drop_column("account_session", "device_index")
