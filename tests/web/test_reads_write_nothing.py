"""What is only looked at stays as it is: no GET writes, but for the rows that note that somebody looked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from handlers.accounts.permissions import POST_PERMISSIONS, Post
from handlers.estate.house_record import house_record
from tests.web.conftest import Site
from tests.web.test_routes import PASSES, admits
from web.routes_table import ROUTES

WRITES = re.compile(r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+\W?(\w+)", re.IGNORECASE)

OF_ANY = {
    "account_session": "when somebody was last there, for the half hour of silence that ends a session",
    "access_tally": "how often somebody was refused, or how many rows of owners a list showed",
}
OF_ONE = {
    ("houses.show", "access_log"): "that a house was opened is logged before it is shown",
    ("houses.show", "access_log_head"): "the chain of that log goes on",
}


@contextmanager
def written(site: Site) -> Iterator[list[str]]:
    """Collect the tables that statements inside the block write to."""
    tables: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found = WRITES.match(statement)
        if found is not None:
            tables.append(found[1])

    writer = site.engine.database.writer
    event.listen(writer, "before_cursor_execute", note)
    try:
        yield tables
    finally:
        event.remove(writer, "before_cursor_execute", note)


def looks(site: Site, now: SettableClock) -> list[tuple[str, str]]:
    """List (endpoint, path) of every GET, with ids of things that are there."""
    instance_id = site.start()
    repairer = site.staff(Post.RP)
    with site.engine.reading(SYSTEM) as work:
        unit = house_record(work, site.world.house).unit_id
    values = {
        "task_id": site.task(instance_id),
        "number": "K1",
        "key": "keys",
        "process": "keys",
        "filename": "icon.svg",
        "house_id": site.world.house,
        "unit_id": unit,
        "person_id": site.world.person("陆小曼", "13612340987"),
        "field": "phone",
        "community_id": site.world.community,
        "account_id": repairer.id,
        "shift_id": site.world.shift(repairer, now.now(), now.now() + timedelta(hours=8)),
    }
    return [
        (rule.endpoint, re.sub(r"<(?:\w+:)?(\w+)>", lambda name: str(values.get(name[1], 1)), rule.rule))
        for rule in site.app.url_map.iter_rules()
        if "GET" in (rule.methods or set())
    ]


def is_allowed(endpoint: str, table: str) -> bool:
    return table in OF_ANY or (endpoint, table) in OF_ONE


@pytest.mark.longest
def test_no_page_that_is_opened_writes_but_to_note_who_looked(company: Site, clock: SettableClock) -> None:
    pages = looks(company, clock)
    people: list[tuple[Actor, frozenset[str]]] = [
        (company.staff(post), frozenset(map(str, POST_PERMISSIONS[post]))) for post in Post
    ]
    people += [(company.owner, frozenset()), (company.neighbour, frozenset())]
    opened, wrong = set(), set()
    for who, permissions in people:
        browser = company.browser(who)
        clock.advance(minutes=5)
        for endpoint, path in pages:
            if not admits(ROUTES[endpoint], who.kind, permissions):
                continue
            with written(company) as tables:
                status = browser.get(path).status_code
            assert status in PASSES | {403}, (path, status)
            opened |= {endpoint} if status == 200 else set()
            wrong |= {(endpoint, table) for table in tables if not is_allowed(endpoint, table)}
    assert wrong == set()
    assert len(opened) > len(pages) * 3 // 4, "a walk that gets nowhere proves nothing"


def test_what_is_written_is_seen(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    with written(site) as tables:
        clerk.post_at_once(f"/tasks/{task_id}/claim")
    assert "user_task" in tables
