"""Taking a list over: once, as a whole, again without doubling anything, and released by another person."""

from typing import Any

import pytest
from sqlalchemy import func, select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound
from handlers.estate import importing, queries
from handlers.estate.importing import ImportReport, import_estate, release_import
from handlers.estate.records import estate_house, estate_import, estate_person, estate_relation
from handlers.estate.workbooks import WorkbookRefused
from handlers.shared.sealed import SealedVault, vault_of
from tests.handlers.estate.lists_made import MAN, WOMAN, row, workbook
from tests.handlers.estate_world import World

LIST = (
    row(),
    row(房号="503", 业主姓名="李四", 证件号码=MAN, 联系电话="13912345678"),
    row(房号="504", 业主姓名="王五、赵六", 证件号码=None, 联系电话="13712345678"),
)


def take(engine: Engine, *rows: list[Any], actor: Actor = SYSTEM) -> ImportReport:
    return import_estate(engine, actor, workbook(rows))


def counted(engine: Engine) -> tuple[int, int, int]:
    """Count houses (beside those of the world), people and relations."""
    with engine.reading(SYSTEM) as work:
        houses, people, relations = (
            int(work.connection.execute(select(func.count()).select_from(table)).scalar_one())
            for table in (estate_house, estate_person, estate_relation)
        )
    return houses - 2, people, relations


def owners(engine: Engine, address: str) -> list[tuple[str, str, str, bool]]:
    """Return name, phone, kind and whether it was checked, of the owners on record."""
    with engine.reading(SYSTEM) as work:
        [house] = queries.houses_by_address(work, f"翠湖花园{address}")
        found = queries.people_of_house(work, house.id)
    return [(one.person.name, one.person.phone, one.kind, one.is_checked) for one in found]


@pytest.mark.both_stores
def test_a_list_becomes_houses_people_and_unchecked_owners(engine: Engine, world: World) -> None:
    report = take(engine, *LIST)
    assert report.problems == ()
    assert counted(engine) == (3, 4, 4)
    assert owners(engine, "3栋2单元502") == [("张*丰", "138****5678", "owner", False)]
    assert owners(engine, "3-2-504") == [
        ("王*", "137****5678", "owner", False),
        ("赵*", "", "co_owner", False),
    ]


def test_the_same_file_again_changes_nothing(engine: Engine, world: World) -> None:
    take(engine, *LIST)
    again = take(engine, *LIST)
    assert counted(engine) == (3, 4, 4)
    totals = again.totals
    assert (totals.houses_added, totals.houses_changed) == (0, 0)
    assert (totals.people_added, totals.people_changed) == (0, 0)
    assert (totals.relations_added, totals.relations_removed) == (0, 0)


def test_a_corrected_file_puts_right_what_nobody_has_checked(engine: Engine, world: World) -> None:
    wrong_phone = row(联系电话="13812345679")
    without_number = row(房号="503", 业主姓名="李四", 证件号码=None, 联系电话=None)
    wrong_person = row(房号="504", 业主姓名="王武", 证件号码=None, 联系电话=None, 建筑面积=80)
    take(engine, wrong_phone, without_number, wrong_person)
    take(engine, *LIST)
    assert counted(engine) == (3, 4, 4)
    assert owners(engine, "3-2-502") == [("张*丰", "138****5678", "owner", False)]
    assert owners(engine, "3-2-503") == [("李*", "139****5678", "owner", False)]
    assert [name for name, _, _, _ in owners(engine, "3-2-504")] == ["王*", "赵*"]


def test_bad_rows_are_reported_and_good_ones_taken(engine: Engine, world: World) -> None:
    report = take(engine, *LIST, row(房号="505", 证件号码=110105194912310020))
    assert [(problem.row, problem.column) for problem in report.problems] == [(5, "证件号码")]
    assert counted(engine) == (3, 4, 4)
    corrected = take(engine, *LIST, row(房号="505"))
    assert corrected.problems == ()
    assert counted(engine) == (4, 4, 5)  # the same person owns 502 and 505


def test_the_same_person_in_several_houses_is_one_person_with_both_numbers(
    engine: Engine, world: World
) -> None:
    take(engine, row(), row(房号="503", 联系电话="13912345678"), row(房号="504", 证件号码=None))
    assert counted(engine) == (3, 1, 3)
    with engine.reading(SYSTEM) as work:
        [person] = {one.person for one in queries.people_by_phone(work, "13912345678")}
    assert (person.phone, person.other_phone) == ("138****5678", "139****5678")


def test_one_document_with_two_names_is_reported(engine: Engine, world: World) -> None:
    report = take(engine, row(), row(房号="503", 业主姓名="张三风"))
    assert [(problem.row, problem.column) for problem in report.problems] == [(3, "业主姓名")]
    assert counted(engine) == (1, 1, 1)


class FailingVault(SealedVault):
    """Fails after a number of values."""

    left = 6

    def seal(self, table: str, column: str, row_id: int, value: str) -> str:
        self.left -= 1
        if self.left < 0:
            raise OSError("no more")
        return super().seal(table, column, row_id, value)


@pytest.mark.both_stores
def test_a_crash_in_the_middle_leaves_nothing(engine: Engine, world: World) -> None:
    engine.vault = FailingVault(vault_of(engine).ring)
    with pytest.raises(OSError, match="no more"):
        take(engine, *LIST)
    assert counted(engine) == (0, 0, 0)


def test_what_was_imported_counts_after_another_person_released_it(engine: Engine, world: World) -> None:
    importer, checker = world.staff(Post.CSL), world.staff(Post.CSL)
    report = take(engine, *LIST, actor=importer)
    with engine.reading(SYSTEM) as work:
        [house] = queries.houses_by_address(work, "3-2-502")
        assert queries.who_may_act(work, house.id) == []
    with engine.work(importer) as work, pytest.raises(ActionNotAllowed, match="另一人"):
        release_import(work, report.import_id)
    with engine.work(checker) as work:
        assert release_import(work, report.import_id) == 4
    with engine.reading(SYSTEM) as work:
        assert len(queries.who_may_act(work, house.id)) == 1
    with engine.work(checker) as work, pytest.raises(RecordConflict):
        release_import(work, report.import_id)


def test_a_list_that_was_not_taken_over_whole_is_released_with_a_reason_only(
    engine: Engine, world: World
) -> None:
    checker = world.staff(Post.CSL)
    report = take(engine, row(), row(房号="505", 证件号码=110105194912310020))
    assert not report.totals.is_whole
    with engine.work(checker) as work, pytest.raises(FieldsInvalid):
        release_import(work, report.import_id)
    with engine.work(checker) as work:
        assert release_import(work, report.import_id, "505 的证件号待开发商更正") == 1
    with engine.reading(checker) as work:
        past = importing.one_import(work, report.import_id)
        sealed = work.connection.execute(select(estate_import.c.release_note)).scalar_one()
    assert past.release_note == "505 的证件号待开发商更正"
    assert "505" not in sealed


def test_a_list_imported_again_is_released_with_its_last_import(engine: Engine, world: World) -> None:
    checker = world.staff(Post.CSL)
    first, second = take(engine, *LIST), take(engine, *LIST)
    with engine.work(checker) as work:
        assert release_import(work, first.import_id) == 0
        assert release_import(work, second.import_id) == 4


def test_checked_data_are_completed_but_never_overwritten(engine: Engine, world: World) -> None:
    report = take(engine, row(联系电话=None, 户型=None), row(房号="503", 业主姓名="李四", 证件号码=MAN))
    with engine.work(world.staff(Post.CSL)) as work:
        release_import(work, report.import_id)
    completed = take(engine, row())
    assert completed.problems == ()
    assert owners(engine, "3-2-502") == [("张*丰", "", "owner", True)]  # nothing changes unseen
    with engine.work(world.staff(Post.CSL)) as work:
        release_import(work, completed.import_id)
    assert owners(engine, "3-2-502") == [("张*丰", "138****5678", "owner", True)]
    another = take(engine, row(房号="503", 业主姓名="赵六", 证件号码=None))
    assert [problem.column for problem in another.problems] == ["业主姓名"]
    assert "产权变更" in another.problems[0].reason()
    area = take(engine, row(建筑面积=90))
    assert [problem.column for problem in area.problems] == ["建筑面积"]
    renamed = take(engine, row(业主姓名="张三风"))
    assert [problem.column for problem in renamed.problems] == ["业主姓名"]
    assert counted(engine) == (2, 2, 2)


def test_ownership_begins_with_the_handing_over_and_never_ahead_of_today(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    take(engine, row(), row(房号="503", 交付日期="2027-05-01"))
    with engine.reading(SYSTEM) as work:
        starts = list(
            work.connection.execute(
                select(estate_relation.c.valid_from).order_by(estate_relation.c.valid_from)
            ).scalars()
        )
    assert [start.isoformat() for start in starts] == ["2026-04-30T16:00:00+00:00", clock.now().isoformat()]


@pytest.mark.parametrize("post", [Post.CS, Post.RP, Post.FINL, Post.PM, Post.ADM, Post.SYS, Post.AUD, None])
def test_posts_without_the_right_neither_import_nor_release(
    engine: Engine, world: World, post: Post | None
) -> None:
    report = take(engine, *LIST)
    actor = world.staff(post, everywhere=True)
    with pytest.raises(NotPermitted):
        take(engine, *LIST, actor=actor)
    with engine.work(actor) as work, pytest.raises(NotPermitted):
        release_import(work, report.import_id)
    with engine.reading(actor) as work:
        assert importing.imports(work) == []


def test_a_lead_imports_into_the_own_community_only(engine: Engine, world: World) -> None:
    stranger = world.staff(Post.CSL, world.other_community)
    with pytest.raises(NotPermitted):
        take(engine, *LIST, actor=stranger)
    lead = world.staff(Post.CSL)
    unknown = take(engine, row(小区="桃源里"), actor=lead)
    assert [problem.column for problem in unknown.problems] == ["小区"]
    assert counted(engine) == (0, 0, 0)


def test_the_command_line_opens_new_communities(engine: Engine, world: World) -> None:
    assert take(engine, row(小区="桃源里")).problems == ()
    with engine.reading(SYSTEM) as work:
        [house] = queries.houses_by_address(work, "桃源里 3-2-502")
    assert house.community == "桃源里"


def test_imports_are_listed_with_their_totals(engine: Engine, world: World) -> None:
    report = take(engine, *LIST)
    with engine.reading(world.staff(Post.CSL)) as work:
        [past] = importing.imports(work)
    assert (past.id, past.released_at, past.totals.houses_added) == (report.import_id, None, 3)
    with engine.reading(world.staff(Post.CSL, world.other_community)) as work:
        assert importing.imports(work) == []


def test_a_harmful_file_leaves_no_trace(engine: Engine, world: World) -> None:
    with pytest.raises(WorkbookRefused):
        import_estate(engine, SYSTEM, b"PK\x03\x04")
    with engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(estate_import)).all() == []


def test_a_lead_of_another_community_does_not_know_of_the_import(engine: Engine, world: World) -> None:
    report = take(engine, *LIST)
    stranger = world.staff(Post.CSL, world.other_community)
    with engine.work(stranger) as work, pytest.raises(RecordNotFound):
        release_import(work, report.import_id)


def test_an_import_that_is_not_there_is_not_found(engine: Engine, world: World) -> None:
    with engine.work(world.staff(Post.CSL)) as work, pytest.raises(RecordNotFound):
        release_import(work, 4711)


@pytest.mark.both_stores
def test_personal_values_of_a_list_are_nowhere_in_clear(engine: Engine, world: World) -> None:
    take(engine, row(通讯地址="海淀区中关村大街一号"), row(房号="503", 业主姓名="欧阳四海", 证件号码=MAN))
    with engine.reading(SYSTEM) as work:
        stored = "".join(
            str(work.connection.execute(select(table)).all())
            for table in (estate_person, estate_relation, estate_house, estate_import)
        )
    for canary in ("张三丰", "13812345678", WOMAN, MAN, "欧阳四海", "中关村", "5678'"):
        assert canary not in stored
