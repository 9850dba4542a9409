"""owner reminder: when an owner was last asked whether everything on record is still right."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "owner_reminder",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["estate_person.id"], name=op.f("fk_owner_reminder_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_owner_reminder")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("owner_reminder")
