"""sealed passwords: beside each hash a keyed seal; `wuye audit adopt` seals those of before."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("account", sa.Column("password_seal", sa.String(64)))


def downgrade() -> None:
    """Take back."""
    op.drop_column("account", "password_seal")
