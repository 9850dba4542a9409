"""Repair staff on the phone: an urgent call fills the screen until it is heard."""

import pytest

from handlers.accounts.permissions import Post
from handlers.repair import reporting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from tests.browser.conftest import OWNER, PHONE, Town, Visitors

pytestmark = pytest.mark.browser


def test_an_urgent_call_fills_the_screen_until_somebody_has_heard_it(town: Town, visit: Visitors) -> None:
    clerk = town.world.staff(Post.CS)
    report = Report(Area.PRIVATE, "W01", "水管爆了，水漫到客厅", "陈静", OWNER, house_id=town.world.house)
    with town.engine.work(clerk) as work:
        number = reporting.report_found(work, report).number
    repairer, beside = visit(PHONE), visit(PHONE)
    for screen in (repairer, beside):
        screen.sign_in(town.logins[Post.RP])
        screen.page.wait_for_selector("#ring[open]")
    assert number in repairer.page.inner_text("#ring")

    with repairer.page.expect_navigation():
        repairer.page.tap("#ring .btn")

    assert "/tasks/" in repairer.page.url
    assert not repairer.page.is_visible("#ring")
    beside.page.reload()
    assert not beside.page.is_visible("#ring")
