"""Brings a message to the one case that waits for it."""

from collections.abc import Mapping

from engine import stepping
from engine.errors import Conflict, EngineError
from engine.ports import Json
from engine.store.tables import instance
from engine.work import Work


class NotAwaited(EngineError, Conflict):
    """No open case with that key waits for this message; nothing was changed."""


def correlate(
    work: Work, process_key: str, message: str, business_key: str, variables: Mapping[str, Json]
) -> int:
    """Give a message to the case of a procedure with this business key, and run it on.

    The calling command has checked that its actor may say this.

    Returns:
        The instance's id.
    Raises:
        NotAwaited: no such open case, or it does not wait for this message now.
    """
    waiting = stepping.awaiting(message, business_key).where(instance.c.process_key == process_key)
    found = work.connection.execute(waiting).scalars().first()
    if found is None or not stepping.give(work, found, message, variables):
        raise NotAwaited(
            "message_not_awaited", "流程 {key} 现在不等待消息“{message}”", key=business_key, message=message
        )
    return int(found)
