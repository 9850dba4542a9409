"""The pages of an installation: signed-in browsers for every post, residents, and a small procedure."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from werkzeug.test import TestResponse

from engine import definitions, instances
from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.store.database import Database
from engine.store.tables import user_task
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts import sessions
from handlers.accounts.passwords import Hasher
from handlers.accounts.permissions import Post
from handlers.settings import Settings
from tests.conftest import with_keys
from tests.databases import SqliteAnew
from tests.engine.models import Model
from tests.handlers.estate_world import World
from tests.web.served import served
from web.cli import main
from web.config import WebConfig

PROCEDURE = "keys"
ACCEPT = {
    "type": "default",
    "id": "keys_accept",
    "properties": {"name": "受理", "name_en": "Accept", "submit": "提交", "submit_en": "Send"},
    "components": [
        {
            "type": "radio",
            "key": "outcome",
            "label": "处理",
            "properties": {"label_en": "Decision"},
            "validate": {"required": True},
            "values": [
                {"value": "accept", "label": "受理", "label_en": "Accept", "submit": "受理并办理"},
                {"value": "refuse", "label": "不受理", "label_en": "Refuse", "submit": "不予受理"},
            ],
        },
        {
            "type": "textarea",
            "key": "reason",
            "label": "原因",
            "properties": {"label_en": "Reason"},
            "validate": {"required": True, "maxLength": 40},
            "conditional": {"hide": '=outcome != "refuse"'},
        },
    ],
}
CONFIRM = {
    "type": "default",
    "id": "keys_confirm",
    "properties": {"name": "确认", "name_en": "Confirm", "submit": "确认", "submit_en": "Confirm"},
    "components": [{"type": "textfield", "key": "word", "label": "留言", "properties": {"label_en": "Word"}}],
}


def procedure() -> Model:
    """A clerk accepts, a repairer makes the keys, the owner confirms."""
    return (
        Model(PROCEDURE)
        .start()
        .user("accept", form="keys_accept", cancel="cs", name_en="Accept")
        .user("make", group="rp", form="keys_confirm", name_en="Make")
        .user("confirm", group="resident", due="P2D", form="keys_confirm", name_en="Confirm")
        .end()
        .flow("start", "accept", "make", "confirm", "end")
    )


def deploy(engine: Engine, *models: Model) -> None:
    """Deploy models with the forms of the site."""
    files = {
        "keys_accept.form": json.dumps(ACCEPT).encode(),
        "keys_confirm.form": json.dumps(CONFIRM).encode(),
        **{f"{model.key}.bpmn": model.xml() for model in models},
    }
    engine.run(SYSTEM, lambda work: definitions.deploy(work, "test", files))


class Browser:
    """Somebody's browser; speaks of forms and pages."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app = app
        self.client = client

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path, headers={"Accept": "text/html", **headers}, buffered=True)

    def post(
        self, path: str, data: Mapping[str, object] | None = None, page: str = "/sign-in", **headers: str
    ) -> TestResponse:
        """Send a form with the token of a page."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.get(page).text)
        assert token is not None, page
        return self.send(path, {"csrf_token": token[1], **(data or {})}, **headers)

    def post_at_once(self, path: str, data: Mapping[str, object] | None = None) -> TestResponse:
        """Send a form without opening a page for its token first: for tests that send hundreds."""
        with self.app.test_request_context():
            token = generate_csrf()
            secret = session["csrf_token"]
        with self.client.session_transaction() as kept:
            kept["csrf_token"] = secret
        return self.send(path, {"csrf_token": token, **(data or {})})

    def send(self, path: str, fields: Mapping[str, object], **headers: str) -> TestResponse:
        """Send fields as a form does."""
        return self.client.post(path, data=fields, headers={"Accept": "text/html", **headers}, buffered=True)


class Site:
    """A site with its people.

    Attributes:
        owner, neighbour: residents of two houses.
    """

    def __init__(self, engine: Engine, world: World, app: Flask) -> None:
        self.engine = engine
        self.world = world
        self.app = app
        self.owner = self._resident("陈静", "13900000001", world.house)
        self.neighbour = self._resident("吴敏", "13900000002", world.neighbour)
        self._staff: dict[str, Actor] = {}

    def _resident(self, name: str, phone: str, house_id: int) -> Actor:
        person_id = self.world.person(name, phone)
        self.world.relate(person_id, house_id)
        return self.world.resident(person_id)

    def staff(self, post: Post) -> Actor:
        """Return the member of staff of a post in the community."""
        if post not in self._staff:
            everywhere = post in (Post.SYS, Post.QA)
            self._staff[post] = self.world.staff(post, everywhere=everywhere)
        return self._staff[post]

    def anonymous(self) -> Browser:
        """Return a browser nobody is signed in with."""
        return Browser(self.app, self.app.test_client())

    def browser(self, who: Actor | Post) -> Browser:
        """Return a browser somebody is signed in with."""
        actor = who if isinstance(who, Actor) else self.staff(who)
        with self.engine.work(actor) as work:
            token = sessions.open_session(work, actor.id, "127.0.0.1")
        browser = self.anonymous()
        with browser.client.session_transaction() as kept:
            kept["_user_id"] = token
        return browser

    def deploy(self, *models: Model) -> None:
        """Deploy models with the forms of this site."""
        deploy(self.engine, *models)

    def start(self, number: str = "K1") -> int:
        """Start a case about the owner's house and return its instance."""
        subject = instances.Subject(
            number,
            self.world.community,
            self.world.house,
            title="配钥匙",
            title_en="New keys",
            place="1栋301",
        )
        clerk = self.staff(Post.CS)
        return self.engine.run(clerk, lambda work: instances.start(work, PROCEDURE, subject)).id

    def task(self, instance_id: int) -> int:
        """Return the one open task of a case."""
        with self.engine.reading(SYSTEM) as work:
            query = select(user_task.c.id).where(user_task.c.instance_id == instance_id)
            return int(work.connection.execute(query).scalar_one())


@pytest.fixture(scope="session")
def deployed_site(ready_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the small procedure in force and nobody in it."""
    return _with_procedure(ready_sqlite, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def deployed_company(deployed_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the small procedure and those of the product in force and nobody in it."""
    return _with_procedure(deployed_sqlite, tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def folder_after_init(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder on which `wuye init` has run, to be copied."""
    folder = tmp_path_factory.mktemp("initialised") / "var"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WUYE_DATA_DIR", str(folder))
        patch.delenv("DATABASE_URL", raising=False)
        assert main(["init"]) == 0
    return folder


def _with_procedure(ready: Path, folder: Path) -> Path:
    path = shutil.copyfile(ready, folder / "wuye.db")
    database = Database(f"sqlite:///{path}")
    deploy(bootstrap.build(Settings(f"sqlite:///{path}", folder), database=database), procedure())
    database.dispose()
    return path


READY = {"company": "deployed_company", "site": "deployed_site"}


@pytest.fixture
def sqlite_database(request: pytest.FixtureRequest, sqlite_anew: SqliteAnew) -> Iterator[Database]:
    """A SQLite database with the whole schema; for a site or a company, with its procedures in force."""
    ready = next((READY[name] for name in READY if name in request.fixturenames), "ready_sqlite")
    with sqlite_anew.like(request.getfixturevalue(ready)) as database:
        yield database


@pytest.fixture
def engine(sqlite_database: Database, clock: SettableClock, tmp_path: Path, key_file: Path) -> Engine:
    """The engine of an empty installation; passwords are hashed cheaply."""
    url = sqlite_database.url.render_as_string(hide_password=False)
    settings = with_keys(Settings(url, tmp_path / "var", demo=True), key_file)
    engine = bootstrap.build(settings, clock, sqlite_database)
    engine.cache["password_hasher"] = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return engine


@pytest.fixture
def world(engine: Engine) -> World:
    """One community with two houses."""
    return World(engine)


@pytest.fixture
def site(engine: Engine, world: World) -> Site:
    """A site with a small procedure in force."""
    return Site(engine, world, served(engine, WebConfig(demo=True)))


@pytest.fixture
def company(site: Site) -> Site:
    """A site with the procedures of the product in force beside the small one."""
    return site
