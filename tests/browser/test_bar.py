"""The bar on top of a page: what does not fit the width stands behind "more", and nothing is cut."""

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import OWNER, PHONE, Town, Visitors

pytestmark = pytest.mark.browser

# The labels that stand in the bar as a whole; those cut at its edge; whether the bar runs into what ends it.
IN_SIGHT = """() => {
  const bar = document.querySelector('.bar-nav');
  const edge = bar.getBoundingClientRect();
  const whole = [], cut = [];
  for (const link of bar.children) {
    const { top, bottom, left, right } = link.getBoundingClientRect();
    if (top >= edge.bottom) continue;
    const isWhole = bottom <= edge.bottom + 1 && left >= edge.left - 1 && right <= edge.right + 1;
    (isWhole ? whole : cut).push(link.textContent.trim());
  }
  const more = document.querySelector('.bar-more').getBoundingClientRect();
  const end = document.querySelector('.bar-end').getBoundingClientRect();
  const runsInto = Math.max(more.right, edge.right) > end.left + 1 || end.right > innerWidth + 1;
  return { whole, cut, runsInto, count: bar.children.length };
}"""


@pytest.mark.parametrize("width", [820, 960, 1100, 1300])
def test_what_does_not_fit_the_bar_stands_behind_more(town: Town, visit: Visitors, width: int) -> None:
    page = visit((width, 700), language="en").sign_in(town.logins[Post.CSL]).open("/inbox")

    seen = page.evaluate(IN_SIGHT)

    assert (seen["cut"], seen["runsInto"]) == ([], False)
    assert "Inbox" in seen["whole"]
    page.click(".bar-more summary")
    for label in ("Inbox", "Checks", "Roster"):
        expect(page.locator(".bar-more nav").get_by_role("link", name=label)).to_be_visible()


def test_residents_have_no_such_fold_for_their_bar_is_short(visit: Visitors) -> None:
    page = visit(PHONE).sign_in(OWNER).open("/home/")
    expect(page.locator(".bar-more")).to_have_count(0)
