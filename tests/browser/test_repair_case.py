"""A whole repair by the pages: reported, accepted, taken, quoted, agreed, repaired, confirmed and rated."""

from pathlib import Path

import pytest

from handlers.accounts.permissions import Post
from tests.browser.conftest import OWNER, PHONE, Town, Visitor, Visitors

pytestmark = pytest.mark.browser


def fill_in(owner: Visitor, text: str) -> None:
    """Fill the form of a report in: a lamp in the home."""
    owner.open("/home/report")
    owner.page.click("label[for=w-power]")
    owner.page.check("[name=fault][value=P04]")
    owner.page.fill("[name=description]", text)


def report(owner: Visitor, text: str) -> str:
    """Report a private fault and return its number."""
    fill_in(owner, text)
    owner.send()
    return owner.page.url.rstrip("/").split("/")[-1]


def open_step(visitor: Visitor, number: str) -> str:
    """Open the step of a case that waits for somebody, by the table of its page; return the step's name."""
    visitor.open(f"/cases/{number}")
    visitor.page.locator("table a[href*='/tasks/']").first.click()
    visitor.page.wait_for_url("**/tasks/*")
    visitor.expect_readable()
    return visitor.page.locator("h1").inner_text().strip()


def choose(visitor: Visitor, name: str, value: str) -> None:
    visitor.page.locator(f"[name='{name}'][value='{value}']").check()


# What people write, in their language: lamp, finding, part.
WRITTEN = {
    "zh": ("洗手间的灯不亮了", "灯座烧坏，需更换", "灯座"),
    "en": ("The bathroom light is dead", "The lamp holder is burnt, to be replaced", "Lamp holder"),
}


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_a_repair_from_report_to_rating(town: Town, visit: Visitors, photo: Path, language: str) -> None:
    owner = visit(PHONE, language=language).sign_in_by_form(OWNER)
    clerk = visit(language=language).sign_in_by_form(town.logins[Post.CS])
    repairer = visit(PHONE, language=language).sign_in_by_form(town.logins[Post.RP])
    fault, finding, part = WRITTEN[language]
    number = report(owner, fault)

    open_step(clerk, number)
    clerk.send()  # accept; the best worker is proposed

    open_step(repairer, number)
    repairer.send()  # take
    assert "/tasks/" in repairer.page.url, "the next step of the case opens by itself"
    repairer.send()  # come soon
    repairer.send()  # arrived
    choose(repairer, "outcome", "quote")
    repairer.page.fill("[name=finding]", finding)
    repairer.send()
    repairer.page.select_option("[name='lines.0.price_code']", "E02")
    assert repairer.page.input_value("[name='lines.0.quantity']") == "1"
    repairer.page.fill("[name=other]", "5.5")
    repairer.page.fill("[name=other_name]", part)
    assert "¥35.50" in repairer.page.inner_text("[data-sum]")
    repairer.send()

    owner.open(f"/home/reports/{number}")
    choose(owner, "outcome", "agree")
    owner.send()

    open_step(repairer, number)
    repairer.send()  # the work is done
    repairer.page.set_input_files("input[type=file]", photo)
    repairer.page.wait_for_selector("[data-shown] img")
    assert "¥35.50" in repairer.page.inner_text("[data-sum]"), "as agreed, to begin with"
    repairer.send()

    owner.open(f"/home/reports/{number}")
    choose(owner, "outcome", "satisfied")
    for mark in ("speed", "quality", "attitude"):
        owner.page.click(f"label[for=o-{mark}-4]")
    owner.send()

    page = owner.open("/home/")
    assert number in page.content()
    assert page.locator(f"a[href$='{number}'] .strip").count() == 0, "nothing is left to be done"
    clerk.open(f"/cases/{number}")
    clerk.page.wait_for_selector("[data-drawn]")
    assert clerk.page.locator(".djs-element.is-done").count() > 5


def test_a_second_click_sends_nothing_twice(visit: Visitors) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    fill_in(owner, "双击也只报一次")
    with owner.page.expect_navigation():
        owner.page.dblclick("[data-primary]")
    page = owner.open("/home/")
    assert page.locator(".report", has_text="插座").count() >= 1
    page.goto(page.url)
    texts = [owner.open(href).content() for href in hrefs(owner)]
    assert sum("双击也只报一次" in text for text in texts) == 1


def hrefs(visitor: Visitor) -> list[str]:
    """List the addresses of the reports on the resident's front page."""
    visitor.open("/home/")
    links = visitor.page.locator(".reports a").all()
    return [link.get_attribute("href") or "" for link in links]


def test_the_whole_flow_of_a_step_works_without_scripts(town: Town, visit: Visitors) -> None:
    owner = visit(PHONE, scripts=False).sign_in_by_form(OWNER)
    number = report(owner, "没有脚本也能报修")
    clerk = visit(scripts=False).sign_in(town.logins[Post.CS])
    open_step(clerk, number)
    choose(clerk, "outcome", "more_info")
    clerk.press("noscript button, button[formnovalidate]")
    assert clerk.page.locator("[name=question]").is_visible()
    clerk.page.fill("[name=question]", "灯是完全不亮还是会闪？")
    clerk.send()
    owner.open(f"/home/reports/{number}")
    assert "灯是完全不亮还是会闪？" in owner.page.content()
