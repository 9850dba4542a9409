"""Turns a job that names people and a text by their codes into messages that reach them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from string import Formatter

from engine.ports import Json, OutboxItem
from engine.work import SYSTEM, Work
from handlers.shared.alarms import raise_alarm
from handlers.shared.case_facts import case_facts
from handlers.shared.channels import Channel, Channels, Message
from handlers.shared.outbox import JobContext

NOTIFY = "notify"
DELIVER = "deliver"

Facts = Callable[[Work, Mapping[str, Json], str], Mapping[str, str]]


@dataclass(frozen=True)
class Template:
    """A text in both languages with `{named}` facts, none of which is personal data of a third person.

    Attributes:
        facts: finds what the text needs beyond the case and the step, given the job's args and the language.
    """

    code: str
    subject: str
    subject_en: str
    text: str
    text_en: str
    facts: Facts | None = None

    def written(self, work: Work, args: Mapping[str, Json], language: str) -> tuple[str, str]:
        """Return subject and text in a language."""
        return self.filled(self.known(work, args, language), language)

    def known(self, work: Work, args: Mapping[str, Json], language: str) -> Mapping[str, str]:
        """Return all that can be said in a language of what a job is about."""
        facts = case_facts(work, args, language)
        return facts if self.facts is None else {**facts, **self.facts(work, args, language)}

    def named(self, facts: Mapping[str, str], language: str) -> dict[str, str]:
        """Return the facts that the text of a language names, in its order."""
        text = self.text_en if language.startswith("en") else self.text
        names = [name for _, name, _, _ in Formatter().parse(text) if name]
        return {name: facts[name] for name in names}

    def filled(self, facts: Mapping[str, str], language: str) -> tuple[str, str]:
        """Return subject and text in a language with facts that are known."""
        if language.startswith("en"):
            return self.subject_en.format(**facts), self.text_en.format(**facts)
        return self.subject.format(**facts), self.text.format(**facts)


Write = Callable[[str], tuple[str, str]]


def message_to(
    key: str,
    template: str,
    to: str,
    language: str,
    write: Write,
    *,
    facts: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Message:
    """Write the message to one person in their language, and for the record in the other one too.

    Args:
        write: returns subject and text in a language.
        facts: what the text names, for suppliers that fill texts in themselves.
        secrets: what in the text is for the recipient alone.
    """
    own, other = ("en", "zh") if language.startswith("en") else ("zh", "en")
    subject, text = write(own)
    return Message(key, to, template, subject, text, own, write(other)[1], facts or {}, secrets or {})


@dataclass(frozen=True)
class Address:
    """Where a person can be reached; empty where they cannot.

    Attributes:
        phone: a mobile number.
    """

    phone: str = ""
    wechat_id: str = ""
    mail: str = ""
    language: str = "zh"


AddressOf = Callable[[Work, int], Address | None]


@dataclass(frozen=True)
class MessageBook:
    """Every text there is, and how to find the people that are named by "kind:id"."""

    templates: Mapping[str, Template]
    addresses: Mapping[str, AddressOf]

    def address(self, work: Work, recipient: str) -> Address | None:
        """Find where a recipient can be reached; a bare id is an account's."""
        kind, _, number = recipient.rpartition(":")
        return self.addresses[kind or "account"](work, int(number))


def book_of(templates: Iterable[Template], addresses: Mapping[str, AddressOf]) -> MessageBook:
    """Bind texts to a book.

    Raises:
        ValueError: two texts share a code.
    """
    found: dict[str, Template] = {}
    for template in templates:
        if template.code in found:
            raise ValueError(f"two message templates are called {template.code!r}")
        found[template.code] = template
    return MessageBook(found, addresses)


def notification(template: str, recipients: Iterable[str], dedup_key: str, **args: Json) -> OutboxItem:
    """Return the job that tells people something.

    Args:
        recipients: "account:ID", "person:ID", or what else the book knows; ids only.
        args: ids, codes and moments that the text is written from.
    """
    return OutboxItem(NOTIFY, {"template": template, "to": list(recipients), **args}, dedup_key)


def notify(context: JobContext) -> None:
    """Split a job for several people into one delivery each, so that one failing repeats none of the others.

    The people are those in `to`, or whoever belongs to `group` in `scope_id` at this moment.
    """
    job = context.job
    with context.engine.work(SYSTEM) as work:
        deliveries = [
            OutboxItem(DELIVER, {**job.args, "to": recipient}, f"{job.key}:{recipient}")
            for recipient in recipients_of(work, job.args)
        ]
        work.engine.outbox.put_many(work.connection, deliveries, work.now)
        context.done(work)


def deliver(context: JobContext) -> None:
    """Send one message to one person by the best channel that reaches them."""
    job = context.job
    template = context.book.templates[str(job.args["template"])]
    with context.engine.reading(SYSTEM) as work:
        address = context.book.address(work, str(job.args["to"]))
        reached = None if address is None else _reach(context.channels, address)
        if address is not None and reached is not None:
            write = partial(template.written, work, job.args)
            facts = template.named(template.known(work, job.args, address.language), address.language)
            message = message_to(job.key, template.code, reached[1], address.language, write, facts=facts)
    if reached is None:
        with context.engine.work(SYSTEM) as work:
            raise_alarm(work, "unreachable", job.id, {"to": job.args["to"], "template": template.code})
            context.done(work)
        return
    reached[0].send(message)


def recipients_of(work: Work, args: Mapping[str, Json]) -> list[str]:
    """Return the people that a job's args name, those of a group as it is at this moment."""
    if "group" in args:
        accounts = work.engine.directory.recipients(
            work.connection, str(args["group"]), int(str(args["scope_id"])), work.now
        )
        return [str(account_id) for account_id in accounts]
    to = args["to"]
    return [str(recipient) for recipient in (to if isinstance(to, list) else [to])]


def _reach(channels: Channels, address: Address) -> tuple[Channel, str] | None:
    if address.wechat_id:
        return channels.wechat, address.wechat_id
    if address.phone:
        return channels.sms, address.phone
    if address.mail:
        return channels.mail, address.mail
    return None
