"""The command line: what it makes, what it refuses, and how it says so."""

import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from engine.store import schema
from engine.work import SYSTEM
from handlers import bootstrap, built_in, settings
from handlers.estate import importing
from handlers.shared import access_log
from handlers.shared.records import access_log as entries
from tests.engine.models import Model
from tests.handlers.estate.lists_made import row, workbook
from web.cli import main, serving
from web.cli.engines import installed


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that points at an empty folder."""
    monkeypatch.setenv("WUYE_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


@pytest.fixture
def initialised(installation: Path, folder_after_init: Path) -> Path:
    """The data folder after `wuye init`."""
    return shutil.copytree(folder_after_init, installation / "var")


def test_wrong_usage_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert ended.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "demo",
        "serve",
        "worker",
        "check",
        "deploy",
        "import",
        "community",
        "token",
        "reports",
        "audit",
        "keys",
        "export",
        "backup",
        "restore",
    ],
)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"wuye {command}" in capsys.readouterr().out


def test_init_makes_an_administrator_once_and_the_second_time_only_upgrades(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["init"]) == 0
    assert "First password" in capsys.readouterr().out
    assert main(["init"]) == 0
    assert "First password" not in capsys.readouterr().out


def test_the_procedures_of_the_product_pass_the_checks() -> None:
    assert main(["check", str(built_in.FOLDER)]) == 0


def test_before_it_is_installed_one_file_is_checked_with_those_of_the_product(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(built_in.FOLDER / "repair.bpmn")]) == 0
    said = capsys.readouterr().err
    assert "尚未安装" in said
    assert "Nothing is installed yet" in said


def test_what_a_broken_file_brings_about_in_those_of_the_product_is_left_out(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = installation / "repair.bpmn"
    content = (built_in.FOLDER / file.name).read_bytes()
    file.write_bytes(content[: len(content) // 2])
    assert main(["check", str(file)]) == 1
    found = re.findall(r"(\w+\.\w+) .*\[(\w+)\]", capsys.readouterr().err)
    assert set(found) == {("repair.bpmn", "malformed")}


def test_a_bad_file_is_refused_with_reason_and_remedy_and_nothing_is_stored(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = installation / "lost.bpmn"
    file.write_bytes(
        Model("lost").start().user("one", form="no_such_form").end().flow("start", "one", "end").xml()
    )
    assert main(["check", str(file)]) == 1
    said = capsys.readouterr().err
    assert "lost.bpmn one [" in said


@pytest.mark.parametrize("command", ["check", "deploy"])
@pytest.mark.usefixtures("initialised")
def test_a_file_that_is_not_there_is_named(
    command: str, installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(installation / "gone.bpmn")]) == 1
    said = capsys.readouterr().err
    first, second, end = said.split("\n")
    assert first == f"没有文件 {installation / 'gone.bpmn'}，请检查路径和文件名再运行"
    assert str(installation / "gone.bpmn") in second
    assert second.isascii()
    assert end == ""


def test_two_files_of_one_name_are_refused_and_one_file_named_twice_is_not(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [installation / folder / "x.bpmn" for folder in ("a", "b")]
    for file in files:
        file.parent.mkdir()
        file.write_bytes(b"<x")
    assert main(["check", *map(str, files)]) == 1
    said = capsys.readouterr().err
    assert "文件名相同" in said
    assert str(files[0]) in said
    assert str(files[1]) in said
    assert main(["check", str(files[0]), str(files[0].parent)]) == 1
    assert "[malformed]" in capsys.readouterr().err


def test_before_it_is_installed_nothing_can_be_deployed_or_served(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ["deploy", str(built_in.FOLDER)],
        ["serve"],
        ["token", "create", "--name", "x", "--post", "sys"],
    ):
        assert main(command) == 1
        assert "wuye init" in capsys.readouterr().err


def test_data_whose_keys_are_gone_is_left_alone_until_they_are_back(
    installation: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = bootstrap.build(settings.from_environment())
    schema.upgrade(engine.database)
    engine.run(SYSTEM, lambda work: access_log.append(work, access_log.Entry("reveal_phone", "person", 1)))
    keys = installation / "var" / "keys.json"
    kept = keys.rename(installation / "keys.kept")
    for command in (["init"], ["demo"], ["audit", "verify"], ["keys", "rotate"], ["serve"]):
        assert main(command) == 1
        chinese, english, _end = capsys.readouterr().err.split("\n")
        assert "缺少它的密钥文件" in chinese
        assert "key file" in english
        for line in (chinese, english):
            assert str(keys) in line
            assert str(installation / "var" / "wuye.db") in line
        assert not keys.exists()
    kept.rename(keys)
    assert main(["audit", "verify"]) == 0


@pytest.mark.usefixtures("initialised")
def test_a_token_is_shown_once_needs_a_name_and_tells_in_the_log_who_made_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "zhouming")
    assert main(["token", "create", "--name", "meter reader", "--post", "sys"]) == 0
    with installed().reading(SYSTEM) as work:
        made = select(entries.c.detail).where(entries.c.action == "create_token")
        assert "zhouming" in work.connection.execute(made).scalar_one()
    assert len(capsys.readouterr().out.strip()) >= 40
    assert main(["token", "create", "--name", " ", "--post", "sys"]) == 1


def test_sums_behind_reports_are_rebuilt_where_there_is_an_installation(
    installation: Path, folder_after_init: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reports", "rebuild"]) == 1
    assert "wuye init" in capsys.readouterr().err
    shutil.copytree(folder_after_init, installation / "var")
    assert main(["reports", "rebuild"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "已完成的步骤 0 个；更正日汇总 0 条、月汇总 0 条。",
        "0 finished steps; 0 sums by day and 0 by month corrected.",
    ]
    with pytest.raises(SystemExit) as ended:
        main(["reports"])
    assert ended.value.code == 2


def test_an_export_replaces_nothing_but_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there").mkdir()
    for place in (tmp_path / "there", Path("/dev/null")):
        assert main(["export", "ocel", str(place)]) == 1
        assert str(place) in capsys.readouterr().err
    assert Path("/dev/null").is_char_device()
    assert list(tmp_path.iterdir()) == [tmp_path / "there"]


def test_a_missing_file_is_a_line_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WUYE_DATA_DIR", str(tmp_path / "file" / "var"))
    (tmp_path / "file").write_text("a file, and no folder", encoding="utf-8")
    assert main(["init"]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "proxies", "is_told"),
    [
        ("0.0.0.0", 0, True),
        ("::", 0, True),
        ("0.0.0.0", 1, False),
        ("127.0.0.1", 0, False),
        ("::1", 0, False),
    ],
)
def test_who_serves_beyond_this_machine_without_a_proxy_is_told(
    host: str, proxies: int, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    serving.say_if_open(host, proxies)
    said = capsys.readouterr().out
    assert ("WUYE_PROXIES" in said) is is_told
    assert said.count("\n") == 2 * is_told


def test_the_first_list_needs_a_reason_where_not_all_of_it_is_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init"])
    file = tmp_path / "list.xlsx"
    file.write_bytes(workbook([row(), row(房号="505", 证件号码=110105194912310020)]))
    command = ["import", "estate", str(file), "--first"]
    capsys.readouterr()
    assert main(command) == 1
    assert "没有留下任何数据" in capsys.readouterr().err
    with installed().reading(SYSTEM) as work:
        assert importing.imports(work) == []
    assert main([*command, "--difference", "505 的证件号待更正"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^读到的行：(\d+)  Rows read: \1$", said, re.MULTILINE)
    chinese, english = re.findall(r"^.* 证件号码 .*: (.*)$", said, re.MULTILINE)
    assert english.isascii()
    assert not chinese.isascii()
    with installed().reading(SYSTEM) as work:
        [past] = importing.imports(work)
        assert past.release_note == "505 的证件号待更正"
