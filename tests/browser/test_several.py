"""Of whoever several steps can be handed to it is said how many of the chosen ones they may take."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine import tasks
from engine.ports import SYSTEM
from engine.store.tables import user_task
from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, Town, Visitors
from tests.browser.test_keyboard import TAP, report

pytestmark = pytest.mark.browser


def offered(page: Page) -> dict[str, str]:
    """Return of everybody who is offered what is written behind their name, by their id."""
    options = page.locator("[data-receivers] option:not([value='']):not([hidden])")
    return {
        str(one.get_attribute("value")): str(one.text_content()).removeprefix(
            f"{one.get_attribute('data-name')} "
        )
        for one in options.all()
    }


def test_the_count_behind_a_name_is_of_the_chosen_steps(town: Town, visit: Visitors) -> None:
    for number in range(2):
        report(town, TAP, f"第 {number} 件：水龙头滴水")
    with town.engine.reading(SYSTEM) as work:
        taken, free = work.connection.execute(select(user_task.c.id).order_by(user_task.c.id)).scalars()
    clerk, other, now = town.people[Post.CS], town.world.staff(Post.CS), town.engine.clock.now()
    town.world.shift(other, now - timedelta(hours=1), now + timedelta(hours=10))
    town.engine.run(clerk, lambda work: tasks.claim(work, taken))
    page = visit(DESKTOP).sign_in(town.logins[Post.PM]).open("/overdue")
    assert offered(page) == {str(other.id): "2/2", str(clerk.id): "1/2"}, "but for who holds it"

    page.get_by_text("转交所选").first.click()
    page.locator("[data-receivers]").select_option(str(clerk.id))
    page.locator(f"input[name=task][value='{taken}']").check()
    assert offered(page) == {str(other.id): "1/1"}
    expect(page.locator("[data-receivers]")).to_have_value("")
    page.locator(f"input[name=task][value='{free}']").check()
    assert offered(page) == {str(other.id): "2/2", str(clerk.id): "1/2"}
    page.locator(f"input[name=task][value='{taken}']").uncheck()
    assert offered(page) == {str(other.id): "1/1", str(clerk.id): "1/1"}
