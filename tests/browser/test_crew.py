"""Repair staff on the phone: a whole job with the thumb, and an urgent call that cannot be overlooked."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.ports import SYSTEM
from engine.store.tables import instance, task_history
from handlers.accounts.permissions import Post
from handlers.repair import reporting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from tests.browser.conftest import OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.test_repair_case import open_step, report

pytestmark = pytest.mark.browser

THUMB = "[data-primary]"
REACH = 300  # pixels from the lower edge that a thumb gets at


def times_done(town: Town, number: str, step: str) -> int:
    with town.engine.reading(SYSTEM) as work:
        query = (
            select(func.count())
            .join(instance, instance.c.id == task_history.c.instance_id)
            .where(instance.c.business_key == number, task_history.c.step_id == step)
        )
        return int(work.connection.execute(query).scalar_one())


def tap_on(repairer: Visitor) -> None:
    """Tap the large button, which lies within reach of the thumb, and get to the next page."""
    box = repairer.page.locator(THUMB).bounding_box()
    assert box is not None
    assert box["y"] > PHONE[1] - REACH
    assert box["height"] >= 48
    with repairer.page.expect_navigation():
        repairer.page.tap(THUMB)
    assert repairer.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_repairer_takes_does_and_finishes_one_with_a_thumb(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = report(visit(PHONE).sign_in(OWNER), "水龙头关不紧")
    clerk = visit().sign_in(town.logins[Post.CS])
    open_step(clerk, number)
    clerk.send()
    repairer = visit(PHONE).sign_in_by_form(town.logins[Post.RP])
    page = repairer.page
    page.tap(".job:has-text('接单') a")
    page.wait_for_selector(THUMB)
    assert page.inner_text(THUMB) == "接单"
    assert page.is_visible("[data-way=transfer]")
    tap_on(repairer)
    tap_on(repairer)  # on the way

    assert page.inner_text(THUMB) == "到场"
    repairer.expect_complaint("ERR_INTERNET_DISCONNECTED")
    repairer.context.set_offline(True)
    page.tap(THUMB)
    page.wait_for_selector("#outbox")
    assert times_done(town, number, "arrive") == 0
    with page.expect_navigation():
        repairer.context.set_offline(False)
    page.wait_for_selector("[data-way=parts]")
    assert times_done(town, number, "arrive") == 1

    page.fill("[name=finding]", "垫圈老化")
    tap_on(repairer)
    assert page.inner_text(THUMB) == "完工"
    tap_on(repairer)
    page.set_input_files("input[capture]", photo)
    page.wait_for_selector(".photo-sent")
    size = page.locator(".photo img").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [1600, 1200]
    tap_on(repairer)
    assert page.url.endswith("/crew/")
    assert "待确认" in page.inner_text("main")


def test_an_urgent_call_fills_the_screen_until_somebody_has_heard_it(town: Town, visit: Visitors) -> None:
    clerk = town.world.staff(Post.CS)
    report = Report(Area.PRIVATE, "W01", "水管爆了，水漫到客厅", "陈静", OWNER, house_id=town.world.house)
    with town.engine.work(clerk) as work:
        number = reporting.report_found(work, report).number
    repairer, beside = visit(PHONE), visit(PHONE)
    for screen in (repairer, beside):
        screen.sign_in_by_form(town.logins[Post.RP])
        screen.page.wait_for_selector("#ring[open]")
    assert number in repairer.page.inner_text("#ring")

    with repairer.page.expect_navigation():
        repairer.page.tap("#ring .btn")

    assert "/tasks/" in repairer.page.url
    assert not repairer.page.is_visible("#ring")
    beside.page.reload()
    assert not beside.page.is_visible("#ring")
