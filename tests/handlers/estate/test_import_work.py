"""A list that somebody uploads: taken over in the background, released by a second person, taken back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select

from engine.clock import SettableClock
from engine.errors import NotPermitted
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts.permissions import Post
from handlers.errors import RecordConflict, RecordNotFound, RuleRefused
from handlers.estate import entry, import_buildings, import_running, import_undo, importing, queries
from handlers.estate.importing import PastImport, Upload, begin_import, release_import
from handlers.estate.records import (
    ImportState,
    estate_building,
    estate_house,
    estate_import_change,
    estate_person,
    estate_relation,
)
from handlers.estate.workbooks import WorkbookRefused
from handlers.shared import limits, long_work, outbox, work_files
from handlers.shared.long_work import LongWork
from handlers.shared.outbox import Lane
from handlers.shared.outbox_worker import Worker
from tests.handlers.estate.lists_made import MAN, row, workbook
from tests.handlers.estate_world import World
from tests.handlers.inline import Inline

LIST = (
    row(),
    row(房号="503", 业主姓名="李四", 证件号码=MAN, 联系电话="13912345678"),
    row(房号="504", 业主姓名="王五、赵六", 证件号码=None, 联系电话="13712345678"),
    row(房号="505", 证件号码=110105194912310020),
)


class Office:
    """Two leads; whoever uploads does not release."""

    def __init__(self, engine: Engine, world: World) -> None:
        self.engine = engine
        self.world = world
        self.lead, self.second = world.staff(Post.CSL), world.staff(Post.CSL)

    def upload(self, *rows: list[Any], by: Actor | None = None) -> int:
        """Upload a list, let it be taken over, and return the import."""
        upload = Upload(workbook(rows or LIST), "交付清单.xlsx", self.world.community)
        work_id = begin_import(self.engine, by or self.lead, upload)
        self.work()
        found = self.seen(work_id, by)
        assert found.state == "done", found.failure
        return int(str(found.result["import_id"]))

    def work(self) -> int:
        """Do all long work that is due."""
        return Worker(self.engine, [Inline(self.engine)], 30, Lane.LONG).drain()

    def seen(self, work_id: int, by: Actor | None = None) -> LongWork:
        """Return long work as its owner sees it."""
        with self.engine.reading(by or self.lead) as work:
            return long_work.get(work, work_id)

    def shown(self, import_id: int, by: Actor | None = None) -> PastImport:
        """Return an import as somebody sees it."""
        with self.engine.reading(by or self.lead) as work:
            return importing.one_import(work, import_id)

    def release(self, import_id: int) -> None:
        """Let the second person release an import."""
        self.engine.run(self.second, lambda work: release_import(work, import_id, "缺的行待更正"))

    def undo(self, import_id: int, by: Actor | None = None) -> LongWork:
        """Take an import back."""
        who = by or self.lead
        work_id = self.engine.run(who, lambda work: import_undo.begin_undo(work, import_id))
        self.work()
        return self.seen(work_id, who)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Return a table in clear, without what seals and re-sealing change."""
        unseal = self.engine.vault.open
        sealed = [column.name for column in table.columns if column.info.get("sealed")]
        with self.engine.reading(SYSTEM) as work:
            found = work.connection.execute(select(table).order_by(table.c.id)).mappings().all()
        return [
            {
                **one,
                **{
                    name: unseal(table.name, name, one["id"], one[name]) if one[name] else None
                    for name in sealed
                },
            }
            for one in found
        ]

    def everything(self) -> list[list[dict[str, Any]]]:
        """Return all that an import touches."""
        return [self.rows(table) for table in (estate_building, estate_house, estate_person, estate_relation)]


@pytest.fixture
def office(engine: Engine, world: World) -> Office:
    """An office with two leads."""
    return Office(engine, world)


@pytest.mark.both_stores
def test_an_upload_is_taken_over_in_the_background_with_totals_and_bad_rows(office: Office) -> None:
    import_id = office.upload()
    found = office.shown(import_id)
    totals = found.totals
    assert (found.state, found.file_name) == (ImportState.WAITING, "交付清单.xlsx")
    assert (totals.rows, totals.listed_houses, totals.taken_houses, totals.taken_owners) == (4, 3, 3, 4)
    assert totals.taken_area_m2 == totals.listed_area_m2 > 0
    with office.engine.reading(office.lead) as work:
        [(number, bad)] = importing.problems(work, import_id)
        sums = import_buildings.building_sums(work, import_id)
    assert (number, bad.row, bad.column) == (1, 5, "证件号码")
    assert "0020" not in bad.value
    assert [(one.building, one.houses, one.owners, one.area_m2) for one in sums] == [
        ("3", 3, 4, totals.taken_area_m2)
    ]


def test_nothing_of_an_upload_is_in_force_before_the_release(office: Office) -> None:
    import_id = office.upload()
    with office.engine.reading(SYSTEM) as work:
        [house] = queries.houses_by_address(work, "翠湖花园3-2-502")
        assert queries.who_may_act(work, house.id) == []
    office.release(import_id)
    with office.engine.reading(SYSTEM) as work:
        assert len(queries.who_may_act(work, house.id)) == 1
    assert office.shown(import_id, office.second).released_by == office.second.id


def test_only_a_second_person_is_offered_the_release(office: Office) -> None:
    import_id = office.upload()
    assert not office.shown(import_id).may_release
    assert office.shown(import_id, office.second).may_release
    stranger = office.world.staff(Post.CSL, office.world.other_community)
    with pytest.raises(RecordNotFound):
        office.shown(import_id, stranger)


def test_an_import_that_is_not_whole_cannot_be_released(office: Office) -> None:
    begin_import(office.engine, office.lead, Upload(workbook(LIST), "a.xlsx", office.world.community))
    with office.engine.reading(office.lead) as work:
        [past] = importing.imports(work)
    assert past.state is ImportState.READING
    with pytest.raises((RecordConflict, RecordNotFound)):
        office.release(past.id)


@pytest.mark.both_stores
def test_a_kill_in_the_middle_is_gone_on_with_and_doubles_nothing(
    office: Office, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_running, "PART", 1)
    work_id = begin_import(
        office.engine, office.lead, Upload(workbook(LIST), "a.xlsx", office.world.community)
    )

    class Killed(BaseException):
        pass

    parts: list[int] = []
    take_part = import_running.take_part

    def die_in_the_third(*arguments: Any, **more: Any) -> int:
        parts.append(1)
        left_out = take_part(*arguments, **more)
        if len(parts) == 3:
            raise Killed
        return left_out

    monkeypatch.setattr(import_running, "take_part", die_in_the_third)
    with pytest.raises(Killed):
        office.work()
    assert office.seen(work_id).done == 2
    clock.advance(seconds=limits.LONG_LEASE.total_seconds() + 1)
    office.work()
    assert office.seen(work_id).state == "done"
    with office.engine.reading(SYSTEM) as work:
        counts = [
            work.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (estate_house, estate_person, estate_relation)
        ]
    assert counts == [5, 4, 4]  # two houses were there before


def test_the_same_file_sent_twice_is_one_import_and_its_file_is_gone_at_the_end(office: Office) -> None:
    upload = Upload(workbook(LIST), "a.xlsx", office.world.community)
    first, second = (begin_import(office.engine, office.lead, upload) for _ in range(2))
    assert first == second
    files = work_files.of(office.engine)
    name = str(office.seen(first).args["file"])
    assert b"".join(files.read(name))
    office.work()
    with pytest.raises(Exception, match="缺失"):
        b"".join(files.read(name))


def test_the_uploaded_file_lies_sealed(office: Office, engine: Engine) -> None:
    content = workbook(LIST)
    work_id = begin_import(engine, office.lead, Upload(content, "a.xlsx", office.world.community))
    name = str(office.seen(work_id).args["file"])
    folder = bootstrap.installation.of(engine).data_dir / "work"
    assert content[:200] not in (folder / name).read_bytes()


@pytest.mark.parametrize("content", [b"", b"name;phone", b"x" * (limits.IMPORT_BYTES + 1)])
def test_what_is_no_workbook_is_refused_at_once(office: Office, content: bytes) -> None:
    with pytest.raises(WorkbookRefused):
        begin_import(office.engine, office.lead, Upload(content, "a.xlsx"))
    with office.engine.reading(office.lead) as work:
        assert long_work.own(work) == []


def test_a_broken_workbook_fails_with_its_reason(office: Office) -> None:
    upload = Upload(b"PK\x03\x04 nothing", "a.xlsx", office.world.community)
    work_id = begin_import(office.engine, office.lead, upload)
    office.work()
    found = office.seen(work_id)
    assert found.state == "failed"
    assert found.failure is not None
    assert "无法读取" in found.failure[0]


def test_only_who_imports_uploads_and_only_into_the_own_community(office: Office) -> None:
    content = workbook(LIST)
    with pytest.raises(NotPermitted):
        begin_import(office.engine, office.world.staff(Post.CS), Upload(content, "a.xlsx"))
    with pytest.raises(NotPermitted):
        begin_import(office.engine, office.lead, Upload(content, "a.xlsx", office.world.other_community))


# --- taking back --------------------------------------------------------------------------------------------


def test_an_import_is_taken_back_without_a_trace(office: Office) -> None:
    before = office.everything()
    import_id = office.upload()
    assert office.everything() != before
    assert office.undo(import_id).state == "done"
    assert office.everything() == before
    found = office.shown(import_id, office.lead)
    assert (found.state, found.undone_by, found.may_undo) == (ImportState.UNDONE, office.lead.id, False)


@pytest.mark.both_stores
def test_a_released_import_that_changed_and_completed_others_is_taken_back(office: Office) -> None:
    first = office.upload(
        row(联系电话=None, 户型=None),
        row(房号="503", 业主姓名="李四", 证件号码=MAN, 联系电话=None),
    )
    office.release(first)
    unchecked = office.upload(row(房号="504", 业主姓名="王武", 证件号码=None, 联系电话=None, 建筑面积=80))
    before = office.everything()
    second = office.upload()
    office.release(second)
    after = office.everything()
    assert after != before
    assert office.undo(second, office.second).state == "done"
    assert office.everything() == before
    office.release(unchecked)


def test_undoing_needs_the_same_right_as_releasing_or_the_import_itself(office: Office) -> None:
    import_id = office.upload()
    for who in (
        office.world.staff(Post.CS),
        office.world.staff(Post.CSL, office.world.other_community),
    ):
        with office.engine.work(who) as work, pytest.raises(RecordNotFound):
            import_undo.begin_undo(work, import_id)
    assert office.undo(import_id, office.second).state == "done"


def test_a_release_is_final_after_a_day(office: Office, clock: SettableClock) -> None:
    import_id = office.upload()
    clock.advance(days=30)
    office.release(import_id)
    clock.advance(hours=23)
    assert office.shown(import_id).may_undo
    assert office.engine.run(SYSTEM, import_undo.forget_old) == 0
    clock.advance(hours=1)
    assert not office.shown(import_id).may_undo
    with office.engine.work(office.lead) as work, pytest.raises(RuleRefused, match="24 小时"):
        import_undo.begin_undo(work, import_id)
    assert office.engine.run(SYSTEM, import_undo.forget_old) > 0
    with office.engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(estate_import_change)).all() == []


def test_an_import_somebody_works_with_is_not_taken_back(office: Office) -> None:
    import_id = office.upload()
    office.release(import_id)
    with office.engine.reading(SYSTEM) as work:
        [house] = queries.houses_by_address(work, "翠湖花园3-2-502")
        [owner] = queries.people_of_house(work, house.id)
    before = office.everything()
    with office.engine.work(office.lead) as work:
        entry.add_vehicle(work, house.id, owner.person.id, "京A12345")
    with office.engine.work(office.lead) as work, pytest.raises(RuleRefused, match="车辆"):
        import_undo.begin_undo(work, import_id)
    assert office.everything() == before


def test_an_import_whose_data_were_changed_since_is_not_taken_back(office: Office) -> None:
    import_id = office.upload()
    office.release(import_id)
    with office.engine.reading(SYSTEM) as work:
        [house] = queries.houses_by_address(work, "翠湖花园3-2-502")
        [owner] = queries.people_of_house(work, house.id)
    with office.engine.work(office.lead) as work:
        entry.confirm_data(work, owner.person.id, house.id)
    before = office.everything()
    found = office.undo(import_id)
    assert (found.state, found.failure and found.failure[1]) == ("failed", {"count": 1})
    assert office.everything() == before
    assert office.shown(import_id).state is ImportState.RELEASED


def test_an_import_that_a_later_one_goes_on_from_waits_for_that_one(office: Office) -> None:
    first = office.upload()
    second = office.upload(row(建筑面积=91))
    with office.engine.work(office.lead) as work, pytest.raises(RuleRefused, match="先撤销"):
        import_undo.begin_undo(work, first)
    assert office.undo(second).state == "done"
    assert office.undo(first).state == "done"


def test_an_upload_that_was_stopped_half_way_can_be_taken_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_running, "PART", 1)
    monkeypatch.setattr(limits, "LONG_TURN", timedelta(0))
    before = office.everything()
    work_id = begin_import(
        office.engine, office.lead, Upload(workbook(LIST), "a.xlsx", office.world.community)
    )
    for _ in range(2):
        [job] = outbox.claim(office.engine, 1, limits.LONG_LEASE, Lane.LONG)
        Inline(office.engine).run(job, 30)
    import_id = int(str(office.seen(work_id).args["import_id"]))
    with office.engine.work(office.lead) as work, pytest.raises(RecordConflict, match="先停止"):
        import_undo.begin_undo(work, import_id)
    office.engine.run(office.lead, lambda work: long_work.stop(work, work_id))
    assert office.everything() != before
    assert office.undo(import_id).state == "done"
    assert office.everything() == before


def test_undoing_in_many_parts_is_the_same(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_undo, "PART", 2)
    monkeypatch.setattr(limits, "LONG_TURN", timedelta(0))
    before = office.everything()
    assert office.undo(office.upload()).state == "done"
    assert office.everything() == before
