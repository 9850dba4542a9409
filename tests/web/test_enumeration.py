"""Who has an account or stands on record cannot be told from any page before the sign-in.

Somebody who is known and somebody who is not get the same status, headers, cookies, page and pace: the same
statements, in the same order, and the same limits.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.work import Engine
from handlers.accounts.logins import login_index
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_login
from handlers.estate.records import estate_house
from handlers.shared import limits
from handlers.shared.sealed import vault_of
from tests.handlers.privacy.planting import plant
from tests.web.conftest import Browser, Site
from tests.web.test_owners import CLAIM, registered

UNKNOWN_PHONE, UNKNOWN_ID = "13611112222", "110105198001010016"
_CHANGING = re.compile(r'(name="csrf[_-]token" (?:value|content)=|data-now=|nonce=)"[^"]+"|\d+ 秒')


@dataclass(frozen=True)
class Answer:
    """What somebody outside sees of an answer, and what it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[str, ...]
    pages: tuple[str, ...]
    statements: tuple[str, ...]


@contextmanager
def every_statement(engine: Engine) -> Iterator[list[str]]:
    """Note every statement that reads or writes."""
    noted: list[str] = []

    def note(*arguments: object) -> None:
        noted.append(str(arguments[2]))

    for pool in (engine.database.reader, engine.database.writer):
        event.listen(pool, "before_cursor_execute", note)
    yield noted
    for pool in (engine.database.reader, engine.database.writer):
        event.remove(pool, "before_cursor_execute", note)


def ask(site: Site, path: str, form: Mapping[str, str], browser: Browser | None = None) -> Answer:
    """Send a form as a stranger."""
    browser = browser or site.anonymous()
    browser.get("/sign-in")
    with every_statement(site.engine) as noted:
        answer = browser.post(path, form)
    headers = [
        (name, value)
        for name, value in answer.headers
        if name not in ("Set-Cookie", "Content-Security-Policy")
    ]
    cookies = [one.split("=")[0] for one in answer.headers.getlist("Set-Cookie")]
    pages = [answer.text] + ([browser.get(answer.location).text] if answer.status_code == 302 else [])
    own = [value for value in form.values() if value]
    return Answer(
        answer.status_code,
        tuple((name, "" if name == "Content-Length" else value) for name, value in headers),
        tuple(sorted(cookies)),
        tuple(_without(_CHANGING.sub("", page), own) for page in pages),
        tuple(noted),
    )


def _without(page: str, typed: list[str]) -> str:
    for one in typed:
        page = page.replace(one, "")
    return page


WAYS = [
    ("/forgot", {"login": CLAIM["phone"]}, {"login": UNKNOWN_PHONE}),
    ("/forgot", {"login": CLAIM["id_number"]}, {"login": UNKNOWN_ID}),
    ("/register", CLAIM, {**CLAIM, "phone": UNKNOWN_PHONE}),
    ("/register", CLAIM, {**CLAIM, "id_number": UNKNOWN_ID}),
    ("/register", CLAIM, {**CLAIM, "name": "李四光"}),
    ("/sign-in", {"login": CLAIM["phone"], "password": "x"}, {"login": UNKNOWN_PHONE, "password": "x"}),
    ("/forgot/code", {"login": CLAIM["phone"], "code": "1"}, {"login": UNKNOWN_PHONE, "code": "1"}),
    ("/staff-password", {"login": "staff1"}, {"login": "nobody"}),
]


@pytest.mark.parametrize(("path", "known", "unknown"), WAYS)
def test_known_and_unknown_people_get_one_answer_for_the_same_work(
    site: Site, clock: SettableClock, path: str, known: Mapping[str, str], unknown: Mapping[str, str]
) -> None:
    registered(site)
    site.staff(Post.CS)
    ask(site, path, unknown)  # whatever is made once is made
    told = [answers_until_a_limit(site, clock, path, form) for form in (known, unknown)]
    assert told[0] == told[1]


def answers_until_a_limit(
    site: Site, clock: SettableClock, path: str, form: Mapping[str, str]
) -> list[Answer]:
    """Send a form again and again on a new day, until there were too many and once more."""
    clock.advance(days=2)
    answers = []
    for _ in range(limits.FREE_FAILURES + 2):
        clock.advance(seconds=40)
        answers.append(ask(site, path, form))
    return answers


def test_a_wrong_help_code_takes_the_same_work_whether_the_desk_is_helping_or_not(
    site: Site, clock: SettableClock
) -> None:
    registered(site)
    forms = [{"login": login, "code": "1"} for login in (CLAIM["phone"], UNKNOWN_PHONE)]
    ask(site, "/forgot/code", forms[1])  # whatever is made once is made
    with site.engine.work(SYSTEM) as work:
        index = login_index(vault_of(site.engine), CLAIM["phone"])
        mine = select(account).join(account_login, account_login.c.account_id == account.c.id)
        owner = work.connection.execute(mine.where(account_login.c.login_index == index)).first()
        house = work.connection.execute(select(estate_house)).first()
        assert owner is not None
        assert house is not None
        who = {"account_id": owner.id, "person_id": owner.person_id}
        place = {"house_id": house.id, "community_id": house.community_id}
        until = work.now + timedelta(hours=1)
        plant(work, "owner_help", state="issued", code_until=until, nonce="n", tries=0, **who, **place)
    for _ in range(limits.CODE_TRIES + 1):
        answers = [ask(site, "/forgot/code", form) for form in forms]
        assert answers[0] == answers[1]


def test_wrong_codes_read_the_same_whether_one_was_sent_or_not(site: Site, clock: SettableClock) -> None:
    registered(site)
    asking = {}
    for phone in (CLAIM["phone"], UNKNOWN_PHONE):
        clock.advance(minutes=2)
        asking[phone] = site.anonymous()
        asking[phone].post("/forgot", {"login": phone})
    for _ in range(limits.CODE_TRIES + 1):
        answers = [ask(site, "/code", {"code": "0"}, one) for one in asking.values()]
        assert answers[0] == answers[1]
