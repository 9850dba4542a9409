"""The pages of a report: what is next, who comes, what is asked, and news of it."""

import re
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace

from engine import deadlines, incidents, instances
from engine.ports import SYSTEM, Json
from handlers.accounts.permissions import Post
from handlers.estate.records import RelationKind
from handlers.repair import queries
from handlers.repair.records import Area
from tests.handlers.repair.repair_world import FULL_MARKS, Shop
from tests.handlers.repair.test_appointments import agreed, tomorrow_at
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages, errors_of
from tests.web.test_pages import plain
from tests.web.test_statements import statements


def page_of(pages: Pages, number: str) -> str:
    return pages.browser(pages.shop.owner).get(f"/home/reports/{number}").text


def answer(pages: Pages, number: str, step: str, **fields: object) -> tuple[Browser, int]:
    browser = pages.browser(pages.shop.owner)
    task_id = pages.shop.task(number, step).id
    sent = browser.post(f"/home/reports/{number}/answer/{task_id}", fields, page=f"/home/reports/{number}")
    return browser, sent.status_code


def quoted(shop: Shop) -> str:
    number = shop.report()
    shop.accept(number)
    shop.go_to(number)
    shop.do(number, "diagnose", shop.plumber, outcome="quote", finding="阀芯坏")
    lines = [{"price_code": "M03", "quantity": 2}]
    shop.do(number, "write_quote", shop.plumber, lines=lines, other=61, other_name="阀芯")
    return number


def test_a_report_says_until_when_it_is_accepted(pages: Pages) -> None:
    number = pages.shop.report()
    assert "客服会在 10:30 前受理并派人。" in page_of(pages, number)


def test_a_report_that_stands_still_promises_nobody_and_names_the_desk(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    case_id = shop.case(number).id
    with shop.engine.work(SYSTEM) as work:
        failed = {"id": 1, "kind": "timer", "instance_id": case_id, "step_id": "accept", "token": "t"}
        incidents.open_for_job(work, SimpleNamespace(**failed), ValueError())
    page = page_of(pages, number)
    assert "遇到问题，我们正在查看" in page
    assert 'class="strong" href="tel:' in page
    assert "派人" not in page


def test_a_repair_that_waits_says_for_what_and_until_when(pages: Pages) -> None:
    shop = pages.shop
    number = quoted(shop)
    answer(pages, number, "answer", outcome="agree")
    task_id = shop.task(number, "do_work").id
    until = tomorrow_at(shop, 9)
    shop.engine.run(shop.plumber, lambda work: deadlines.pause(work, task_id, "parts", until))
    page = page_of(pages, number)
    assert "暂停中（待配件），预计 " in page
    assert "正在维修" not in page


def test_the_owner_of_a_report_that_was_not_accepted_reads_so_and_why(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    reason = "属业主自购电器，请联系厂家售后"
    shop.do(number, "accept", shop.clerk, outcome="out_of_scope", reason=reason)
    page = page_of(pages, number)
    assert "不在物业维修范围，没有受理" in page
    assert reason in page
    marks = page.split('<ol class="strip">')[1].split("</ol>")[0]
    assert marks.count("is-done") == 1
    assert "又坏了" not in page, "nothing was repaired that could have broken again"
    assert "还要修，再次报修" in page


def test_who_declined_a_quote_reads_that_nothing_was_repaired(pages: Pages) -> None:
    number = quoted(pages.shop)
    answer(pages, number, "answer", outcome="decline")
    assert "您没有同意报价，没有维修。" in page_of(pages, number)


def case_page(pages: Pages, number: str) -> str:
    return plain(pages.browser(pages.shop.clerk).get(f"/cases/{number}").text)


def test_the_case_counts_no_pause_as_work_and_tells_it_beside(pages: Pages) -> None:
    shop = pages.shop
    number = quoted(shop)
    answer(pages, number, "answer", outcome="agree")
    task_id = shop.task(number, "do_work").id
    for minutes in (45, 120):  # the first pause ends early, the second runs when the work is done
        until = shop.clock.now() + timedelta(hours=5)
        shop.engine.run(shop.lead, lambda work, at=until: deadlines.pause(work, task_id, "parts", at))
        shop.clock.advance(minutes=minutes)
        if minutes == 45:
            shop.engine.run(shop.lead, lambda work: deadlines.unpause(work, task_id))
            shop.clock.advance(minutes=20)
    shop.do(number, "do_work", shop.plumber, outcome="done")
    assert "按时，用时 20 分，另暂停 2 时 45 分" in case_page(pages, number)


def test_a_case_that_was_cancelled_says_so_once(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    case_id = shop.case(number).id
    shop.engine.run(shop.desk_lead, lambda work: instances.cancel(work, case_id, "业主说不用修了"))
    assert case_page(pages, number).count("业主说不用修了") == 1
    assert '<li class="is-done">已报修</li><li>受理</li><li>上门</li>' in page_of(pages, number)
    told = pages.browser(shop.clerk).get(f"/cases/{number}").text
    assert told.count("</b>取消") == 1


def test_the_repairer_and_the_hours_of_the_visit_are_named(pages: Pages) -> None:
    number = agreed(pages.shop)
    assert "明天 13:30–14:30 上门，请留人在家。" in page_of(pages, number)
    home = pages.browser(pages.shop.owner).get("/home/").text
    assert "明天 13:30–14:30" in home


def not_at_home(shop: Shop) -> str:
    """Let a repairer come in vain, and return the number of the report."""
    number = shop.report()
    shop.accept(number)
    shop.do(number, "take", shop.plumber, outcome="taken")
    shop.do(number, "appoint", shop.plumber, outcome="soon")
    shop.later(minutes=15)
    shop.do(number, "arrive", shop.plumber, outcome="absent", called_times=3, card_left=True)
    return number


def test_who_was_not_at_home_is_told_so_and_asked_for_another_time(pages: Pages) -> None:
    number = not_at_home(pages.shop)
    page = page_of(pages, number)
    assert "上次上门没有见到您" in page
    assert "请您另约时间" in page
    assert "业主改约" not in page


def test_a_resident_who_is_refused_a_page_reads_of_no_posts(pages: Pages) -> None:
    for path, title in (("/overdue", "这一页您打不开"), ("/nowhere", "没有找到这一页")):
        page = pages.browser(pages.shop.owner).get(path).text
        assert title in page
        assert "岗位" not in page


def test_a_visit_is_moved_from_the_page(pages: Pages) -> None:
    shop = pages.shop
    number = agreed(shop)
    browser = pages.browser(shop.owner)
    path = f"/home/reports/{number}"
    wrong = browser.post(f"{path}/visit", {"visit_at": tomorrow_at(shop, 3).isoformat()}, page=path)
    assert errors_of(wrong) == ["visit_at"]
    browser.post(f"{path}/visit", {"visit_at": tomorrow_at(shop, 19).isoformat()}, page=path)
    assert "明天 18:30–19:30 上门" in browser.get(path).text


def test_an_answer_with_a_photo_sent_twice_is_answered_as_the_first_time(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.do(number, "accept", shop.clerk, outcome="more_info", question="拍张照")
    task_id = shop.task(number, "supply_info").id
    browser, page = pages.browser(shop.owner), f"/home/reports/{number}"

    def send(text: str) -> int:
        photo = (BytesIO(picture(size=(16, 12))), "tap.jpg")
        form = {"answer": text, "photos[]": photo, "_key": "k1"}
        return browser.post(f"{page}/answer/{task_id}", form, page="/home/").status_code

    assert (send("这样"), send("这样")) == (302, 302)
    assert send("那样") == 422
    with shop.engine.reading(shop.clerk) as work:
        assert len(queries.order(work, number).media) == 1


def test_a_quote_is_read_line_by_line_and_agreed_to_before_any_work(pages: Pages) -> None:
    number = quoted(pages.shop)
    page = page_of(pages, number)
    assert "阀芯（价目表以外）" in page
    assert "2 个 × ¥25.00" in page
    assert "¥111.00" in page
    assert "怎么答复的" not in page
    browser, status = answer(pages, number, "answer", outcome="agree")
    assert status == 302
    assert "正在维修" in browser.get(f"/home/reports/{number}").text


def test_who_answers_in_a_second_window_is_told_and_gets_the_words_back(pages: Pages) -> None:
    number = quoted(pages.shop)
    task_id = pages.shop.task(number, "answer").id
    browser, status = answer(pages, number, "answer", outcome="agree", _key="one")
    assert status == 302
    page = f"/home/reports/{number}"
    late = {"outcome": "revise", "reason": "能便宜些吗", "_key": "two"}
    again = browser.post(f"{page}/answer/{task_id}", late, page=page)
    assert again.status_code == 409
    assert "已经答复过了" in again.text
    assert "能便宜些吗" in again.text
    assert "收件箱" not in again.text


def test_declining_closes_the_report(pages: Pages) -> None:
    number = quoted(pages.shop)
    answer(pages, number, "answer", outcome="decline", reason="自己修")
    assert pages.shop.order(number).outcome == "owner_declined"


def test_without_scripts_the_first_choice_leads_to_the_marks(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    assert "下一步" in page_of(pages, number)
    browser = pages.browser(shop.owner)
    task_id = shop.task(number, "confirm").id
    path = f"/home/reports/{number}"
    page = browser.post(f"{path}/form/{task_id}", {"outcome": "satisfied"}, page=path).text
    assert "下一步" not in page
    assert 'name="speed"' in page
    assert 'name="problem"' in page.split('name="photos[]"')[0]


def test_who_is_not_content_says_why_and_somebody_comes_again(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    _, status = answer(pages, number, "confirm", outcome="unsatisfied")
    assert status == 422
    answer(pages, number, "confirm", outcome="unsatisfied", problem="还在滴")
    assert shop.order(number).rework_count == 1
    assert "会再派人来修" in page_of(pages, number)


def test_a_closed_report_is_taken_up_again_within_thirty_days(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    answer(pages, number, "confirm", **FULL_MARKS)
    page = page_of(pages, number)
    assert "2026-12-23 前又坏了" in page
    assert "速度 5 · 质量 5 · 态度 5" in page
    browser = pages.browser(shop.owner)
    path = f"/home/reports/{number}"
    for _ in range(2):
        sent = browser.post(f"{path}/reopen", {"reason": "又滴了", "_key": "again"}, page=path)
    again = sent.location.rsplit("/", 1)[1]
    assert shop.order(again).reopens_id == shop.order(number).id
    assert browser.get("/home/").text.count("待受理") == 1
    shop.clock.advance(days=31)
    assert "再次报修" not in page_of(pages, number).split("进展")[0]


def test_what_waits_for_an_answer_stands_first(pages: Pages) -> None:
    shop = pages.shop
    first = quoted(shop)
    shop.clock.advance(minutes=5)
    second = shop.report()
    home = pages.browser(shop.owner).get("/home/").text
    assert home.index(first) < home.index(second)
    assert "等您答复" in home


def test_somebody_with_two_houses_reads_those_of_one(pages: Pages) -> None:
    shop = pages.shop
    shop.relate(shop.owner_person, shop.neighbour, RelationKind.AGENT)
    shop.report()
    browser = pages.browser(shop.owner)
    assert "还没有报过修" in browser.get(f"/home/?house={shop.neighbour}").text
    assert "还没有报过修" not in browser.get(f"/home/?house={shop.house}").text
    form = browser.get("/home/report").text
    assert "代理人" in form
    assert form.count('name="house_id"') == 2


def test_a_poll_without_news_costs_an_empty_answer(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    browser = pages.browser(shop.owner)
    for path in ("/home/state", f"/home/state?number={number}"):
        tag = browser.get(path).headers["ETag"]
        again = browser.get(path, **{"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
    shop.clock.advance(minutes=1)
    shop.accept(number)
    assert browser.get(path, **{"If-None-Match": tag}).status_code == 200


def test_the_page_begins_with_the_version_that_a_poll_answers(pages: Pages) -> None:
    number = pages.shop.report()
    browser = pages.browser(pages.shop.owner)
    tag = browser.get(f"/home/state?number={number}").headers["ETag"]
    assert f"data-version={tag}" in browser.get(f"/home/reports/{number}").text


def test_nobody_reads_the_state_of_a_neighbours_report(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    stranger = pages.browser(shop.stranger)
    before = stranger.get(f"/home/state?number={number}").headers["ETag"]
    shop.clock.advance(minutes=1)
    shop.accept(number)
    assert stranger.get(f"/home/state?number={number}").headers["ETag"] == before


def test_kinds_of_fault_and_reports_are_read_from_their_table_once(pages: Pages) -> None:
    shop = pages.shop
    for fault, text in (("W05", "水龙头滴漏"), ("P04", "灯不亮"), ("P05", "楼道灯不亮")):
        shop.report(fault, text, area=Area.COMMON if fault == "P05" else Area.PRIVATE)
    owner = pages.browser(shop.owner)
    for path in ("/home/report", "/home/"):
        owner.get(path)
        with statements(shop.engine) as noted:
            owner.get(path)
        assert sum("FROM definition" in one for one in noted) <= 4, path


def rated(pages: Pages, mark: str) -> str:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    answer(pages, number, "confirm", outcome="satisfied", speed=mark, quality="5", attitude="5")
    return page_of(pages, number)


def test_who_is_content_but_gave_a_bad_mark_reads_who_calls_back_and_until_when(pages: Pages) -> None:
    page = rated(pages, "2")
    assert re.search(r"抱歉没让您满意。客服会在 11-24 \d\d:\d\d 前打电话给您。", page)


def test_who_gave_good_marks_is_thanked(pages: Pages) -> None:
    assert "谢谢" in re.sub(r'role="status".*?</div>', "", rated(pages, "5"), flags=re.S)


def test_the_owner_reads_each_stage_of_a_complaint_and_its_answers(pages: Pages) -> None:
    shop = pages.shop
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    shop.do(number, "confirm", shop.owner, **(FULL_MARKS | {"speed": "1"}))
    shop.do(number, "visit_by_lead", shop.desk_lead, outcome="c", comment="还在漏")
    assert "项目经理会在" in page_of(pages, number)
    assert "投诉处理中" in pages.browser(shop.owner).get("/home/").text
    told: dict[str, Json] = {"met": "phone", "said": "太慢", "answer": "退还费用", "outcome": "money"}
    day = (shop.clock.now() + timedelta(days=2)).astimezone(shop.engine.zone).date()
    shop.do(number, "answer_complaint", shop.manager, **told, promised_on=day.isoformat())
    page = page_of(pages, number)
    assert "18:00 前办好" in page
    assert "退还费用" in page
    shop.do(number, "carry_out", shop.lead, done="已退回原账户")
    page = page_of(pages, number)
    assert "已退回原账户" in page
    assert "打电话问您满意不满意" in page
    shop.do(number, "ask_complainant", shop.desk_lead, outcome="c", problem="要退钱")
    assert "已交品质部复核" in page_of(pages, number)
    shop.do(number, "review_complaint", shop.staff(Post.QA), finding="属实", answer="退款 50 元")
    page = page_of(pages, number)
    assert "退款 50 元" in page
    assert "12345" in page
    assert "投诉处理中" not in pages.browser(shop.owner).get("/home/").text


def test_two_reports_of_one_kind_are_told_apart_by_their_numbers(pages: Pages) -> None:
    number = pages.shop.report()
    assert number not in re.sub(r'href="[^"]*"', "", pages.browser(pages.shop.owner).get("/home/").text)
    again = pages.shop.report(text="卫生间也滴水")
    page = re.sub(r'href="[^"]*"', "", pages.browser(pages.shop.owner).get("/home/").text)
    assert number in page
    assert again in page
