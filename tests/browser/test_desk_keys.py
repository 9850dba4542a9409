"""A clerk enters a call by keyboard alone, with few presses."""

import pytest
from playwright.sync_api import expect

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.repair import orders
from tests.browser.conftest import DESKTOP, OWNER, PHONE, Town, Visitor, Visitors

pytestmark = pytest.mark.browser

MOST_PRESSES = 50  # at two a second, while the caller speaks, half of a minute


class Keys:
    """A keyboard that counts."""

    def __init__(self, visitor: Visitor) -> None:
        self.page = visitor.page
        self.count = 0

    def press(self, *keys: str) -> None:
        """Press some keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def type(self, text: str) -> None:
        """Type a text; Chinese takes about two presses for each character."""
        self.page.keyboard.insert_text(text)
        self.count += len(text) if text.isascii() else 2 * len(text)

    def into(self, key: str) -> None:
        """Go on to a field that stands close behind."""
        for _ in range(4):
            if self.page.evaluate("document.activeElement.name") == key:
                return
            self.press("Tab")
        assert self.page.evaluate("document.activeElement.name") == key


def test_a_call_of_a_known_number_is_entered_with_few_presses(town: Town, visit: Visitors) -> None:
    visitor = visit(DESKTOP).sign_in(town.logins[Post.CS])
    page, keys = visitor.page, Keys(visitor)
    visitor.open("/inbox")
    keys.press("F9")
    expect(page.locator(".bar-ring [name=caller]")).to_be_focused()
    keys.type(OWNER)
    with page.expect_navigation():
        keys.press("Enter")
    number = page.locator(".crumbs .code").inner_text()
    page.wait_for_selector("[data-task-form][data-watched]")
    assert page.locator("[name=house_id]").input_value() == str(town.world.house)
    assert page.input_value("[name=contact_phone]") == OWNER

    keys.press("e")  # what is missing first
    keys.into("fault_code")
    keys.type("P")  # typing chooses in a list
    page.select_option("[name=fault_code]", "P04")
    keys.into("description")
    keys.type("客厅灯一直闪")
    said = page.locator("[data-read]")
    expect(said).to_contain_text("客厅灯一直闪")
    for part in ("1栋2单元301", "139 0000 0001", "对吗？"):
        assert part in said.inner_text()
    with page.expect_navigation():
        keys.press("Control+Enter")

    with town.engine.reading(SYSTEM) as work:
        order = orders.by_number(work.connection, number)
        assert (order.fault_code, order.house_id) == ("P04", town.world.house)
        assert orders.opened(work, order, "contact_name") == "陈静"
    assert keys.count <= MOST_PRESSES, keys.count


def test_the_sentence_fits_a_phone_and_names_another_home(town: Town, visit: Visitors) -> None:
    visitor = visit(PHONE).sign_in(town.logins[Post.CS])
    visitor.open("/desk/")
    visitor.page.fill("#caller", "13700000009")
    visitor.press("main button.btn-primary")
    page = visitor.page
    page.fill("[name=house]", "1-2-302")
    page.fill("[name=contact_name]", "吴敏")
    page.select_option("[name=fault_code]", "P04")
    page.fill("[name=description]", "灯不亮")
    assert "1-2-302" in page.inner_text("[data-read]")
    visitor.expect_readable()
    visitor.send()
    assert "/desk" in page.url or "/inbox" in page.url or "/tasks/" in page.url
