"""What an emergency asks for, as it does without anybody's agreement: a reason, a case, a witness."""

from sqlalchemy import exists, select

from engine.store.tables import instance
from engine.work import Work
from handlers.errors import FieldsInvalid
from handlers.shared import limits
from handlers.shared.alarms import raise_alarm

ALARM = "emergency_look"


def require_told(reason: str) -> None:
    """Refuse a reason that says nothing.

    Raises:
        FieldsInvalid: it has too few letters or characters.
    """
    if not reason.strip():
        raise FieldsInvalid({"reason": ("紧急查看须写明原因", {})})
    if sum(one.isalpha() for one in reason) < limits.EMERGENCY_LETTERS:
        raise FieldsInvalid(
            {"reason": ("请至少用 {least} 个字写明紧急情况，标点不算", {"least": limits.EMERGENCY_LETTERS})}
        )


def has_open_case(work: Work, house_id: int) -> bool:
    """Tell whether something is going on about a house; an emergency there then has to name its case."""
    going_on = exists().where(instance.c.resident_scope_id == house_id, instance.c.ended_at.is_(None))
    return bool(work.connection.execute(select(going_on)).scalar_one())


def tell_security(work: Work, entry_id: int) -> None:
    """Raise an alarm for one use of the word, each for itself: the security post looks whether it was one.

    Args:
        entry_id: what the reason is sealed under in the access log.
    """
    raise_alarm(work, ALARM, entry_id, {"account_id": str(work.actor.id)})
