"""Pages of repair staff on a phone: accessible, and everything that is pressed is large enough."""

import pytest

from handlers.accounts.permissions import Post
from handlers.repair import reporting
from handlers.repair.records import Area
from handlers.repair.reporting import Report
from tests.browser.conftest import OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.finishing import accepted, do, nearly_done, on_site, task_id
from tests.browser.seeing import expect_accessible

pytestmark = pytest.mark.browser

# What is pressed and lower than 44 pixels; a link inside a text is as high as the text.
SMALL = """() => [...document.querySelectorAll(
    'main :is(button:not(.link), summary, select, a.btn, .job > a, label.choice, input.input)'
)].filter((one) => one.offsetParent && one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML.slice(0, 120))"""


# In how many rows the other ways of a step stand beside the thumb.
ROWS = """() => new Set(
    [...document.querySelectorAll('.ways .btn:not([hidden])')].map((one) => one.offsetTop)
).size"""


# How far the page's own room below goes beyond the bar of the step, which covers the rest of it.
ROOM = """() => {
    const bar = document.querySelector('.has-ways .thumb');
    return parseFloat(getComputedStyle(document.body).paddingBottom) - bar.offsetHeight;
}"""
MOST_ROOM_PX = 24


def expect_large(repairer: Visitor) -> None:
    assert repairer.page.evaluate(SMALL) == [], repairer.page.url


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_step_of_a_job_is_accessible_and_large_enough(
    town: Town, visit: Visitors, language: str
) -> None:
    repairer = visit(PHONE, language=language).sign_in(town.logins[Post.RP])
    found, came, done = accepted(town, "灯一直闪"), on_site(town, "灯一直闪"), nearly_done(town, "灯一直闪")
    steps = [(found, "take"), (came, "diagnose"), (done, "finish")]
    paths = ["/crew/", "/crew/?by=building", "/crew/prices"]
    for path in [*paths, *(f"/tasks/{task_id(town, number, step)}" for number, step in steps)]:
        repairer.open(path)
        expect_accessible(repairer, path)
        expect_large(repairer)
        assert repairer.page.evaluate(ROWS) <= 2, path
        if "/tasks/" in path:
            assert 0 <= repairer.page.evaluate(ROOM) <= MOST_ROOM_PX, path
    repairer.page.check("[name=signed]")
    repairer.page.tap("[data-sign-open]")
    expect_accessible(repairer, "the sheet to sign on")
    for number, step in steps[:1]:
        do(town, number, step, town.people[Post.RP], outcome="taken")


# Whether the box that has to be ticked has the focus and stands above the bar of the step.
IN_SIGHT = """() => {
    const field = document.activeElement, box = field.getBoundingClientRect();
    const bar = document.querySelector('.has-ways .thumb').getBoundingClientRect();
    return field.name === "card_left" && box.top >= 0 && box.bottom <= bar.top;
}"""


def test_who_chooses_that_nobody_was_there_sees_what_is_to_be_ticked(town: Town, visit: Visitors) -> None:
    repairer = visit(PHONE).sign_in(town.logins[Post.RP])
    number = accepted(town, "灯一直闪")
    for step, outcome in (("take", "taken"), ("appoint", "soon")):
        do(town, number, step, town.people[Post.RP], outcome=outcome)
    repairer.open(f"/tasks/{task_id(town, number, 'arrive')}")
    repairer.page.tap("[data-way=absent]")
    repairer.page.wait_for_function(IN_SIGHT)
    repairer.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    repairer.page.tap(".thumb .btn-primary")
    repairer.page.wait_for_function(IN_SIGHT)


def test_an_urgent_call_is_accessible(town: Town, visit: Visitors) -> None:
    clerk = town.world.staff(Post.CS)
    report = Report(Area.PRIVATE, "W01", "水管爆了", "陈静", OWNER, house_id=town.world.house)
    repairer = visit(PHONE, language="en").sign_in_by_form(town.logins[Post.RP])
    with town.engine.work(clerk) as work:
        reporting.report_found(work, report)
    repairer.page.reload()
    repairer.page.wait_for_selector("#ring[open]")
    expect_accessible(repairer, "the call that rings")
