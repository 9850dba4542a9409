"""counted owners: whom the statistics count, so that no change of them shows what one person is."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "estate_counted_owner",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger()),
        sa.Column("decade", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_estate_counted_owner_community_id")
        ),
        sa.UniqueConstraint(
            "community_id", "person_id", name=op.f("uq_estate_counted_owner_community_id_person_id")
        ),
    )
    op.create_index("ix_estate_counted_owner_person_id", "estate_counted_owner", ["person_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("estate_counted_owner")
