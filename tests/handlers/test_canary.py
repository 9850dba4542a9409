"""No personal value lies in clear in any column of any table, nor in the database file, nor beside it."""

import io
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.store import schema
from engine.store.database import Database
from engine.store.tables import metadata
from engine.work import Engine
from handlers import bootstrap
from handlers import settings as installation
from handlers.accounts import recovery, sign_in, slips, staff
from handlers.accounts.permissions import Post
from handlers.estate import entry, finding, looking
from handlers.estate.authorisation import Purpose
from handlers.estate.house_record import house_record
from handlers.estate.importing import import_estate
from handlers.estate.revealing import RevealRequest, reveal
from handlers.estate.unit_contacts import open_contacts
from handlers.shared.attachments import upload
from handlers.shared.messages import notification
from handlers.shared.outbox import put
from tests.handlers.estate.lists_made import row, workbook
from tests.handlers.estate_world import PASSWORD, World
from tests.handlers.inline import inline_worker
from tests.handlers.shared.uploads_made import picture

pytestmark = pytest.mark.both_stores

CANARIES = (
    "欧阳锋行",
    "13612340987",
    "11010519491231002X",
    "京A77665",
    "海淀区颐和园路五号",
    "黄药师傅",
    "13512340987",
    "huangyaoshi",
    "huang@example.com",
    "198.51.100.77",
    "家里漏水严重",
    PASSWORD,
    "canary-camera",
)


def live(engine: Engine, world: World) -> None:
    """Do everything that takes personal values in."""
    person = world.person(
        "欧阳锋行",
        "13612340987",
        other_phone="13612340987",
        id_number="11010519491231002X",
        postal_address="海淀区颐和园路五号",
    )
    world.relate(person, world.house)
    import_estate(engine, SYSTEM, workbook([row(业主姓名="欧阳锋行", 联系电话="13612340987")]))
    with engine.work(SYSTEM) as work:
        entry.add_vehicle(work, world.house, person, "京A77665")
        registration = staff.Registration("黄药师傅", "huangyaoshi", "13512340987", mail="huang@example.com")
        account_id = staff.register(work, registration)
        put(
            work,
            notification(
                "task_warning", [f"person:{person}", str(account_id)], "k", due_at=work.now.isoformat()
            ),
        )
    clerk = world.staff(Post.CS)
    sign_in.sign_in(engine, world.login_of(clerk), PASSWORD, "198.51.100.77")
    reveal(engine, clerk, RevealRequest(person, world.house, Purpose.EMERGENCY, "家里漏水严重"))
    engine.run(clerk, lambda work: finding.begin(work, "13612340987"))
    engine.run(clerk, lambda work: finding.begin(work, "欧阳锋行"))
    with engine.reading(clerk) as work:
        unit_id = house_record(work, world.house).unit_id
    engine.run(clerk, lambda work: open_contacts(work, unit_id, Purpose.EMERGENCY, "家里漏水严重"))
    engine.run(clerk, lambda work: looking.note_opened(work, world.house))
    engine.run(clerk, lambda work: looking.note_rows(work, 1))
    upload(engine, clerk, io.BytesIO(picture(gps=True)), "canary-camera.jpg")
    assert inline_worker(engine).drain() > 3


def test_no_column_holds_a_personal_value(engine: Engine, world: World) -> None:
    live(engine, world)
    with engine.reading(SYSTEM) as work:
        for table in metadata.sorted_tables:
            stored = repr(work.connection.execute(select(table)).all())
            assert [canary for canary in CANARIES if canary in stored] == [], table.name


def test_no_column_holds_a_password_that_was_shown_once(engine: Engine, world: World) -> None:
    administration = world.staff(Post.ADM, everywhere=True)
    with engine.work(SYSTEM) as work:
        without_phone = staff.insert_staff(work, staff.Registration("黄药师傅", "huangyaoshi", ""))
    slip = engine.run(administration, lambda work: slips.print_slip(work, without_phone))
    with engine.reading(administration) as work:
        printed = slips.printed(work, without_phone, slip.ticket)
    recovered = engine.run(SYSTEM, lambda work: recovery.recover(work, world.login_of(administration)))
    with engine.reading(SYSTEM) as work:
        for table in metadata.sorted_tables:
            stored = repr(work.connection.execute(select(table)).all())
            assert [one for one in (printed, recovered, slip.ticket) if one in stored] == [], table.name


def test_no_file_holds_a_personal_value(tmp_path: Path, clock: SettableClock) -> None:
    database = Database(f"sqlite:///{tmp_path}/wuye.db")
    schema.create(database)
    settings = installation.from_environment({"WUYE_DATA_DIR": str(tmp_path)})
    engine = bootstrap.build(settings, clock, database)
    live(engine, World(engine))
    database.dispose()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "wuye.db" for path in files)
    for path in files:
        content = path.read_bytes()
        found = [canary for canary in CANARIES if canary.encode() in content]
        assert found == [], path


def test_sealed_columns_hold_nothing_but_sealed_values(engine: Engine, world: World) -> None:
    live(engine, world)
    seen = 0
    with engine.reading(SYSTEM) as work:
        for table in metadata.sorted_tables:
            for column in (one for one in table.c if one.info.get("sealed")):
                for value in work.connection.execute(select(column).where(column.is_not(None))).scalars():
                    assert value.startswith("1."), column
                    seen += 1
    assert seen > 10
