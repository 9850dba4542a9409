"""The living figures of the policy's clauses."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.checking.asking import Entered, Step, Subject, ask
from handlers.checking.deciding import withdraw
from handlers.checking.fields import Field
from handlers.estate import entry
from handlers.estate.authorisation import Answer, Purpose, note_answer
from handlers.estate.records import RelationKind
from handlers.policy import uptime
from handlers.policy.clauses import Asked
from handlers.policy.counting import Figure
from handlers.policy.figures import FIGURES, figure
from handlers.shared import access_log, backup_proof
from tests.handlers.estate_world import World

pytestmark = pytest.mark.both_stores

Tell = Callable[..., Figure]


@pytest.fixture
def manager(world: World) -> Actor:
    return world.staff(Post.PM)


@pytest.fixture
def tell(engine: Engine, manager: Actor) -> Tell:
    """Ask for a figure as the manager of the community, or as somebody else."""

    def ask(name: str, argument: str = "", actor: Actor | None = None) -> Figure:
        with engine.reading(actor or manager) as work:
            return figure(work, Asked(name, argument, "", ""))

    return ask


def test_every_figure_can_be_told_when_nothing_has_happened_yet(tell: Tell) -> None:
    for name in FIGURES:
        found = tell(name)

        assert found.value is None or found.value >= 0, name
        assert found.of is None or (found.value or 0) <= found.of, name


def test_who_reads_no_reports_is_told_no_figure(world: World, tell: Tell) -> None:
    repairer = world.staff(Post.RP)
    told = []
    for name in FIGURES:
        with suppress(NotPermitted):
            told.append((name, tell(name, actor=repairer)))
    assert told == []


def test_relations_that_wait_for_a_second_check_are_counted_in_the_own_community(
    engine: Engine, world: World, tell: Tell
) -> None:
    person = world.person("王芳", "13812345678")
    with engine.work(SYSTEM) as work:
        entry.add_relation(work, entry.RelationEntry(world.house, person, RelationKind.OWNER))

    assert tell("pending").value == 1
    assert tell("pending", actor=world.staff(Post.PM, world.other_community)).value == 0


def test_entries_that_wait_for_a_second_check_are_counted_until_somebody_decides(
    engine: Engine, world: World, tell: Tell
) -> None:
    clerk = world.staff(Post.CS)
    subject = Subject("relation", 1, "owner", world.community, world.house)
    with engine.work(clerk) as work:
        check_id = ask(work, subject, Entered({Field.NAME: "王芳"}), Step(1, "second_check"))
    assert tell("checks_waiting").value == 1
    assert tell("checks_waiting", actor=world.staff(Post.PM, world.other_community)).value == 0

    with engine.work(SYSTEM) as work:
        withdraw(work, check_id)
    assert tell("checks_waiting").value == 0


def test_owners_with_an_account_are_a_share_of_the_owners(world: World, tell: Tell) -> None:
    for name, phone in (("王芳", "13812345678"), ("李强", "13812345679")):
        person = world.person(name, phone)
        world.relate(person, world.house if name == "王芳" else world.neighbour)
    world.resident(person)

    assert tell("bound") == Figure(1, 2)


def test_owners_who_were_not_asked_yet_are_counted(world: World, tell: Tell, engine: Engine) -> None:
    owner = world.person("王芳", "13812345678")
    world.relate(owner, world.house)
    world.relate(world.person("李强", "13812345679"), world.house, RelationKind.TENANT)
    assert tell("unasked").value == 1
    with engine.work(SYSTEM) as work:
        note_answer(work, owner, world.house, Purpose.FEE, Answer.NO)
    assert tell("unasked").value == 0


def test_entries_of_the_access_log_are_counted_by_kind(
    engine: Engine, world: World, tell: Tell, manager: Actor
) -> None:
    for action in ("reveal_phone", "sign_in"):
        engine.run(
            manager, lambda work, action=action: access_log.append(work, access_log.Entry(action, "x", 1))
        )  # type: ignore[misc]  # a default binds the loop's value

    assert tell("logged").value == 2
    assert tell("logged", "reveal").value == 1
    assert tell("oldest_entry").moment == engine.clock.now()


def test_people_who_hold_posts_that_belong_apart_are_counted(
    world: World, tell: Tell, engine: Engine
) -> None:
    both = world.staff(Post.SYS, everywhere=True)
    with engine.work(SYSTEM) as work:
        staff.insert_post(work, both.id, Post.AUD, None)

    assert tell("together").value == 1


def test_a_backup_that_is_too_old_is_told_as_late(engine: Engine, clock: SettableClock, tell: Tell) -> None:
    uptime.beat(engine)
    assert tell("last_backup") == Figure()
    clock.advance(hours=27)
    assert tell("last_backup") == Figure(is_late=True)
    made_at = clock.now()
    engine.run(SYSTEM, lambda work: backup_proof.note(work, backup_proof.BACKUP, 1, []))
    assert tell("last_backup") == Figure(moment=made_at)

    clock.advance(hours=27)
    assert tell("last_backup") == Figure(moment=made_at, is_late=True)


def test_a_restore_that_did_not_come_back_whole_does_not_count(
    engine: Engine, clock: SettableClock, tell: Tell
) -> None:
    kind, failure = backup_proof.RESTORE_TEST, backup_proof.Failure("log", "2026-11-23/1")
    engine.run(SYSTEM, lambda work: backup_proof.note(work, kind, 1, [failure]))
    assert tell("last_restore_test").moment is None

    engine.run(SYSTEM, lambda work: backup_proof.note(work, kind, 1, []))
    assert tell("last_restore_test") == Figure(moment=clock.now())


def test_people_on_record_are_counted_by_class_of_data(world: World, tell: Tell) -> None:
    for number, kind in enumerate((RelationKind.OWNER, RelationKind.TENANT, RelationKind.FAMILY)):
        world.relate(world.person(f"人{number}", f"1390000000{number}"), world.house, kind)
    assert [tell("on_record", one).value for one in ("basic", "related", "")] == [2, 1, 3]
