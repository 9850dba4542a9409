"""Periods are carried out by night: not a day too early, in small parts, on from where they were cut."""

import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.store.tables import instance
from engine.work import Engine, Work
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.estate.records import RelationKind, estate_relation
from handlers.privacy import erasing, retention_files
from handlers.privacy.erasing_records import retention_run
from handlers.privacy.retention_nights import SWEEPS, carry_out, done_by_class, last_night, watch
from handlers.settings import Settings
from handlers.shared.records import attachment
from tests.handlers.estate_world import World
from tests.handlers.privacy.planting import files_on_disk, found_in, plant
from tests.handlers.privacy.somebody import Somebody

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

OF_EXPORTS = {"privacy_export.reason", "privacy_export.recipient", "privacy_export.answer"}
OF_THE_PERSON = {
    *(f"estate_person.{name}" for name in ("name", "id_number", "phone", "other_phone", "postal_address")),
    *(f"estate_person.{name}" for name in ("mail", "remark")),
    *(
        f"account.{name}"
        for name in ("name", "login_name", "phone", "mail", "wechat_id", "first_password", "old_phone")
    ),
    "account_totp.secret",
}
# Other jobs see to these: of drafts, of what an import changed, and of codes.
OF_OTHERS = {"task_draft.body", "estate_import_change.before", "owner_help.new_phone"}


@pytest.fixture
def somebody(world: World, engine: Engine) -> Somebody:
    """Return a person who has left."""
    return Somebody(world, engine)


def stays(engine: Engine, somebody: Somebody) -> None:
    """Have the person's relation go on."""
    with engine.work(SYSTEM) as work:
        mine = estate_relation.c.id == somebody.relation
        work.connection.execute(estate_relation.update().where(mine).values(valid_to=None))


def kinds_of_files(engine: Engine) -> set[str]:
    with engine.reading(SYSTEM) as work:
        return set(work.connection.execute(select(attachment.c.owner_kind)).scalars())


def done(engine: Engine) -> dict[str, int]:
    with engine.reading(SYSTEM) as work:
        return {name: one.lately for name, one in done_by_class(work).items() if one.lately}


@pytest.mark.both_stores
def test_whoever_left_long_ago_is_erased_and_nothing_is_left(
    engine: Engine, somebody: Somebody, clock: SettableClock
) -> None:
    clock.advance(days=6 * 366)
    carry_out(engine)
    assert found_in(engine) == OF_EXPORTS
    assert files_on_disk(engine) == set()
    with engine.reading(SYSTEM) as work:
        assert erasing.is_erased(work, "person", somebody.id)


def test_of_an_owner_who_stays_old_texts_go_and_the_record_stays(
    engine: Engine, somebody: Somebody, clock: SettableClock
) -> None:
    stays(engine, somebody)
    clock.advance(days=6 * 366)
    carry_out(engine)
    assert found_in(engine) == OF_EXPORTS | OF_THE_PERSON | OF_OTHERS
    assert kinds_of_files(engine) == set()

    clock.advance(days=1)
    before = done(engine)
    carry_out(engine)
    assert done(engine) == before


def test_nothing_goes_before_its_time(engine: Engine, somebody: Somebody, clock: SettableClock) -> None:
    of_repairs = {"repair_order", "repair_complaint"}
    everything = of_repairs | {"case_comment", "repair_signature", "data_correction"}
    clock.advance(days=29)
    carry_out(engine)
    assert kinds_of_files(engine) == everything
    assert done(engine).keys() <= {"search", "report_draft"}

    clock.advance(days=2)
    carry_out(engine)
    assert kinds_of_files(engine) == everything - {"data_correction"}

    clock.advance(days=336)
    carry_out(engine)
    assert kinds_of_files(engine) == everything - of_repairs - {"data_correction"}
    assert "repair_note.body" in found_in(engine)


def test_a_repair_that_was_reopened_is_evidence_until_the_new_order_is_closed(
    engine: Engine, world: World, somebody: Somebody, clock: SettableClock
) -> None:
    stays(engine, somebody)
    with engine.work(SYSTEM) as work:
        later = plant(work, "repair_order", community_id=world.community, reopens_id=somebody.order)
    clock.advance(days=4 * 366)
    carry_out(engine)
    assert "repair_order" in kinds_of_files(engine)
    assert "repair_note.body" in found_in(engine)

    with engine.work(SYSTEM) as work:
        order = instance.metadata.tables["repair_order"]
        work.connection.execute(order.update().where(order.c.id == later).values(closed_at=work.now))
    clock.advance(days=1)
    carry_out(engine)
    assert "repair_order" not in kinds_of_files(engine)


@pytest.mark.both_stores
def test_a_night_that_was_cut_off_goes_on_where_it_stood(
    engine: Engine, somebody: Somebody, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(work: Work, cutoff: datetime, after: int) -> None:
        raise Killed

    clock.advance(days=6 * 366)
    monkeypatch.setitem(SWEEPS, "moving", die)  # type: ignore[arg-type]  # it is never asked what it did
    with pytest.raises(Killed):
        carry_out(engine)
    assert "moving_note.body" in found_in(engine)
    assert "repair_note.body" not in found_in(engine)
    counted = done(engine)["repair_text"]

    monkeypatch.undo()
    carry_out(engine)
    assert found_in(engine) == OF_EXPORTS
    assert done(engine)["repair_text"] == counted


def test_a_value_that_nobody_can_open_holds_up_nobody_else(
    engine: Engine, world: World, somebody: Somebody, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.work(SYSTEM) as work:
        plant(work, "inbox_filter", is_named=True, body="1.gone.a.AAAA")
        broken = {"community_id": world.community, "closed_at": work.now, "description": "1.gone.a.AAAA"}
        plant(work, "safety_incident", **broken)
    clock.advance(days=6 * 366)
    carry_out(engine)
    assert "the period of incident could not be carried out" in caplog.text
    with engine.reading(SYSTEM) as work:
        assert erasing.is_erased(work, "person", somebody.id)
        assert last_night(work) is None


@pytest.mark.both_stores
def test_many_rows_are_many_transactions(
    engine: Engine, world: World, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.privacy.retention_parts.PART", 2)
    with engine.work(SYSTEM) as work:
        for _ in range(5):
            plant(work, "outbox_message")
    clock.advance(days=91)
    carry_out(engine)
    assert done(engine) == {"message": 5}


def test_who_cannot_be_erased_yet_is_held_back_and_counted(
    engine: Engine, somebody: Somebody, clock: SettableClock
) -> None:
    with engine.work(SYSTEM) as work:
        work.connection.execute(
            instance.update().where(instance.c.id == somebody.case).values(state="active", ended_at=None)
        )
    clock.advance(days=4 * 366)
    carry_out(engine)
    with engine.reading(SYSTEM) as work:
        assert not erasing.is_erased(work, "person", somebody.id)
        assert done_by_class(work)["person"].held_back == 1


def test_an_emergency_contact_goes_with_the_relation_and_an_owner_does_not(
    engine: Engine, world: World, clock: SettableClock
) -> None:
    contact, owner = world.person("王芳", "13812345678"), world.person("李强", "13812345679")
    relations = [world.relate(contact, world.house, RelationKind.EMERGENCY_CONTACT)]
    relations += [
        world.relate(owner, world.house),
        world.relate(owner, world.house, RelationKind.EMERGENCY_CONTACT),
    ]
    carry_out(engine)
    with engine.work(SYSTEM) as work:
        ended = estate_relation.c.id.in_(relations)
        work.connection.execute(estate_relation.update().where(ended).values(valid_to=work.now))
    clock.advance(days=1)
    carry_out(engine)
    with engine.reading(SYSTEM) as work:
        assert erasing.is_erased(work, "person", contact)
        assert not erasing.is_erased(work, "person", owner)


def test_staff_who_left_two_years_ago_are_ids(engine: Engine, world: World, clock: SettableClock) -> None:
    gone, here = world.staff(Post.CS), world.staff(Post.CS)
    engine.run(SYSTEM, lambda work: staff.disable(work, gone.id))
    clock.advance(days=2 * 366 + 1)
    carry_out(engine)
    with engine.reading(SYSTEM) as work:
        rows = {row.id: row for row in work.connection.execute(select(account))}
        names = work.engine.directory.names(work.connection, [gone.id, here.id])
    assert names[gone.id] == "—"
    assert names[here.id].startswith("职员")
    assert (rows[gone.id].login_name, rows[gone.id].phone_index) == (None, None)


def test_files_whose_record_is_gone_leave_the_disk(
    engine: Engine, settings: Settings, somebody: Somebody, clock: SettableClock
) -> None:
    folder = settings.attachments_dir
    kept = files_on_disk(engine)
    for name in ("stray", "stray.thumbnail", "half.part"):
        (folder / name).write_bytes(b"x")
    fresh = folder / "fresh"
    fresh.write_bytes(b"x")
    left = settings.data_dir / ".backup-left"
    left.mkdir()
    long_ago = (clock.now()).timestamp() - 2 * 86_400
    for path in (*folder.iterdir(), left):
        if path != fresh:
            os.utime(path, (long_ago, long_ago))
    os.utime(fresh, (clock.now().timestamp(), clock.now().timestamp()))
    carry_out(engine)
    assert files_on_disk(engine) == kept | {"fresh"}
    assert not left.exists()


def test_the_lock_of_backups_is_no_leftover(engine: Engine, settings: Settings, clock: SettableClock) -> None:
    lock = settings.data_dir / ".backup-lock"
    lock.touch()
    os.utime(lock, (0, 0))
    with engine.work(SYSTEM) as work:
        assert retention_files.leftovers(work, clock.now(), 0).done == 0
    assert lock.exists()


def test_it_is_done_by_night_once_or_when_a_night_was_missed(engine: Engine, clock: SettableClock) -> None:
    def days() -> int:
        with engine.reading(SYSTEM) as work:
            return work.connection.execute(select(func.count(retention_run.c.day.distinct()))).scalar_one()

    for moment, nights in (
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), 1),  # noon of the first day: it was never done before
        (datetime(2026, 11, 24, 4, 0, tzinfo=UTC), 1),  # the next noon: it waits for the night
        (datetime(2026, 11, 24, 17, 30, tzinfo=UTC), 2),  # half past one
        (datetime(2026, 11, 24, 18, 30, tzinfo=UTC), 2),  # done already
        (datetime(2026, 11, 27, 4, 0, tzinfo=UTC), 3),  # two nights were missed
    ):
        clock.set(moment)
        watch(engine)
        assert days() == nights, moment
