"""A repairer who wants to know more than the task needs."""

import re

from sqlalchemy import select

from engine.store.tables import instance
from handlers.estate.house_record import house_record
from tests.handlers.repair.repair_world import FULL_MARKS, OWNER_PHONE
from tests.web.repair.conftest import Pages

NEIGHBOUR_PHONE = "13833334444"
IN_CLEAR = (OWNER_PHONE, "李明", NEIGHBOUR_PHONE, "王芳")


def seen(text: str) -> set[str]:
    return {value for value in IN_CLEAR if value in text}


def test_a_curious_repairer_learns_nothing_but_the_contact_of_the_own_task(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    contact = f"/repairs/{number}/contact"
    plumber, other = pages.browser(shop.plumber), pages.browser(shop.electrician)
    assert plumber.get(contact).status_code == 404, "nobody was sent there yet"
    shop.accept(number)

    def asked() -> set[str]:
        answer = plumber.post(contact, {"purpose": "repair"}, page="/crew/")
        return seen(answer.text) if answer.status_code == 200 else set()

    assert asked() == {OWNER_PHONE, "李明"}
    assert other.get(contact).status_code == 404
    assert other.post(contact, {"purpose": "repair"}, page="/crew/").status_code == 404
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    shop.clock.advance(hours=23)
    plumber = pages.browser(shop.plumber)
    assert asked() == {OWNER_PHONE, "李明"}
    shop.clock.advance(hours=1, seconds=1)
    plumber = pages.browser(shop.plumber)
    assert asked() == set()
    assert plumber.get(contact).status_code == 404


def test_no_page_of_houses_opens_for_repair_staff_whatever_they_guess(pages: Pages) -> None:
    shop = pages.shop
    shop.accept(shop.report())
    with shop.engine.reading(shop.clerk) as work:
        record = house_record(work, shop.house)
    house, person = f"/houses/{shop.house}", shop.owner_person
    reveal = f"{house}/people/{person}/reveal/phone"
    contacts = f"/houses/units/{record.unit_id}/contacts"
    urgent = {"purpose": "emergency", "reason": "漏水"}
    for who in (shop.plumber, shop.vendor):
        browser = pages.browser(who)
        page = "/crew/"
        for path in (house, "/houses/", "/houses/unasked", "/houses/statistics", reveal, contacts):
            assert browser.get(path).status_code == 403, path
        for path in (reveal, contacts):
            assert browser.post(path, urgent, page=page).status_code == 403, path
        assert browser.post("/houses/find", {"q": OWNER_PHONE}, page=page).status_code == 403
        found = browser.post("/search/", {"q": OWNER_PHONE}, page=page)
        shown = browser.get(found.location).text if found.status_code == 302 else found.text
        assert seen(re.sub(r'value="[^"]*"', "", shown)) == set()


def test_the_engineering_lead_reads_owners_but_neither_family_nor_a_units_contacts(pages: Pages) -> None:
    shop = pages.shop
    lead = pages.browser(shop.lead)
    with shop.engine.reading(shop.clerk) as work:
        unit_id = house_record(work, shop.house).unit_id
    page = lead.get(f"/houses/{shop.house}").text
    assert "李*" in page
    assert seen(page) == set()
    assert lead.get(f"/houses/units/{unit_id}/contacts").status_code == 403


def test_a_repairer_sees_no_case_for_longer_than_a_day_after_its_end(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **FULL_MARKS)
    with shop.engine.reading(shop.clerk) as work:
        known = instance.c.business_key == number
        place, title = work.connection.execute(select(instance.c.place, instance.c.title).where(known)).one()
    shop.clock.advance(hours=23)
    plumber = pages.browser(shop.plumber)
    assert place in plumber.get(f"/cases/{number}").text
    assert place in plumber.get("/inbox?view=done").text
    shop.clock.advance(hours=50)
    plumber = pages.browser(shop.plumber)
    assert plumber.get(f"/cases/{number}").status_code == 404
    for path in ("/inbox?view=done", "/inbox", "/crew/"):
        assert place not in plumber.get(path).text, path
    done = plumber.get("/inbox?view=done").text
    assert number in done
    assert title not in done
    assert f"/cases/{number}" not in done
    found = plumber.post("/search/", {"q": number}, page="/crew/")
    assert place not in (plumber.get(found.location) if found.status_code == 302 else found).text
    assert place in pages.browser(shop.lead).get(f"/cases/{number}").text
