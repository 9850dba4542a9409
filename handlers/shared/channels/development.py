"""Keeps messages in a table instead of sending them, for installations that have no supplier yet."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from engine.bilingual import Text
from engine.ids import new_id
from engine.store.dialects import insert_new
from engine.work import SYSTEM, Engine, Work
from handlers.shared import limits
from handlers.shared.channels import Message
from handlers.shared.masks import mask_phone
from handlers.shared.permissions import Permission
from handlers.shared.records import outbox_message

_HIDDEN = "······"


class TableChannel:
    """Writes each message once, sealed; calls count as acknowledged when they were written.

    Codes and first passwords are for their recipients alone: they are kept on demonstrations only.
    """

    def __init__(self, channel: str, engine: Engine, *, is_demo: bool = True) -> None:
        self._channel = channel
        self._engine = engine
        self._is_demo = is_demo

    def send(self, message: Message) -> None:
        """Keep a message; a key that is known is passed over."""
        seal = self._engine.vault.seal
        with self._engine.work(SYSTEM) as work:
            row_id = new_id()
            row = {
                "id": row_id,
                "channel": self._channel,
                "delivery_key": message.key,
                "recipient": seal("outbox_message", "recipient", row_id, message.to),
                "body": seal("outbox_message", "body", row_id, self._kept(message, message.text)),
                "language": message.language,
                "translation": seal(
                    "outbox_message", "translation", row_id, self._kept(message, message.translation)
                ),
                "sent_at": work.now,
            }
            insert_new(work.connection, outbox_message, [row])

    def ring(self, message: Message) -> bool:
        """Keep the text of a call."""
        self.send(message)
        return True

    def _kept(self, message: Message, text: str) -> str:
        if not self._is_demo:
            for secret in message.secrets.values():
                text = text.replace(secret, _HIDDEN)
        return text


@dataclass(frozen=True)
class KeptMessage:
    """A message that would have been sent, its recipient masked.

    Attributes:
        text: in both languages; it was sent in `language`.
    """

    id: int
    channel: str
    recipient: str
    text: Text
    language: str
    sent_at: datetime


def kept_messages(work: Work) -> list[KeptMessage]:
    """List the newest messages that were kept instead of sent."""
    work.require(Permission.MESSAGES_READ)
    rows = work.connection.execute(
        select(outbox_message).order_by(outbox_message.c.id.desc()).limit(limits.PAGE_ROWS)
    )
    unseal = work.engine.vault.open
    return [
        KeptMessage(
            row.id,
            row.channel,
            mask_phone(unseal("outbox_message", "recipient", row.id, row.recipient)),
            _text(unseal, row),
            row.language,
            row.sent_at,
        )
        for row in rows
    ]


def _text(unseal: Callable[[str, str, int, str], str], row: Row[Any]) -> Text:
    sent = unseal("outbox_message", "body", row.id, row.body)
    if row.translation is None:
        return sent
    other = unseal("outbox_message", "translation", row.id, row.translation) or sent
    return (other, sent) if row.language == "en" else (sent, other)
