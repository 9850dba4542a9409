"""Messages reach the right people by the right channel, in their language, once."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from sqlalchemy import select

from engine.bilingual import chinese, in_both
from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers import bootstrap
from handlers import settings as installation
from handlers.accounts import sign_in as signing
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.settings import Gateway, Mail, Settings
from handlers.shared import calls, limits
from handlers.shared.channels import DeliveryFailed, Message
from handlers.shared.channels.development import kept_messages
from handlers.shared.channels.gateway import GatewayClient
from handlers.shared.channels.mail import SmtpMail
from handlers.shared.messages import notification
from handlers.shared.outbox import Job, put
from handlers.shared.outbox_worker import Worker
from handlers.shared.records import alarm, outbox_job
from tests.handlers.estate_world import World
from tests.handlers.inline import Inline, inline_worker
from tests.handlers.shared.gateway import SECRET, FakeGateway, running_gateway

MESSAGE = Message("key-1", "13812345678", "task_warning", "任务即将到期", "请尽快处理")


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def settings(settings: Settings, gateway: FakeGateway) -> Settings:
    reached = Gateway(gateway.url, SECRET)
    return replace(settings, sms=reached, wechat=reached, voice=reached, job_children=1)


@pytest.fixture
def worker(engine: Engine) -> Worker:
    return inline_worker(engine)


def tell(engine: Engine, *to: str, key: str = "news") -> None:
    with engine.work(SYSTEM) as work:
        put(work, notification("task_warning", to, key, due_at="2026-11-23T03:30:00+00:00"))


def change(engine: Engine, actor: Actor, **values: str) -> None:
    with engine.work(SYSTEM) as work:
        work.connection.execute(account.update().where(account.c.id == actor.id).values(**values))


def alarms(engine: Engine) -> list[str]:
    with engine.reading(SYSTEM) as work:
        return list(work.connection.execute(select(alarm.c.kind)).scalars())


@pytest.mark.both_stores
def test_each_person_gets_the_text_in_their_language(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway
) -> None:
    chinese, english = world.staff(Post.CS), world.staff(Post.CS)
    change(engine, english, language="en")
    tell(engine, str(chinese.id), f"account:{english.id}")
    worker.drain()
    texts = {message["to"]: message["text"] for message in gateway.effects.values()}
    assert "即将到期（11-23 11:30）" in texts["13800000001"]
    assert "due soon (11-23 11:30)" in texts["13800000002"]
    facts = {message["to"]: message["facts"] for message in gateway.effects.values()}
    assert list(facts["13800000001"]) == ["case", "place", "step", "due_at"]  # in the order of the text
    assert facts["13800000001"]["due_at"] == "11-23 11:30"


def test_a_person_on_record_is_reached_without_an_account(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway
) -> None:
    person = world.person("张三丰", "13912345678")
    tell(engine, f"person:{person}")
    worker.drain()
    assert [message["to"] for message in gateway.effects.values()] == ["13912345678"]


def test_wechat_comes_before_text_messages(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway
) -> None:
    clerk = world.staff(Post.CS)
    change(engine, clerk, wechat_id=engine.vault.seal("account", "wechat_id", clerk.id, "wx-1"))
    tell(engine, str(clerk.id))
    worker.drain()
    assert [(message["channel"], message["to"]) for message in gateway.requests] == [("wechat", "wx-1")]


def test_one_failing_delivery_repeats_none_of_the_others(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway, clock: SettableClock
) -> None:
    people = [world.staff(Post.CS) for _ in range(3)]
    gateway.failures = 1
    tell(engine, *(str(person.id) for person in people))
    worker.drain()
    assert len(gateway.effects) == 2
    clock.advance(minutes=1)
    worker.drain()
    assert len(gateway.effects) == 3
    assert len(gateway.requests) == 4


@pytest.mark.both_stores
def test_a_delivery_repeated_by_a_crash_takes_effect_once(
    engine: Engine, world: World, gateway: FakeGateway, clock: SettableClock
) -> None:
    tell(engine, str(world.staff(Post.CS).id))

    class Crashing(Inline):
        """Dies after the delivery, before it can be noted."""

        def run(self, job: Job, seconds: float) -> str | None:
            super().run(job, seconds)
            return "the child process ended"

    Worker(engine, [Crashing(engine)], 30).drain()
    clock.advance(hours=1)
    inline_worker(engine).drain()
    assert len(gateway.requests) == 2
    assert len(gateway.effects) == 1


def test_nobody_reachable_raises_an_alarm(engine: Engine, world: World, worker: Worker) -> None:
    person = world.person("张三丰", "")
    tell(engine, f"person:{person}")
    worker.drain()
    assert alarms(engine) == ["unreachable"]


def test_a_group_is_whoever_belongs_to_it_when_the_message_is_sent(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway
) -> None:
    with engine.work(SYSTEM) as work:
        args = {"group": "csl", "scope_id": str(world.community)}
        item = notification("task_warning", [], "news", due_at="2026-11-23T03:30:00+00:00", **args)
        put(work, item)
    world.staff(Post.CSL)
    world.staff(Post.CSL, world.other_community)
    worker.drain()
    assert [message["to"] for message in gateway.effects.values()] == ["13800000001"]


def test_queued_jobs_hold_no_personal_data(engine: Engine, world: World, worker: Worker) -> None:
    person = world.person("张三丰", "13912345678")
    tell(engine, f"person:{person}", str(world.staff(Post.CS).id))
    with engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        staff.register(work, staff.Registration("李四光", "lisiguang", "13712345678"))
    worker.drain()
    with engine.reading(SYSTEM) as work:
        stored = str(work.connection.execute(select(outbox_job)).all())
    for canary in ("张三丰", "13912345678", "李四光", "13712345678", "13800000001"):
        assert canary not in stored


def test_the_first_password_goes_to_the_persons_phone_alone_and_opens_the_account(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway
) -> None:
    with engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        account_id = staff.register(work, staff.Registration("李四光", "lisiguang", "13712345678"))
    worker.drain()
    [message] = gateway.effects.values()
    assert message["to"] == "13712345678"
    login, password = (part.split("，")[0] for part in message["text"].split("：")[1:])
    assert login == "lisiguang", "else a newcomer does not know what to sign in with"
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(account).where(account.c.id == account_id)).one()
    assert row.first_password is None
    assert signing.sign_in(engine, login, password, "192.0.2.7")


def test_a_changed_phone_tells_the_old_one_and_the_lead_even_when_changed_twice(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway
) -> None:
    clerk, _lead = world.staff(Post.CS), world.staff(Post.CSL)
    with engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        staff.change_phone(work, clerk.id, "13612340000")
        staff.change_phone(work, clerk.id, "13612340001")
    worker.drain()
    sent = {message["template"]: message["to"] for message in gateway.effects.values()}
    assert sent == {"phone_changed_old": "13800000001", "phone_changed": "13800000002"}
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(account).where(account.c.id == clerk.id)).one()
    assert row.old_phone is None


def test_a_password_that_is_sent_again_is_told_to_the_lead(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway
) -> None:
    clerk, _lead = world.staff(Post.CS), world.staff(Post.CSL)
    with engine.work(world.staff(Post.ADM, everywhere=True)) as work:
        staff.reissue_first_password(work, clerk.id)
    worker.drain()
    sent = {message["template"]: message["to"] for message in gateway.effects.values()}
    assert sent == {"first_password": "13800000001", "first_password_again": "13800000002"}


def test_real_children_deliver_over_the_wire(
    engine: Engine, world: World, gateway: FakeGateway, clock: SettableClock
) -> None:
    tell(engine, str(world.staff(Post.CS).id))
    worker = bootstrap.outbox_worker(engine)
    try:
        worker.drain()  # the children's clock is the machine's, so what they queue is due for this one later
        clock.advance(days=20_000)
        worker.drain()
    finally:
        worker.stop()
        worker.serve()
    assert len(gateway.effects) == 1


def test_a_phone_rings_every_minute_until_the_call_is_acknowledged(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway, clock: SettableClock
) -> None:
    repairer = world.staff(Post.RP)
    with engine.work(SYSTEM) as work:
        put(
            work,
            calls.urgent_call("task_warning", [str(repairer.id)], "alarm", due_at=clock.now().isoformat()),
        )
    for _ in range(2):
        worker.drain()
        clock.advance(seconds=59)
        worker.drain()
        clock.advance(seconds=1)
    assert len(gateway.effects) == 2
    gateway.acknowledged = True
    worker.drain()
    clock.advance(hours=1)
    worker.drain()
    assert len(gateway.effects) == 3
    assert {message["channel"] for message in gateway.requests} == {"voice"}


def test_a_call_ends_when_the_person_says_so_on_the_screen(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway, clock: SettableClock
) -> None:
    repairer = world.staff(Post.RP)
    with engine.work(SYSTEM) as work:
        put(
            work,
            calls.urgent_call("task_warning", [str(repairer.id)], "alarm", due_at=clock.now().isoformat()),
        )
    worker.drain()
    with engine.work(world.staff(Post.RP)) as work:
        assert calls.acknowledge_own(work) == 0
    with engine.work(repairer) as work:
        assert calls.acknowledge_own(work) == 1
    clock.advance(minutes=5)
    worker.drain()
    assert len(gateway.effects) == 1


def test_a_call_that_nobody_answers_is_given_up_with_an_alarm(
    engine: Engine, world: World, worker: Worker, gateway: FakeGateway, clock: SettableClock
) -> None:
    repairer = world.staff(Post.RP)
    with engine.work(SYSTEM) as work:
        put(
            work,
            calls.urgent_call("task_warning", [str(repairer.id)], "alarm", due_at=clock.now().isoformat()),
        )
    for _ in range(30):
        worker.drain()
        clock.advance(minutes=1)
    assert len(gateway.effects) == limits.RINGS
    assert alarms(engine) == ["unanswered_call"]


def test_a_gateway_that_gets_a_wrong_signature_takes_nothing(
    gateway: FakeGateway, clock: SettableClock
) -> None:
    with pytest.raises(DeliveryFailed, match="403"):
        GatewayClient("sms", Gateway(gateway.url, "wrong"), clock).send(MESSAGE)
    assert gateway.effects == {}


def test_a_gateway_that_is_down_is_a_failed_delivery_without_personal_data(clock: SettableClock) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        GatewayClient("sms", Gateway("http://127.0.0.1:9/", SECRET), clock).send(MESSAGE)
    assert MESSAGE.to not in str(failed.value)


class Mailbox(MessageHandler):
    """Keeps what a real SMTP server received."""

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[tuple[str, str, str]] = []

    def handle_message(self, message: object) -> None:
        letter: dict[str, str] = message  # type: ignore[assignment]  # email.message.Message
        self.letters.append((letter["To"], letter["Subject"], letter["Message-ID"]))


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, Mail]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, Mail(host="127.0.0.1", port=port, sender="wuye@example.com")
    controller.stop()


def test_mail_goes_to_a_real_server_with_the_same_message_id_in_every_attempt(
    mailbox: tuple[Mailbox, Mail], clock: SettableClock
) -> None:
    box, server = mailbox
    letter = replace(MESSAGE, to="wang@example.com")
    SmtpMail(server, clock).send(letter)
    clock.advance(minutes=1)
    SmtpMail(server, clock).send(letter)
    assert [to for to, _, _ in box.letters] == ["wang@example.com"] * 2
    assert len({message_id for _, _, message_id in box.letters}) == 1


def test_no_header_can_be_smuggled_into_mail(mailbox: tuple[Mailbox, Mail], clock: SettableClock) -> None:
    box, server = mailbox
    with pytest.raises(DeliveryFailed):
        SmtpMail(server, clock).send(replace(MESSAGE, to="a@example.com\nBcc: b@example.com"))
    assert box.letters == []


def test_without_suppliers_messages_are_kept_once_for_a_page_that_masks_the_phone(
    engine: Engine, world: World
) -> None:
    installation.keep(engine, replace(installation.of(engine), sms=Gateway(), voice=Gateway()))
    worker = inline_worker(engine)
    tell(engine, str(world.staff(Post.CS).id))
    worker.drain()
    with engine.reading(world.staff(Post.SYS, everywhere=True)) as work:
        [kept] = kept_messages(work)
    assert (kept.channel, kept.recipient) == ("sms", "138****0001")
    assert kept.language == "zh"
    assert "即将到期" in chinese(kept.text)
    assert "due soon" in in_both(kept.text)[1]
