"""Somebody is reminded of a task when they wanted: once by message, and above the list until they say so."""

import pytest
from sqlalchemy import select

from engine import reminders
from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.store.tables import task_reminder
from handlers.accounts.permissions import Post
from handlers.shared.records import outbox_job
from tests.web.conftest import Site

NOON = "2026-11-23T12:00"


def told(site: Site) -> list[dict[str, object]]:
    """Return what the messages about reminders are to say."""
    with site.engine.reading(SYSTEM) as work:
        args = [row.args for row in work.connection.execute(select(outbox_job))]
    return [one for one in args if one.get("template") == "task_follow_up"]


def remind(site: Site, task_id: int, post: Post = Post.CS, at: str = NOON) -> None:
    answer = site.browser(post).post(f"/tasks/{task_id}/reminder", {"remind_at": at}, page="/inbox")
    assert answer.status_code == 302, answer.text


def test_a_task_comes_back_at_its_moment_and_its_message_is_sent_once(
    site: Site, clock: SettableClock
) -> None:
    task_id = site.task(site.start("K1"))
    remind(site, task_id)
    assert 'class="due"' not in site.browser(Post.CS).get("/inbox").text
    assert reminders.fire_due(site.engine) == 0

    clock.advance(hours=3)

    assert reminders.fire_due(site.engine) == 1
    assert reminders.fire_due(site.engine) == 0
    assert [one["to"] for one in told(site)] == [[str(site.staff(Post.CS).id)]]
    clerk = site.browser(Post.CS)
    for page in ("/inbox", "/inbox/counts"):
        assert f'class="due" data-task="{task_id}"' in clerk.get(page).text
    assert 'class="due"' not in site.browser(Post.CSL).get("/inbox").text, "nobody else is reminded"

    clerk.post(f"/inbox/reminders/{task_id}/done", page="/inbox")
    assert 'class="due"' not in clerk.get("/inbox").text


def test_reminders_have_a_list_with_their_moments_and_a_later_moment_replaces_an_earlier_one(
    site: Site, clock: SettableClock
) -> None:
    first, second = (site.task(site.start(number)) for number in ("K1", "K2"))
    remind(site, first, at="2026-11-24T09:00")
    remind(site, second)
    clock.advance(hours=3)
    assert reminders.fire_due(site.engine) == 1
    remind(site, second, at="2026-11-25T09:00")

    page = site.browser(Post.CS).get("/inbox?view=reminded").text

    assert page.index(f'id="row-{first}"') < page.index(f'id="row-{second}"')
    assert "11-25 09:00" in page
    clock.advance(hours=48)
    assert reminders.fire_due(site.engine) == 2, "it is sent again at the later moment"


def test_a_task_that_is_done_reminds_nobody(site: Site, clock: SettableClock) -> None:
    task_id = site.task(site.start("K1"))
    remind(site, task_id)
    site.browser(Post.CS).post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")
    clock.advance(hours=3)

    assert reminders.fire_due(site.engine) == 0
    with site.engine.reading(SYSTEM) as work:
        assert work.connection.execute(select(task_reminder)).first() is None


def test_who_may_not_look_at_a_task_any_longer_is_shown_nothing_of_it(
    site: Site, clock: SettableClock
) -> None:
    task_id = site.task(site.start("K1"))
    stranger = {"task_id": task_id, "actor_id": site.staff(Post.ADM).id}
    with site.engine.work(SYSTEM) as work:
        moments = {"remind_at": work.now, "set_at": work.now}
        work.connection.execute(task_reminder.insert().values(**stranger, **moments))
    clock.advance(minutes=1)
    page = site.browser(Post.ADM).get("/inbox?view=reminded").text
    assert "配钥匙" not in page


@pytest.mark.parametrize("at", ["2026-11-23T01:00", "2029-01-01T09:00", "morgen"])
def test_a_moment_that_is_no_future_is_refused_and_given_back(site: Site, at: str) -> None:
    task_id = site.task(site.start("K1"))
    answer = site.browser(Post.CS).post(f"/tasks/{task_id}/reminder", {"remind_on": at}, page="/inbox")
    assert answer.status_code == 422
    assert f'value="{at}"' in answer.text


def test_a_stranger_cannot_be_reminded_of_a_task(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    form = {"remind_at": NOON}
    answer = site.browser(Post.ADM).post(f"/tasks/{task_id}/reminder", form, page="/inbox")
    assert answer.status_code == 404
