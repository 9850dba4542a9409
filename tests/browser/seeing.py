"""What a reader would object to on a page, found in the browser: text that is cut, or lies on other text."""

import re
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Visitor

Looks = tuple[tuple[tuple[int, int], Literal["light", "dark"]], ...]
LOOKS: Looks = ((DESKTOP, "light"), (PHONE, "dark"))
AT_A_DESK: Looks = ((DESKTOP, "light"), (DESKTOP, "dark"))

# Looks at every piece of text that is shown. Text may scroll or be shortened with dots where its row says so;
# it may not be clipped without a sign, nor lie on other text.
LOOK = """() => {
  const found = [];
  const shown = (node) => {
    const style = getComputedStyle(node);
    if (style.visibility === "hidden" || style.display === "none" || style.opacity === "0") return false;
    const box = node.getBoundingClientRect();
    return box.width > 1 && box.height > 1;
  };
  const apart = ".sr, .skip, dialog:not([open]), [hidden], .canvas, .canvas-paper, .bar, .dock";
  const clipped = (node) => {
    for (let at = node; at; at = at.parentElement) {
      if (getComputedStyle(at).clipPath.startsWith("inset(50%")) return true;
    }
    return false;
  };
  const folded = (node) => node.closest("details:not([open])") && !node.closest("summary");
  const hidden = (node) => node.closest(apart) || folded(node) || clipped(node);
  const leaves = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const parent = text.parentElement;
    if (!text.data.trim() || !parent || hidden(parent) || !shown(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) {
      if (box.width > 2 && box.height > 2) leaves.push({ parent, box, text: text.data.trim().slice(0, 30) });
    }
    const style = getComputedStyle(parent);
    const cuts = ["hidden", "clip"].includes(style.overflowX) && style.textOverflow !== "ellipsis";
    const isCut = cuts && parent.scrollWidth > parent.clientWidth + 2;
    if (isCut) found.push(`cut: ${text.data.trim().slice(0, 40)}`);
  }
  leaves.sort((a, b) => a.box.top - b.box.top);
  for (let i = 0; i < leaves.length; i += 1) {
    for (let k = i + 1; k < leaves.length && leaves[k].box.top < leaves[i].box.bottom; k += 1) {
      const [a, b] = [leaves[i], leaves[k]];
      if (a.parent === b.parent || a.parent.contains(b.parent) || b.parent.contains(a.parent)) continue;
      const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      const inMenu = (node) => node.closest("details.menu, .pane, .acts");
      if (inMenu(a.parent) || inMenu(b.parent)) continue;
      if (wide > 4 && high > 6) found.push(`overlap: ${a.text} / ${b.text}`);
    }
  }
  return [...new Set(found)].slice(0, 5);
}"""


def objections(page: Page) -> list[str]:
    """Return what a reader would object to on the open page."""
    found: list[str] = page.evaluate(LOOK)
    return found


def expect_accessible(visitor: Visitor, path: str, within: str | None = None) -> None:
    """Fail for whatever on the open page, or in a part of it, axe calls serious."""
    found = Axe().run(visitor.page, within, {"resultTypes": ["violations"]}).response["violations"]
    serious = [
        (one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")
    ]
    assert serious == [], (path, serious)


def expect_accessible_everywhere(
    visitor: Visitor, state: str, looks: Looks = LOOKS, within: str | None = None
) -> None:
    """Let axe look at the open page at a desk by day and on a phone in the dark; it ends as it began."""
    page, size = visitor.page, visitor.page.viewport_size
    assert size is not None
    for (width, height), scheme in looks:
        page.set_viewport_size({"width": width, "height": height})
        # Without motion: a colour that is on its way from one look to the other has the contrast of neither.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect_accessible(visitor, f"{state}, {width} px, {scheme}", within)
        visitor.expect_readable()
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": size["width"], "height": size["height"]})


def copied(visitor: Visitor, button: str) -> str:
    """Press a button that copies, and return what lies in the clipboard then."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=visitor.address)
    visitor.page.click(button)
    expect(visitor.page.locator(button)).to_have_text(re.compile("已复制|Copied"))
    text: str = visitor.page.evaluate("navigator.clipboard.readText()")
    return text
