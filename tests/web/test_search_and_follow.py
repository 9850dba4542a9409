"""The search field of the bar, and cases that somebody follows."""

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.shared.records import access_log
from tests.web.conftest import Site


def entries(site: Site) -> list[str]:
    with site.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(access_log).where(access_log.c.action == "search_phone"))
        return [row.detail for row in rows]


def test_a_whole_number_leads_to_its_case(site: Site) -> None:
    site.start("K1")
    answer = site.browser(Post.CS).post("/search/", {"q": " k1 "}, page="/inbox")
    assert answer.location == "/cases/K1"


def test_the_number_of_a_case_of_others_is_answered_as_one_that_does_not_exist(site: Site) -> None:
    site.start("K1")
    repairer = site.browser(Post.RP)
    for number in ("K1", "K2"):
        answer = repairer.post("/search/", {"q": number}, page="/inbox")
        assert answer.location.startswith("/search/"), number
        assert "没有找到" in repairer.get(answer.location).text


@pytest.mark.parametrize(("typed", "kind"), [("13900000001", "full"), ("0001", "tail")])
def test_looking_for_a_phone_is_written_down_and_the_number_stands_nowhere(
    site: Site, typed: str, kind: str
) -> None:
    clerk = site.browser(Post.CS)
    answer = clerk.post("/search/", {"q": typed}, page="/inbox")
    assert typed not in answer.location
    assert clerk.get(answer.location).status_code == 200
    assert entries(site) == [f'{{"kind": "{kind}"}}']


def test_words_and_houses_are_looked_for_without_a_note(site: Site) -> None:
    clerk = site.browser(Post.CS)
    for typed in ("漏水", "1-2-301", "1栋2单元301"):
        answer = clerk.post("/search/", {"q": typed}, page="/inbox")
        assert clerk.get(answer.location).status_code == 200
    assert entries(site) == []


def test_nobody_sees_what_others_looked_for(site: Site) -> None:
    answer = site.browser(Post.CS).post("/search/", {"q": "漏水"}, page="/inbox")
    assert "漏水" not in site.browser(Post.CSL).get(answer.location).text


def test_an_empty_search_is_refused_in_words(site: Site) -> None:
    assert site.browser(Post.CS).post("/search/", {"q": " "}, page="/inbox").status_code == 422


@pytest.mark.parametrize("what", ["follow", "unfollow"])
def test_the_step_of_others_is_no_more_followed_than_one_that_does_not_exist(site: Site, what: str) -> None:
    task_id = site.task(site.start("K1"))
    repairer = site.browser(Post.RP)
    answers = [repairer.post(f"/tasks/{number}/{what}", page="/inbox") for number in (task_id, 12345)]
    assert [one.status_code for one in answers] == [404, 404]


def test_a_followed_case_stays_in_view_until_it_is_no_longer_followed(site: Site) -> None:
    instance_id = site.start("K1")
    task_id = site.task(instance_id)
    clerk = site.browser(Post.CS)
    assert "配钥匙" not in clerk.get("/inbox?view=followed").text

    clerk.post(f"/tasks/{task_id}/follow", page="/inbox")
    clerk.post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")

    assert "配钥匙" in clerk.get("/inbox?view=followed").text, "others hold it now"
    clerk.post(f"/tasks/{site.task(instance_id)}/unfollow", page="/inbox")
    assert "配钥匙" not in clerk.get("/inbox?view=followed").text
