"""Without a signal nothing typed is lost: it waits on the phone and goes out once."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.ports import SYSTEM
from engine.store.tables import instance, task_history
from handlers.accounts.permissions import Post
from handlers.shared.records import attachment
from tests.browser.conftest import PHONE, Town, Visitor, Visitors
from tests.browser.finishing import on_the_way
from tests.browser.test_repair_case import open_step

pytestmark = pytest.mark.browser

# The console tells of every request that found no network; that is what these tests make happen.
OFFLINE = "ERR_INTERNET_DISCONNECTED"
WAITING = "#outbox"
KEPT = """() => new Promise((resolve) => {
    const opening = indexedDB.open("wuye-outbox");
    opening.onsuccess = () => {
        const asked = opening.result.transaction("letters").objectStore("letters").getAll();
        asked.onsuccess = () => { opening.result.close(); resolve(asked.result.length); };
    };
})"""

CONTROLLED = """() => navigator.serviceWorker.controller ? true : new Promise((done) =>
    navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""


def on_the_spot(town: Town, visit: Visitors, text: str) -> tuple[Visitor, str]:
    """Bring a repairer with a phone to a case up to the arrival."""
    number = on_the_way(town, text)
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    open_step(repairer, number)
    return repairer, number


def times_done(town: Town, number: str, step: str) -> int:
    with town.engine.reading(SYSTEM) as work:
        query = (
            select(func.count())
            .join(instance, instance.c.id == task_history.c.instance_id)
            .where(instance.c.business_key == number, task_history.c.step_id == step)
        )
        return int(work.connection.execute(query).scalar_one())


def lose_signal(visitor: Visitor) -> None:
    visitor.context.set_offline(True)


def kept(visitor: Visitor) -> int:
    """Count what lies in the browser's store, whoever it belongs to."""
    count: int = visitor.page.evaluate(f"({KEPT})()")
    return count


def wait_until_sent(visitor: Visitor) -> None:
    visitor.page.wait_for_selector("#outbox[data-kept='0']", state="attached")


def test_a_step_done_without_a_signal_is_sent_once_when_it_is_back(
    town: Town, visit: Visitors, photo: Path
) -> None:
    repairer, number = on_the_spot(town, visit, "地下室没有信号")
    page = repairer.page
    repairer.expect_complaint(OFFLINE)
    lose_signal(repairer)
    page.set_input_files("input[type=file]", photo)
    page.fill("[name=note]", "已到地下室")
    page.click("[data-primary]")
    page.wait_for_selector(WAITING)
    assert "待发送 1 件" in page.inner_text("#outbox")
    assert times_done(town, number, "arrive") == 0

    with page.expect_navigation():
        repairer.context.set_offline(False)
    page.wait_for_selector("[data-primary='下一步']")
    assert not page.is_visible(WAITING)
    assert times_done(town, number, "arrive") == 1
    assert kept(repairer) == 0


@pytest.mark.long
def test_what_was_kept_survives_the_page_and_an_answer_that_got_lost(
    town: Town, visit: Visitors, photo: Path
) -> None:
    repairer, number = on_the_spot(town, visit, "楼道里断了")
    page = repairer.page
    repairer.expect_complaint("ERR_FAILED", OFFLINE)
    answered: list[int] = []

    def lose_the_answer(route) -> None:  # type: ignore[no-untyped-def]  # Playwright's own type is private
        answered.append(route.fetch().status)
        route.abort()

    page.set_input_files("input[type=file]", photo)
    page.wait_for_selector(".photo-sent")
    page.route("**/complete", lose_the_answer)
    page.click("[data-primary]")
    page.wait_for_selector(WAITING)
    assert answered == [200]
    page.unroute("**/complete")
    page.goto(repairer.address + "/inbox")
    wait_until_sent(repairer)
    assert times_done(town, number, "arrive") == 1
    with town.engine.reading(SYSTEM) as work:
        attached = work.connection.execute(
            select(func.count()).where(attachment.c.attached_at.is_not(None))
        ).scalar_one()
    assert attached >= 1
    assert kept(repairer) == 0


@pytest.mark.long
def test_a_refused_entry_says_what_was_typed_and_why(town: Town, visit: Visitors) -> None:
    repairer, number = on_the_spot(town, visit, "两台手机")
    page, address = repairer.page, repairer.page.url
    repairer.expect_complaint(OFFLINE)
    lose_signal(repairer)
    page.fill("[name=note]", "没有信号时写的")
    page.click("[data-primary]")
    page.wait_for_selector(WAITING)
    other = visit(PHONE).sign_in(town.logins[Post.RP])
    other.page.goto(address)
    other.send()

    repairer.context.set_offline(False)
    page.wait_for_selector(".outbox.has-refused")
    page.click(".is-refused summary")
    told = page.inner_text(".is-refused")
    assert "没有信号时写的" in told
    assert "已由" in told
    page.click("[data-discard]")
    page.click("[data-discard]")
    wait_until_sent(repairer)
    assert times_done(town, number, "arrive") == 1


def test_signing_out_leaves_nothing_on_the_phone(town: Town, visit: Visitors) -> None:
    repairer, _ = on_the_spot(town, visit, "下班了")
    page = repairer.page
    repairer.expect_complaint(OFFLINE, "ERR_FAILED")
    page.route("**/complete", lambda route: route.abort())
    page.click("[data-primary]")
    page.wait_for_selector(WAITING)
    assert kept(repairer) == 1
    page.click(".bar-end .menu summary")
    page.click("form[data-sign-out] button")
    page.wait_for_selector("#outbox-leaving[open]")
    with page.expect_navigation():
        page.click("[data-leave]")
    assert page.url.endswith("/sign-in")
    assert kept(repairer) == 0


def test_without_a_network_a_page_says_so_and_holds_no_data(town: Town, visit: Visitors) -> None:
    repairer, number = on_the_spot(town, visit, "没有网络时打开")
    page = repairer.page
    page.evaluate(CONTROLLED)
    repairer.expect_complaint(OFFLINE)
    lose_signal(repairer)
    page.click("[data-primary]")
    page.wait_for_selector(WAITING)
    page.goto(repairer.address + "/inbox")
    assert page.inner_text("h1") == "没有网络"
    page.wait_for_selector("[data-waiting] li")
    assert number in page.inner_text("[data-waiting]")
    addresses = page.evaluate(
        "caches.open('wuye-offline').then((it) => it.keys()).then((all) => all.map((one) => one.url))"
    )
    assert all("/static/" in one or one.endswith("/offline") for one in addresses)
    repairer.context.set_offline(False)
    wait_until_sent(repairer)
    assert times_done(town, number, "arrive") == 1


@pytest.mark.long
def test_a_remark_written_without_a_signal_is_sent_once_when_it_is_back(town: Town, visit: Visitors) -> None:
    repairer, number = on_the_spot(town, visit, "备注没有信号")
    page = repairer.page
    repairer.expect_complaint(OFFLINE)
    page.click("summary:has-text('备注和附件')")
    lose_signal(repairer)
    page.fill("#remark", "阀门在水表箱后面")
    page.click("form:has(#remark) button.btn:not([type=button])")
    page.wait_for_selector(WAITING)
    with page.expect_navigation():
        repairer.context.set_offline(False)
    wait_until_sent(repairer)
    assert repairer.open(f"/cases/{number}").inner_text("main").count("阀门在水表箱后面") == 1
    assert kept(repairer) == 0
