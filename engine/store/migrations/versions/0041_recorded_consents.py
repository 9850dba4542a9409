"""recorded consents: who wrote down that a person agrees."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("estate_authorisation", sa.Column("recorded_by", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("estate_authorisation", "recorded_by")
