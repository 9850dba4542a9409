"""Erasing a person: nothing about them is left in any table, file or index; reasons against it are told."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.store.tables import case_gram, instance
from engine.work import Engine, Work
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.errors import ActionNotAllowed, RecordConflict, RuleRefused
from handlers.estate.records import RelationKind, estate_counted_owner, estate_person, estate_relation
from handlers.privacy import erased_list, erasing
from handlers.privacy.erased_list import Erased
from handlers.privacy.erasing_again import erase_again
from handlers.shared import access_log
from handlers.shared.rotation import sealed_columns
from tests.handlers.estate_world import World
from tests.handlers.privacy.planting import CANARY, closed_case, files_on_disk, found_in, plant
from tests.handlers.privacy.somebody import Somebody

BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
YEARS = {"days": 3 * 366 + 1}
# Sealed texts about staff, files and incidents, which lead to no resident; they have periods of their own.
NOT_OF_RESIDENTS = {
    "estate_import.file_name",
    "estate_import.release_note",
    "estate_more_looks.reason",
    "staffing_case.name",
    "staffing_case.phone",
    "staffing_case.note",
    "safety_note.text",
    "safety_measure.measure",
    "safety_measure.owner",
}
# Why a file was made and for whom: it stays with the record that a file was made, and names its recipient.
OF_EXPORTS = {"privacy_export.reason", "privacy_export.recipient", "privacy_export.answer"}


@pytest.fixture
def officer(world: World) -> Actor:
    """Return who may erase."""
    return world.staff(Post.DPO, everywhere=True)


@pytest.fixture
def somebody(world: World, engine: Engine, clock: SettableClock) -> Somebody:
    """Return a person whose last relation ended longer ago than claims live."""
    made = Somebody(world, engine)
    clock.advance(**YEARS)
    return made


def erase(engine: Engine, actor: Actor, person_id: int, case_id: int | None = None) -> None:
    engine.run(actor, lambda work: erasing.erase_person(work, person_id, case_id))


def codes(engine: Engine, actor: Actor, person_id: int) -> list[str]:
    with engine.reading(actor) as work:
        return [block.code for block in erasing.blocks(work, person_id)]


@BOTH
def test_the_person_of_these_tests_stands_in_every_sealed_column_about_residents(
    engine: Engine, somebody: Somebody
) -> None:
    sealed = {f"{table.name}.{column}" for table, column in sealed_columns()}
    plain = {"repair_order.search_text", "case_gram.gram", "due_change.reason", "incident.close_reason"}
    assert found_in(engine) == sealed - NOT_OF_RESIDENTS | plain


@BOTH
@pytest.mark.both_stores
def test_after_an_erasure_nothing_is_left_in_any_table_file_or_index(
    engine: Engine, officer: Actor, somebody: Somebody
) -> None:
    assert len(files_on_disk(engine)) > 4

    erase(engine, officer, somebody.id)

    assert found_in(engine) == OF_EXPORTS
    assert files_on_disk(engine) == set()
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(estate_person).where(estate_person.c.id == somebody.id)).one()
        relation = work.connection.execute(
            select(estate_relation.c.person_id).where(estate_relation.c.id == somebody.relation)
        ).scalar_one()
        holder = work.connection.execute(select(account).where(account.c.id == somebody.account)).one()
        grams = set(
            work.connection.execute(
                select(case_gram.c.gram).where(case_gram.c.instance_id == somebody.case)
            ).scalars()
        )
    assert (row.phone_index, row.id_index, row.phone, row.birth_decade) == (None, None, None, None)
    assert relation == somebody.id
    assert holder.state == "disabled"
    assert {"漏水", "1栋2单元301"} <= grams


def test_who_is_still_counted_in_the_statistics_is_counted_without_saying_who(
    engine: Engine, world: World, officer: Actor, somebody: Somebody
) -> None:
    with engine.work(SYSTEM) as work:
        plant(work, "estate_counted_owner", community_id=world.community, person_id=somebody.id, decade=1980)
    erase(engine, officer, somebody.id)
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(estate_counted_owner)).one()
    assert (row.person_id, row.decade) == (None, 1980)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_not_even_the_freed_pages_of_the_database_file_hold_what_was_erased(
    engine: Engine, world: World, officer: Actor, somebody: Somebody, tmp_path: Path
) -> None:
    erase(engine, officer, somebody.id)
    engine.database.dispose()
    for path in (file for file in tmp_path.rglob("*") if file.is_file()):
        assert CANARY.encode() not in path.read_bytes(), path


@BOTH
def test_an_erasure_is_logged_by_id_and_done_once(
    engine: Engine, officer: Actor, somebody: Somebody, clock: SettableClock
) -> None:
    clock.advance(minutes=1)
    erase(engine, officer, somebody.id)

    with engine.reading(officer) as work:
        assert access_log.newest(work, "erase_person", somebody.id, timedelta(minutes=1)) is not None
        assert access_log.verify(work) == []
    with pytest.raises(RecordConflict):
        erase(engine, officer, somebody.id)


@BOTH
def test_only_the_data_protection_post_erases_or_the_case_of_a_request(
    engine: Engine, world: World, somebody: Somebody
) -> None:
    clerk = world.staff(Post.CS)
    with pytest.raises(NotPermitted):
        erase(engine, clerk, somebody.id)
    with pytest.raises(ActionNotAllowed):
        erase(engine, clerk, somebody.id, somebody.case)


@BOTH
def test_the_request_that_asks_is_no_open_matter_and_is_kept(
    engine: Engine, world: World, somebody: Somebody
) -> None:
    with engine.work(SYSTEM) as work:
        case_id = closed_case(work, "privacy_request", state="active")
        plant(
            work,
            "privacy_request",
            person_id=somebody.id,
            instance_id=case_id,
            state="open",
            community_id=world.community,
        )
    erase(engine, world.staff(Post.CS), somebody.id, case_id)

    assert found_in(engine) - OF_EXPORTS == {
        "privacy_request.wish",
        "privacy_request.answer",
        "task_history.extra",
        "task_draft.body",
        "due_change.reason",
        "incident.close_reason",
    }


@BOTH
def test_a_contract_and_the_time_for_claims_stand_against_it(
    engine: Engine, world: World, officer: Actor, clock: SettableClock
) -> None:
    person = world.person("王芳", "13812345678")
    relation = world.relate(person, world.house)
    assert codes(engine, officer, person) == ["contract"]
    with pytest.raises(RuleRefused, match="1栋2单元301"):
        erase(engine, officer, person)

    end(engine, relation)
    assert codes(engine, officer, person) == ["claims"]
    with pytest.raises(RuleRefused, match=r"2029-11-\d\d 起自动删除"):
        erase(engine, officer, person)

    clock.advance(**YEARS)
    assert codes(engine, officer, person) == []


@BOTH
def test_family_is_erased_as_soon_as_the_relation_has_ended(
    engine: Engine, world: World, officer: Actor
) -> None:
    person = world.person("王芳", "13812345678")
    relation = world.relate(person, world.house, RelationKind.FAMILY)
    assert codes(engine, officer, person) == ["contract"]
    end(engine, relation)
    assert codes(engine, officer, person) == []


@BOTH
def test_open_cases_checks_and_incidents_stand_against_it(
    engine: Engine, world: World, officer: Actor, somebody: Somebody
) -> None:
    with engine.work(SYSTEM) as work:
        work.connection.execute(
            instance.update().where(instance.c.id == somebody.case).values(state="active", business_key="R1")
        )
        plant(
            work,
            "second_check",
            subject_kind="person",
            subject_id=somebody.id,
            state="waiting",
            community_id=world.community,
        )
        plant(work, "safety_incident", reported_by=somebody.account, community_id=world.community)
    assert codes(engine, officer, somebody.id) == ["open_case", "open_check", "open_incident"]
    with pytest.raises(RuleRefused, match="还有未办结的事项：R1；"):
        erase(engine, officer, somebody.id)


@BOTH
def test_a_number_that_a_neighbour_has_as_well_keeps_the_neighbours_reports(
    engine: Engine, world: World, officer: Actor, somebody: Somebody
) -> None:
    with engine.work(SYSTEM) as work:
        index = work.connection.execute(
            select(estate_person.c.phone_index).where(estate_person.c.id == somebody.id)
        ).scalar_one()
        neighbour = plant(work, "estate_person", name_index="n", phone_index=index)
        order = plant(
            work,
            "repair_order",
            community_id=world.community,
            reporter_person_id=neighbour,
            phone_index=index,
        )
    erase(engine, officer, somebody.id)
    with engine.reading(SYSTEM) as work:
        assert work.engine.vault.open("repair_order", "contact_phone", order, contact(work, order))


@BOTH
@pytest.mark.both_stores
def test_an_older_state_of_the_database_is_erased_again_from_the_list(
    engine: Engine, officer: Actor, somebody: Somebody
) -> None:
    with engine.work(SYSTEM) as work:
        erased_list.file_of(engine).write_text(f"person {somebody.id}\n", encoding="utf-8")
        assert work.now
    assert erase_again(engine, []) == 1
    assert found_in(engine) == OF_EXPORTS
    assert erase_again(engine, []) == 0


@BOTH
def test_whoever_is_erased_stands_on_the_list_outside_the_database(
    engine: Engine, officer: Actor, somebody: Somebody
) -> None:
    erase(engine, officer, somebody.id)
    assert erased_list.read(erased_list.file_of(engine)) == {Erased("person", somebody.id)}


def end(engine: Engine, relation_id: int) -> None:
    with engine.work(SYSTEM) as work:
        work.connection.execute(
            estate_relation.update().where(estate_relation.c.id == relation_id).values(valid_to=work.now)
        )


def contact(work: Work, order_id: int) -> str:
    order = instance.metadata.tables["repair_order"]
    found: str = work.connection.execute(
        select(order.c.contact_phone).where(order.c.id == order_id)
    ).scalar_one()
    return found
