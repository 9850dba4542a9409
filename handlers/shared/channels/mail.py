"""Hands mail to an SMTP server."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256

from engine.clock import Clock
from handlers.settings import Mail
from handlers.shared.channels import DeliveryFailed, Message

_TIMEOUT_SECONDS = 10


class SmtpMail:
    """Sends each message in a connection of its own; its key becomes the Message-ID."""

    def __init__(self, server: Mail, clock: Clock) -> None:
        self._server = server
        self._clock = clock

    def send(self, message: Message) -> None:
        """Hand a message over; see `Channel.send`."""
        try:
            letter = self._letter(message)
            with smtplib.SMTP(self._server.host, self._server.port, timeout=_TIMEOUT_SECONDS) as smtp:
                if self._server.starttls:
                    smtp.starttls(context=ssl.create_default_context())
                if self._server.user:
                    smtp.login(self._server.user, self._server.password)
                smtp.send_message(letter)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise DeliveryFailed(f"mail server did not take it: {type(error).__name__}") from error

    def _letter(self, message: Message) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = self._server.sender
        letter["To"] = message.to
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(self._clock.now())
        domain = self._server.sender.rpartition("@")[2]
        letter["Message-ID"] = f"<{sha256(message.key.encode()).hexdigest()[:32]}@{domain}>"
        letter.set_content(message.text)
        return letter
