"""step_month: finished steps by month."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "step_month",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process_key", sa.String(length=100), nullable=False),
        sa.Column("step_id", sa.String(length=100), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("late_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", "scope_id", "process_key", "step_id", name=op.f("pk_step_month")),
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    month = "date(day, 'start of month')" if is_sqlite else "CAST(date_trunc('month', day) AS date)"
    op.execute(
        "INSERT INTO step_month (month, scope_id, process_key, step_id, finished, late, seconds, late_seconds)"  # noqa: S608  # our own words
        f" SELECT {month}, scope_id, process_key, step_id, sum(finished), sum(late), sum(seconds),"
        f" sum(late_seconds) FROM step_day GROUP BY {month}, scope_id, process_key, step_id"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("step_month")
