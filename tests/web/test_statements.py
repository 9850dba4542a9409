"""A list costs as many statements for many rows as for a few."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from engine import definitions, tasks
from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.work import Engine
from handlers.accounts.permissions import Post
from handlers.shared import alarms
from tests.web.conftest import PROCEDURE, Site, procedure

Grow = Callable[[Site], None]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Note every statement that reads."""
    noted: list[str] = []

    def note(*arguments: object) -> None:
        noted.append(str(arguments[2]))

    event.listen(engine.database.reader, "before_cursor_execute", note)
    yield noted
    event.remove(engine.database.reader, "before_cursor_execute", note)


def cost(site: Site, who: Actor, path: str) -> tuple[int, int]:
    """Count what a page asks the database once everything that is kept is kept, and its characters."""
    browser = site.browser(who)
    assert browser.get(path).status_code == 200
    with statements(site.engine) as noted:
        page = browser.get(path).text
    return len(noted), len(page)


def take_late_steps(site: Site) -> None:
    """Let two more clerks hold a step each."""
    for _ in range(2):
        clerk = site.world.staff(Post.CS)
        task_id = site.task(site.start(f"K{clerk.id}"))
        site.engine.run(clerk, lambda work, task_id=task_id: tasks.claim(work, task_id))  # type: ignore[misc]
    clock = site.engine.clock
    assert isinstance(clock, SettableClock)
    clock.advance(hours=2)


def raise_alarms(site: Site) -> None:
    """Let two more members of staff look at too much."""
    curious = [site.world.staff(Post.CS) for _ in range(2)]
    with site.engine.work(SYSTEM) as work:
        for one in curious:
            alarms.raise_alarm(work, "owner_rows", one.id, {})


def deploy_versions(site: Site) -> None:
    """Let two more people put a version of the procedure into force."""
    for _ in range(2):
        who = site.world.staff(Post.SYS, everywhere=True)
        text = procedure().xml().replace(b"PT30M", b"PT%dM" % (who.id % 1000 + 31))
        files = {f"{PROCEDURE}.bpmn": text}
        site.engine.run(who, lambda work, files=files: definitions.deploy(work, "more", files))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("post", "path", "grow"),
    [
        (Post.PM, "/overdue", take_late_steps),
        (Post.CS, "/inbox?view=team", take_late_steps),
        (Post.CSL, "/inbox?view=team", take_late_steps),
        (Post.SEC, "/safety/", raise_alarms),
        (Post.QA, "/processes/", deploy_versions),
        (Post.QA, f"/processes/{PROCEDURE}", deploy_versions),
    ],
)
def test_a_page_costs_as_many_statements_for_more_rows(site: Site, post: Post, path: str, grow: Grow) -> None:
    who = site.world.staff(post, everywhere=post in (Post.SEC, Post.QA))
    grow(site)
    few, short = cost(site, who, path)
    grow(site)
    many, long = cost(site, who, path)
    assert (many, long >= short) == (few, True)


@pytest.mark.parametrize("post", [Post.CS, Post.PM, Post.QA])
def test_the_menu_asks_for_all_that_waits_in_one_transaction(site: Site, post: Post) -> None:
    browser = site.browser(site.world.staff(post))
    assert browser.get("/inbox").status_code == 200
    with statements(site.engine) as noted:
        browser.get("/inbox")
    asked_for_rights = [statement for statement in noted if statement.startswith("WITH me")]
    assert len(asked_for_rights) <= 3  # for the list, for what the page offers, for what waits
