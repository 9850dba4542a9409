"""Ways to reach people: one port each, so that an installation chooses its suppliers by settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class DeliveryFailed(Exception):
    """The other side did not take a message; it is tried again with the same key."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is to read.

    Attributes:
        key: the same in every attempt; whoever delivers drops a key that was delivered before.
        to: phone number, WeChat id or mail address, as the channel needs it.
        template: code of the text, for suppliers that want texts registered beforehand.
        subject: for mail.
        language: of subject and text: zh or en.
        translation: the text in the other language, for staff who look up what was sent.
        facts: what the text was written from, by its name in the template and in the order of the text.
        secrets: what in the text is for the recipient alone, such as a code, by its name in the template.
    """

    key: str
    to: str
    template: str
    subject: str
    text: str
    language: str = "zh"
    translation: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """Hands over a message that is read when the person looks."""

    def send(self, message: Message) -> None:
        """Hand the message over.

        Raises:
            DeliveryFailed: the other side did not take it.
        """
        ...


class Voice(Protocol):
    """Calls a phone."""

    def ring(self, message: Message) -> bool:
        """Call once, read the text out, and tell whether the person pressed a key to acknowledge it.

        Raises:
            DeliveryFailed: no call could be made.
        """
        ...


@dataclass(frozen=True)
class Channels:
    """The channels of an installation."""

    sms: Channel
    wechat: Channel
    mail: Channel
    voice: Voice
