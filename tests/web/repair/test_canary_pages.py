"""Every route, called by everybody with the ids of one owner: nothing on record of them shows in clear.

The one way there is to reveal a number, with its purpose; that is not walked here.
"""

import re
from collections.abc import Iterator

import pytest

from engine.ports import SYSTEM, Actor
from handlers.accounts.permissions import Post
from handlers.estate import entry
from handlers.estate.house_record import house_record
from tests.handlers.repair.repair_world import OWNER_PHONE, Shop
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages
from web.routes_table import ROUTES

OTHER_PHONE, NUMBER, PLATE, ADDRESS = "13612340987", "11010519491231002X", "京A77665", "海淀区颐和园路五号"
CANARIES = (OWNER_PHONE, "李明", OTHER_PHONE, NUMBER, PLATE, ADDRESS)
# These are the ways to see a number, each with its purpose, its quota and its entry in the log.
REVEALING = {"reveals.reveal", "reveals.open_contacts", "reveals.contacts", "repairs.reveal"}
# Who sees most of an owner, works in the house or may see nothing; the long run adds every other post.
WATCHED = (Post.CS, Post.CSL, Post.RP, Post.RPL, Post.PM, Post.SYS, Post.AUD)
REST = [pytest.param(post, marks=pytest.mark.long) for post in Post if post not in WATCHED]
HOSTILE = (
    "stranger",
    Post.SYS,
    *(pytest.param(who, marks=pytest.mark.long) for who in ("plumber", "elsewhere")),
)


@pytest.fixture
def values(pages: Pages) -> dict[str, str]:
    """The ids of 李明 with everything on record, of the house, and of a report of theirs."""
    shop = pages.shop
    with shop.engine.work(SYSTEM) as work:
        person = entry.PersonEntry(
            "李明",
            OWNER_PHONE,
            other_phone=OTHER_PHONE,
            id_number=NUMBER,
            postal_address=ADDRESS,
        )
        person_id = entry.add_person(work, person)
        entry.add_vehicle(work, shop.house, person_id, PLATE)
    shop.relate(person_id, shop.house)
    number = shop.report()
    with shop.engine.reading(SYSTEM) as work:
        unit_id = house_record(work, shop.house).unit_id
    return {
        "house_id": str(shop.house),
        "person_id": str(person_id),
        "unit_id": str(unit_id),
        "community_id": str(shop.community),
        "account_id": str(shop.owner.id),
        "task_id": str(shop.task(number, "accept").id),
        "number": number,
        "key": "repair",
        "process": "repair",
        "field": "phone",
        "filename": "icon.svg",
    }


def somebody(shop: Shop, who: str) -> Actor:
    """Return one of the people by the name of a post, or of somebody of the shop."""
    if who == "elsewhere":
        return shop.staff(Post.CSL, shop.other_community)
    if who in set(Post):
        return shop.staff(Post(who))
    found: Actor = getattr(shop, who)
    return found


def paths(pages: Pages, values: dict[str, str], method: str) -> Iterator[str]:
    """Yield the address of every route but those that reveal, with the owner's ids."""
    for rule in pages.app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint not in REVEALING:
            assert rule.endpoint in ROUTES
            yield re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values.get(name[1], values["house_id"]), rule.rule)


def leaks(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


@pytest.mark.parametrize("who", [*WATCHED, *REST, "stranger", "elsewhere"])
def test_no_page_shows_an_owner_in_clear_to_anybody_else(
    pages: Pages, values: dict[str, str], who: str
) -> None:
    browser: Browser = pages.browser(somebody(pages.shop, who))
    found, opened = {}, 0
    for path in paths(pages, values, "GET"):
        answer = browser.get(path)
        assert answer.status_code < 500, path
        opened += answer.status_code == 200
        if leaks(answer.text if answer.mimetype != "image/png" else ""):
            found[path] = leaks(answer.text)
    assert found == {}
    assert opened > 15, "a walk that gets nowhere proves nothing"


@pytest.mark.parametrize("who", HOSTILE)
def test_no_form_answers_with_an_owner_in_clear_to_somebody_hostile(
    pages: Pages, values: dict[str, str], who: str
) -> None:
    actor = somebody(pages.shop, who)
    form = {"purpose": "emergency", "reason": "楼上漏水严重", "person_id": values["person_id"], "q": "1"}
    found = {}
    for path in paths(pages, values, "POST"):
        answer = pages.browser(actor).post_at_once(path, form)
        assert answer.status_code < 500, path
        if leaks(answer.text):
            found[path] = leaks(answer.text)
    assert found == {}
