"""`wuye audit verify` finds whatever was done to the access log, on both stores."""

import logging
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Delete, Update, delete, func, select, update

from engine.ids import new_id
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts import installation
from handlers.accounts.records import account, account_post, account_token
from handlers.settings import Settings, as_environment
from handlers.shared import access_log, log_anchors
from handlers.shared.access_log import Entry
from handlers.shared.records import access_log as entries
from handlers.shared.records import access_log_head
from tests.postgres import PostgresServer
from web.background import Background
from web.cli import main


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An installation, which the environment names, with three entries."""
    folder = request.getfixturevalue("tmp_path")
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database(request.getfixturevalue("upgraded_postgresql"))
    else:
        shutil.copyfile(request.getfixturevalue("upgraded_sqlite"), folder / "wuye.db")
        url = f"sqlite:///{folder}/wuye.db"
    settings = Settings(url, folder / "var")
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    engine = bootstrap.build(settings)
    for number in (1, 2, 3):
        engine.run(SYSTEM, lambda work, number=number: log(work, number))  # type: ignore[misc]  # a default
    return engine


@pytest.fixture
def used(engine: Engine) -> Engine:
    """The same with an account, as every installation that is served has one."""
    engine.run(SYSTEM, lambda work: installation.create_first_administrator(work, "admin"))
    return engine


def vanish(engine: Engine) -> None:
    """Take the newest day out as somebody would who may write to the database."""
    with engine.reading(SYSTEM) as work:
        day = work.connection.execute(select(func.max(entries.c.day))).scalar_one()
    do(engine, delete(entries).where(entries.c.day == day))
    do(engine, delete(access_log_head).where(access_log_head.c.day == day))


def log(work: object, number: int) -> None:
    access_log.append(work, Entry("reveal_phone", "person", number))  # type: ignore[arg-type]  # a Work


def do(engine: Engine, statement: Update | Delete) -> None:
    with engine.work(SYSTEM) as work:
        work.connection.execute(statement)


@pytest.mark.both_stores
def test_a_whole_log_is_said_to_be_whole_and_anchored(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify"]) == 0
    said = capsys.readouterr().out
    assert "whole up to" in said
    assert "访问日志完整，直到 " in said
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
    said = capsys.readouterr().err
    assert "tampered" in said
    assert "处被改动。" in said


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


def test_a_log_in_use_without_any_anchor_is_no_whole_log(
    used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "verify"]) == 1
    assert "no anchor was kept" in capsys.readouterr().err


def test_a_newest_day_that_vanished_is_found(used: Engine) -> None:
    log_anchors.keep(used)
    vanish(used)
    assert main(["audit", "verify"]) == 1


@pytest.mark.both_stores
def test_an_emptied_log_is_found_though_the_anchors_were_removed(
    used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    log_anchors.keep(used)
    log_anchors.file_of(used).unlink()
    vanish(used)
    assert main(["audit", "verify"]) == 1
    assert "the access log is empty" in capsys.readouterr().err


def test_every_anchor_leaves_with_the_process_log_and_is_held_against_the_log(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        log_anchors.keep(engine)
        engine.run(SYSTEM, lambda work: log(work, 5))
        log_anchors.keep(engine)
    collected = tmp_path / "collected.log"
    collected.write_text("\n".join(f"12:00 INFO {one}" for one in caplog.messages), encoding="utf-8")
    vanish(engine)
    log_anchors.file_of(engine).unlink()
    engine.run(SYSTEM, lambda work: log(work, 1))
    log_anchors.keep(engine)
    assert main(["audit", "verify"]) == 0
    assert main(["audit", "verify", "--anchors", str(collected)]) == 1


def test_looks_that_were_counted_and_have_no_entry_are_found_without_anchors(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.run(Actor(7, "staff"), lambda work: log(work, 4))
    vanish(engine)
    assert main(["audit", "verify"]) == 1
    said = capsys.readouterr().err
    assert "no entry tells of" in said
    assert "没有对应的记录" in said


def test_serving_keeps_an_anchor_at_once_and_then_every_five_minutes(used: Engine) -> None:
    background = Background(used)
    background.start()
    background.stop()
    assert [one.number for one in log_anchors.known(used)] == [5]
    assert timedelta(minutes=5) >= log_anchors.EVERY


def test_what_lapsed_meanwhile_is_ended_before_anybody_is_served(used: Engine) -> None:
    with used.work(SYSTEM) as work:
        account_id = work.connection.execute(select(account.c.id)).scalar_one()
        long_ago = work.now - timedelta(days=1)
        token = {"id": new_id(), "account_id": account_id, "token_hash": "a" * 64, "created_by": account_id}
        work.connection.execute(
            account_token.insert().values(**token, created_at=long_ago, expires_at=long_ago)
        )
    background = Background(used)
    background.start()
    with used.reading(SYSTEM) as work:
        revoked_at = work.connection.execute(select(account_token.c.revoked_at)).scalar_one()
    background.stop()
    assert revoked_at is not None


def test_a_place_for_anchors_that_cannot_be_written_to_is_told_and_stops_nobody(
    used: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    log_anchors.file_of(used).mkdir(parents=True)
    with caplog.at_level(logging.INFO):
        log_anchors.keep(used)
    assert "cannot be kept" in caplog.text


def test_a_post_that_no_entry_gives_is_told_until_somebody_has_adopted_it(
    used: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    log_anchors.keep(used)
    assert main(["audit", "verify"]) == 0
    with used.reading(SYSTEM) as work:
        held = work.connection.execute(select(account_post).limit(1)).one()
    do(used, update(account_post).where(account_post.c.id == held.id).values(post="csl"))
    assert main(["audit", "verify"]) == 1
    said = capsys.readouterr().err
    assert f"{held.account_id} csl@*: no entry gives this account the post" in said
    assert f"{held.account_id} csl@*：没有记录说明这个账号的岗位是谁给的" in said
    assert "访问日志里却没有记载" in said
    assert main(["audit", "adopt"]) == 0
    assert f"{held.account_id} csl@*" in capsys.readouterr().out
    assert main(["audit", "verify"]) == 0


def test_a_look_that_is_cut_off_within_the_five_minutes_is_found(engine: Engine) -> None:
    log_anchors.keep_at_once(engine)
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(access_log_head.select()).mappings().one()
    engine.run(SYSTEM, lambda work: [log(work, number) for number in (4, 5)])
    assert [one.number for one in log_anchors.known(engine)] == [5]
    engine.run(SYSTEM, lambda work: access_log.append(work, Entry("sign_in", "account", 1)))
    assert [one.number for one in log_anchors.known(engine)] == [5]
    do(engine, delete(entries).where(entries.c.number > 3))
    do(engine, update(access_log_head).values(dict(row)))
    assert main(["audit", "verify"]) == 1
