"""The pages that show numbers in clear: what they ask, what they leave behind, and who never gets there."""

import re

import pytest
from sqlalchemy import select

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from handlers.accounts.permissions import Post
from handlers.estate.authorisation import Answer, Purpose, note_answer
from handlers.estate.house_record import house_record
from handlers.shared.records import access_log
from tests.web.conftest import Browser, Site

NAME, PHONE, OTHER, NUMBER = "欧阳锋行", "13612340987", "13512340986", "11010519491231002X"
CANARIES = (NAME, PHONE, OTHER, NUMBER, "京A77665")


@pytest.fixture
def person(site: Site) -> int:
    """欧阳锋行, owner of the house, who agreed to notices."""
    person = site.world.person(NAME, PHONE, other_phone=OTHER, id_number=NUMBER)
    site.world.relate(person, site.world.house)
    with site.engine.work(SYSTEM) as work:
        note_answer(work, person, site.world.house, Purpose.NOTICE, Answer.YES)
    return person


@pytest.fixture
def unit(site: Site) -> str:
    """Where the contacts of the unit are."""
    with site.engine.reading(SYSTEM) as work:
        return f"/houses/units/{house_record(work, site.world.house).unit_id}/contacts"


def page(site: Site, person: int, field: str = "phone") -> str:
    return f"/houses/{site.world.house}/people/{person}/reveal/{field}"


def in_clear(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


def reveal(browser: Browser, path: str, **form: str) -> tuple[int, str]:
    answer = browser.post(path, form, page=path)
    return answer.status_code, answer.text


def test_a_number_is_shown_once_marked_with_who_and_when_and_goes_by_itself(site: Site, person: int) -> None:
    clerk = site.browser(Post.CS)
    asked = clerk.get(page(site, person)).text
    assert in_clear(asked) == []
    assert re.search(r'value="fee" required disabled', asked)
    answer = clerk.post(page(site, person), {"purpose": "notice"}, page=page(site, person))
    assert in_clear(answer.text) == [PHONE]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Refresh"] == f"60; url=/houses/{site.world.house}"
    assert re.search(r"<text[^>]*>职员\d+ 20\d\d-\d\d-\d\d \d\d:\d\d</text>", answer.text)
    assert PHONE not in clerk.get(page(site, person)).text
    with site.engine.reading(SYSTEM) as work:
        logged = work.connection.execute(
            select(access_log).where(access_log.c.action == "reveal_phone")
        ).all()
    assert [(one.subject_id, one.purpose) for one in logged] == [(person, "notice")]


def test_without_agreement_only_an_emergency_with_its_reason_shows_anything(site: Site, person: int) -> None:
    clerk, path = site.browser(Post.CS), page(site, person)
    assert reveal(clerk, path, purpose="fee")[0] == 403
    assert reveal(clerk, path, purpose="curiosity")[0] == 422
    status, text = reveal(clerk, path, purpose="emergency", reason="  ")
    assert (status, in_clear(text)) == (422, [])
    assert "紧急查看须写明原因" in text
    assert in_clear(reveal(clerk, path, purpose="emergency", reason="楼上漏水严重")[1]) == [PHONE]


def test_fields_are_shown_one_by_one_and_only_to_the_posts_of_the_table(site: Site, person: int) -> None:
    for post in Post:
        browser = site.browser(post)
        for field in ("phone", "other_phone", "id_number", "postal_address", "name_index"):
            status, text = reveal_or_none(browser, page(site, person, field))
            expected = {
                ("phone", Post.CS): [PHONE],
                ("phone", Post.CSL): [PHONE],
                ("phone", Post.RPL): [PHONE],
                ("other_phone", Post.CS): [OTHER],
                ("other_phone", Post.CSL): [OTHER],
                ("other_phone", Post.RPL): [OTHER],
                ("id_number", Post.CSL): [NUMBER],
            }.get((field, post), [])
            assert in_clear(text) == expected, (post, field, status)


def reveal_or_none(browser: Browser, path: str) -> tuple[int, str]:
    answer = browser.post(
        path,
        {"purpose": "emergency", "reason": "楼上漏水严重", "case_number": "K1"},
        page="/account/password",
    )
    return answer.status_code, answer.text


def test_the_quota_ends_the_showing(site: Site, person: int) -> None:
    clerk, path = site.browser(Post.CS), page(site, person)
    shown = [reveal(clerk, path, purpose="notice")[0] for _ in range(22)]
    assert shown == [200] * 20 + [422] * 2


def test_who_used_the_quota_up_asks_the_lead_from_the_same_page(company: Site, person: int) -> None:
    clerk, path = company.browser(Post.CS), page(company, person)
    for _ in range(20):
        reveal(clerk, path, purpose="notice")
    assert 'action="/houses/more"' in reveal(clerk, path, purpose="notice")[1]
    form = {"kind": "reveals", "community_id": str(company.world.community), "reason": ""}
    refused = clerk.post("/houses/more", form, page=path)
    assert (refused.status_code, "请写明为什么还要查看" in refused.text) == (422, True)
    assert clerk.post("/houses/more", form | {"reason": "整栋停水"}, page=path).status_code == 302
    assert "申请超限额查看" in company.browser(Post.CSL).get("/inbox").text


def test_guessed_ids_lead_nowhere(site: Site, person: int) -> None:
    stranger = site.browser(site.world.staff(Post.CS, site.world.other_community))
    clerk = site.browser(Post.CS)
    elsewhere = f"/houses/{site.world.neighbour}/people/{person}/reveal/phone"
    unknown = page(site, person, "postal_address")
    asked = (stranger, page(site, person)), (clerk, elsewhere), (clerk, page(site, 1)), (clerk, unknown)
    for browser, path in asked:
        assert browser.get(path).status_code == 404
        assert reveal_or_none(browser, path)[0] == 404


def test_the_contacts_of_a_unit_stay_for_half_an_hour_and_are_nobody_elses(
    site: Site, person: int, unit: str, clock: SettableClock
) -> None:
    clerk = site.browser(Post.CS)
    assert in_clear(clerk.get(unit).text) == []
    assert clerk.post(unit, {"purpose": "emergency"}, page=unit).status_code == 422
    assert clerk.post(unit, {"purpose": "notice"}, page=unit).location == unit
    answer = clerk.get(unit)
    assert in_clear(answer.text) == [PHONE, OTHER]
    assert (answer.headers["Cache-Control"], answer.headers["Refresh"][:5]) == ("no-store", "1800;")
    assert in_clear(site.browser(Post.CSL).get(unit).text) == []
    assert site.browser(Post.FIN).get(unit).status_code == 403
    stranger = site.browser(site.world.staff(Post.CS, site.world.other_community))
    assert stranger.get(unit).status_code == 404
    clock.advance(minutes=31)
    assert in_clear(site.browser(Post.CS).get(unit).text) == []


def test_no_other_page_shows_the_person_in_clear_to_anybody(site: Site, person: int, unit: str) -> None:
    """Whoever walks through every page that shows houses or people sees masks, and the person their own."""
    house = site.world.house
    addresses = {
        f"/houses/{house}",
        f"/houses/{house}?on=2026-11-01",
        "/houses/",
        unit.removesuffix("/contacts"),
        unit,
        *(page(site, person, field) for field in ("phone", "other_phone", "id_number")),
        "/desk/",
        "/inbox",
        "/policy/",
        "/imports/",
    }
    people: list[Post | Actor] = [*Post, site.owner, site.neighbour]
    for who in people:
        browser = site.browser(who)
        for address in sorted(addresses):
            assert in_clear(browser.get(address).text) == [], (who, address)
