"""What waits on the phone can be opened again, whoever made its key first, however slow the storage."""

import pytest
from playwright.sync_api import Page, expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import PHONE, Town, Visitors
from tests.browser.finishing import accepted, do, task_id
from tests.browser.test_outbox import WAITING, times_done, wait_until_sent

pytestmark = pytest.mark.browser

# The key of this tab is long in the making, until somebody lets it go.
HELD = """(() => {
    const make = crypto.subtle.generateKey.bind(crypto.subtle);
    let begun;
    window.making = new Promise((resolve) => (begun = resolve));
    const held = new Promise((resolve) => (window.letGo = resolve));
    crypto.subtle.generateKey = async (...asked) => {
        begun(true);
        const made = await make(...asked);
        await held;
        return made;
    };
})()"""
# Storage that takes what it is given and answers too late.
SLOW = """(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) {
        if (this.name !== 'letters' || window.isFast) return put.apply(this, given);
        const request = put.apply(this, given);
        const busy = () => { if (!window.isFast) this.count().onsuccess = busy; };
        busy();
        return request;
    };
})()"""
OFFLINE = "ERR_INTERNET_DISCONNECTED"


def on_the_way(town: Town, text: str) -> str:
    """Bring a case to the arrival."""
    number, who = accepted(town, text), town.people[Post.RP]
    do(town, number, "take", who, outcome="taken")
    do(town, number, "appoint", who, outcome="soon")
    return number


def arrive(page: Page, note: str) -> None:
    """Fill the arrival in and send it."""
    page.fill("[name=note]", note)
    page.tap("[data-primary]")


@pytest.mark.long
def test_two_tabs_that_make_the_key_at_once_lose_no_entry(town: Town, visit: Visitors) -> None:
    first, second = on_the_way(town, "钥匙一"), on_the_way(town, "钥匙二")
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    repairer.expect_complaint(OFFLINE)
    slow, quick = repairer.page, repairer.context.new_page()
    slow.add_init_script(HELD)
    slow.goto(f"{repairer.address}/tasks/{task_id(town, first, 'arrive')}")
    quick.goto(f"{repairer.address}/tasks/{task_id(town, second, 'arrive')}")
    repairer.context.set_offline(True)

    arrive(slow, "第一张写的")
    assert slow.evaluate("making")
    arrive(quick, "第二张写的")
    quick.wait_for_selector("[data-letter-id]", state="attached")
    slow.evaluate("letGo()")
    slow.wait_for_selector(WAITING)
    slow.close()

    quick.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(quick.locator("[data-letter-id]")).to_have_count(2)
    told = quick.locator("#outbox").text_content() or ""
    assert "第一张写的" in told
    assert "第二张写的" in told
    repairer.page = quick
    repairer.context.set_offline(False)
    wait_until_sent(repairer)
    assert [times_done(town, number, "arrive") for number in (first, second)] == [1, 1]


@pytest.mark.long
def test_storage_that_answers_too_late_keeps_no_second_copy(town: Town, visit: Visitors) -> None:
    number = on_the_way(town, "慢存储")
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    page = repairer.page
    page.add_init_script(SLOW)
    page.goto(f"{repairer.address}/tasks/{task_id(town, number, 'arrive')}")
    with page.expect_navigation():
        arrive(page, "存得慢")
    assert times_done(town, number, "arrive") == 1
    page.goto(f"{repairer.address}/crew/")
    wait_until_sent(repairer)
    expect(page.locator("[data-letter-id]")).to_have_count(0)
