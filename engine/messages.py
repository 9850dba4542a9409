"""Brings a message to the one case that waits for it."""

from sqlalchemy import select

from engine import stepping
from engine.errors import Conflict, EngineError
from engine.ports import Json
from engine.store.tables import instance, message_subscription
from engine.work import Work


class NotAwaited(EngineError, Conflict):
    """No open case with that key waits for this message; nothing was changed."""


def correlate(
    work: Work, process_key: str, message: str, business_key: str, variables: dict[str, Json]
) -> int:
    """Give a message to the case of a procedure with this business key, and run it on.

    The calling command has checked that its actor may say this.

    Returns:
        The instance's id.
    Raises:
        NotAwaited: no such open case, or it does not wait for this message now.
    """
    found = work.connection.execute(
        select(message_subscription.c.instance_id)
        .join(instance, instance.c.id == message_subscription.c.instance_id)
        .where(
            message_subscription.c.message == message,
            message_subscription.c.business_key == business_key,
            instance.c.process_key == process_key,
        )
        .limit(1)
    ).scalar_one_or_none()
    if found is None:
        raise NotAwaited(
            "message_not_awaited", "流程 {key} 现在不等待消息“{message}”", key=business_key, message=message
        )
    case = stepping.locked(work, found)
    stepping.require_active(case)
    if not any(known["k"] == "message" for known in case.waits.values()):
        raise NotAwaited(
            "message_not_awaited", "流程 {key} 现在不等待消息“{message}”", key=business_key, message=message
        )
    stepping.move(work, case, lambda run, host: run.correlate(host, message, variables))
    return int(found)
