"""privacy: exports by procedure, whose data they hold, and requests about one's own data."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _create_exports()
    op.create_table(
        "privacy_export_person",
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["privacy_export.id"], name=op.f("fk_privacy_export_person_export_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["estate_person.id"], name=op.f("fk_privacy_export_person_person_id")
        ),
        sa.PrimaryKeyConstraint("export_id", "person_id", name=op.f("pk_privacy_export_person")),
    )
    op.create_index("ix_privacy_export_person_person_id", "privacy_export_person", ["person_id"])
    _create_requests()


def _create_exports() -> None:
    op.create_table(
        "privacy_export",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("building_id", sa.BigInteger()),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("content", sa.String(16), nullable=False),
        sa.Column("fields", types.JsonColumn, nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("keep_days", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("file_name", sa.String(64)),
        sa.Column("file_rows", sa.Integer()),
        sa.Column("link_until", types.UtcDateTime()),
        sa.Column("fetched_at", types.UtcDateTime()),
        sa.Column("delete_until", types.UtcDateTime()),
        sa.Column("deleted_at", types.UtcDateTime()),
        sa.Column("instance_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_privacy_export_community_id")
        ),
        sa.ForeignKeyConstraint(
            ["building_id"], ["estate_building.id"], name=op.f("fk_privacy_export_building_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_export")),
        sa.UniqueConstraint("number", name=op.f("uq_privacy_export_number")),
    )
    op.create_index("ix_privacy_export_asked_by", "privacy_export", ["asked_by", "asked_at"])
    op.create_index("ix_privacy_export_community_id", "privacy_export", ["community_id", "asked_at"])


def _create_requests() -> None:
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("community_id", sa.BigInteger(), nullable=False),
        sa.Column("house_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("on_behalf", sa.String(16), nullable=False),
        sa.Column("scopes", types.JsonColumn, nullable=False),
        sa.Column("wish", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("answer_by", types.UtcDateTime(), nullable=False),
        sa.Column("hard_stop", types.UtcDateTime(), nullable=False),
        sa.Column("correction", sa.String(32), nullable=False),
        sa.Column("file_name", sa.String(64)),
        sa.Column("file_until", types.UtcDateTime()),
        sa.Column("fetched_at", types.UtcDateTime()),
        sa.Column("instance_id", sa.BigInteger()),
        sa.Column("settled_at", types.UtcDateTime()),
        sa.Column("settled_by", sa.BigInteger()),
        sa.ForeignKeyConstraint(
            ["community_id"], ["estate_community.id"], name=op.f("fk_privacy_request_community_id")
        ),
        sa.ForeignKeyConstraint(["house_id"], ["estate_house.id"], name=op.f("fk_privacy_request_house_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["estate_person.id"], name=op.f("fk_privacy_request_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
        sa.UniqueConstraint("number", name=op.f("uq_privacy_request_number")),
    )
    op.create_index("ix_privacy_request_asked_by", "privacy_request", ["asked_by", "asked_at"])
    op.create_index("ix_privacy_request_person_id", "privacy_request", ["person_id", "asked_at"])


def downgrade() -> None:
    """Take back."""
    for table in ("privacy_request", "privacy_export_person", "privacy_export"):
        op.drop_table(table)
