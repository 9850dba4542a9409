"""room in the pages of user_task, so that marking many tasks late writes no index entries on PostgreSQL."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; rows that are there already move when they next change."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE user_task SET (fillfactor = 50)")


def downgrade() -> None:
    """Take back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE user_task RESET (fillfactor)")
