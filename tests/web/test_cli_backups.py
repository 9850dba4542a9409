"""`wuye backup` and `wuye restore`: everything comes back, nothing is readable without the phrase."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select

from engine.errors import RuleBroken
from engine.ports import SYSTEM
from engine.store import schema
from engine.store.database import Database
from handlers import bootstrap
from handlers.accounts import installation, sessions
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from handlers.accounts.staff import Registration, insert_staff, set_first_password
from handlers.estate import entry
from handlers.estate.people import PersonEntry
from handlers.estate.records import estate_person
from handlers.owning.records import owner_code
from handlers.privacy import erasing
from handlers.settings import Settings, as_environment
from handlers.shared import access_log, backup, database_copies, work_files
from handlers.shared.access_log import Entry
from handlers.shared.records import backup_run
from tests.postgres import PostgresServer
from web.cli import main
from web.cli.engines import installed

PHRASE = "correct horse battery staple"
NewUrl = Callable[[Path], str]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest) -> Iterator[NewUrl]:
    """Make the URLs of databases that hold nothing yet."""
    if request.param == "sqlite":
        yield lambda folder: f"sqlite:///{folder}/wuye.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    made: list[str] = []

    def new(_folder: Path) -> str:
        made.append(server.new_database())
        return made[-1]

    yield new
    for url in made:
        server.drop(url)


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_url: NewUrl
) -> Settings:
    """An installation with a person, a file and a log entry."""
    made = Settings(new_url(tmp_path / "one"), tmp_path / "one")
    made.data_dir.mkdir()
    use(made, monkeypatch)
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", PHRASE)
    if made.database_url.startswith("sqlite"):
        shutil.copyfile(request.getfixturevalue("upgraded_sqlite"), made.data_dir / "wuye.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        server.replace(made.database_url, request.getfixturevalue("upgraded_postgresql"))
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


@pytest.fixture
def elsewhere(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_url: NewUrl
) -> Callable[[], Settings]:
    """Let the commands work on another, empty place."""
    return lambda: use(Settings(new_url(tmp_path / "two"), tmp_path / "two"), monkeypatch)


def failures(settings: Settings) -> list[object]:
    database = Database(settings.database_url)
    with database.reading() as connection:
        found = list(connection.execute(select(backup_run.c.failures).order_by(backup_run.c.at)).scalars())
    database.dispose()
    return found


@pytest.mark.both_stores
def test_a_backup_comes_back_whole(
    settings: Settings, tmp_path: Path, elsewhere: Callable[[], Settings]
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    restored = elsewhere()
    assert main(["restore", str(file)]) == 0
    engine = bootstrap.build(restored)
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(estate_person.select()).one()
    assert engine.vault.open("estate_person", "name", row.id, row.name) == "欧阳锋行"
    [kept] = (restored.data_dir / "work").iterdir()
    assert b"".join(work_files.of(engine).read(kept.name)) == b"kept"
    engine.database.dispose()
    assert main(["audit", "verify"]) == 0


@pytest.mark.parametrize("command", [["backup", "--force"], ["restore", "--test"]])
@pytest.mark.both_stores
def test_what_a_killed_backup_left_of_the_data_is_cleared_away(
    settings: Settings, tmp_path: Path, command: list[str]
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    left = settings.data_dir / ".backup-killed"
    left.mkdir()
    (left / "wuye.db").write_bytes(b"a copy in clear")
    assert main([*command, str(file)]) == 0
    assert not left.exists()


def test_the_database_is_known_among_the_files_however_it_is_named() -> None:
    assert database_copies.path_of("sqlite:///var/wuye.db") == Path.cwd() / "var" / "wuye.db"


@pytest.mark.both_stores
def test_a_tested_restore_leaves_nothing_behind_and_is_noted(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    before = sorted(settings.data_dir.rglob("*"))
    assert main(["restore", "--test", str(file)]) == 0
    assert [path for path in sorted(settings.data_dir.rglob("*")) if path not in before] == []
    assert failures(settings) == [[], []]
    if settings.database_url.startswith("postgresql"):
        with psycopg.connect(settings.database_url.replace("+psycopg", "")) as connection:
            left = connection.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'wuye_restore%'")
            assert left.fetchone() == (0,)


def test_a_restore_that_does_not_open_what_is_sealed_is_no_good_restore(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(settings.database_url)
    with database.writing() as connection:
        connection.execute(estate_person.update().values(phone="1.gone.a.AAAA"))
    database.dispose()
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    assert main(["restore", "--test", str(file)]) == 1
    assert failures(settings) == [[], ["sealed:estate_person.phone"]]


@pytest.mark.both_stores
def test_without_the_programs_of_postgresql_the_person_is_told_what_to_install(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("handlers.shared.database_copies._POSTGRES_FOLDERS", str(tmp_path))
    is_sqlite = settings.database_url.startswith("sqlite")
    assert main(["backup", str(tmp_path / "backup.wyb")]) == (0 if is_sqlite else 1)
    assert ("postgresql-client" in capsys.readouterr().err) is not is_sqlite
    assert (tmp_path / "backup.wyb").exists() is is_sqlite


def test_a_backup_opens_with_its_phrase_only_and_not_when_a_bit_differs(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: Callable[[], Settings],
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    assert not any(mark in file.read_bytes() for mark in (b"SQLite", b"PGDMP", b"estate_person"))
    place = elsewhere()
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", PHRASE[::-1])
    assert main(["restore", str(file)]) == 1
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", PHRASE)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert main(["restore", str(file)]) == 1
    assert not place.key_file.exists()
    database = Database(place.database_url)
    with database.reading() as connection:
        assert schema.current(connection) is None
    database.dispose()


def test_nothing_is_restored_over_an_installation_or_sealed_with_a_weak_phrase(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    assert main(["restore", str(file)]) == 1
    monkeypatch.setenv("WUYE_BACKUP_PHRASE", "short")
    assert main(["backup", str(tmp_path / "other.wyb")]) == 1


def test_wrong_places_and_a_missing_phrase_are_named_and_nothing_is_written(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    content = file.read_bytes()
    assert main(["backup", str(file)]) == 1
    assert "backup.wyb 已存在" in capsys.readouterr().err
    assert file.read_bytes() == content

    assert main(["backup", "--force", str(file)]) == 0
    assert file.read_bytes() != content

    assert main(["backup", str(tmp_path / "nowhere" / "backup.wyb")]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()

    assert main(["restore", "--test", str(tmp_path / "missing.wyb")]) == 1
    assert "没有备份文件" in capsys.readouterr().err

    monkeypatch.delenv("WUYE_BACKUP_PHRASE")
    assert main(["backup", str(tmp_path / "other.wyb")]) == 1
    assert "WUYE_BACKUP_PHRASE" in capsys.readouterr().err


def test_whoever_was_erased_after_a_backup_is_erased_again_when_it_comes_back(
    settings: Settings, tmp_path: Path, elsewhere: Callable[[], Settings]
) -> None:
    old, new = tmp_path / "old.wyb", tmp_path / "new.wyb"
    assert main(["backup", str(old)]) == 0
    engine = bootstrap.build(settings)
    with engine.work(SYSTEM) as work:
        person = work.connection.execute(select(estate_person.c.id)).scalar_one()
        erasing.erase_person(work, person)
    engine.database.dispose()
    assert main(["backup", str(new)]) == 0  # completes the list beside the backups
    restored = elsewhere()
    assert main(["restore", str(old)]) == 0
    engine = bootstrap.build(restored)
    with engine.reading(SYSTEM) as work:
        row = work.connection.execute(select(estate_person)).one()
        assert erasing.is_erased(work, "person", person)
    assert engine.vault.open("estate_person", "name", row.id, row.name) == "—"
    assert (row.phone, row.phone_index) == (None, None)
    engine.database.dispose()


def test_whoever_was_kept_out_after_a_backup_is_not_let_in_by_it(
    settings: Settings,
    tmp_path: Path,
    elsewhere: Callable[[], Settings],
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = bootstrap.build(settings)
    with engine.work(SYSTEM) as work:
        clerk = insert_staff(work, Registration("黄药师", "huang.ys", ""))
        set_first_password(work, clerk, "Tao-Hua-Dao-1948")
        session = sessions.open_session(work, clerk, "10.1.2.3")
        token = installation.create_token(work, "gate", Post.CS)
        work.connection.execute(
            owner_code.insert().values(
                id=1,
                purpose="reset",
                token_hash="a",
                nonce="b",
                tries=0,
                asked_at=work.now,
                expires_at=work.now + timedelta(days=1),
            )
        )
    assert sessions.resume(engine, session) is not None
    assert installation.actor_of_token(engine, token) is not None
    engine.database.dispose()
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    made_at = engine.clock.now().astimezone(engine.zone)
    elsewhere_settings = elsewhere()
    assert main(["restore", str(file)]) == 0

    said = capsys.readouterr().out
    assert f"备份时间 {made_at:%Y-%m-%d}" in said
    assert f"The backup is of {made_at:%Y-%m-%d}" in said
    assert said.count("/staff/") == 2
    engine = bootstrap.build(elsewhere_settings)
    assert sessions.resume(engine, session) is None
    assert installation.actor_of_token(engine, token) is None
    with engine.reading(SYSTEM) as work:
        until = work.connection.execute(
            select(account.c.password_expires_at).where(account.c.id == clerk)
        ).scalar_one()
        code = work.connection.execute(select(owner_code)).one()
        assert until <= work.now
        assert code.expires_at <= work.now
        assert code.used_at is not None
    engine.database.dispose()


@pytest.mark.both_stores
def test_nothing_is_served_from_a_restore_that_was_cut_off(
    settings: Settings, tmp_path: Path, elsewhere: Callable[[], Settings]
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    cut_off = elsewhere()
    backup.restore(cut_off, file, PHRASE)  # and killed before anything was revoked
    with pytest.raises(RuleBroken, match="恢复没有做完"):
        installed()


def test_a_restore_goes_on_where_one_was_killed_before_the_data_came(
    settings: Settings, tmp_path: Path, elsewhere: Callable[[], Settings]
) -> None:
    file = tmp_path / "backup.wyb"
    assert main(["backup", str(file)]) == 0
    killed = elsewhere()
    if not killed.database_url.startswith("sqlite"):
        database = Database(killed.database_url)
        with database.writing() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {database_copies.UNFINISHED} (id INTEGER)")
        database.dispose()
    assert main(["restore", str(file)]) == 0
    installed().database.dispose()


def test_a_list_of_erased_ids_that_is_missing_or_broken_stops_a_restore_before_it_begins(
    settings: Settings, tmp_path: Path, elsewhere: Callable[[], Settings]
) -> None:
    file, wrong = tmp_path / "backup.wyb", tmp_path / "wrong.list"
    assert main(["backup", str(file)]) == 0
    wrong.write_text("person 1\nsomebody\n", encoding="utf-8")
    place = elsewhere()
    for given in (wrong, tmp_path / "nowhere.list"):
        assert main(["restore", str(file), "--erased", str(given)]) == 1
    assert not place.key_file.exists()


def test_what_was_done_is_said_in_both_languages(settings, tmp_path, capsys):
    file = tmp_path / "all.backup"
    assert main(["backup", str(file)]) == 0
    assert main(["restore", "--test", str(file)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split("：")[0].split(" ")[0] for line in said[::2]] == ["已备份到", "试恢复完成，全部完好"]
    assert said[3] == "Restored beside it; everything is there."
