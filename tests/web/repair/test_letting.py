"""Owners and tenants handle leases on their pages: asking, answering, and nothing for anybody else."""

import re

from handlers.estate.records import RelationKind
from handlers.moving import requesting
from handlers.moving.requesting import Wish
from tests.web.repair.conftest import Pages

PAGE = "/home/letting/"
WAITS = "有租户等您确认"


def test_an_owner_tells_of_a_tenant_and_says_yes_to_a_renewal(pages: Pages) -> None:
    shop = pages.shop
    owner = pages.browser(shop.owner)
    asked = owner.post(f"{PAGE}{shop.house}/ask", {"what": "in", "note": "下月入住"}, page=PAGE)
    assert asked.location == PAGE
    number = re.search(r"L\d{8}-\d{4}", owner.get(PAGE).text)
    assert number is not None
    assert shop.steps(number[0]) == ["register"]

    person = shop.person("周强", "13877778888")
    relation = shop.relate(person, shop.house, RelationKind.TENANT)
    tenant = shop.resident(person)
    with shop.engine.work(tenant) as work:
        renewal = requesting.ask(work, shop.house, Wish("renew"))
    shop.do(renewal, "register", shop.clerk, change="renew", tenant=str(relation), told_by="tenant")
    assert WAITS in owner.get("/home/").text
    task_id = shop.task(renewal, "owner_confirm").id
    refused = owner.post(f"{PAGE}answer/{task_id}", {"outcome": "refuse"}, page=PAGE)
    assert refused.status_code == 422, "a no needs a reason"
    assert f'id="e-said-{task_id}"' in refused.text
    for other in (tenant, shop.stranger):
        said = pages.browser(other).post(f"{PAGE}answer/{task_id}", {"outcome": "agree"}, page=PAGE)
        assert said.status_code == 404
    yes = {"outcome": "agree", "_key": "yes-1"}
    for _ in range(2):  # a second press changes nothing
        assert owner.post(f"{PAGE}answer/{task_id}", yes, page=PAGE).location == PAGE
    assert shop.steps(renewal) == ["enter"]
    assert WAITS not in owner.get("/home/").text


def test_no_owner_is_told_of_a_tenant_while_none_waits(pages: Pages) -> None:
    assert WAITS not in pages.browser(pages.shop.owner).get("/home/").text


def test_a_neighbour_asks_nothing_of_this_home(pages: Pages) -> None:
    shop = pages.shop
    neighbour = pages.browser(shop.stranger)
    answer = neighbour.post(f"{PAGE}{shop.house}/ask", {"what": "in"}, page=PAGE)
    assert answer.status_code == 404
    wrong = neighbour.post(f"{PAGE}{shop.neighbour}/ask", {"what": "out"}, page=PAGE)
    assert wrong.status_code == 422


def test_where_only_one_thing_can_be_asked_it_is_chosen_already(pages: Pages) -> None:
    page = pages.browser(pages.shop.owner).get(PAGE).text
    assert re.findall(r'name="what" value="(\w+)" required( checked)?', page) == [("in", " checked")]
