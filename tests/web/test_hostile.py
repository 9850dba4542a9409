"""What no page of ours would send is answered as wrong, never as a failure of the platform."""

import base64
import json
import re
from collections.abc import Mapping
from io import BytesIO

import pytest

from handlers.accounts import sessions
from handlers.accounts.permissions import Post
from tests.web.conftest import Site
from web.numbers import ids
from web.routes_table import ROUTES

BEYOND = str(2**63)
STEPS = ("claim", "release", "reassign", "pause", "unpause", "move", "comment", "complete", "form")


def page_end(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "path", [f"/tasks/{BEYOND}", f"/attachments/{BEYOND}", f"/attachments/{BEYOND}/small"]
)
def test_an_id_larger_than_any_leads_nowhere(site: Site, path: str) -> None:
    assert site.browser(Post.CS).get(path).status_code == 404


@pytest.mark.parametrize("step", STEPS)
def test_nothing_can_be_done_with_an_id_larger_than_any(site: Site, step: str) -> None:
    form = {"reason": "x", "text": "x", "until": "2026-12-01T10:00", "due_at": "2026-12-01T10:00"}
    answer = site.browser(Post.PM).post(f"/tasks/{BEYOND}/{step}", form, page="/inbox")
    assert answer.status_code == 404


def test_a_task_cannot_be_handed_to_an_id_larger_than_any(site: Site) -> None:
    task_id = site.task(site.start())
    form = {"to": BEYOND, "reason": "x"}
    assert site.browser(Post.PM).post(f"/tasks/{task_id}/reassign", form, page="/inbox").status_code == 422


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59", "9999-12-31T23:59-23:59", "0001-01-01T00:00+23:59", "2026-13-01T00:00", ""]
)
def test_a_limit_cannot_be_moved_out_of_the_calendar(site: Site, moment: str) -> None:
    task_id = site.task(site.start())
    form = {"due_at": moment, "reason": "x"}
    assert site.browser(Post.PM).post(f"/tasks/{task_id}/move", form, page="/inbox").status_code == 422


@pytest.mark.parametrize(
    "after",
    [
        page_end(float("inf"), "2026-01-01T00:00:00+00:00", "5"),
        page_end(10**40, "2026-01-01T00:00:00+00:00", "5"),
        page_end(1, "0001-01-01T00:00:00+14:00", "5"),
        page_end(1, "2026-01-01T00:00:00+00:00", "9" * 40),
        page_end(1, None, None),
        base64.urlsafe_b64encode(b"[" * 20_000).decode(),
        "=",
    ],
)
def test_a_page_that_ends_nowhere_begins_at_the_first(site: Site, after: str) -> None:
    site.start()
    assert "配钥匙" in site.browser(Post.CS).get(f"/inbox?after={after}").text


@pytest.mark.parametrize(
    "query",
    [f"scope_id={BEYOND}", f"person_id={BEYOND}", "scope_id=²", f"after=2026-01-01T00:00:00~{BEYOND}"],
)
def test_late_steps_of_ids_larger_than_any_are_none_or_all(site: Site, query: str) -> None:
    assert site.browser(Post.PM).get(f"/overdue?{query}").status_code == 200


def test_an_empty_input_for_files_that_no_form_asked_for_counts_as_nothing(site: Site) -> None:
    task_id = site.task(site.start())
    form = {"outcome": "accept", "surprise": (BytesIO(b""), "")}
    answer = site.browser(Post.CS).post(f"/tasks/{task_id}/complete", form, page="/inbox")
    assert answer.status_code == 302


@pytest.mark.parametrize("text", ["钥\0匙", "\0"])
def test_a_text_no_database_can_keep_is_refused_before_any_command(site: Site, text: str) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    assert clerk.post(f"/tasks/{task_id}/comment", {"text": text}, page="/inbox").status_code == 400
    assert clerk.get("/inbox?process=%00").status_code == 400
    assert clerk.get("/cases/K%001").status_code == 400


def test_a_key_longer_than_is_kept_is_refused(site: Site) -> None:
    task_id = site.task(site.start())
    form = {"outcome": "accept", "_key": "k" * 101}
    assert site.browser(Post.CS).post(f"/tasks/{task_id}/complete", form, page="/inbox").status_code == 422


def test_ids_in_a_list_that_can_be_none_are_left_out() -> None:
    assert ids(["12", BEYOND, "x", "-1", "²", "٣", ""]) == (12,)


def test_deploying_without_a_file_is_not_told_as_done(site: Site) -> None:
    answer = site.browser(Post.SYS).post("/processes/deploy", {"name": "x"}, page="/inbox")
    assert answer.status_code == 422
    assert "请选择要部署的文件" in answer.text


def in_place(rule: str, values: Mapping[str, str]) -> str:
    """Return the address of a route with ids in it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values.get(name[1], values["task_id"]), rule)


def test_a_resident_reaches_nothing_of_another_house_by_its_ids(site: Site) -> None:
    """Every route open to residents, called with the ids of a neighbour's house, person, case and account."""
    number = "K1"
    task_id = site.task(site.start(number))
    owner = site.browser(site.owner)
    with site.engine.reading(site.owner) as work:
        session_id = str(sessions.own_sessions(work)[0].id)
    values = {
        "session_id": session_id,
        "task_id": str(task_id),
        "number": number,
        "house_id": str(site.world.house),
        "account_id": str(site.owner.id),
        "process": "keys",
        "key": "keys",
        "filename": "icon.svg",
        "name": "keys.bpmn",
    }
    form = {"house_id": values["house_id"], "reason": "x", "text": "x", "outcome": "accept"}
    reached = {}
    for rule in site.app.url_map.iter_rules():
        access = ROUTES[rule.endpoint]
        if "<" not in rule.rule or access.who not in ("any", "resident"):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            path, browser = in_place(rule.rule, values), site.browser(site.neighbour)
            answer = browser.get(path) if method == "GET" else browser.post(path, form, page="/home/")
            if answer.status_code not in (403, 404, 409, 422):
                reached[f"{method} {path}"] = answer.status_code
    # Asking to end a session that is not one's own says nothing and ends nothing.
    assert reached == {f"POST /account/sessions/{session_id}/end": 302}
    assert owner.get("/home/").status_code == 200
    assert "配钥匙" in site.browser(Post.CS).get(f"/tasks/{task_id}").text, "the case is as it was"
