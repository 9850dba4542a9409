"""What was typed for a step that somebody else closed: shown back, with the names of what was chosen."""

import re

from engine import instances
from tests.web.repair.conftest import Pages
from tests.web.repair.test_reports import answer, quoted


def test_an_answer_that_came_too_late_stays_on_the_page_and_can_be_added(pages: Pages) -> None:
    number = quoted(pages.shop)
    task_id = pages.shop.task(number, "answer").id
    browser, _ = answer(pages, number, "answer", outcome="agree", _key="one")
    page = f"/home/reports/{number}"
    late = {"outcome": "revise", "reason": "能便宜些吗", "_key": "two"}
    browser.post(f"{page}/answer/{task_id}", late, page=page)

    shown = browser.get(page).text

    assert "您对报价的答复：没有提交" in shown
    assert f'data-copy="typed-{task_id}"' in shown
    assert "<dd>revise</dd>" not in shown
    add = browser.get(f"{page}?unsent={task_id}").text
    assert re.search(r'<textarea id="added"[^>]*>[^<]*能便宜些吗</textarea>', add)
    sent = browser.post(f"{page}/add", {"added": "能便宜些吗", "unsent": task_id}, page=page)
    assert sent.status_code == 302
    assert "：没有提交" not in browser.get(page).text


def test_what_a_browser_still_has_of_an_answer_is_kept_where_somebody_else_closed_the_step(
    pages: Pages,
) -> None:
    shop = pages.shop
    number = quoted(shop)
    task_id = shop.task(number, "answer").id
    browser, page = pages.browser(shop.owner), f"/home/reports/{number}"
    typed = {"outcome": "revise", "reason": "能便宜些吗"}
    assert browser.post(f"{page}/unsent/{task_id}", typed, page=page).status_code == 204
    shop.engine.run(shop.desk_lead, lambda work: instances.cancel(work, shop.case(number).id, "重复报修"))

    assert browser.post(f"{page}/unsent/{task_id}", typed, page=page).status_code == 201

    assert "能便宜些吗" in browser.get(page).text
    assert browser.post(f"{page}/unsent/{task_id}/forget", page=page).status_code == 302
    assert "能便宜些吗" not in browser.get(page).text


def test_an_answer_that_was_taken_in_is_not_kept_once_more(pages: Pages) -> None:
    number = quoted(pages.shop)
    task_id = pages.shop.task(number, "answer").id
    browser, _ = answer(pages, number, "answer", outcome="agree")
    page = f"/home/reports/{number}"
    assert browser.post(f"{page}/unsent/{task_id}", {"outcome": "agree"}, page=page).status_code == 204
    assert "：没有提交" not in browser.get(page).text


def test_staff_read_the_name_of_what_they_had_chosen(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    task_id = shop.task(number, "accept").id
    late = pages.browser(shop.other_clerk)
    shop.accept(number)
    form = {"outcome": "accept", "worker_id": str(shop.second_plumber.id), "fault": "W05"}

    answer = late.post(f"/tasks/{task_id}/complete", form, page="/inbox")

    assert answer.status_code == 409
    with shop.engine.reading(shop.clerk) as work:
        name = work.engine.directory.names(work.connection, [shop.second_plumber.id])
    assert f"<dd>{name[shop.second_plumber.id]}" in answer.text
    assert "（已选）" not in answer.text
