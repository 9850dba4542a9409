"""Table of who joins and who leaves; the account itself stands in accounts."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from engine.store.tables import metadata
from engine.store.types import JsonColumn, UtcDateTime
from handlers.shared.sealed import sealed_column

staffing_case = Table(
    "staffing_case",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", String(32), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # joining | leaving | review | password
    Column("state", String(16), nullable=False),  # open | refused | withdrawn | done | suspended
    Column("scope_id", ForeignKey("estate_community.id"), nullable=False),  # where the case runs
    Column("account_id", ForeignKey("account.id")),  # of who joins: once registered; of a review: who leads
    sealed_column("name"),  # of who joins
    sealed_column("phone"),
    Column("department", String(100), nullable=False, default=""),
    Column("posts", JsonColumn, nullable=False),  # post codes asked for
    Column("community_id", ForeignKey("estate_community.id")),  # where they are to count; null is everywhere
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", BigInteger, nullable=False),
    Column("leaves_at", UtcDateTime),
    Column("left_at", UtcDateTime),  # when access ended in fact
    Column("successor_id", ForeignKey("account.id")),
    Column("returned", JsonColumn, nullable=False),  # codes of what was given back
    sealed_column("note"),
    Index("ix_staffing_case_account_id", "account_id"),
)
