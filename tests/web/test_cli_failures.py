"""What cannot be meant, or not be done here, is said in both languages, a line each, without a traceback."""

import io
import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.work import SYSTEM
from handlers import bootstrap, settings
from handlers.accounts.records import account
from handlers.privacy import erased_list
from web.cli import main

CHINESE = re.compile(r"[\u4e00-\u9fff]")
Capture = pytest.CaptureFixture[str]
NOT_MEANT = {
    "WUYE_JOB_SECONDS": ("abc", "nan", "inf", "0", "-1"),
    "WUYE_JOB_CHILDREN": ("2.5", "0", "1" * 5000),
    "WUYE_MAIL_PORT": ("x", "65536"),
    "WUYE_MAIL_STARTTLS": ("yes",),
    "WUYE_DEMO": ("true",),
    "WUYE_SUPPLIER_TEMPLATES": ("{", "[]", "{'*': 'T'}", '{"*": 1}', "[" * 100_000),
    "WUYE_SUPPLIER_NAME": ("alibaba",),
    "WUYE_SUPPLIER_URL": ("sms.example.com",),
    "WUYE_SMS_URL": ("ftp://gateway/sms", "http://gateway:port/"),
    "WUYE_SEAL_ALGORITHM": ("ROT13",),
    "DATABASE_URL": (
        "nonsense",
        "mysql://root:secret@db/wuye",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x?timeout=y",
    ),
}
OF_PAGES = {
    "WUYE_PROXIES": ("one", "-1"),
    "WUYE_UPLOAD_MB": ("0", "many"),
    "WUYE_HTTPS": ("true",),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder that the environment names."""
    monkeypatch.setenv("WUYE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path / "var"


@pytest.fixture
def initialised(folder: Path, folder_after_init: Path) -> Path:
    """The data folder after `wuye init`."""
    return shutil.copytree(folder_after_init, folder)


def refused(capsys: Capture, *argv: str) -> tuple[str, str]:
    """Run a command that is refused; return what it says in Chinese and in English."""
    capsys.readouterr()
    assert main(argv) == 1
    chinese, english, end = capsys.readouterr().err.split("\n")
    assert CHINESE.search(chinese)
    assert not CHINESE.search(english)
    assert english
    assert end == ""
    return chinese, english


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in NOT_MEANT.items() for value in values],
    ids=lambda text: text[:20],
)
def test_a_setting_that_cannot_be_meant_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture, folder: Path
) -> None:
    monkeypatch.setenv(name, value)
    for line in refused(capsys, "init"):
        assert name in line
        assert "secret" not in line
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in OF_PAGES.items() for value in values]
)
def test_a_setting_of_the_pages_is_refused_before_they_are_served(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv(name, value)
    for line in refused(capsys, "serve"):
        assert name in line


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "99999"),
        ("--port", "-1"),
        ("--port", "0"),
        ("--threads", "0"),
        ("--threads", "100000"),
        ("--host", "x" * 64),
    ],
)
def test_what_cannot_be_served_is_refused(option: str, value: str, capsys: Capture) -> None:
    for line in refused(capsys, "serve", option, value):
        assert value in line


def test_a_server_that_nobody_answers_for_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://wuye:secret@127.0.0.1:1/wuye")
    for command in ("init", "serve", "demo"):
        for line in refused(capsys, command):
            assert "127.0.0.1" in line
            assert "secret" not in line


def test_a_file_that_is_no_database_is_named(folder: Path, capsys: Capture) -> None:
    folder.mkdir()
    (folder / "wuye.db").write_bytes(b"a letter, and no database\n" * 100)
    for command in (["init"], ["serve"], ["audit", "verify"], ["reports", "rebuild"]):
        for line in refused(capsys, *command):
            assert str(folder / "wuye.db") in line


def test_a_database_of_a_newer_version_is_left_alone(folder: Path, capsys: Capture) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "wuye.db")) as connection:
        connection.executescript(
            "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('9999')"
        )
    for command in ("init", "serve"):
        for line in refused(capsys, command):
            assert "9999" in line


@pytest.mark.parametrize("damage", ["bytes", "folder"])
def test_a_damaged_key_file_is_named(damage: str, folder: Path, capsys: Capture) -> None:
    folder.mkdir()
    keys = folder / "keys.json"
    if damage == "bytes":
        keys.write_bytes(b"\xff\xfe\x00")
    else:
        keys.mkdir()
    for line in refused(capsys, "init"):
        assert str(keys) in line


def test_a_damaged_secret_is_named_before_pages_are_served(initialised: Path, capsys: Capture) -> None:
    secret = initialised / "cookie.secret"
    for content in (b"", b"\xff" * 64):
        secret.write_bytes(content)
        for line in refused(capsys, "serve"):
            assert str(secret) in line


def test_a_data_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "file").write_text("a file, and no folder", encoding="utf-8")
    for place in (tmp_path / "file" / "var", tmp_path / "file"):
        monkeypatch.setenv("WUYE_DATA_DIR", str(place))
        for line in refused(capsys, "init"):
            assert str(place) in line


def test_looking_at_an_installation_that_is_none_leaves_nothing_behind(folder: Path, capsys: Capture) -> None:
    for command in (["serve"], ["audit", "verify"], ["keys", "rotate"]):
        refused(capsys, *command)
    assert not folder.exists()


def test_an_administrator_without_a_name_is_refused_before_anything_is_made(
    folder: Path, capsys: Capture
) -> None:
    chinese, english = refused(capsys, "init", "--admin", "")
    assert "登录名" in chinese
    assert "login" in english.lower()
    assert not folder.exists()


def test_what_is_no_text_or_too_long_is_refused(capsys: Capture) -> None:
    refused(capsys, "token", "create", "--post", "sys", "--name", "x" * 100_000)
    refused(capsys, "init", "--admin", os.fsdecode(b"\xff\xfe"))
    refused(capsys, "community", "a\x1b[31m")


@pytest.mark.parametrize("command", ["check", "deploy"])
@pytest.mark.usefixtures("initialised")
def test_a_folder_without_procedures_is_named(command: str, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    for line in refused(capsys, command, str(tmp_path / "empty")):
        assert str(tmp_path / "empty") in line


@pytest.mark.usefixtures("initialised")
def test_what_may_never_end_is_not_read(capsys: Capture) -> None:
    for command in (
        ["check"],
        ["deploy"],
        ["import", "estate"],
        ["audit", "verify", "--anchors"],
        ["backup"],
    ):
        for line in refused(capsys, *command, "/dev/zero"):
            assert "/dev/zero" in line


@pytest.mark.usefixtures("initialised")
def test_a_log_without_anchors_proves_nothing(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "log").write_bytes(b"\xff nothing about anchors\n")
    for line in refused(capsys, "audit", "verify", "--anchors", str(tmp_path / "log")):
        assert str(tmp_path / "log") in line


@pytest.mark.usefixtures("initialised")
def test_an_address_that_is_taken_is_named_once_more_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:

    def cannot_listen(_server: object) -> None:
        sys.exit(1)

    monkeypatch.setattr("web.cli.serving.Server.run", cannot_listen)
    for line in refused(capsys, "serve", "--port", "8123"):
        assert "127.0.0.1:8123" in line


def test_figures_that_could_not_be_kept_are_not_measured(tmp_path: Path, capsys: Capture) -> None:
    for line in refused(capsys, "bench", "--quick", "--json", str(tmp_path / "nowhere" / "figures.json")):
        assert "nowhere" in line


def test_posts_are_offered_by_their_codes(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["token", "create", "--name", "x", "--post", "boss"])
    said = capsys.readouterr().err
    assert "sys" in said
    assert "Post." not in said


def test_whoever_stops_a_command_sees_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def stopped(_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("web.cli.reporting.run_rebuild", stopped)
    assert main(["reports", "rebuild"]) == 130
    assert capsys.readouterr().err.split("\n") == ["", "已中断", "Interrupted", ""]


@pytest.mark.usefixtures("initialised")
def test_a_token_that_nobody_could_read_is_not_made(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    before = accounts()
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        chinese, english = refused(capsys, "token", "create", "--name", "meter", "--post", "sys")
    assert "磁盘已满" in chinese
    assert "full" in english
    assert accounts() == before


def accounts() -> int:
    engine = bootstrap.build(settings.from_environment())
    with engine.reading(SYSTEM) as work:
        return int(work.connection.execute(select(func.count()).select_from(account)).scalar_one())


def test_a_reader_that_has_gone_is_no_error(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        assert main(["--help"]) == 1
    assert capsys.readouterr().err == ""


def test_a_terminal_without_chinese_gets_the_line_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(written, encoding="ascii"))
    assert main(["serve"]) == 1
    assert b"wuye init" in written.getvalue()


def test_a_list_of_erased_ids_may_be_damaged_in_any_way(tmp_path: Path) -> None:
    file = tmp_path / "erased.list"
    for content in (b"person \xff\n", b"person 9223372036854775808\n", b"person " + b"9" * 5000 + b"\n"):
        file.write_bytes(content)
        with pytest.raises(erased_list.RuleRefused):
            erased_list.read(file)
