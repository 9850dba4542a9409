"""corrections of what is on record, each checked by a second person."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Apply."""
    op.add_column("estate_person", sa.Column("mail", sa.Text(), nullable=True))
    op.add_column("estate_person", sa.Column("remark", sa.Text(), nullable=True))
    op.create_table(
        "correction_number",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_correction_number")),
    )
    op.create_table(
        "data_correction",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("field", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("house_id", sa.BigInteger(), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", types.UtcDateTime(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", types.UtcDateTime(), nullable=True),
        sa.Column("settled_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["estate_person.id"], name=op.f("fk_data_correction_person_id")
        ),
        sa.ForeignKeyConstraint(["house_id"], ["estate_house.id"], name=op.f("fk_data_correction_house_id")),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_data_correction_community_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_correction")),
        sa.UniqueConstraint("number", name=op.f("uq_data_correction_number")),
    )
    op.create_index(
        "uq_data_correction_open",
        "data_correction",
        ["field", "subject_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("ix_data_correction_house_id", "data_correction", ["house_id", "requested_at"])
    op.create_index("ix_data_correction_requested_by", "data_correction", ["requested_by", "requested_at"])
    op.create_index("ix_data_correction_person_id", "data_correction", ["person_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("data_correction")
    op.drop_table("correction_number")
    op.drop_column("estate_person", "remark")
    op.drop_column("estate_person", "mail")
