"""Leads act on several tasks of the inbox at once."""

from handlers.accounts.permissions import Post
from tests.engine.models import Model
from tests.web.conftest import PROCEDURE, Site


def open_to_leads(site: Site, *numbers: str) -> list[str]:
    """Open a step that leads find in their list for each number, and return the ids of the steps."""
    sheet = Model(PROCEDURE).start().user("accept", group="csl", form="keys_accept").end()
    site.deploy(sheet.flow("start", "accept", "end"))
    return [str(site.task(site.start(number))) for number in numbers]


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


def test_a_refused_form_keeps_what_was_chosen_and_typed(site: Site) -> None:
    (task,) = open_to_leads(site, "K1")
    form = {"task": [task], "act": "move", "reason": "停电", "due_at": "1026-11-23T18:00"}

    page = site.browser(Post.CSL).post("/inbox", form, page="/inbox").text

    assert f'value="{task}" form="several" checked' in page
    assert 'name="reason" value="停电"' in page
    assert 'name="due_at" value="1026-11-23T18:00"' in page
    assert '<details class="more" open><summary>办理所选' in page


def test_only_what_was_not_done_stays_chosen(site: Site) -> None:
    first, second = open_to_leads(site, "K1", "K2")
    lead = site.browser(Post.CSL)
    lead.post("/inbox", {"task": [first], "act": "remind"}, page="/inbox")

    page = lead.post("/inbox", {"task": [first, second], "act": "remind"}, page="/inbox").text

    assert f'value="{first}" form="several" checked' in page
    assert f'value="{second}" form="several">' in page


def test_what_was_done_leaves_nothing_behind(site: Site) -> None:
    form = {"task": open_to_leads(site, "K1"), "act": "move", "reason": "停电"}

    page = site.browser(Post.CSL).post("/inbox", form | {"due_at": "2026-11-23T18:00"}, page="/inbox").text

    assert 'form="several">' in page
    assert 'form="several" checked' not in page
    assert 'value="停电"' not in page


def test_a_clerk_cannot_act_on_several(site: Site) -> None:
    assert site.browser(Post.CS).post("/inbox", {"act": "claim"}, page="/inbox").status_code == 403
    assert 'id="several"' not in site.browser(Post.CS).get("/inbox").text
