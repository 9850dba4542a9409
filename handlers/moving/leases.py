"""Watches the ends of leases: thirty days before, the desk gets a task; nobody's access ends by time."""

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row, String, case, cast, exists, select

from engine import idempotency
from engine.work import SYSTEM, Engine, Work
from handlers.estate import communities
from handlers.estate.entry import house_row
from handlers.estate.records import CheckState, RelationKind, estate_house, estate_relation
from handlers.moving import cases, starting
from handlers.moving.records import OVER, Kind, moving_case
from handlers.moving.tenancy import RENEW

AHEAD = timedelta(days=30)
EVERY = timedelta(hours=1)
AT_LEAST = timedelta(days=3)  # to handle a lease whose end is noticed late, or on its last day
_AT_ONCE = 200
_SYSTEM = "system"


def watch(engine: Engine) -> int:
    """Begin a case for each lease that ends soon and has none yet; return how many were begun.

    Several nodes may do this at once: whoever comes second finds the first one's answer.
    """
    with engine.reading(SYSTEM) as work:
        ending = _ending(work)
    return sum(engine.run(SYSTEM, partial(_begin, relation=row)) for row in ending)


def _ending(work: Work) -> list[Row[Any]]:
    until = (work.now + AHEAD).astimezone(work.engine.zone).date()
    asked = exists().where(
        moving_case.c.kind == Kind.TENANT,
        moving_case.c.house_id == estate_relation.c.house_id,
        moving_case.c.channel == _SYSTEM,
        moving_case.c.facts["tenant"].as_string() == cast(estate_relation.c.id, String),
        case(
            # A renewal holds the new end of the lease: nobody was asked about that one yet.
            (moving_case.c.way == RENEW, moving_case.c.state.not_in(OVER)),
            else_=moving_case.c.lease_ends_on == estate_relation.c.lease_ends_on,
        ),
    )
    return list(
        work.connection.execute(
            select(estate_relation, estate_house.c.community_id)
            .join(estate_house, estate_house.c.id == estate_relation.c.house_id)
            .where(
                estate_relation.c.kind == RelationKind.TENANT,
                estate_relation.c.check_state == CheckState.CHECKED,
                estate_relation.c.valid_to.is_(None),
                estate_relation.c.lease_ends_on <= until,
                ~asked,
            )
            .order_by(estate_relation.c.lease_ends_on, estate_relation.c.id)
            .limit(_AT_ONCE)
        )
    )


def _begin(work: Work, relation: Row[Any]) -> int:
    """Begin the case of one lease, unless another node has; return how many were begun."""
    key = f"lease:{relation.id}:{relation.lease_ends_on.isoformat()}"
    if idempotency.recall(work, key, "moving.lease", idempotency.fingerprint(key)) is not None:
        return 0
    house = house_row(work, relation.house_id)
    record = cases.add(work, Kind.TENANT, house, work.now, _SYSTEM)
    record = cases.change(work, record, lease_ends_on=relation.lease_ends_on, way="lease_end")
    record = cases.add_facts(work, record, tenant=str(relation.id))
    zone = communities.zone_of(work, house.community_id)
    end = datetime.combine(relation.lease_ends_on + timedelta(days=1), time(), zone)
    due_at = max(end, work.now + AT_LEAST)  # no task is late when it is opened
    begun = starting.started(work, record, house, "lease_ends", {"lease_ends_at": due_at.isoformat()})
    idempotency.remember(work, key, {"number": begun.number})
    return 1
