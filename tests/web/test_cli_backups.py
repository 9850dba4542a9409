"""`wuye backup` and `wuye restore`: everything comes back, nothing is readable without the phrase."""

from pathlib import Path

import pytest

from engine.ports import SYSTEM
from engine.store import schema
from engine.store.database import Database
from handlers import bootstrap
from handlers.estate import entry
from handlers.estate.people import PersonEntry
from handlers.estate.records import estate_person
from handlers.settings import Settings, as_environment
from handlers.shared import access_log, work_files
from handlers.shared.access_log import Entry
from web.cli import main

PHRASE = "correct horse battery staple"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with a person, a file and a log entry."""
    made = Settings(f"sqlite:///{tmp_path}/one/wuye.db", tmp_path / "one")
    made.data_dir.mkdir()
    use(made, monkeypatch)
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", PHRASE)
    schema.upgrade(Database(made.database_url))
    engine = bootstrap.build(made)
    with engine.work(SYSTEM) as work:
        entry.add_person(work, PersonEntry(name="欧阳锋行", phone="13812345678"))
        access_log.append(work, Entry("reveal_phone", "person", 1))
    work_files.of(engine).write([b"kept"])
    engine.database.dispose()
    return made


def use(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    return settings


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return use(Settings(f"sqlite:///{tmp_path}/two/wuye.db", tmp_path / "two"), monkeypatch)


def test_a_backup_comes_back_whole(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    restored = elsewhere(tmp_path, monkeypatch)
    assert main(["restore", str(file)]) == 0
    engine = bootstrap.build(restored)
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(estate_person.select()).one()
    assert engine.vault.open("estate_person", "name", row.id, row.name) == "欧阳锋行"
    [kept] = (restored.data_dir / "work").iterdir()
    assert b"".join(work_files.of(engine).read(kept.name)) == b"kept"
    assert main(["audit", "verify"]) == 0


def test_a_backup_opens_with_its_phrase_only_and_not_when_a_bit_differs(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    assert b"SQLite" not in file.read_bytes()
    elsewhere(tmp_path, monkeypatch)
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", PHRASE[::-1])
    assert main(["restore", str(file)]) == 1
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", PHRASE)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert main(["restore", str(file)]) == 1
    assert not (tmp_path / "two" / "wuye.db").exists()


def test_nothing_is_restored_over_an_installation_or_sealed_with_a_weak_phrase(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    assert main(["restore", str(file)]) == 1
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", "short")
    assert main(["backup", str(tmp_path / "other.wyb")]) == 1
