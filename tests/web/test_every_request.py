"""What holds for every request: headers, cookies, tokens of forms, and who is believed about its sender."""

import re

import pytest
from flask import request
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from engine.ports import SYSTEM
from engine.store.tables import metadata
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site
from tests.web.served import served
from tests.web.test_routes import addresses
from tests.web.test_staff import everywhere
from web.config import WebConfig
from web.routes_table import ROUTES

TLS = "https://estate.example"
YEAR = 31_536_000  # seconds
HELD = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


@pytest.fixture
def over_tls(site: Site) -> Site:
    """The site as an installation serves it that people reach over TLS."""
    site.app = served(site.engine, WebConfig(demo=True, https=True))
    return site


def policy(answer: TestResponse) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def expect_headers(answer: TestResponse, path: str, *, is_public: bool) -> None:
    given = policy(answer)
    assert {name: given.get(name) for name in HELD} == HELD, path
    assert "unsafe" not in answer.headers["Content-Security-Policy"], path
    assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    assert answer.headers["X-Frame-Options"] == "DENY", path
    assert answer.headers["Referrer-Policy"] == "same-origin", path
    lasts = re.search(r"max-age=(\d+)", answer.headers["Strict-Transport-Security"])
    assert lasts is not None, path
    assert int(lasts[1]) >= YEAR, path
    assert "Access-Control-Allow-Origin" not in answer.headers, path
    if not is_public:
        kept = "private, no-cache" if "ETag" in answer.headers else "no-store"  # a poll holds numbers only
        assert answer.headers["Cache-Control"] == kept, path
    if answer.data:
        assert answer.content_type, path
        assert "charset=utf-8" in answer.content_type.lower() or not answer.mimetype.startswith("text/"), path


def test_every_answer_of_every_route_and_every_error_has_the_headers(over_tls: Site) -> None:
    clerk = over_tls.anonymous()
    sign_in(over_tls, clerk)
    nowhere = [("", "GET", "/nowhere"), ("", "PUT", "/sign-in"), ("", "POST", "/nowhere")]
    for endpoint, method, path in [*addresses(over_tls), *nowhere]:
        for browser in (over_tls.anonymous(), clerk):
            answer = browser.client.open(
                path, method=method, base_url=TLS, buffered=True, headers={"Origin": TLS[:-1]}
            )
            if method == "GET" or not answer.status_code < 400:
                expect_headers(answer, path, is_public=endpoint != "" and ROUTES[endpoint].who == "public")


def test_without_tls_nobody_is_told_to_insist_on_it(site: Site) -> None:
    assert "Strict-Transport-Security" not in site.anonymous().get("/sign-in").headers


def sign_in(site: Site, browser: Browser) -> list[str]:
    """Sign a clerk in as a browser does over TLS; return the cookies that were set."""
    token = token_of(browser.client.get("/sign-in", base_url=TLS))
    form = {"login": site.world.login_of(site.staff(Post.CS)), "password": PASSWORD, "csrf_token": token}
    answer = browser.client.post("/sign-in", data=form, base_url=TLS, headers={"Referer": f"{TLS}/sign-in"})
    assert answer.status_code == 302, answer.text
    return answer.headers.getlist("Set-Cookie")


def token_of(page: TestResponse) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_each_cookie_is_for_this_host_over_tls_and_for_no_script(over_tls: Site) -> None:
    browser = over_tls.anonymous()
    cookies = sign_in(over_tls, browser)
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-wuye", "__Host-wuye-device"}
    token = token_of(browser.client.get("/account/", base_url=TLS, follow_redirects=True))
    for path, form in (
        ("/language", {"language": "en"}),
        ("/look", {"look": "dark"}),
        ("/text-size", {"size": "large"}),
    ):
        answer = browser.client.post(
            path, data={**form, "csrf_token": token}, base_url=TLS, headers={"Referer": f"{TLS}/account/"}
        )
        kept = answer.headers.getlist("Set-Cookie")
        chosen = f"__Host-{path.strip('/').replace('-', '_')}="
        assert any(cookie.startswith(chosen) for cookie in kept), (path, answer.status)
        cookies += kept
    assert 'lang="en"' in browser.client.get("/account/", base_url=TLS, follow_redirects=True).text
    for cookie in cookies:
        assert cookie.startswith("__Host-"), cookie
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes, cookie
        assert not any(part.startswith("domain") for part in attributes), cookie


def rows(site: Site) -> dict[str, int]:
    """Count the rows of every table."""
    with site.engine.reading(SYSTEM) as work:
        return {
            table.name: work.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
            if table.name != "access_tally"  # of those who were refused
        }


@pytest.mark.parametrize("who", [Post.CS, None])
def test_no_route_takes_a_form_without_the_token_of_the_session(site: Site, who: Post | None) -> None:
    changing = [(endpoint, method, path) for endpoint, method, path in addresses(site) if method != "GET"]
    browser = site.anonymous()
    if who is not None:
        browser = site.browser(who)
    before = rows(site)
    refused = 0
    expected = {400, 401} if who is None else {400, 403}
    for endpoint, method, path in changing:
        answer = browser.client.open(path, method=method, data={"csrf_token": "1.forged"})
        assert answer.status_code in expected, (endpoint, method, answer.status_code)
        refused += answer.status_code == 400
    assert rows(site) == before
    assert refused >= 10, "a walk that gets nowhere proves nothing"


SAID = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "estate.example"}
BY_ITSELF = ("127.0.0.1", "http", "localhost")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "203.0.113.9", BY_ITSELF),
        (1, "203.0.113.9", ("203.0.113.9", "https", "estate.example")),
        (1, "198.51.100.1, 203.0.113.9", ("203.0.113.9", "https", "estate.example")),
        (2, "198.51.100.1, 203.0.113.9", ("198.51.100.1", "http", "localhost")),
    ],
)
def test_what_is_said_of_the_sender_counts_from_trusted_proxies_only(
    site: Site, monkeypatch: pytest.MonkeyPatch, proxies: int, forwarded: str, seen: tuple[str, str, str]
) -> None:
    app = served(site.engine, WebConfig(demo=True, proxies=proxies))
    heard = []

    def listen() -> str:
        heard.append((request.remote_addr, request.scheme, request.host))
        return ""

    monkeypatch.setitem(app.view_functions, "signin.sign_in", listen)
    app.test_client().get("/sign-in", headers={"X-Forwarded-For": forwarded, **SAID})
    assert heard == [seen]


def test_with_a_first_password_no_route_opens_but_the_first_steps(site: Site) -> None:
    with site.engine.work(SYSTEM) as work:
        newcomer = staff.insert_staff(work, staff.Registration("赵六", "zhaoliu", ""))
        staff.set_first_password(work, newcomer, PASSWORD)
    person = site.anonymous()
    assert person.post("/sign-in", {"login": "zhaoliu", "password": PASSWORD}).status_code == 302
    for endpoint, method, path in addresses(site):
        if ROUTES[endpoint].unfinished:
            continue
        answer = person.get(path) if method == "GET" else person.post_at_once(path)
        opened = answer.status_code < 400 and answer.location != "/account/first-steps"
        assert not opened, (endpoint, answer.status_code, answer.location)


def test_fields_that_a_form_does_not_offer_change_nothing(site: Site) -> None:
    more = {"post": "sys", "posts": "sys", "state": "active", "kind": "service", "id": "1", "account_id": "1"}
    more |= {"must_change_password": "", "password": PASSWORD, "password_hash": "x", "grants": "1"}
    administration = everywhere(site, Post.ADM)
    entry = {"name": "李四光", "login": "lisiguang", "phone": "13712345678"}
    administration.post(
        "/staff/", {"name": "李四光", "login": "asked", "phone": "13712345679"}, page="/staff/new"
    )
    page = str(administration.post("/staff/", {**entry, **more}, page="/staff/new").location)
    assert page != "/staff/1"
    plain, extra = kept_in_clear(site, 2)
    assert extra == plain
    assert "还没有岗位" in administration.get(page).text
    stranger = site.anonymous()
    assert stranger.post("/sign-in", {"login": "lisiguang", "password": PASSWORD}).status_code == 403


def kept_in_clear(site: Site, newest: int) -> list[dict[str, object]]:
    """Return what is kept of the newest accounts but for what is each one's own."""
    own = {"id", "name", "login_name", "phone", "phone_index", "first_password"}
    own |= {"password_hash", "password_seal", "password_set_at", "password_expires_at", "created_at"}
    with site.engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(account).order_by(account.c.id.desc()).limit(newest)).mappings()
        return [{key: value for key, value in row.items() if key not in own} for row in rows]


def test_a_field_that_no_step_asks_for_refuses_the_form(site: Site) -> None:
    case = site.start()
    task_id = site.task(case)
    form = {"outcome": "accept", "due_at": "2030-01-01"}
    answer = site.browser(Post.CS).post(f"/tasks/{task_id}/complete", form, page="/inbox")
    assert answer.status_code == 422
    assert site.task(case) == task_id
