"""Owners who register and reset passwords, and what arrives on their phones."""

import re

from sqlalchemy import select

from engine.ports import SYSTEM
from engine.work import Engine
from handlers.estate.records import RelationKind
from handlers.owning import codes, registering, resetting
from handlers.owning.codes import Purpose
from handlers.owning.records import owner_code
from handlers.owning.registering import Claim
from handlers.shared.channels.development import kept_messages
from tests.handlers.estate_world import World
from tests.handlers.inline import inline_worker

NAME, NUMBER, PHONE = "张三丰", "11010519491231002X", "13812345678"
CLAIM = Claim(NAME, NUMBER, PHONE)
PASSWORD = "Quiet-harbour-9"
ADDRESS = "192.0.2.7"


class Owning:
    """An owner on record, with ways to go through registering.

    Attributes:
        person: of the owner of the world's house.
    """

    def __init__(self, engine: Engine, world: World) -> None:
        self.engine = engine
        self.world = world
        self.person = world.person(NAME, PHONE, id_number=NUMBER)
        world.relate(self.person, world.house, RelationKind.OWNER)

    def messages(self) -> list[str]:
        """Deliver what waits, and return every message to a phone, the oldest first."""
        inline_worker(self.engine).drain()
        with self.engine.reading(SYSTEM) as work:
            return [str(message.text[0]) for message in reversed(kept_messages(work))]

    def code(self) -> str:
        """Return the code that arrived last."""
        found = re.search(r"验证码 (\d{6})，", self.messages()[-1])
        assert found is not None
        return found[1]

    def wrong(self) -> str:
        """Return a code that is not the right one."""
        return f"{(int(self.code()) + 1) % 1_000_000:06d}"

    def register(self) -> str:
        """Register, and return the token of the session."""
        token = registering.begin(self.engine, CLAIM, ADDRESS)
        codes.prove(self.engine, token, Purpose.REGISTER, self.code())
        return registering.finish(self.engine, token, PASSWORD, ADDRESS, accepts=True)

    def reset(self, login: str = PHONE) -> str:
        """Ask for a new password, and return the token of the browser."""
        return resetting.begin(self.engine, login, ADDRESS)

    def rows(self) -> int:
        """Count the codes that were asked for."""
        with self.engine.reading(SYSTEM) as work:
            return len(work.connection.execute(select(owner_code.c.id)).all())
