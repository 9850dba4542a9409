"""Houses and people: found by address and phone, related for a time, masked, revealed only with a reason."""

from io import BytesIO

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM
from engine.work import Engine, Work
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.estate import communities, consents, entry, queries
from handlers.estate.address import Place
from handlers.estate.authorisation import Answer, Purpose, agreements, authorise, note_answer, withdraw
from handlers.estate.consents import How, Proof
from handlers.estate.people import PersonEntry
from handlers.estate.records import RelationKind, estate_community, estate_person
from handlers.estate.revealing import RevealRequest, reveal
from handlers.shared import access_log, alarms, attachments, limits
from handlers.shared.permissions import Permission
from handlers.shared.records import access_log as log_table
from handlers.shared.records import outbox_job
from tests.handlers.estate_world import World
from tests.handlers.shared.uploads_made import picture

OWNER = {"name": "张三丰", "phone": "13812345678", "id_number": "11010519491231002X"}


@pytest.fixture
def owner(world: World) -> int:
    """张三丰, owner of the house."""
    person = world.person(**OWNER)
    world.relate(person, world.house)
    return person


@pytest.mark.parametrize(
    "text", ["1栋2单元301", "1-2-301", "翠湖 301", "一号楼二单元301室", "翠湖花园1栋301"]
)
@pytest.mark.both_stores
def test_a_house_is_found_by_its_address(engine: Engine, world: World, text: str) -> None:
    with engine.reading(world.staff(Post.CS)) as work:
        assert [house.id for house in queries.houses_by_address(work, text)] == [world.house]


@pytest.mark.parametrize("text", ["1-3-301", "2-2-301", "云山 301", "%", "_"])
def test_another_address_finds_nothing(engine: Engine, world: World, text: str) -> None:
    with engine.reading(world.staff(Post.CS)) as work:
        assert queries.houses_by_address(work, text) == []


def test_houses_and_people_of_another_community_do_not_exist_for_staff_of_this_one(
    engine: Engine, world: World, owner: int
) -> None:
    stranger = world.staff(Post.CS, world.other_community)
    with engine.reading(stranger) as work:
        assert queries.houses_by_address(work, "301") == []
        assert queries.people_by_phone(work, OWNER["phone"]) == []
        assert [one.name for one in communities.with_permission(work, Permission.HOUSE_READ)] == ["云山府"]
        for call in (queries.house, queries.people_of_house, queries.owner_contacts, queries.who_may_act):
            with pytest.raises(RecordNotFound):
                call(work, world.house)
    with engine.work(stranger) as work, pytest.raises(RecordNotFound):
        entry.add_relation(work, entry.RelationEntry(world.house, owner, RelationKind.TENANT))
    with pytest.raises(RecordNotFound):
        reveal(engine, stranger, RevealRequest(owner, world.house, Purpose.EMERGENCY, "楼上漏水严重"))


@pytest.mark.both_stores
def test_the_caller_is_found_by_the_number_with_houses_and_masked(
    engine: Engine, world: World, owner: int
) -> None:
    world.relate(owner, world.neighbour, RelationKind.CO_OWNER)
    with engine.reading(world.staff(Post.CS)) as work:
        found = queries.people_by_phone(work, "+86 138-1234-5678")
        assert [(one.house.address, one.kind) for one in found] == [
            ("1栋2单元301", "owner"),
            ("1栋2单元302", "co_owner"),
        ]
        assert (found[0].person.name, found[0].person.phone) == ("张*丰", "138****5678")
        assert queries.people_by_phone(work, "13812345679") == []
        with pytest.raises(FieldsInvalid):
            queries.people_by_phone(work, "12")


def test_only_checked_relations_that_are_in_force_let_people_act(
    engine: Engine, world: World, clock: SettableClock, owner: int
) -> None:
    tenant, friend = world.person("李四光", "13912345678"), world.person("王五", "13712345678")
    world.relate(friend, world.house, RelationKind.EMERGENCY_CONTACT)
    with engine.work(world.staff(Post.CS)) as work:
        relation = entry.add_relation(work, entry.RelationEntry(world.house, tenant, RelationKind.TENANT))

    def acting() -> set[int]:
        with engine.reading(SYSTEM) as work:
            return {one.person_id for one in queries.who_may_act(work, world.house)}

    assert acting() == {owner}
    with engine.work(world.staff(Post.CS)) as work:
        entry.mark_relation_checked(work, relation)
    assert acting() == {owner, tenant}
    clock.advance(days=1)
    with engine.work(world.staff(Post.CS)) as work:
        entry.end_relation(work, relation)
    assert acting() == {owner}


def test_who_entered_a_relation_does_not_check_it(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(clerk) as work:
        person = entry.add_person(work, PersonEntry("李四光", "13912345678"))
        relation = entry.add_relation(work, entry.RelationEntry(world.house, person, RelationKind.OWNER))
    with engine.work(clerk) as work, pytest.raises(ActionNotAllowed, match="另一人"):
        entry.mark_relation_checked(work, relation)


def test_the_right_to_see_older_cases_begins_with_the_relation(
    engine: Engine, world: World, clock: SettableClock, owner: int
) -> None:
    bought_at = clock.now()
    clock.advance(days=10)
    with engine.reading(SYSTEM) as work:
        assert queries.acting_since(work, world.house, owner) == bought_at
        assert queries.acting_since(work, world.neighbour, owner) is None


@pytest.mark.both_stores
def test_nothing_is_entered_twice(engine: Engine, world: World, owner: int) -> None:
    with engine.work(SYSTEM) as work:
        with pytest.raises(RecordConflict):
            entry.add_house(work, world.community, Place.of("01栋", "2单元", "301室"))
        with pytest.raises(RecordConflict):
            entry.add_community(work, " 翠湖花园 ")
        with pytest.raises(RecordConflict):
            entry.add_relation(work, entry.RelationEntry(world.house, owner, RelationKind.OWNER))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, {"name"}),
        ({"phone": "123"}, {"phone"}),
        ({"id_number": "110105194912310020"}, {"id_number"}),
        ({"id_type": "library_card", "id_number": "1"}, {"id_type"}),
        ({"sex": "x", "other_phone": "1"}, {"sex", "other_phone"}),
    ],
)
def test_every_wrong_field_of_a_person_is_named(
    engine: Engine, world: World, fields: dict[str, str], wrong: set[str]
) -> None:
    with engine.work(world.staff(Post.CS)) as work, pytest.raises(FieldsInvalid) as invalid:
        entry.add_person(work, PersonEntry(**{**OWNER, **fields}))
    assert set(invalid.value.fields) == wrong


@pytest.mark.parametrize("post", [Post.RP, Post.ADM, Post.SYS, Post.SEC, Post.AUD, Post.ACT, Post.VEN, None])
def test_posts_that_do_not_deal_with_owners_neither_look_them_up_nor_enter_them(
    engine: Engine, world: World, owner: int, post: Post | None
) -> None:
    actor = world.staff(post)
    with engine.reading(actor) as work:
        with pytest.raises((NotPermitted, RecordNotFound)):
            queries.people_of_house(work, world.house)
        assert queries.people_by_phone(work, OWNER["phone"]) == []
    with engine.work(actor) as work:
        with pytest.raises(NotPermitted):
            entry.add_person(work, PersonEntry("李四光"))
        with pytest.raises((NotPermitted, RecordNotFound)):
            entry.add_relation(work, entry.RelationEntry(world.house, owner, RelationKind.TENANT))
        with pytest.raises((NotPermitted, RecordNotFound)):
            authorise(work, owner, world.house, Purpose.REPAIR, "1")
    with pytest.raises((NotPermitted, RecordNotFound)):
        reveal(engine, actor, RevealRequest(owner, world.house, Purpose.EMERGENCY, "楼上漏水严重"))


def test_a_resident_reads_the_own_house_and_no_other(engine: Engine, world: World, owner: int) -> None:
    resident = world.resident(owner)
    with engine.reading(resident) as work:
        assert [house.id for house in communities.own_houses(work)] == [world.house]
        assert queries.house(work, world.house).address == "1栋2单元301"
        assert [one.person_id for one in queries.who_may_act(work, world.house)] == [owner]
        with pytest.raises(RecordNotFound):
            queries.house(work, world.neighbour)
        with pytest.raises(NotPermitted):
            queries.people_of_house(work, world.house)


def test_a_number_is_revealed_within_the_owners_authorisation_and_noted(
    engine: Engine, world: World, owner: int, clock: SettableClock
) -> None:
    clerk, colleague = world.staff(Post.CS), world.staff(Post.CS)
    request = RevealRequest(owner, world.house, Purpose.REPAIR)
    with engine.work(colleague) as work:
        authorise(work, owner, world.house, Purpose.REPAIR, "2026-1")
    with pytest.raises(ActionNotAllowed) as refused:
        reveal(engine, colleague, request)
    assert refused.value.code == "own_agreement", "nobody opens a door to themselves"
    clock.advance(days=400)
    with pytest.raises(ActionNotAllowed):
        reveal(engine, colleague, request)
    assert reveal(engine, clerk, request) == OWNER["phone"]
    with engine.reading(SYSTEM) as work:
        logged = work.connection.execute(select(log_table).where(log_table.c.action == "reveal_phone")).one()
        assert access_log.verify(work) == []
    assert (logged.actor_id, logged.subject_id, logged.purpose) == (clerk.id, owner, "repair")


def messages(work: Work) -> list[dict[str, object]]:
    jobs = work.connection.execute(select(outbox_job.c.args).order_by(outbox_job.c.id)).scalars()
    return [args for args in jobs if args.get("template") == "consent_recorded"]


def test_who_is_said_to_have_agreed_is_told_for_what_by_whom_and_how_to_withdraw(
    engine: Engine, world: World, owner: int
) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(clerk) as work:
        authorise(work, owner, world.house, Purpose.REPAIR, "2026-1")
        authorise(work, owner, world.house, Purpose.REPAIR, "2026-1")
    with engine.reading(SYSTEM) as work:
        [args] = messages(work)
        name = work.engine.directory.names(work.connection, [clerk.id])[clerk.id]
        for language, word in (("zh", "维修联系"), ("en", "repairs")):
            _subject, text = consents.TEMPLATES[0].written(work, args, language)
            assert name in text
            assert word in text
    assert args["to"] == [f"person:{owner}"]


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        (Proof(How.PAPER), "consent_paper"),
        (Proof(How.CALL), "consent_call"),
        (Proof(How.CALL, "13800001111"), "consent_call"),
    ],
)
def test_a_word_that_nothing_shows_is_no_agreement(
    engine: Engine, world: World, owner: int, proof: Proof, code: str
) -> None:
    with pytest.raises(RuleRefused) as refused, engine.work(world.staff(Post.CS)) as work:
        note_answer(work, owner, world.house, Purpose.REPAIR, Answer.YES, proof=proof)
    assert refused.value.code == code


def test_the_photo_of_a_signed_paper_is_kept_with_the_agreement_for_few(
    engine: Engine, world: World, owner: int
) -> None:
    clerk, other, lead = world.staff(Post.CS), world.staff(Post.CS), world.staff(Post.CSL)
    photo = attachments.upload(engine, clerk, BytesIO(picture(size=(16, 12))), "paper.jpg")
    with engine.work(clerk) as work:
        note_answer(
            work, owner, world.house, Purpose.FEE, Answer.YES, proof=Proof(How.PAPER, photos=(photo,))
        )
        assert agreements(work, [owner])[owner][Purpose.FEE].papers == (photo,)
    for reader in (other, lead):
        with engine.reading(reader) as work, pytest.raises(RecordNotFound):
            attachments.read(work, photo)
    with engine.reading(world.staff(Post.AUD, everywhere=True)) as work:
        assert attachments.read(work, photo).is_paper


def test_without_an_authorisation_or_after_its_withdrawal_nothing_is_revealed(
    engine: Engine, world: World, owner: int
) -> None:
    clerk = world.staff(Post.CS)
    request = RevealRequest(owner, world.house, Purpose.REPAIR)
    with pytest.raises(ActionNotAllowed):
        reveal(engine, clerk, request)
    with engine.work(clerk) as work:
        authorise(work, owner, world.house, Purpose.REPAIR, "2026-1")
    with pytest.raises(ActionNotAllowed):
        reveal(engine, clerk, RevealRequest(owner, world.house, Purpose.FEE))
    with engine.work(clerk) as work:
        withdraw(work, owner, world.house, Purpose.REPAIR)
    with pytest.raises(ActionNotAllowed):
        reveal(engine, clerk, request)


def test_an_emergency_needs_a_reason_which_is_kept_sealed(engine: Engine, world: World, owner: int) -> None:
    clerk = world.staff(Post.CS)
    for nothing in (" ", ".", "x", "！！！！！", "12345", "漏水"):
        with pytest.raises(FieldsInvalid):
            reveal(engine, clerk, RevealRequest(owner, world.house, Purpose.EMERGENCY, nothing))
    request = RevealRequest(owner, world.house, Purpose.EMERGENCY, "家中漏水严重")
    assert reveal(engine, clerk, request) == OWNER["phone"]
    with engine.reading(SYSTEM) as work:
        details = work.connection.execute(select(log_table.c.detail)).scalars().all()
    assert "漏水" not in "".join(details)


def test_every_emergency_is_told_to_the_security_post(engine: Engine, world: World, owner: int) -> None:
    clerk = world.staff(Post.CS)
    for _ in range(2):
        reveal(engine, clerk, RevealRequest(owner, world.house, Purpose.EMERGENCY, "家中漏水严重"))
    with engine.reading(world.staff(Post.SEC, everywhere=True)) as work:
        told = [(one.kind, one.detail["account_id"]) for one in alarms.open_alarms(work)]
    assert told == [("emergency_look", str(clerk.id))] * 2


def test_a_person_of_another_house_is_not_revealed_through_this_one(
    engine: Engine, world: World, owner: int
) -> None:
    with pytest.raises(RecordNotFound):
        request = RevealRequest(owner, world.neighbour, Purpose.EMERGENCY, "楼上漏水严重")
        reveal(engine, world.staff(Post.CS), request)


@pytest.mark.both_stores
def test_too_many_reveals_are_refused_and_security_is_told_once(
    engine: Engine, world: World, clock: SettableClock, owner: int
) -> None:
    clerk = world.staff(Post.CS)
    request = RevealRequest(owner, world.house, Purpose.EMERGENCY, "楼上漏水严重")
    for _ in range(limits.REVEALS_PER_HOUR):
        reveal(engine, clerk, request)
    for _ in range(2):
        with pytest.raises(RuleRefused, match="上限"):
            reveal(engine, clerk, request)
    with engine.reading(world.staff(Post.SEC, everywhere=True)) as work:
        told = [(one.kind, one.subject_id) for one in alarms.open_alarms(work)]
        assert [one for one in told if one[0] != "emergency_look"] == [("reveal_quota", clerk.id)]
    clock.advance(hours=1)
    assert reveal(engine, clerk, request) == OWNER["phone"]


def test_alarms_are_for_administrators(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    with engine.work(clerk) as work:
        alarms.report_risk(work)
    with engine.reading(clerk) as work, pytest.raises(NotPermitted):
        alarms.open_alarms(work)
    administrator = world.staff(Post.SYS, everywhere=True)
    with engine.work(administrator) as work:
        [found] = alarms.open_alarms(work)
        alarms.close_alarm(work, found.id)
    with engine.work(administrator) as work:
        assert alarms.open_alarms(work) == []
        with pytest.raises(RecordNotFound):
            alarms.close_alarm(work, found.id)


def test_statistics_need_no_more_than_a_decade(engine: Engine, world: World, owner: int) -> None:
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(estate_person)).one()
    assert (row.birth_decade, row.sex, row.id_type) == (1940, "female", "id_card")


def test_vehicles_are_entered_for_the_own_house_and_shown_masked(
    engine: Engine, world: World, owner: int
) -> None:
    with engine.work(world.resident(owner)) as work:
        entry.add_vehicle(work, world.house, owner, "京a·12334")
        with pytest.raises(RecordNotFound):
            entry.add_vehicle(work, world.neighbour, owner, "京A12335")
    with engine.reading(world.staff(Post.CS)) as work:
        assert [plate for _, plate, _ in queries.plates_of_house(work, world.house)] == ["京A·***34"]


def test_where_a_community_is_can_be_noted_without_changing_the_number_of_its_desk(
    engine: Engine, world: World
) -> None:
    with engine.work(SYSTEM) as work:
        entry.describe_community(work, "翠湖花园", desk_phone="0571-8888-1000", address=None)
        entry.describe_community(work, " 翠湖花园 ", desk_phone=None, address=" 滨江区翠湖路 1 号 ")
        row = work.connection.execute(
            select(estate_community).where(estate_community.c.id == world.community)
        ).one()
    assert (row.desk_phone, row.address) == ("0571-8888-1000", "滨江区翠湖路 1 号")
    with engine.work(SYSTEM) as work, pytest.raises(RecordNotFound):
        entry.describe_community(work, "没有这个小区", desk_phone=None, address="某处")
    with engine.work(world.staff(Post.CS)) as work, pytest.raises(NotPermitted):
        entry.describe_community(work, "翠湖花园", desk_phone=None, address="某处")
