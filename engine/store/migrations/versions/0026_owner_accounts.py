"""owner accounts: codes by text message, how often they were asked for, accepted privacy notices."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "owner_quota",
        sa.Column("subject_index", sa.String(length=64), nullable=False),
        sa.Column("began_at", types.UtcDateTime(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("last_at", types.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_index", name=op.f("pk_owner_quota")),
    )
    op.create_index("ix_owner_quota_last_at", "owner_quota", ["last_at"], unique=False)
    op.create_table(
        "owner_code",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", types.UtcDateTime(), nullable=False),
        sa.Column("expires_at", types.UtcDateTime(), nullable=False),
        sa.Column("proved_at", types.UtcDateTime(), nullable=True),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["estate_person.id"], name=op.f("fk_owner_code_person_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_owner_code_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_code")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_owner_code_token_hash")),
    )
    op.create_index("ix_owner_code_asked_at", "owner_code", ["asked_at"], unique=False)
    op.create_table(
        "owner_acceptance",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("text_version", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("accepted_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_owner_acceptance_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_acceptance")),
    )
    op.create_index("ix_owner_acceptance_account_id", "owner_acceptance", ["account_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_owner_acceptance_account_id", table_name="owner_acceptance")
    op.drop_table("owner_acceptance")
    op.drop_index("ix_owner_code_asked_at", table_name="owner_code")
    op.drop_table("owner_code")
    op.drop_index("ix_owner_quota_last_at", table_name="owner_quota")
    op.drop_table("owner_quota")
