"""since when a relation counts; parking places of houses."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "estate_parking",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("house_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=50), nullable=False),
        sa.Column("is_rented", sa.Boolean(), nullable=False),
        sa.Column("valid_from", types.UtcDateTime(), nullable=False),
        sa.Column("valid_to", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["house_id"], ["estate_house.id"], name=op.f("fk_estate_parking_house_id_estate_house")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estate_parking")),
    )
    op.create_index("ix_estate_parking_house_id", "estate_parking", ["house_id"], unique=False)
    with op.batch_alter_table("estate_relation") as batch:
        batch.add_column(sa.Column("counts_since", types.UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("estate_relation") as batch:
        batch.drop_column("counts_since")
    op.drop_index("ix_estate_parking_house_id", table_name="estate_parking")
    op.drop_table("estate_parking")
