"""moving in, changes of owner, and taking them back."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "moving_case",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("house_id", sa.BigInteger(), nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("noticed_at", types.UtcDateTime(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("registered_at", types.UtcDateTime(), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("papers_at", types.UtcDateTime(), nullable=True),
        sa.Column("proof_kind", sa.String(length=32), nullable=False),
        sa.Column("proof_number", sa.Text(), nullable=True),
        sa.Column("told_at", types.UtcDateTime(), nullable=True),
        sa.Column("entered_at", types.UtcDateTime(), nullable=True),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("differed", sa.Integer(), nullable=False),
        sa.Column("checked_at", types.UtcDateTime(), nullable=True),
        sa.Column("checked_by", sa.BigInteger(), nullable=True),
        sa.Column("done_at", types.UtcDateTime(), nullable=True),
        sa.Column("lease_ends_on", sa.Date(), nullable=True),
        sa.Column("facts", types.JsonColumn, nullable=False),
        sa.Column("closed_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_moving_case_community_id")
        ),
        sa.ForeignKeyConstraint(["house_id"], ["estate_house.id"], name=op.f("fk_moving_case_house_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moving_case")),
        sa.UniqueConstraint("number", name=op.f("uq_moving_case_number")),
    )
    op.create_index(
        "ix_moving_case_community_id", "moving_case", ["community_id", "kind", "noticed_at"], unique=False
    )
    op.create_index("ix_moving_case_house_id", "moving_case", ["house_id", "id"], unique=False)
    op.create_table(
        "moving_change",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("undone_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["moving_case.id"], name=op.f("fk_moving_change_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moving_change")),
    )
    op.create_index("ix_moving_change_case_id", "moving_change", ["case_id", "id"], unique=False)
    op.create_table(
        "moving_note",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("at", types.UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["moving_case.id"], name=op.f("fk_moving_note_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moving_note")),
    )
    op.create_index("ix_moving_note_case_id", "moving_note", ["case_id", "id"], unique=False)
    op.create_table(
        "moving_number",
        sa.Column("prefix", sa.String(length=4), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "day", name=op.f("pk_moving_number")),
    )
    op.create_table(
        "moving_party",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("relation_id", sa.BigInteger(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["moving_case.id"], name=op.f("fk_moving_party_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_moving_party")),
    )
    op.create_index("ix_moving_party_case_id", "moving_party", ["case_id", "position"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_table("moving_party")
    op.drop_table("moving_number")
    op.drop_table("moving_note")
    op.drop_table("moving_change")
    op.drop_table("moving_case")
