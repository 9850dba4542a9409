"""The role of PostgreSQL that the documentation describes: enough to work with, and not enough to do harm."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy.exc import ProgrammingError

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.store.database import Database
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts import sessions, sign_in
from handlers.accounts.passwords import Hasher
from handlers.accounts.permissions import Post
from handlers.settings import Settings
from handlers.shared import access_log
from tests.conftest import with_keys
from tests.handlers.estate_world import PASSWORD, World
from web.cli import serving

GRANTED = (
    (Path(__file__).parents[2] / "docs/settings.md").read_text(encoding="utf-8").partition("```sql\n")[2]
)


@pytest.fixture
def limited(database: Database, settings: Settings, clock: SettableClock, key_file: Path) -> Iterator[Engine]:
    """An installation that is connected as the role of the documentation."""
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num text)")  # as migrations do
        connection.exec_driver_sql("CREATE ROLE wuye_app LOGIN")
        for statement in GRANTED.partition("```")[0].split(";")[:-1]:
            connection.exec_driver_sql(statement)
    role = Database(database.url.set(username="wuye_app").render_as_string(hide_password=False))
    engine = bootstrap.build(with_keys(settings, key_file), clock, role)
    engine.cache["password_hasher"] = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield engine
    role.dispose()
    with database.writing() as connection:
        connection.exec_driver_sql("DROP OWNED BY wuye_app")
        connection.exec_driver_sql("DROP ROLE wuye_app")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_people_sign_in_and_are_logged_with_the_role_of_the_documentation(limited: Engine) -> None:
    world = World(limited)
    clerk = world.staff(Post.CS)
    token = sign_in.sign_in(limited, world.login_of(clerk), PASSWORD, "192.0.2.7")
    signed_in = sessions.resume(limited, token)
    assert signed_in is not None
    assert signed_in.actor == clerk
    with limited.reading(SYSTEM) as work:
        assert access_log.verify(work) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE access_log SET action = 'x'",
        "DELETE FROM access_log",
        "TRUNCATE access_log",
        "DROP TABLE account",
        "ALTER TABLE account ADD COLUMN x int",
        "CREATE TABLE x (y int)",
        "UPDATE alembic_version SET version_num = 'x'",
        "COPY (SELECT 1) TO PROGRAM 'id'",
    ],
)
def test_the_role_of_the_documentation_changes_neither_tables_nor_the_access_log(
    limited: Engine, harm: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be (owner|superuser)"),
        limited.work(SYSTEM) as work,
    ):
        work.connection.exec_driver_sql(harm)


def test_who_serves_as_superuser_is_told(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    serving.say_if_superuser(database)
    assert ("docs/settings.md" in capsys.readouterr().out) is not database.is_sqlite


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_serves_as_the_role_of_the_documentation_is_told_nothing(
    limited: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    serving.say_if_superuser(limited.database)
    assert capsys.readouterr().out == ""
