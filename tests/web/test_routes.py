"""Every route, called by everybody: who gets in is what the table of routes says, and nothing else."""

import re

import pytest

from engine.ports import Actor
from handlers.accounts.permissions import POST_PERMISSIONS, Post
from tests.web.conftest import Browser, Site
from web.routes_table import ROUTES, Access

pytestmark = pytest.mark.longest

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=()",
}
PASSES = {200, 204, 206, 302, 304, 404, 409, 422}
# Where the command behind a route asks for more than the table does, a 403 comes from the command.
ASKED_BY_COMMAND = (
    "tasks.",
    "desk.caller",
    "cases.",
    "resident.",
    "unsent.",
    "attachments.",
    "roster.",
    "team.",
    "workdays.",
    "staff.",
    "safety.",
    "proving.",
    "second_factor.",
    "joining.",
)


def addresses(site: Site) -> list[tuple[str, str, str]]:
    """List (endpoint, method, path) of every route, with ids of things that are there."""
    instance_id = site.start()
    values = {
        "task_id": str(site.task(instance_id)),
        "number": "K1",
        "key": "keys",
        "process": "keys",
        "filename": "icon.svg",
        "name": "keys.bpmn",
    }
    found = []
    for rule in site.app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values.get(name[1], "1"), rule.rule)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found += [(rule.endpoint, method, path) for method in sorted(methods)]
    return found


def call(browser: Browser, method: str, path: str, **form: object) -> int:
    answer = browser.get(path) if method == "GET" else browser.post_at_once(path, form)
    for header, beginning in HEADERS.items():
        assert answer.headers[header].startswith(beginning), (path, header)
    return answer.status_code


def admits(access: Access, kind: str, permissions: frozenset[str]) -> bool:
    if access.who not in ("any", "public", kind):
        return False
    return not access.permissions or not permissions.isdisjoint(access.permissions)


def test_the_table_names_every_route_and_no_other(site: Site) -> None:
    assert {rule.endpoint for rule in site.app.url_map.iter_rules()} == set(ROUTES)


def test_nobody_gets_in_without_signing_in(site: Site) -> None:
    stranger = site.anonymous()
    for endpoint, method, path in addresses(site):
        status = call(stranger, method, path)
        if ROUTES[endpoint].who == "public":
            assert status not in (401, 403) or endpoint == "signin.enter", (endpoint, status)
        elif method == "GET":
            assert status == 302, (endpoint, status)
        else:
            assert status == 401, (endpoint, status)


@pytest.mark.parametrize("post", list(Post))
def test_each_post_gets_exactly_where_the_table_lets_it(site: Site, post: Post) -> None:
    walk(site, post, asking_for_permission=True)


# Where no permission is asked for, every post is the same: here who may do most and who may do least.
MOST, LEAST = Post.CSL, Post.VEN
OTHERS = [pytest.param(post, marks=pytest.mark.long) for post in Post if post not in (MOST, LEAST)]


@pytest.mark.parametrize("post", [MOST, LEAST, *OTHERS])
def test_each_post_gets_where_all_staff_does_and_not_to_the_residents(site: Site, post: Post) -> None:
    walk(site, post, asking_for_permission=False)


def walk(site: Site, post: Post, *, asking_for_permission: bool) -> None:
    """Call the routes whose row names a permission, or those whose row names none."""
    permissions = frozenset(str(permission) for permission in POST_PERMISSIONS[post])
    who = site.staff(post)
    for endpoint, method, path in addresses(site):
        if bool(ROUTES[endpoint].permissions) is asking_for_permission:
            status = call(site.browser(who), method, path, community_id=site.world.community)
            check(endpoint, status, admits(ROUTES[endpoint], "staff", permissions))


@pytest.mark.parametrize("name", ["owner", "neighbour"])
def test_residents_get_exactly_where_the_table_lets_them(site: Site, name: str) -> None:
    who: Actor = getattr(site, name)
    for endpoint, method, path in addresses(site):
        status = call(site.browser(who), method, path)
        check(endpoint, status, admits(ROUTES[endpoint], "resident", frozenset()))


def check(endpoint: str, status: int, is_let_in: bool) -> None:
    if not is_let_in:
        assert status == 403, (endpoint, status)
    elif endpoint.startswith(ASKED_BY_COMMAND) or endpoint == "signin.enter":
        assert status in PASSES | {403}, (endpoint, status)
    else:
        assert status in PASSES, (endpoint, status)


def test_a_resident_cannot_see_a_case_of_another_house(site: Site) -> None:
    site.start()
    assert site.browser(site.neighbour).get("/home/reports/K1").status_code == 404


def test_a_form_without_its_token_changes_nothing(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    answer = clerk.client.post(f"/tasks/{task_id}/claim", headers={"Accept": "text/html"})
    assert answer.status_code == 400
    assert "由我办理" not in clerk.get(f"/tasks/{task_id}").text


def test_pages_with_peoples_data_are_never_stored_by_a_browser(site: Site) -> None:
    assert site.browser(Post.CS).get("/inbox").headers["Cache-Control"] == "no-store"


def test_an_unforeseen_error_tells_a_number_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(site.app.view_functions, "overdue.index", lambda: 1 / 0)
    answer = site.browser(Post.PM).get("/overdue")
    assert answer.status_code == 500
    assert "错误编号" in answer.text
    assert "ZeroDivisionError" not in answer.text
    told = re.search(r"错误编号 (\w+)", answer.text)
    assert told is not None
    assert f"unforeseen error {told[1]} on overdue.index" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_the_figures_are_for_this_machine_or_a_token(site: Site) -> None:
    stranger = site.anonymous().client
    assert stranger.get("/metrics").status_code == 200
    assert stranger.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    for header in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via"):
        assert stranger.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404, header


def test_counts_that_did_not_change_cost_an_empty_answer(site: Site) -> None:
    site.start()
    clerk = site.browser(Post.CS)
    first = clerk.get("/inbox/counts")
    again = clerk.get("/inbox/counts", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    site.start("K2")
    changed = clerk.get("/inbox/counts", **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
