"""whole words: houses and numbers are found as a whole, besides their pairs of characters."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_PART = 1000
_LONGEST = 40


def upgrade() -> None:
    """Apply."""
    _remake(_LONGEST)
    _note("SELECT id, business_key, title, title_en, place FROM instance")
    _note("SELECT instance_id, search_text FROM repair_order WHERE instance_id IS NOT NULL")


def downgrade() -> None:
    """Take back."""
    _remake(2)


def _remake(length: int) -> None:
    op.drop_table("case_gram")
    op.create_table(
        "case_gram",
        sa.Column("gram", sa.String(length=length), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("gram", "instance_id", name=op.f("pk_case_gram")),
        sqlite_with_rowid=False,
    )


def _note(query: str) -> None:
    connection = op.get_bind()
    into = sa.text("INSERT INTO case_gram (gram, instance_id) VALUES (:gram, :case) ON CONFLICT DO NOTHING")
    rows = connection.execute(sa.text(query)).fetchall()
    for first in range(0, len(rows), _PART):
        found = [
            {"gram": entry, "case": case_id}
            for case_id, *texts in rows[first : first + _PART]
            for entry in sorted(_entries(texts))
        ]
        if found:
            connection.execute(into, found)


def _entries(texts: list[str]) -> set[str]:
    words = unicodedata.normalize("NFKC", " ".join(texts)).lower().split()
    pairs = {word[at : at + 2] for word in words for at in range(len(word) - 1)}
    return pairs | {word for word in words if 2 < len(word) <= _LONGEST and any(map(str.isdigit, word))}
