"""Once a year owners are asked whether everything is still right."""

from dataclasses import replace

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.work import Engine
from handlers import settings as installation
from handlers.estate.records import RelationKind
from handlers.owning import household, reminding
from handlers.shared.channels import Message
from handlers.shared.channels.choice import channels_of
from handlers.shared.channels.development import kept_messages
from tests.handlers.estate_world import World
from tests.handlers.inline import inline_worker


@pytest.mark.both_stores
def test_owners_are_asked_once_a_year_until_they_confirm(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    person, relative = world.person("张三丰", "13812345678"), world.person("张翠山", "13812345670")
    world.relate(person, world.house)
    world.relate(relative, world.house, RelationKind.FAMILY)
    owner, _ = world.resident(person), world.resident(relative)
    assert reminding.watch(engine) == 0
    clock.advance(days=366)
    assert reminding.watch(engine) == 1
    assert reminding.watch(engine) == 0
    inline_worker(engine).drain()
    with engine.reading(SYSTEM) as work:
        [message] = kept_messages(work)
    assert "一年没有核对" in message.text[0]
    clock.advance(days=300)
    engine.run(owner, lambda work: household.confirm(work, world.house))
    clock.advance(days=100)
    assert reminding.watch(engine) == 0
    clock.advance(days=300)
    assert reminding.watch(engine) == 1


def test_nobody_is_asked_at_night(engine: Engine, world: World, clock: SettableClock) -> None:
    person = world.person("张三丰", "13812345678")
    world.relate(person, world.house)
    world.resident(person)
    clock.advance(days=366, hours=12)
    assert reminding.watch(engine) == 0


def test_what_is_secret_in_a_message_is_kept_on_demonstrations_only(engine: Engine, world: World) -> None:
    for demo, key in ((True, "1"), (False, "2")):
        settings = replace(installation.of(engine), demo=demo)
        message = Message(
            key,
            "13812345678",
            "owner_code_reset",
            "",
            "验证码 123456",
            "zh",
            "code 123456",
            secrets={"code": "123456"},
        )
        channels_of(engine, settings).sms.send(message)
        with engine.reading(SYSTEM) as work:
            assert ("123456" in str(kept_messages(work)[0].text)) is demo
