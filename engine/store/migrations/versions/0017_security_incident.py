"""security incident: what is reported as odd, what its steps write, and numbers of cases."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_number",
        sa.Column("letter", sa.String(length=2), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("letter", "day", name=op.f("pk_case_number")),
    )
    op.create_table(
        "safety_incident",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("about_admin", sa.Boolean(), nullable=False),
        sa.Column("reported_at", types.UtcDateTime(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("closed_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_safety_incident_community_id")
        ),
        sa.ForeignKeyConstraint(["reported_by"], ["account.id"], name=op.f("fk_safety_incident_reported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_safety_incident_number")),
    )
    op.create_index("ix_safety_incident_reported_at", "safety_incident", ["reported_at"], unique=False)
    op.create_table(
        "safety_note",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", types.UtcDateTime(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["safety_incident.id"], name=op.f("fk_safety_note_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_note")),
    )
    op.create_index("ix_safety_note_incident_id", "safety_note", ["incident_id", "id"], unique=False)
    op.create_table(
        "safety_measure",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["safety_incident.id"], name=op.f("fk_safety_measure_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_measure")),
    )
    op.create_index("ix_safety_measure_incident_id", "safety_measure", ["incident_id", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_safety_measure_incident_id", table_name="safety_measure")
    op.drop_table("safety_measure")
    op.drop_index("ix_safety_note_incident_id", table_name="safety_note")
    op.drop_table("safety_note")
    op.drop_index("ix_safety_incident_reported_at", table_name="safety_incident")
    op.drop_table("safety_incident")
    op.drop_table("case_number")
