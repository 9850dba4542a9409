"""Settings come from the environment; secrets are made once, for their owner only."""

import threading
from pathlib import Path

from engine.store.database import read_url
from handlers.settings import Gateway, Mail, Settings, as_environment, from_environment, read_or_create


def test_without_an_environment_everything_lies_in_one_folder() -> None:
    settings = from_environment({})
    assert settings.data_dir.name == "var"
    assert settings.database_url == f"sqlite:///{settings.data_dir}/wuye.db"
    assert settings.sms == Gateway()


def test_a_data_folder_may_be_called_anything(tmp_path: Path) -> None:
    for name in ("a?b=c", "50%41 #1", "物业"):
        settings = from_environment({"WUYE_DATA_DIR": str(tmp_path / name)})
        assert read_url(settings.database_url).database == str(tmp_path / name / "wuye.db")


def test_settings_survive_the_way_through_the_environment(tmp_path: Path) -> None:
    settings = Settings(
        database_url="postgresql+psycopg://wuye:secret@db/wuye",
        data_dir=tmp_path,
        algorithm="SM4-GCM",
        job_seconds=12.5,
        job_children=3,
        sms=Gateway("http://gateway/sms", "s1"),
        wechat=Gateway("http://gateway/wechat", "s2"),
        voice=Gateway("http://gateway/voice", "s3"),
        mail=Mail("mail", 587, "user", "password", "wuye@example.com", starttls=True),
        anchor_file=tmp_path / "elsewhere" / "anchors",
    )
    assert from_environment(as_environment(settings)) == settings


def test_a_secret_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    settings = from_environment({"WUYE_DATA_DIR": str(tmp_path / "var")})
    secret = settings.secret("session_key")
    assert len(secret) >= 64
    assert settings.secret("session_key") == secret
    assert settings.secret("other") != secret
    for path in (tmp_path / "var").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_of_many_that_make_a_file_at_once_all_read_the_same(tmp_path: Path) -> None:
    start = threading.Barrier(16)
    read: list[str] = []

    def make(number: int) -> None:
        start.wait()
        read.append(read_or_create(tmp_path / "secret", lambda: str(number)))

    threads = [threading.Thread(target=make, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(read)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
