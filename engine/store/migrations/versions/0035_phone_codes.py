"""phone codes: a code may belong to the correction of a mobile number."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("owner_code", sa.Column("correction_id", sa.BigInteger(), nullable=True))
    op.create_index("ix_owner_code_correction_id", "owner_code", ["correction_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_owner_code_correction_id", table_name="owner_code")
    with op.batch_alter_table("owner_code") as table:
        table.drop_column("correction_id")
