"""entries that wait for the eyes of a second person."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "second_check",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("field_group", sa.String(length=32), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("house_id", sa.BigInteger(), nullable=True),
        sa.Column("risk", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=False),
        sa.Column("entered_for", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", types.UtcDateTime(), nullable=False),
        sa.Column("entered", sa.Text(), nullable=True),
        sa.Column("fields", types.JsonColumn, nullable=False),
        sa.Column("typed_again", types.JsonColumn, nullable=False),
        sa.Column("mismatches", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("step_id", sa.String(length=64), nullable=True),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("checked_for", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", types.UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_second_check_community_id")
        ),
        sa.ForeignKeyConstraint(["house_id"], ["estate_house.id"], name=op.f("fk_second_check_house_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_check")),
    )
    op.create_index(
        "uq_second_check_waiting",
        "second_check",
        ["subject_kind", "subject_id", "field_group"],
        unique=True,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index(
        "ix_second_check_waiting",
        "second_check",
        ["community_id", "entered_at"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_index("ix_second_check_instance_id", "second_check", ["instance_id"], unique=False)
    op.create_index("ix_second_check_checked_at", "second_check", ["checked_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("second_check")
