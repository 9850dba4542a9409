"""What becomes of a wish to look at more, of a list released on its own page, and of the review of posts.

more_looks: agreed to, refused. import_release: settled on the page of imports. access_review: confirmed by
the lead, by the manager once it is late, or by nobody.
"""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM, Actor, Json
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_post
from handlers.estate import importing
from handlers.estate.more_looks import REVEALS, extra
from handlers.safety import more_looks
from handlers.staffing import reviewing
from handlers.staffing.records import staffing_case
from tests.browser.ways import AtHome, company, crowd, fill, home, town
from tests.handlers.estate.lists_made import row, workbook
from tests.handlers.inline import inline_worker

__all__ = ["company", "crowd", "home", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.mark.parametrize("outcome", ["approve", "refuse"])
def test_more_looks_are_agreed_to_or_refused_by_the_lead(home: AtHome, outcome: str) -> None:
    desk, clerk = home.desk, home.desk.staff(Post.CS)
    number = desk.engine.run(clerk, lambda work: more_looks.ask(work, REVEALS, desk.community, "整栋停水"))
    why: dict[str, Json] = {"reason": "先用公告"} if outcome == "refuse" else {}
    assert home.seen(number, "decide", desk.desk_lead, outcome=outcome, **why) == []
    with desk.engine.reading(clerk) as work:
        assert extra(work, REVEALS) == (20 if outcome == "approve" else 0)


def test_a_list_that_is_released_on_its_page_leaves_no_step(home: AtHome) -> None:
    desk = home.desk
    importing.import_estate(desk.engine, desk.desk_lead, workbook([row(房号="903")]))
    inline_worker(desk.engine).drain()
    number = home.newest_of("import_release")
    assert desk.steps(number) == ["release"]
    screen = home.screen(desk.second_lead)
    home.go(screen, desk.second_lead, "/imports/")
    screen.page.locator("main a[href^='/imports/']").first.click()
    form = "main form[action$='/release']"
    fill(screen.page, {"compared": True}, form)
    screen.press(f"{form} .btn-primary")
    inline_worker(desk.engine).drain()
    assert desk.steps(number) == []


# --- the review of posts, in the first days of a quarter: the clock goes on for years -----------------------


def review(home: AtHome, year: int) -> tuple[str, Actor]:
    """Begin the reviews of a quarter, and return that of the desk with who leads it."""
    desk = home.desk
    desk.clock.set(datetime(year, 1, 2, 2, tzinfo=UTC))
    reviewing.watch(desk.engine)
    with desk.engine.reading(SYSTEM) as work:
        query = (
            select(staffing_case).where(staffing_case.c.kind == "review").order_by(staffing_case.c.id.desc())
        )
        number = next(one.number for one in work.connection.execute(query) if one.posts[0] == "csl")
    return number, Actor(desk.task(number, "confirm").assignee_id, "staff")


def holds(home: AtHome, clerk: Actor) -> bool:
    """Tell whether somebody has a post."""
    with home.desk.engine.reading(clerk) as work:
        return bool(work.memberships)


def test_the_lead_ends_the_post_of_one_who_left_the_team(home: AtHome) -> None:
    desk = home.desk
    gone = desk.staff(Post.CS)
    number, lead = review(home, 2031)
    with desk.engine.reading(SYSTEM) as work:
        query = select(account_post.c.id).where(account_post.c.account_id == gone.id)
        post = str(work.connection.execute(query).scalar_one())
    assert home.seen(number, "confirm", lead, ended=[post], seen=True) == []
    assert (holds(home, gone), holds(home, desk.clerk)) == (False, True)


@pytest.mark.parametrize("answered", [True, False])
def test_what_no_lead_answers_goes_to_the_manager_and_then_the_posts_are_suspended(
    home: AtHome, *, answered: bool
) -> None:
    desk = home.desk
    number, _ = review(home, 2032 if answered else 2033)
    desk.later(days=10, minutes=1)
    assert desk.steps(number) == ["confirm_by_manager"]
    if answered:
        assert home.seen(number, "confirm_by_manager", desk.manager, seen=True) == []
    else:
        desk.later(days=5)
        assert desk.steps(number) == []
    assert holds(home, desk.clerk) is answered
