"""What is typed into the smaller forms of a task's page is kept and given back until it was sent."""

import re
from io import BytesIO

import pytest

from handlers.accounts.permissions import Post
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site
from tests.web.test_case_files import PDF


def keep(browser: Browser, task_id: int, form: str, **typed: object) -> int:
    """Keep what was typed as the script of the page does."""
    address = f"/tasks/{task_id}/draft?form={form}"
    return browser.post(address, {**typed, "_touched": list(typed)}, page="/inbox").status_code


@pytest.mark.parametrize(
    ("form", "typed", "shown"),
    [
        ("comment", {"text": "业主说晚上在家"}, ">业主说晚上在家</textarea>"),
        ("reassign", {"reason": "同事更熟"}, ">同事更熟</textarea>"),
        ("remind", {"remind_on": "2026-11-24T09:30"}, 'value="2026-11-24T09:30"'),
    ],
)
def test_what_was_typed_stands_there_again_in_an_open_form_and_for_its_writer_alone(
    site: Site, form: str, typed: dict[str, object], shown: str
) -> None:
    task_id = site.task(site.start("K1"))
    clerk, colleague = site.browser(Post.CS), site.browser(site.world.staff(Post.CS))
    clerk.post(f"/tasks/{task_id}/claim", page="/inbox")

    assert keep(clerk, task_id, form, **typed) == 204

    page = clerk.get(f"/tasks/{task_id}").text
    assert shown in page
    assert re.search(r'<details class="more"[^>]* open>', page)
    assert 'form="discard-' not in page, "the form of the step holds no draft"
    assert shown not in colleague.get(f"/tasks/{task_id}").text


def test_the_forms_of_one_page_do_not_undo_each_other(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)
    keep(clerk, task_id, "comment", text="备注一半")
    form = {"outcome": "refuse", "reason": "不在范围", "_touched": ["outcome", "reason"]}
    clerk.post(f"/tasks/{task_id}/draft", form, page="/inbox")
    page = clerk.get(f"/tasks/{task_id}").text
    assert ">备注一半</textarea>" in page
    assert ">不在范围</textarea>" in page

    clerk.post(f"/tasks/{task_id}/draft/discard", page="/inbox")
    page = clerk.get(f"/tasks/{task_id}").text
    assert ">备注一半</textarea>" in page
    assert "不在范围" not in page


def test_what_was_sent_is_not_given_back(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)
    keep(clerk, task_id, "comment", text="说完了")
    clerk.post(f"/tasks/{task_id}/comment", {"text": "说完了"}, page="/inbox")
    assert "说完了</textarea>" not in clerk.get(f"/tasks/{task_id}").text


def test_files_that_were_sent_ahead_of_a_remark_survive_loading_the_page_again(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)
    sent = {"file": (BytesIO(PDF), "a.pdf")}
    taken = clerk.post("/attachments/", sent, page="/inbox", Accept="application/json").get_json()

    keep(clerk, task_id, "comment", text="", **{"files[]": taken["id"]})

    assert f'name="files[]" value="{taken["id"]}" checked' in clerk.get(f"/tasks/{task_id}").text


def test_a_remark_sent_after_the_session_ended_comes_back_through_the_sign_in(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    who = site.staff(Post.CS)
    form = {"text": "登录失效前写的", "_who": str(who.id)}
    stranger = site.anonymous()
    answer = stranger.post(f"/tasks/{task_id}/comment", form)
    assert answer.status_code == 401
    kept = re.search(r'name="kept" value="([^"]+)"', answer.text)
    assert kept is not None

    signing = {"login": site.world.login_of(who), "password": PASSWORD, "kept": kept[1]}
    assert stranger.post("/sign-in", signing).status_code == 302

    assert ">登录失效前写的</textarea>" in stranger.get(f"/tasks/{task_id}").text


def test_a_remark_half_written_when_somebody_closed_the_task_is_given_back(site: Site) -> None:
    task_id = site.task(site.start("K1"))
    clerk = site.browser(Post.CS)
    keep(clerk, task_id, "comment", text="写到一半")
    faster = site.browser(site.world.staff(Post.CS))
    faster.post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")
    assert "写到一半" in clerk.get(f"/tasks/{task_id}").text
