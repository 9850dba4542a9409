"""Leads act on several tasks of the inbox at once."""

import re
from datetime import timedelta

from sqlalchemy import insert, update

from engine import tasks
from engine.ports import SYSTEM
from engine.store.tables import task_candidate, user_task
from handlers.accounts.permissions import Post
from tests.web.conftest import Site


def test_several_tasks_get_more_time_and_each_result_is_told(site: Site) -> None:
    first, second = (str(site.task(site.start(number))) for number in ("K1", "K2"))
    form = {"task": [first, second, "5"], "act": "move", "reason": "停电", "due_at": "2026-11-23T18:00"}

    answer = site.browser(Post.CSL).post("/inbox", form, page="/inbox")

    assert answer.status_code == 200
    assert "K1" in answer.text
    assert "没有编号为 5 的任务" in answer.text
    assert "停电" in site.browser(Post.CSL).get(f"/tasks/{first}").text


def test_of_each_person_it_is_said_how_many_of_the_steps_they_may_take(site: Site) -> None:
    clerk, now = site.staff(Post.CS), site.engine.clock.now()
    site.world.shift(clerk, now - timedelta(hours=1), now + timedelta(hours=1))
    first, second = (site.task(site.start(number)) for number in ("K1", "K2"))
    site.engine.run(clerk, lambda work: tasks.claim(work, first))
    leads_too = {"group_code": Post.CSL, "scope_id": site.world.community}
    with site.engine.work(SYSTEM) as work:
        work.connection.execute(update(user_task).values(**leads_too))
        work.connection.execute(
            insert(task_candidate),
            [
                {
                    "task_id": task_id,
                    "group_code": Post.CS,
                    "scope_id": site.world.community,
                    "process_key": "keys",
                    "step_id": "accept",
                    "assignee_id": None,
                    "rank": 3,
                    "due_sort": now,
                }
                for task_id in (first, second)
            ],
        )
    page = site.browser(Post.CSL).get("/inbox?view=team").text
    assert re.search(rf'<option value="{clerk.id}" data-name="[^"]+">[^<]+ 1/2</option>', page)
    assert re.search(rf'value="{second}" form="several" data-takers="[^"]*{clerk.id}', page)


def test_without_a_choice_nothing_is_done(site: Site) -> None:
    assert site.browser(Post.CSL).post("/inbox", {"act": "claim"}, page="/inbox").status_code == 422


def test_a_clerk_cannot_act_on_several(site: Site) -> None:
    assert site.browser(Post.CS).post("/inbox", {"act": "claim"}, page="/inbox").status_code == 403
    assert 'id="several"' not in site.browser(Post.CS).get("/inbox").text
