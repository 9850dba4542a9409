"""Pages on paper: no word is broken in a narrow column, and nothing is printed that can only be pressed."""

import pytest
from playwright.sync_api import Page

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, Town, Visitors
from tests.browser.finishing import reported

pytestmark = pytest.mark.browser

# CSS pixels of an A4 sheet between the margins of print.css, and of one that is printed at 125 %.
SHEET, SHEET_ACROSS, ENLARGED = (695, 1000), (1020, 640), (556, 800)

# Latin words that stand on two lines, and what is shown though it can only be pressed.
LOOK = r"""() => {
  const found = [];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (!node.parentElement.closest("td, th") || !node.parentElement.checkVisibility()) continue;
    for (const word of node.data.matchAll(/[A-Za-z]{2,}/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (lines.size > 1) found.push(`broken: ${word[0]}`);
    }
  }
  const pressed = ".btn, .bar, .dock, .tabs a:not([aria-current]), .rest > summary";
  for (const one of document.querySelectorAll(pressed)) {
    const shown = one.checkVisibility() && one.getClientRects().length;
    if (shown) found.push(`pressed: ${one.textContent.trim()}`);
  }
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`${wide} px wide`);
  return [...new Set(found)];
}"""


def on_paper(page: Page, size: tuple[int, int]) -> list[str]:
    """Return what a reader of the printed page would object to."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(media="print")
    found: list[str] = page.evaluate(LOOK)
    page.emulate_media(media="screen")
    return found


def test_a_printed_page_breaks_no_word_and_shows_no_button(town: Town, visit: Visitors) -> None:
    number = reported(town, "灯一直闪")
    lead = visit(DESKTOP, language="en").sign_in(town.logins[Post.CSL])
    pages = {
        f"/cases/{number}": ENLARGED,
        "/overdue": SHEET,
        "/processes/": SHEET,
        "/processes/repair": SHEET_ACROSS,
        "/roster/": SHEET_ACROSS,
    }
    found = {}
    for path, size in pages.items():
        page = lead.open(path)
        found[path] = on_paper(page, size)
        page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    assert found == {path: [] for path in pages}


@pytest.mark.long
def test_the_roster_is_printed_as_the_week_and_not_as_a_phones_list(town: Town, visit: Visitors) -> None:
    page = visit(DESKTOP).sign_in(town.logins[Post.CSL]).open("/roster/")
    page.set_viewport_size({"width": SHEET[0], "height": SHEET[1]})
    page.emulate_media(media="print")
    assert page.locator(".roster-grid").is_visible()
    assert not page.locator(".roster-list").is_visible()
