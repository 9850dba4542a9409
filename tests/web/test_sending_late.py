"""What scripts send in the background is answered for scripts: where to go, or what was wrong."""

import io

from handlers.accounts.permissions import Post
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Browser, Site


def send(
    browser: Browser, path: str, data: dict[str, object], page: str = "/inbox"
) -> tuple[int, dict[str, object]]:
    """Send as the scripts of a page do."""
    token = browser.get(page).text.split('name="csrf-token" content="')[1].split('"')[0]
    answer = browser.client.post(
        path, data=data, headers={"Accept": "application/json", "X-CSRFToken": token}
    )
    return answer.status_code, answer.get_json(silent=True) or {}


def photo() -> tuple[io.BytesIO, str]:
    return io.BytesIO(picture()), "a.jpg"


def test_a_script_is_told_where_the_step_leads(site: Site) -> None:
    task_id = site.task(site.start())
    sent = send(site.browser(Post.CS), f"/tasks/{task_id}/complete", {"outcome": "accept"})
    left = {"left": str(task_id), "task": "", "said": "已办结"}
    assert sent == (200, {"next": "/inbox", **left})


def test_a_step_sent_late_says_nothing_on_the_page_that_happens_to_be_open(site: Site) -> None:
    clerk = site.browser(Post.CS)
    send(clerk, f"/tasks/{site.task(site.start())}/complete", {"outcome": "accept", "_late": "1"})
    assert "已办结" not in clerk.get("/account/password").text


def test_a_refusal_names_the_field_and_the_reason(site: Site) -> None:
    task_id = site.task(site.start())
    form = {"outcome": "refuse", "reason": "很" * 41}
    status, said = send(site.browser(Post.CS), f"/tasks/{task_id}/complete", form)
    assert status == 422
    assert said["fields"] == {"reason": "最多 40 个字"}


def test_a_conflict_says_who_was_faster(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    send(clerk, f"/tasks/{task_id}/complete", {"outcome": "accept", "_key": "1"})
    status, said = send(clerk, f"/tasks/{task_id}/complete", {"outcome": "accept", "_key": "2"})
    assert status == 409
    assert "已由" in str(said["message"])


def test_a_photo_sent_twice_under_one_key_is_kept_once(site: Site) -> None:
    repairer = site.browser(Post.RP)
    first = send(repairer, "/attachments/", {"file": photo(), "_key": "photo-1"})
    again = send(repairer, "/attachments/", {"file": photo(), "_key": "photo-1"})
    other = send(repairer, "/attachments/", {"file": photo(), "_key": "photo-2"})
    assert first == again
    assert other[1] != first[1]


def test_a_photo_taken_out_of_the_form_is_deleted_and_its_key_can_be_used_again(site: Site) -> None:
    repairer = site.browser(Post.RP)
    _, first = send(repairer, "/attachments/", {"file": photo(), "_key": "photo-1"})
    assert send(repairer, f"/attachments/{first['id']}/discard", {})[0] == 200
    assert repairer.get(f"/attachments/{first['id']}").status_code == 404
    status, again = send(repairer, "/attachments/", {"file": photo(), "_key": "photo-1"})
    assert (status, again != first) == (200, True)


def test_nobody_discards_somebody_elses_photo(site: Site) -> None:
    _, kept = send(site.browser(Post.RP), "/attachments/", {"file": photo()})
    assert send(site.browser(Post.CS), f"/attachments/{kept['id']}/discard", {})[0] == 404


def test_a_broken_photo_is_refused_with_the_reason(site: Site) -> None:
    broken = (io.BytesIO(b"no picture"), "a.jpg")
    status, said = send(site.browser(Post.RP), "/attachments/", {"file": broken})
    assert status == 422
    assert "只能上传照片" in str(said["message"])


def test_the_worker_keeps_built_files_and_the_page_without_data(site: Site) -> None:
    code = site.anonymous().get("/worker.js")
    page = site.browser(Post.CS).get("/offline")
    if code.status_code == 200:  # nothing was built: pages work without it
        assert "/offline" in code.text
        assert code.headers["Cache-Control"] == "no-cache"
    assert "没有网络" in page.text
    assert "职员" not in page.text
