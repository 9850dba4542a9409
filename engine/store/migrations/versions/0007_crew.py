"""crew: the address of a community, signatures of owners, and whose pages ring."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_RINGING = sa.text("acknowledged_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "estate_community", sa.Column("address", sa.String(length=200), nullable=False, server_default="")
    )
    op.create_index(
        "ix_outbox_call_ringing",
        "outbox_call",
        ["recipient"],
        unique=False,
        sqlite_where=_RINGING,
        postgresql_where=_RINGING,
    )
    op.create_table(
        "repair_signature",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", types.UtcDateTime(), nullable=False),
        sa.Column("taken_by", sa.BigInteger(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["repair_order.id"], name=op.f("fk_repair_signature_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair_signature")),
        sa.UniqueConstraint("attachment_id", name=op.f("uq_repair_signature_attachment_id")),
    )
    op.create_index("ix_repair_signature_order_id", "repair_signature", ["order_id", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_repair_signature_order_id", table_name="repair_signature")
    op.drop_table("repair_signature")
    op.drop_index(
        "ix_outbox_call_ringing",
        table_name="outbox_call",
        sqlite_where=_RINGING,
        postgresql_where=_RINGING,
    )
    op.drop_column("estate_community", "address")
