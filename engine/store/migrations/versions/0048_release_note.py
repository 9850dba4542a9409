"""release note: why an import was released although not all of its list was taken over."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("estate_import", sa.Column("release_note", sa.Text()))


def downgrade() -> None:
    """Take back."""
    op.drop_column("estate_import", "release_note")
