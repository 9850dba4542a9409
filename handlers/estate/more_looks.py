"""Lets somebody whose quota is used up see more for a stated time, once a lead has agreed."""

from sqlalchemy import select

from engine.work import Work
from handlers.estate.records import estate_more_looks
from handlers.shared import limits
from handlers.shared.lapsing import LONG_AGO, Lapse, until

REVEALS, UNITS = "reveals", "units"

LAPSES = (
    Lapse(
        estate_more_looks,
        lambda now: until(estate_more_looks.c.until, now),
        lambda _now: {"until": LONG_AGO},
    ),
)


def extra(work: Work, kind: str) -> int:
    """Return by how much the actor's quota is raised now; asked only when the quota itself is used up.

    Args:
        kind: of `limits.MORE_LOOKS`.
    """
    agreed = work.connection.execute(
        select(estate_more_looks.c.id)
        .where(
            estate_more_looks.c.account_id == work.actor.id,
            estate_more_looks.c.kind == kind,
            estate_more_looks.c.until > work.now,
        )
        .limit(1)
    ).first()
    return 0 if agreed is None else limits.MORE_LOOKS[kind]
