"""Numbers in clear: who may ask for which, for what, how often; and the contacts of one unit's owners."""

import json
from collections import Counter

import pytest
from sqlalchemy import select

from engine import definitions, instances
from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import trust
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordNotFound, RuleRefused
from handlers.estate import entry
from handlers.estate.address import Place
from handlers.estate.authorisation import Answer, Purpose, note_answer
from handlers.estate.house_record import house_record
from handlers.estate.records import RelationKind, estate_house
from handlers.estate.revealing import Field, RevealRequest, asking, reveal
from handlers.estate.unit_contacts import Opened, contacts, open_contacts
from handlers.shared import access_log, alarms, limits
from handlers.shared.records import access_log as log_table
from tests.engine.models import Model
from tests.handlers.estate_world import World
from tests.reliability.together import Call, together

PHONE, OTHER, NUMBER = "13612340987", "13512340986", "11010519491231002X"


@pytest.fixture
def owner(world: World) -> int:
    """An owner who has agreed to everything."""
    person = world.person("欧阳锋行", PHONE, other_phone=OTHER, id_number=NUMBER)
    world.relate(person, world.house)
    for purpose in Purpose:
        say(world, person, purpose, Answer.YES)
    return person


def say(world: World, person: int, purpose: Purpose, answer: Answer) -> None:
    with world.engine.work(SYSTEM) as work:
        note_answer(work, person, world.house, purpose, answer)


def case(world: World, number: str, house: int) -> None:
    """Begin a case about a house."""
    model = Model("fees").start().user("pay").end().flow("start", "pay", "end")
    form = {"type": "default", "id": "plain", "components": []}
    files = {"fees.bpmn": model.xml(), "plain.form": json.dumps(form).encode()}
    subject = instances.Subject(number, world.community, house)
    clerk = world.staff(Post.CS)
    world.engine.run(SYSTEM, lambda work: definitions.deploy(work, "test", files))
    world.engine.run(clerk, lambda work: instances.start(work, "fees", subject))


PHONE_FOR = {
    Post.CS: set(Purpose),
    Post.CSL: set(Purpose),
    Post.RPL: {Purpose.REPAIR, Purpose.EMERGENCY},
    Post.FIN: {Purpose.FEE},
    Post.FINL: {Purpose.FEE},
}
ID_FOR = {post: {Purpose.FEE, Purpose.EMERGENCY} for post in (Post.CSL, Post.FINL, Post.DPO)}


def test_each_post_sees_the_numbers_its_work_needs_for_what_it_does(
    engine: Engine, world: World, owner: int
) -> None:
    def seen(actor: Actor, field: Field) -> set[Purpose]:
        found = set()
        for purpose in Purpose:
            request = RevealRequest(owner, world.house, purpose, "楼上漏水严重", field, "f20261126-0001")
            try:
                reveal(engine, actor, request)
            except (NotPermitted, ActionNotAllowed, RecordNotFound):
                continue
            found.add(purpose)
        return found

    def expect(post: Post) -> None:
        actor = world.staff(post)
        assert seen(actor, Field.PHONE) == PHONE_FOR.get(post, set()), post
        assert seen(actor, Field.OTHER_PHONE) == PHONE_FOR.get(post, set()), post
        assert seen(actor, Field.ID_NUMBER) == ID_FOR.get(post, set()), post

    need_a_case = (Post.FINL, Post.DPO)
    for post in Post:
        if post not in need_a_case:
            expect(post)
    case(world, "F20261126-0001", world.house)
    for post in need_a_case:
        expect(post)


@pytest.mark.parametrize("post", [Post.FINL, Post.DPO])
def test_some_see_an_id_number_only_with_a_case_about_that_very_house(
    engine: Engine, world: World, owner: int, post: Post
) -> None:
    actor = world.staff(post)
    case(world, "F20261126-0002", world.neighbour)
    for number in ("", "F20261126-0001", "F20261126-0002"):
        request = RevealRequest(owner, world.house, Purpose.FEE, "", Field.ID_NUMBER, number)
        with pytest.raises(FieldsInvalid):
            reveal(engine, actor, request)
    case(world, "F20261126-0003", world.house)
    request = RevealRequest(owner, world.house, Purpose.FEE, "", Field.ID_NUMBER, "F20261126-0003")
    assert reveal(engine, actor, request) == NUMBER


def test_an_emergency_names_the_case_where_something_is_going_on(
    engine: Engine, world: World, owner: int
) -> None:
    clerk = world.staff(Post.CS)
    case(world, "F20261126-0004", world.house)
    with engine.reading(clerk) as work:
        assert asking(work, owner, world.house, Field.PHONE).asks_case
    for number in ("", "F20261126-0009"):
        with pytest.raises(FieldsInvalid):
            reveal(
                engine,
                clerk,
                RevealRequest(owner, world.house, Purpose.EMERGENCY, "楼上漏水严重", case_number=number),
            )
    named = RevealRequest(owner, world.house, Purpose.EMERGENCY, "楼上漏水严重", case_number="F20261126-0004")
    assert reveal(engine, clerk, named) == PHONE


def test_family_is_revealed_to_nobody_who_does_not_read_related_data(
    engine: Engine, world: World, owner: int
) -> None:
    son = world.person("欧阳克", "13612340000")
    world.relate(son, world.house, RelationKind.FAMILY)
    request = RevealRequest(son, world.house, Purpose.EMERGENCY, "楼上漏水严重")
    assert reveal(engine, world.staff(Post.CS), request) == "13612340000"
    with pytest.raises(RecordNotFound):
        reveal(engine, world.staff(Post.RPL), request)


def test_a_withdrawal_counts_at_once_and_closes_the_choice(engine: Engine, world: World, owner: int) -> None:
    clerk = world.staff(Post.CS)
    say(world, owner, Purpose.NOTICE, Answer.NO_MORE)
    with engine.reading(clerk) as work:
        choices = asking(work, owner, world.house, Field.PHONE).choices
    assert {one.purpose: one.is_open for one in choices} == {
        Purpose.REPAIR: True,
        Purpose.NOTICE: False,
        Purpose.FEE: True,
        Purpose.EMERGENCY: True,
    }
    with pytest.raises(ActionNotAllowed):
        reveal(engine, clerk, RevealRequest(owner, world.house, Purpose.NOTICE))


@pytest.mark.both_stores
def test_if_it_cannot_be_logged_nothing_is_shown(engine: Engine, world: World, owner: int) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(SYSTEM) as work:
        log_table.drop(work.connection)
    with pytest.raises(Exception, match="access_log"):
        reveal(engine, clerk, RevealRequest(owner, world.house, Purpose.REPAIR))
    with engine.work(SYSTEM) as work:
        log_table.create(work.connection)


@pytest.mark.both_stores
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_looks_at_the_same_moment_do_not_share_the_last_one_of_the_quota(
    engine: Engine, world: World, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REVEALS_PER_HOUR", 3)
    monkeypatch.setattr(limits, "UNIT_CONTACTS_PER_DAY", 3)
    clerk, other = world.staff(Post.CS), world.staff(Post.CS)
    request = RevealRequest(owner, world.house, Purpose.NOTICE)
    outcomes = together(*[lambda: reveal(engine, clerk, request)] * 12)
    assert Counter(outcomes) == {"done": 3, "reveal_quota": 9}
    with engine.work(SYSTEM) as work:
        rooms = [entry.add_house(work, world.community, Place("9", str(one), "1")) for one in range(8)]
        houses = estate_house.c.id.in_(rooms)
        units = list(work.connection.execute(select(estate_house.c.unit_id).where(houses)).scalars())

    def opening(unit: int) -> Call:
        return lambda: engine.run(other, lambda work: open_contacts(work, unit, Purpose.NOTICE))

    outcomes = together(*map(opening, units))
    assert Counter(outcomes) == {"done": 3, "unit_contacts_quota": 5}


def test_phones_and_id_numbers_share_one_quota(engine: Engine, world: World, owner: int) -> None:
    lead = world.staff(Post.CSL)
    for count in range(limits.REVEALS_PER_HOUR):
        field = Field.ID_NUMBER if count % 2 else Field.PHONE
        reveal(engine, lead, RevealRequest(owner, world.house, Purpose.FEE, field=field))
    for field in Field:
        with pytest.raises(RuleRefused, match="上限"):
            reveal(engine, lead, RevealRequest(owner, world.house, Purpose.FEE, field=field))


# --- the contacts of one unit's owners ----------------------------------------------------------------------


def unit_of(world: World) -> int:
    with world.engine.reading(SYSTEM) as work:
        return house_record(work, world.house).unit_id


def ask_for(world: World, actor: Actor, purpose: Purpose = Purpose.NOTICE, reason: str = "") -> None:
    with world.engine.work(actor) as work:
        open_contacts(work, unit_of(world), purpose, reason)


def shown(world: World, actor: Actor) -> Opened | None:
    with world.engine.reading(actor) as work:
        return contacts(work, unit_of(world))


def phones(opened: Opened | None) -> list[tuple[str, ...]]:
    assert opened is not None
    return [line.phones for line in opened.lines]


@pytest.mark.both_stores
def test_one_purpose_and_one_entry_show_all_owners_of_one_unit_for_half_an_hour(
    engine: Engine, world: World, owner: int, clock: SettableClock
) -> None:
    world.relate(world.person("吴敏", "13900000002"), world.neighbour)
    world.relate(world.person("欧阳克", "13612340000"), world.house, RelationKind.FAMILY)
    clerk = world.staff(Post.CS)
    assert shown(world, clerk) is None
    ask_for(world, clerk)
    ask_for(world, clerk)
    assert phones(shown(world, clerk)) == [(PHONE, OTHER), ("13900000002",)]
    with engine.reading(SYSTEM) as work:
        logged = work.connection.execute(select(log_table).where(log_table.c.action == "unit_contacts")).all()
        assert access_log.verify(work) == []
    assert [(one.actor_id, one.subject_id, one.purpose) for one in logged] == [
        (clerk.id, unit_of(world), "notice")
    ]
    assert shown(world, world.staff(Post.CS)) is None, "a colleague has to ask for themselves"
    clock.advance(minutes=29, seconds=59)
    assert shown(world, clerk) is not None
    clock.advance(seconds=1)
    assert shown(world, clerk) is None


def test_who_said_no_stays_masked_but_in_an_emergency(engine: Engine, world: World, owner: int) -> None:
    clerk = world.staff(Post.CS)
    say(world, owner, Purpose.NOTICE, Answer.NO_MORE)
    ask_for(world, clerk)
    opened = shown(world, clerk)
    assert phones(opened) == [("136****0987", "135****0986")]
    assert opened is not None
    assert opened.lines[0].said_no
    for nothing in ("", "x", "......"):
        with pytest.raises(FieldsInvalid):
            ask_for(world, clerk, Purpose.EMERGENCY, nothing)
    ask_for(world, clerk, Purpose.EMERGENCY, "整单元停水抢修")
    assert phones(shown(world, clerk)) == [(PHONE, OTHER)]


def test_unchecked_and_former_owners_are_not_listed(
    engine: Engine, world: World, owner: int, clock: SettableClock
) -> None:
    clerk = world.staff(Post.CS)
    person = world.person("黄蓉", "13612340002")
    with engine.work(SYSTEM) as work:
        entry.add_relation(work, entry.RelationEntry(world.neighbour, person, RelationKind.OWNER))
    clock.advance(hours=1)
    former = world.relate(world.person("洪七公", "13612340001"), world.house)
    with engine.work(SYSTEM) as work:
        entry.end_relation(work, former)
    ask_for(world, clerk)
    opened = shown(world, clerk)
    assert phones(opened) == [(PHONE, OTHER)]
    assert opened is not None
    assert (opened.unchecked, opened.houses_without) == (1, 1)


def test_contacts_of_a_unit_are_a_right_of_customer_service_in_its_community(
    engine: Engine, world: World, owner: int
) -> None:
    for post in set(Post) - {Post.CS, Post.CSL}:
        with pytest.raises((NotPermitted, RecordNotFound)):
            ask_for(world, world.staff(post))
        with pytest.raises((NotPermitted, RecordNotFound)):
            shown(world, world.staff(post))
    with pytest.raises(RecordNotFound):
        ask_for(world, world.staff(Post.CS, world.other_community))
    with pytest.raises(RecordNotFound):
        ask_for(world, world.resident(owner))


def test_too_many_units_a_day_are_refused_and_security_is_told(
    engine: Engine, world: World, owner: int, clock: SettableClock
) -> None:
    clerk = world.staff(Post.CS)
    for _ in range(limits.UNIT_CONTACTS_PER_DAY):
        ask_for(world, clerk)
        clock.advance(minutes=31)
    with pytest.raises(RuleRefused, match="上限"):
        ask_for(world, clerk)
    assert shown(world, clerk) is None
    with engine.reading(world.staff(Post.SEC, everywhere=True)) as work:
        found = [(one.kind, one.subject_id) for one in alarms.open_alarms(work)]
    assert found == [("unit_contacts_quota", clerk.id)]
    clock.advance(days=1)
    ask_for(world, clerk)


def test_for_a_day_after_a_reset_an_account_sees_no_number_not_even_in_an_emergency(
    engine: Engine, world: World, owner: int, clock: SettableClock
) -> None:
    clerk = world.staff(Post.CS)
    ask_for(world, clerk)
    with engine.work(SYSTEM) as work:
        trust.begin_cool_off(work, clerk.id)
    for purpose in (Purpose.REPAIR, Purpose.EMERGENCY):
        with pytest.raises(trust.StillCooling):
            reveal(engine, clerk, RevealRequest(owner, world.house, purpose, "楼上漏水严重"))
        with pytest.raises(trust.StillCooling):
            ask_for(world, clerk, purpose, "楼上漏水严重")
    with pytest.raises(trust.StillCooling):
        shown(world, clerk)
    clock.advance(hours=24)
    assert reveal(engine, clerk, RevealRequest(owner, world.house, Purpose.REPAIR)) == PHONE
    ask_for(world, clerk)
