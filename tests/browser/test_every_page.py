"""Every page at a desk and on a phone: it fits, can be read in English, and is open to everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.finishing import reported, task_id
from tests.browser.seeing import expect_accessible

pytestmark = pytest.mark.browser

CLERK = (
    "/inbox",
    "/inbox?view=done",
    "/overdue?by=person",
    "/processes/",
    "/processes/repair",
    "/desk/",
    "/shift/",
    "/roster/",
    "/checks/",
    "/checks/?view=settled",
)
LEAD = ("/roster/", "/roster/?mode=plan", "/imports/", "/jobs/")
OWN = ("/account/password", "/account/sessions", "/odd", "/nothing-here")
STAFF = ("/staff/", "/staff/new", "/staff/joining")
ADMINISTRATOR = ("/processes/deploy", "/incidents/", "/safety/")
ODD = "/odd"
RESIDENT = (
    "/home/data",
    "/home/household/",
    "/home/letting/",
    "/texts/authorisation",
    *OWN,
)


@pytest.fixture(scope="module")
def number(town: Town) -> str:
    """A report that waits to be accepted."""
    return reported(town, "灯一直闪")


def pages(visitor: Visitor, paths: tuple[str, ...]) -> Iterator[str]:
    """Open each page, expect it to fit the screen, and yield its path."""
    for path in paths:
        page = visitor.open(path)
        if page.locator("[data-diagram]").count():
            page.wait_for_selector("[data-drawn]")
        yield path


def test_what_a_clerk_opens_most_fits_a_phone_speaks_english_and_is_accessible(
    town: Town, visit: Visitors, number: str
) -> None:
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    step = f"/tasks/{task_id(town, number, 'accept')}"
    for path in pages(clerk, ("/inbox", "/desk/", f"/cases/{number}", step)):
        expect_accessible(clerk, path)


@pytest.mark.long
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_pages_of_staff_fit_speak_english_and_are_accessible(
    town: Town, visit: Visitors, number: str, size: tuple[int, int]
) -> None:
    clerk = visit(size, language="en").sign_in(town.logins[Post.CS])
    case = f"/cases/{number}"
    for path in pages(clerk, (*CLERK, case, f"/repairs/{number}/contact", *OWN)):
        expect_accessible(clerk, path)
    clerk.open(case)
    step = clerk.page.locator("table a[href*='/tasks/']").first.get_attribute("href") or ""
    for path in pages(clerk, (step,)):
        expect_accessible(clerk, path)
    lead = visit(size, language="en").sign_in(town.logins[Post.CSL])
    place = f"/roster/{town.world.community}"
    for path in pages(lead, (*LEAD, f"{place}/add", f"{place}/teams", f"{place}/settings")):
        expect_accessible(lead, path)
    registry = visit(size, language="en").sign_in(town.logins[Post.ADM])
    for path in pages(registry, ("/workdays/", *STAFF)):
        expect_accessible(registry, path)
    administrator = visit(size, language="en").sign_in(town.logins[Post.SYS])
    for path in pages(administrator, ADMINISTRATOR):
        expect_accessible(administrator, path)


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param(("/home/", "/home/report", "/home/reports/{number}"), id="repairs"),
        pytest.param(RESIDENT, id="others", marks=pytest.mark.long),
    ],
)
def test_pages_of_residents_fit_a_phone_speak_english_and_are_accessible(
    visit: Visitors, number: str, paths: tuple[str, ...]
) -> None:
    owner = visit(PHONE, language="en").sign_in(OWNER)
    for path in pages(owner, tuple(path.format(number=number) for path in paths)):
        expect_accessible(owner, path)


def test_a_residents_page_costs_less_than_sixty_kilobytes(visit: Visitors, number: str) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    weights: list[int] = []
    caching = owner.page.context.new_cdp_session(owner.page)
    caching.send("Network.setCacheDisabled", {"cacheDisabled": True})  # each page as if it were the first
    owner.page.on("requestfinished", lambda sent: weights.append(sent.sizes()["responseBodySize"]))
    for path in ("/home/", "/home/report", f"/home/reports/{number}"):
        weights.clear()
        owner.open(path)
        owner.page.wait_for_load_state("networkidle")
        assert 0 < sum(weights) < 60_000, (path, weights)


def test_a_click_opens_the_task_beside_the_list_and_keys_move_through_it(
    town: Town, visit: Visitors, number: str
) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    page = clerk.open("/inbox")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#pane h1")
    assert "/inbox?task=" in page.url, "loading the page again opens the same task"
    assert page.locator(".row a[aria-current]").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()


def test_on_a_phone_the_row_opens_the_page_of_the_task(town: Town, visit: Visitors, number: str) -> None:
    clerk = visit(PHONE).sign_in(town.logins[Post.CS])
    clerk.open("/inbox")
    clerk.page.locator(".row a").first.click()
    clerk.page.wait_for_url("**/tasks/*")


def test_the_outcome_names_the_button_and_shows_its_fields(town: Town, visit: Visitors, number: str) -> None:
    clerk = visit(DESKTOP).sign_in(town.logins[Post.CS])
    page = clerk.open(f"/cases/{number}")
    page.locator("table a[href*='/tasks/']").first.click()
    button = page.locator("[data-primary]")
    before = button.inner_text()
    page.locator("[name=outcome][value=more_info]").check()
    assert button.inner_text() != before
    assert page.locator("[name=question]").is_visible()
    assert not page.locator("[name=worker_id]").is_visible()


@pytest.mark.long
def test_the_roster_scrolls_within_itself_between_a_desk_and_a_phone(town: Town, visit: Visitors) -> None:
    visit((900, 800)).sign_in(town.logins[Post.CSL]).open("/roster/")


@pytest.mark.long
def test_an_incident_and_its_first_step_are_accessible_on_a_phone(town: Town, visit: Visitors) -> None:
    clerk = visit(PHONE, language="en").sign_in(town.logins[Post.CS])
    clerk.open(ODD).locator("main [type=radio]").first.check()
    clerk.page.fill("main textarea", "A computer was left unlocked")
    clerk.press("main form .btn-primary")
    expect_accessible(clerk, clerk.page.url)
    system = visit(PHONE, language="en").sign_in(town.logins[Post.SYS])
    links = system.open("/safety/").locator("main a[href^='/safety/S']")
    steps = system.open("/inbox?view=all").locator("a[href*='/tasks/']")
    expect(steps).not_to_have_count(0)
    step = steps.first.get_attribute("href")
    system.open("/safety/")
    incident = links.first.get_attribute("href")
    for path in filter(None, (incident, step)):
        system.open(path)
        expect_accessible(system, path)
