"""how much of people's data a member of staff looked at in a day."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "access_tally",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("at_night", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "actor_id", "kind", name=op.f("pk_access_tally")),
    )
    op.create_index("ix_access_tally_actor_id", "access_tally", ["actor_id", "day"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_access_tally_actor_id", table_name="access_tally")
    op.drop_table("access_tally")
