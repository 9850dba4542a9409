"""`wuye demo`: whole or not at all, and it says where the sign-ins are."""

import socket
from pathlib import Path

import pytest

from engine.work import SYSTEM, Engine
from handlers import bootstrap, settings
from handlers.demo.population import Size
from handlers.estate.records import estate_community
from handlers.settings import Settings
from tests.postgres import PostgresServer
from web.cli import demonstration, main
from web.cli.installing import prepare
from web.cli.locking import alone

TINY = Size((("云栖花园", "010-5550-0101", 2),), units=2, floors=5, rooms=3, staff=26, weeks=1, cases_a_day=0)


COMMUNITY = {"name": "云栖花园", "desk_phone": "010-5550-0101", "address": "示范市"}


class Interrupted(BaseException):
    """What Ctrl+C is to the test."""


def interrupt(line: str) -> None:
    """Let the build be interrupted once the estate stands."""
    if line.startswith("[2/4]"):
        raise Interrupted


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, Engine]:
    """An empty installation that the environment names."""
    monkeypatch.setenv("WUYE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return installed()


def installed() -> tuple[Settings, Engine]:
    configured = settings.from_environment()
    engine = bootstrap.build(configured)
    prepare(engine)
    return configured, engine


@pytest.mark.long
def test_an_interrupted_demonstration_leaves_nothing_and_can_be_built_anew(
    made: tuple[Settings, Engine], capsys: pytest.CaptureFixture[str]
) -> None:
    configured, engine = made
    with pytest.raises(Interrupted):
        demonstration.fill(configured, engine, TINY, 1, interrupt)
    assert not demonstration.has_estate(engine)
    killed = configured.data_dir / "wuye.db.demo-draft"
    assert not killed.exists()
    killed.write_bytes(b"torn: what a killed run leaves")
    sign_ins = configured.data_dir / demonstration.SIGN_INS
    with demonstration.draft_of(configured, engine) as draft:
        with draft.work(SYSTEM) as work:
            work.connection.execute(estate_community.insert().values(id=1, **COMMUNITY))
        demonstration.keep_private(sign_ins, "who can sign in\n")
        assert not demonstration.has_estate(engine)
    assert demonstration.has_estate(engine)
    assert main(["demo", "--if-empty"]) == 0
    shown = capsys.readouterr().out
    assert sign_ins.read_text(encoding="utf-8") in shown
    assert str(sign_ins) in shown
    assert main(["demo"]) == 1


def test_nobody_else_reads_the_database_or_what_stands_beside_it(made: tuple[Settings, Engine]) -> None:
    configured, engine = made
    with alone(configured.data_dir, demonstration.LOCK), engine.reading(SYSTEM):
        files = [one for one in configured.data_dir.iterdir() if one.is_file()]
        assert {"wuye.db", demonstration.LOCK} <= {one.name for one in files}
        assert {one.name: one.stat().st_mode & 0o077 for one in files} == {one.name: 0 for one in files}


def test_a_second_demonstration_at_the_same_time_is_refused(
    made: tuple[Settings, Engine], capsys: pytest.CaptureFixture[str]
) -> None:
    configured, engine = made
    with alone(configured.data_dir, demonstration.LOCK) as is_alone:
        assert is_alone
        assert main(["demo", "--small"]) == 1
    assert "being built here already" in capsys.readouterr().err
    assert not demonstration.has_estate(engine)


@pytest.mark.long
def test_an_unfinished_demonstration_on_a_server_says_what_to_do(
    postgres: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = postgres.new_database()
    monkeypatch.setenv("WUYE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url)
    configured, engine = installed()
    with pytest.raises(Interrupted):
        demonstration.fill(configured, engine, TINY, 1, interrupt)
    assert main(["demo", "--if-empty"]) == 1
    said = capsys.readouterr().err
    assert "中断" in said
    assert "interrupted" in said
    engine.database.dispose()
    postgres.drop(url)


def test_a_taken_port_is_told_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WUYE_DATA_DIR", str(tmp_path / "var"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["demo", "--if-empty", "--port", str(port)]) == 1
    assert str(port) in capsys.readouterr().err
    assert not (tmp_path / "var").exists()
