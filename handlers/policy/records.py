"""Tables of what the platform knows about its own running."""

from sqlalchemy import Column, Date, Integer, Table

from engine.store.tables import metadata
from engine.store.types import UtcDateTime

# In how many minutes of a day (UTC) the platform was up; whoever beats in a minute first counts it.
platform_day = Table(
    "platform_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("minutes", Integer, nullable=False),
    Column("first_beat_at", UtcDateTime, nullable=False),
    Column("last_beat_at", UtcDateTime, nullable=False),
)
