"""Asks owners once a year to look whether what is on record of them is still right."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, or_, select

from engine.store.dialects import insert_new
from engine.work import SYSTEM, Engine, Work
from handlers.accounts.records import account
from handlers.estate.queries import is_valid
from handlers.estate.records import CheckState, RelationKind, estate_person, estate_relation
from handlers.owning.records import owner_reminder
from handlers.shared.messages import notification

EVERY = timedelta(hours=1)
_YEAR = timedelta(days=365)
_AT_ONCE = 200  # so that nothing urgent waits behind them
_ZONE = ZoneInfo("Asia/Shanghai")
_HOURS = range(9, 18)  # nobody is woken for this


def watch(engine: Engine) -> int:
    """Remind those whose year is over, by day only."""
    return engine.run(SYSTEM, remind)


def remind(work: Work) -> int:
    """Put a message for each owner who has confirmed nothing for a year, and return how many.

    Source: policy B2.
    """
    if work.now.astimezone(_ZONE).hour not in _HOURS:
        return 0
    owns = exists().where(
        estate_relation.c.person_id == estate_person.c.id,
        estate_relation.c.kind.in_((RelationKind.OWNER, RelationKind.CO_OWNER)),
        estate_relation.c.check_state == CheckState.CHECKED,
        is_valid(work),
    )
    rows = work.connection.execute(
        select(account.c.id, account.c.person_id)
        .join(estate_person, estate_person.c.id == account.c.person_id)
        .outerjoin(owner_reminder, owner_reminder.c.person_id == estate_person.c.id)
        .where(
            account.c.state == "active",
            func.coalesce(estate_person.c.checked_at, estate_person.c.created_at) < work.now - _YEAR,
            or_(owner_reminder.c.sent_at.is_(None), owner_reminder.c.sent_at < work.now - _YEAR),
            owns,
        )
        .order_by(account.c.id)
        .limit(_AT_ONCE)
    ).all()
    for row in rows:
        key = f"owner_data_yearly:{row.person_id}:{work.now.date()}"
        item = notification("owner_data_yearly", [f"account:{row.id}"], key)
        work.engine.outbox.put_many(work.connection, [item], work.now)
        insert_new(work.connection, owner_reminder, [{"person_id": row.person_id, "sent_at": work.now}])
        work.connection.execute(
            owner_reminder.update()
            .where(owner_reminder.c.person_id == row.person_id)
            .values(sent_at=work.now)
        )
    return len(rows)
