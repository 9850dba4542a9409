"""Reload, back, double click, two tabs, an ended session, a lost connection: nothing lost, nothing twice."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine.ports import SYSTEM
from engine.store.tables import instance, user_task
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_session
from tests.browser.conftest import DESKTOP, PHONE, Town, Visitor, Visitors
from tests.browser.seeing import copied, expect_accessible
from tests.browser.test_keyboard import LIGHT, report
from tests.browser.test_outbox import OFFLINE, times_done
from tests.handlers.estate_world import PASSWORD

pytestmark = pytest.mark.browser

QUESTION = "灯是完全不亮还是会闪？"
FORM = "#pane [data-task-form]"


def open_task(town: Town, visitor: Visitor, text: str) -> str:
    """Report something and open its task beside the list; return the number."""
    number = report(town, LIGHT, text)
    page = visitor.open("/inbox")
    task = page.locator(".row", has=page.locator(f"a[href^='/tasks/{task_of(town, number)}']"))
    task.locator("a").click()
    page.wait_for_selector(FORM)
    return number


def task_of(town: Town, number: str) -> int:

    with town.engine.reading(SYSTEM) as work:
        query = (
            select(user_task.c.id)
            .join(instance, instance.c.id == user_task.c.instance_id)
            .where(instance.c.business_key == number)
        )
        return int(work.connection.execute(query).scalar_one())


def ask(page: Page, text: str = QUESTION) -> None:
    page.check("[name=outcome][value=more_info]")
    page.fill("[name=question]", text)


def expect_asked(page: Page) -> None:
    expect(page.locator("[name=question]")).to_have_value(QUESTION)
    assert page.is_checked("[name=outcome][value=more_info]")


def end_sessions(town: Town, post: Post) -> None:
    with town.engine.work(SYSTEM) as work:
        work.connection.execute(
            account_session.update()
            .where(account_session.c.account_id == town.people[post].id)
            .values(ended_at=work.now)
        )


def sign_in_again(page: Page, login: str) -> None:
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("main form button.btn-primary")


def test_loading_the_page_again_in_the_middle_of_a_word_loses_nothing(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    open_task(town, clerk, "重新载入")
    ask(clerk.page)
    clerk.page.reload()
    expect_asked(clerk.page)
    assert "尚未提交" in clerk.page.inner_text(".draft-note")


@pytest.mark.long
def test_a_remark_and_its_file_are_there_again_after_loading_the_page_again(
    town: Town, visit: Visitors, photo: Path
) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    open_task(town, clerk, "备注一半")
    form = clerk.page.locator("#pane form", has=clerk.page.locator("#remark"))
    clerk.page.click("#pane summary:has-text('备注和附件')")
    form.locator(".upload-file input").set_input_files(photo)
    form.locator(".photo-sent").wait_for()
    clerk.page.fill("#remark", "业主晚上在家")
    clerk.page.reload()
    expect(clerk.page.locator("#remark")).to_have_value("业主晚上在家")
    assert form.locator("[name='files[]'][type=checkbox]").is_checked()

    form.locator("button.btn:not([type=button])").click()
    clerk.page.wait_for_selector(".toast:has-text('备注已保存')")
    expect(clerk.page.locator("#remark")).to_have_value("")


@pytest.mark.long
def test_going_elsewhere_and_back_loses_nothing(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE).sign_in(town.logins[Post.CS])
    number = report(town, LIGHT, "返回")
    clerk.open(f"/tasks/{task_of(town, number)}")
    ask(clerk.page)
    clerk.page.wait_for_selector(".draft-state:has-text('草稿已保存')")
    clerk.open("/inbox")
    clerk.page.go_back()
    expect_asked(clerk.page)


@pytest.mark.long
def test_a_second_tab_shows_what_was_typed_in_the_first_and_both_complete_once(
    town: Town, visit: Visitors
) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    number = open_task(town, clerk, "两个页面")
    ask(clerk.page)
    clerk.page.wait_for_selector(".draft-state:has-text('草稿已保存')")
    second = clerk.context.new_page()
    second.goto(clerk.page.url)
    expect_asked(second)

    clerk.page.click(f"{FORM} [data-primary]")
    expect(clerk.page.locator(f"[data-number='{number}']")).to_have_count(0)
    second.click(f"{FORM} [data-primary]")

    second.wait_for_selector("#pane article[data-gone]")
    assert QUESTION in second.inner_text("#pane dl")
    assert "办结" in second.inner_text("#pane [role=alert]")
    assert times_done(town, number, "accept") == 1
    clerk.page.close()
    clerk.page = second
    expect_accessible(clerk, "a task that others did")
    assert copied(clerk, "#pane [data-copy]").endswith(QUESTION)


def test_a_double_click_beside_the_list_completes_once(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    number = open_task(town, clerk, "双击")
    clerk.page.dblclick(f"{FORM} [data-primary]")
    expect(clerk.page.locator(f"[data-number='{number}']")).to_have_count(0)
    assert times_done(town, number, "accept") == 1


def test_a_session_that_ended_in_the_middle_of_a_form_loses_nothing(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    number = open_task(town, clerk, "登录失效")
    end_sessions(town, Post.CS)
    ask(clerk.page)
    clerk.page.wait_for_selector(".draft-state.is-bad")

    clerk.page.click(".draft-state button")
    sign_in_again(clerk.page, town.logins[Post.CS])

    expect_asked(clerk.page)
    clerk.page.click("[data-primary]")
    expect(clerk.page.locator(f"[data-number='{number}']")).to_have_count(0)
    assert times_done(town, number, "accept") == 1


@pytest.mark.long
def test_a_form_sent_after_the_session_ended_is_sent_once_when_one_is_back(
    town: Town, visit: Visitors
) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    number = open_task(town, clerk, "失效后提交")
    end_sessions(town, Post.CS)
    with clerk.page.expect_navigation(url="**/sign-in**"):
        clerk.page.click(f"{FORM} [data-primary]")
    assert times_done(town, number, "accept") == 0

    sign_in_again(clerk.page, town.logins[Post.CS])

    clerk.page.wait_for_selector("#outbox[data-kept='0']", state="attached")
    assert times_done(town, number, "accept") == 1


@pytest.mark.long
def test_a_lost_connection_beside_the_list_sends_once_and_goes_on(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    number = open_task(town, clerk, "断网")
    ask(clerk.page)
    clerk.expect_complaint(OFFLINE)
    clerk.context.set_offline(True)
    clerk.page.click(f"{FORM} [data-primary]")
    clerk.page.wait_for_selector("#outbox")
    assert times_done(town, number, "accept") == 0

    clerk.context.set_offline(False)
    expect(clerk.page.locator(f"#pane [data-number='{number}']")).to_have_count(0)
    assert times_done(town, number, "accept") == 1
    assert "/inbox" in clerk.page.url


@pytest.mark.long
def test_what_was_typed_without_a_network_is_kept_as_soon_as_it_is_back(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    open_task(town, clerk, "断网时填")
    clerk.expect_complaint(OFFLINE)
    clerk.context.set_offline(True)
    ask(clerk.page)
    clerk.page.wait_for_selector(f"{FORM} .draft-state.is-bad")
    clerk.context.set_offline(False)
    clerk.page.wait_for_selector(f"{FORM} .draft-state:has-text('草稿已保存')")
    clerk.page.reload()
    expect_asked(clerk.page)


def test_a_refused_form_beside_the_list_stays_there_with_what_was_typed(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    open_task(town, clerk, "填错")
    ask(clerk.page, " ")
    clerk.page.click(f"{FORM} [data-primary]")
    clerk.page.wait_for_selector("#pane .problems")
    assert clerk.page.is_checked("[name=outcome][value=more_info]")
    assert "/inbox" in clerk.page.url


def test_new_work_announces_itself_and_moves_nothing(town: Town, visit: Visitors) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    open_task(town, clerk, "先来的")
    lines = clerk.page.locator(".row").count()
    report(town, LIGHT, "后来的")

    clerk.page.evaluate("document.dispatchEvent(new CustomEvent('list:changed'))")

    clerk.page.wait_for_selector("[data-fresh]:visible")
    assert clerk.page.inner_text("[data-fresh]") == "有 1 件新任务"
    assert clerk.page.locator(".row").count() == lines
    clerk.page.click("[data-fresh]")
    expect(clerk.page.locator(".row")).to_have_count(lines + 1)
    expect(clerk.page.locator("[data-fresh]")).to_be_hidden()
    assert clerk.page.locator(".row.is-open").count() == 1
