"""A company on a settable clock, whose people do steps by handlers or, where a test looks, at a screen."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import select

from engine.clock import SettableClock, SystemClock
from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import instance
from engine.work import Engine
from handlers.accounts import installation, sign_in
from handlers.accounts.logins import add_login
from handlers.accounts.permissions import Post
from handlers.estate import entry
from handlers.estate.address import Place
from handlers.estate.records import RelationKind
from handlers.moving import starting
from handlers.moving.records import moving_case
from handlers.moving.starting import Notice
from tests.browser.conftest import DESKTOP, PHONE, Visitor, Visitors, installed
from tests.handlers.estate_world import PASSWORD
from tests.handlers.moving.moving_world import Desk

CONTACT: dict[str, Json] = {"contact_name": "李明", "contact_phone": "13811112222"}


class Company(Desk):
    """The desk, the office above it, and a home of its own for each test.

    Attributes:
        contact: number of the owner of the home, with which they sign in.
    """

    def __init__(self, engine: Engine, clock: SettableClock) -> None:
        super().__init__(engine, clock)
        self.adm, self.sys, self.sec, self.aud, self.dpo = (
            self.staff(post, everywhere=True) for post in (Post.ADM, Post.SYS, Post.SEC, Post.AUD, Post.DPO)
        )
        self.second_lead = self.staff(Post.CSL)
        self.contact = ""
        self.screens: dict[int, Visitor] = {}  # of members of staff, each signed in once
        self._homes = 0

    def home(self, visitors: Visitors) -> "AtHome":
        """Build a home with an owner, who has an account, and a tenant."""
        self._homes += 1
        at = copy.copy(self)
        number = self._homes
        at._count += 10 * number  # logins of its own for staff of its tests
        at.contact, tenant = f"1391111{number:04d}", f"1392222{number:04d}"
        with self.engine.work(SYSTEM) as work:
            place = Place("1", "2", f"{400 + number}")
            at.house = entry.add_house(work, self.community, place)
        at.owner_person, at.owner = at.somebody(f"李{number}", at.contact, RelationKind.OWNER)
        at.tenant_person, at.tenant = at.somebody(f"周{number}", tenant, RelationKind.TENANT)
        return AtHome(at, visitors)

    def somebody(self, name: str, phone: str, kind: RelationKind) -> tuple[int, Actor]:
        """Enter somebody of the home, with an account they can sign in to."""
        person = self.person(name, phone)
        self.relate(person, self.house, kind)
        actor = self.resident(person)
        with self.engine.work(SYSTEM) as work:
            add_login(work, actor.id, phone, "mobile")
            installation.make_usable(work, actor.id, sign_in.hasher(self.engine).hash(PASSWORD))
        return person, actor


class AtHome:
    """One home, and the screens of those who handle its cases."""

    def __init__(self, desk: Company, visitors: Visitors) -> None:
        self.desk = desk
        self._visitors = visitors

    def seen(self, number: str, step: str, by: Actor, /, **answers: "Json | Path") -> list[str]:
        """Let somebody do a step in a browser, and return the steps that are open then."""
        task_id = self.desk.task(number, step).id
        screen = self.screen(by)
        self.go(screen, by, f"/tasks/{task_id}")
        fill(screen.page, answers)
        screen.send()
        screen.page.goto("about:blank")  # a page that stays open goes on asking for news
        return self.desk.steps(number)

    def asked(self, process: str, path: str, by: Actor, /, **answers: "Json | Path") -> str:
        """Let a member of staff send the form of a page, and return the number of the case that begins."""
        screen = self.screen(by)
        self.go(screen, by, path)
        fill(screen.page, answers, "main form[method=post]")
        screen.press("main form[method=post] .btn-primary")
        if screen.page.locator("[name=_password]").count():  # the clock has gone on since they signed in
            screen.page.fill("[name=_password]", PASSWORD)
            screen.press()
        screen.page.goto("about:blank")
        return self.newest_of(process)

    def newest_of(self, process: str) -> str:
        """Return the number of the case that began last."""
        with self.desk.engine.reading(SYSTEM) as work:
            query = select(instance.c.business_key).where(instance.c.process_key == process)
            return str(work.connection.execute(query.order_by(instance.c.id.desc()).limit(1)).scalar_one())

    def screen(self, actor: Actor) -> Visitor:
        """Return the screen of a member of staff."""
        if actor.id not in self.desk.screens:
            self.desk.screens[actor.id] = self._visitors(DESKTOP).sign_in(self.desk.login_of(actor))
        return self.desk.screens[actor.id]

    def go(self, screen: Visitor, actor: Actor, path: str) -> None:
        """Open a page, and sign in again where the clock has gone on since."""
        screen.page.goto(screen.address + path)
        if "/sign-in" in screen.page.url:
            screen.sign_in(self.desk.login_of(actor))
            screen.page.goto(screen.address + path)
        screen.expect_readable()

    def owner(self) -> Visitor:
        """Return the phone of the home's owner."""
        return self._visitors(PHONE).sign_in_by_form(self.desk.contact)

    def nobody(self) -> Visitor:
        """Return a phone on which nobody is signed in."""
        return self._visitors(PHONE)

    def begun(self, what: str) -> str:
        """Let the desk take a notice in."""
        notice = Notice(self.desk.house, self.desk.clock.now(), "counter")
        with self.desk.engine.work(self.desk.clerk) as work:
            return starting.begin(work, what, notice).number

    def do(self, number: str, step: str, by: Actor, /, **answers: Json) -> None:
        """Let somebody do a step without a page."""
        self.desk.do(number, step, by, **answers)

    def to_verify(self, way: str = "sale") -> str:
        """Begin a transfer up to the look at its papers."""
        number = self.begun("ownership_transfer")
        self.do(number, "register", self.desk.clerk, way=way, told_by="owner", **CONTACT)
        return number

    def switched(self) -> str:
        """Bring a transfer over the switch."""
        number = self.to_verify()
        self.desk.papers(number)
        self.desk.tell_old(number)
        self.desk.enter(number)
        self.desk.check(number)
        return number

    def reversal(self) -> str:
        """Begin to take a transfer back."""
        number = self.switched()
        with self.desk.engine.work(self.desk.clerk) as work:
            return starting.transfer_was_wrong(work, number).number

    def asked_of_owner(self) -> str:
        """Let a tenant say that they move in."""
        number = self.begun("tenant_change")
        self.do(number, "register", self.desk.clerk, change="in", told_by="tenant", **CONTACT)
        return number

    def newest(self) -> str:
        """Return the number of the newest case of the home."""
        with self.desk.engine.reading(SYSTEM) as work:
            query = select(moving_case.c.number).where(moving_case.c.house_id == self.desk.house)
            return str(work.connection.execute(query.order_by(moving_case.c.id.desc()).limit(1)).scalar_one())

    def to_register(self) -> str:
        """Bring moving in up to the registration."""
        number, clerk = self.begun("move_in"), self.desk.clerk
        self.do(number, "check_papers", clerk, outcome="complete", appears="owner", seen=["id"])
        self.do(number, "consent", clerk, notice_given=True, scopes=["repair"])
        owner = str(self.desk.relations()[0].id)
        self.do(number, "enter_data", clerk, entry="new", owner=owner)
        return number


def fill(page: Page, answers: Mapping[str, "Json | Path"], form: str = "form[data-task-form]") -> None:
    """Fill a form in, in the order given: what is chosen first may show what comes next."""
    for name, value in answers.items():
        _put(page.locator(form), name, value)


def _put(form: Locator, name: str, value: Any) -> None:
    if isinstance(value, list):
        for index, one in enumerate(value):
            if isinstance(one, dict):
                for key, text in one.items():
                    _put(form, f"{name}.{index}.{key}", text)
            else:
                form.locator(f"[name='{name}'][value='{one}'], [name='{name}[]'][value='{one}']").check()
        return
    if isinstance(value, Path):
        form.locator(f"[name='{name}[]'][type=file]:not([capture])").first.set_input_files(value)
        is_sent_ahead = form.get_attribute("data-task-form") is not None
        form.locator(".photo-sent" if is_sent_ahead else ".photo").first.wait_for()
        return
    field = form.locator(f"[name='{name}']").first
    kind = field.evaluate("field => field.tagName === 'SELECT' ? 'select' : field.type")
    if kind == "radio":
        form.locator(f"[name='{name}'][value='{value}']").check()
    elif kind == "checkbox":
        field.set_checked(bool(value))
    elif kind == "select":
        field.select_option(str(value))
    else:
        field.fill(str(value))


@pytest.fixture(scope="module")
def company(deployed_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company with the procedures of the product, on a clock that tests move."""
    clock = SettableClock(SystemClock().now())
    engine = installed(deployed_sqlite, tmp_path_factory.mktemp("company"), clock)
    yield Company(engine, clock)
    engine.database.dispose()


@pytest.fixture(scope="module")
def town(company: Company) -> Company:
    """What the site of this module serves."""
    return company


@pytest.fixture(scope="module")
def crowd(company: Company, chromium: Browser, address: str) -> Iterator[Visitors]:
    """The screens of everybody, open until the last test is over."""
    visitors = Visitors(chromium, address)
    yield visitors
    visitors.leave()


@pytest.fixture
def home(company: Company, crowd: Visitors) -> AtHome:
    """A home of its own."""
    return company.home(crowd)
