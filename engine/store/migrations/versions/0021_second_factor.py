"""second factor: authenticators, recovery codes, and which sessions have given a code."""

import sqlalchemy as sa
from alembic import op

from engine.store import types

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("account_session", sa.Column("second_factor_at", types.UtcDateTime(), nullable=True))
    op.create_table(
        "account_totp",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("begun_at", types.UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", types.UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("reset_asked_by", sa.BigInteger(), nullable=True),
        sa.Column("reset_asked_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["account.id"], name=op.f("fk_account_totp_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_totp")),
    )
    op.create_table(
        "account_recovery_code",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", types.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_recovery_code_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_recovery_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_account_recovery_code_code_hash")),
    )
    op.create_index(
        "ix_account_recovery_code_account_id", "account_recovery_code", ["account_id"], unique=False
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_account_recovery_code_account_id", table_name="account_recovery_code")
    op.drop_table("account_recovery_code")
    op.drop_table("account_totp")
    op.drop_column("account_session", "second_factor_at")
