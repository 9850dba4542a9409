"""`wuye audit verify` finds whatever was done to the access log, on both stores."""

from datetime import date

import pytest
from sqlalchemy import Delete, Update, delete, update

from engine.ports import SYSTEM
from engine.store import schema
from engine.store.database import Database
from engine.work import Engine
from handlers import bootstrap
from handlers.settings import Settings, as_environment
from handlers.shared import access_log, log_anchors
from handlers.shared.access_log import Entry
from handlers.shared.records import access_log as entries
from handlers.shared.records import access_log_head
from web.cli import main


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An installation, which the environment names, with three entries."""
    folder = request.getfixturevalue("tmp_path")
    url = f"sqlite:///{folder}/wuye.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    settings = Settings(url, folder / "var")
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    database = Database(url)
    schema.upgrade(database)
    engine = bootstrap.build(settings, database=database)
    for number in (1, 2, 3):
        engine.run(SYSTEM, lambda work, number=number: log(work, number))  # type: ignore[misc]  # a default
    return engine


def log(work: object, number: int) -> None:
    access_log.append(work, Entry("reveal_phone", "person", number))  # type: ignore[arg-type]  # a Work


def do(engine: Engine, statement: Update | Delete) -> None:
    with engine.work(SYSTEM) as work:
        work.connection.execute(statement)


def test_a_whole_log_is_said_to_be_whole_and_anchored(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify"]) == 0
    assert "whole up to" in capsys.readouterr().out
    assert [one.number for one in log_anchors.known(engine)] == [3]
    assert main(["audit", "verify"]) == 0
    assert len(log_anchors.known(engine)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        update(entries).where(entries.c.number == 2).values(subject_id=99),
        delete(entries).where(entries.c.number == 2),
        delete(entries).where(entries.c.number == 3),
        update(entries).where(entries.c.number == 3).values(day=date(2020, 1, 1)),
        delete(access_log_head),
    ],
    ids=["edited", "deleted", "truncated", "moved", "headless"],
)
def test_tampering_is_found(
    engine: Engine, statement: Update | Delete, capsys: pytest.CaptureFixture[str]
) -> None:
    do(engine, statement)
    assert main(["audit", "verify"]) == 1
    assert "tampered" in capsys.readouterr().err


def test_a_log_cut_short_with_its_old_head_put_back_is_found_by_the_anchor(engine: Engine) -> None:
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(access_log_head.select()).mappings().one()
    engine.run(SYSTEM, lambda work: log(work, 4))
    assert main(["audit", "verify"]) == 0
    do(engine, delete(entries).where(entries.c.number == 4))
    do(engine, update(access_log_head).values(dict(row)))
    assert main(["audit", "verify"]) == 1


def test_a_broken_file_of_anchors_is_told(engine: Engine) -> None:
    log_anchors.file_of(engine).write_text("nonsense\n", encoding="utf-8")
    assert main(["audit", "verify"]) == 1
