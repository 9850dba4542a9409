"""Resident accounts: opened at the counter for who may act, with a password that only the person sees."""

import pytest

from engine.errors import NotPermitted
from engine.ports import SYSTEM, Membership
from engine.work import Engine
from handlers.accounts import sessions
from handlers.accounts.logins import LoginTaken
from handlers.accounts.permissions import Post
from handlers.accounts.residents import open_account
from handlers.accounts.sign_in import change_password, sign_in
from handlers.errors import RecordConflict, RecordNotFound, RuleRefused
from handlers.estate.records import RelationKind
from handlers.shared.channels.development import kept_messages
from tests.handlers.estate_world import World
from tests.handlers.inline import inline_worker

WOMAN = "11010519491231002X"


def opened(engine: Engine, world: World, person: int) -> int:
    with engine.work(world.staff(Post.CS)) as work:
        return open_account(work, person, world.house)


@pytest.mark.parametrize("login", ["138 1234 5678", WOMAN, WOMAN.lower()])
@pytest.mark.both_stores
def test_an_owner_signs_in_by_phone_or_id_number_and_acts_for_the_house(
    engine: Engine, world: World, login: str
) -> None:
    person = world.person("张三丰", "13812345678", id_number=WOMAN)
    world.relate(person, world.house)
    opened(engine, world, person)
    inline_worker(engine).drain()
    with engine.reading(SYSTEM) as work:
        [message] = kept_messages(work)
    password = message.text[0].split("：")[2].split("，")[0]
    signed_in = sessions.resume(engine, sign_in(engine, login, password, "192.0.2.7"))
    assert signed_in is not None
    assert (signed_in.actor.kind, signed_in.must_change_password, signed_in.must_accept) == (
        "resident",
        True,
        False,
    )
    with engine.reading(signed_in.actor) as work:
        assert work.memberships == ()
    change_password(engine, signed_in, password, "Quiet-harbour-9", "192.0.2.7")
    with engine.reading(signed_in.actor) as work:
        assert work.memberships == (Membership("resident", world.house),)


def test_who_has_an_account_gets_no_second_one(engine: Engine, world: World) -> None:
    person = world.person("张三丰", "13812345678")
    world.relate(person, world.house)
    opened(engine, world, person)
    with pytest.raises(RecordConflict):
        opened(engine, world, person)


def test_a_phone_opens_one_account(engine: Engine, world: World) -> None:
    for name in ("张三丰", "李四光"):
        world.relate(world.person(name, "13812345678"), world.house, RelationKind.FAMILY)
    with engine.reading(SYSTEM) as work:
        first, second = (one[0] for one in work.connection.exec_driver_sql("SELECT id FROM estate_person"))
    opened(engine, world, first)
    with pytest.raises(LoginTaken):
        opened(engine, world, second)


@pytest.mark.parametrize("phone", ["", "010-12345678"])
def test_without_a_mobile_number_there_is_no_account(engine: Engine, world: World, phone: str) -> None:
    person = world.person("张三丰", phone)
    world.relate(person, world.house)
    with pytest.raises(RuleRefused, match="手机号"):
        opened(engine, world, person)


def test_only_who_may_act_for_the_house_gets_an_account(engine: Engine, world: World) -> None:
    contact, stranger = world.person("张三丰", "13812345678"), world.person("李四光", "13912345678")
    world.relate(contact, world.house, RelationKind.EMERGENCY_CONTACT)
    world.relate(stranger, world.neighbour)
    for person in (contact, stranger):
        with pytest.raises(RuleRefused, match="有效关系"):
            opened(engine, world, person)


@pytest.mark.parametrize("post", [Post.RP, Post.FIN, Post.PM, Post.SYS, Post.ADM, None])
def test_other_posts_open_no_resident_account(engine: Engine, world: World, post: Post | None) -> None:
    person = world.person("张三丰", "13812345678")
    world.relate(person, world.house)
    with engine.work(world.staff(post)) as work, pytest.raises((NotPermitted, RecordNotFound)):
        open_account(work, person, world.house)
