"""Leads act on several tasks of the inbox at once."""

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


def test_without_a_choice_nothing_is_done(site: Site) -> None:
    assert site.browser(Post.CSL).post("/inbox", {"act": "claim"}, page="/inbox").status_code == 422


def test_a_clerk_cannot_act_on_several(site: Site) -> None:
    assert site.browser(Post.CS).post("/inbox", {"act": "claim"}, page="/inbox").status_code == 403
    assert 'id="several"' not in site.browser(Post.CS).get("/inbox").text
