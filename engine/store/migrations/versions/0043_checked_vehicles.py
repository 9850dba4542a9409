"""checked vehicles: what an owner enters online counts once somebody has checked it."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "estate_vehicle", sa.Column("check_state", sa.String(16), nullable=False, server_default="checked")
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("estate_vehicle", "check_state")
