"""Signing in and out, first steps, one's own sessions and the language."""

from datetime import timedelta

from engine.clock import SettableClock
from handlers.accounts.permissions import Post
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site

NEW = "Harbour-9-stone"


def sign_in(browser: Browser, login: str, password: str = PASSWORD, **form: str) -> int:
    return browser.post("/sign-in", {"login": login, "password": password, **form}).status_code


def test_signing_in_leads_to_where_one_wanted_to_go(site: Site) -> None:
    browser = site.anonymous()
    login = site.world.login_of(site.staff(Post.CS))
    wanted = browser.get("/overdue")
    assert wanted.location == "/sign-in?next=/overdue"

    answer = browser.post("/sign-in", {"login": login, "password": PASSWORD, "next": "/overdue"})

    assert (answer.status_code, answer.location) == (302, "/overdue")
    assert browser.get("/overdue").status_code == 200


def test_nobody_is_led_to_another_site(site: Site) -> None:
    browser = site.anonymous()
    login = site.world.login_of(site.staff(Post.CS))
    for evil in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = browser.post("/sign-in", {"login": login, "password": PASSWORD, "next": evil})
        assert answer.location == "/"


def test_a_wrong_password_is_refused_in_words_that_do_not_say_what_was_wrong(site: Site) -> None:
    browser = site.anonymous()
    login = site.world.login_of(site.staff(Post.CS))
    wrong = browser.post("/sign-in", {"login": login, "password": "wrong"})
    unknown = browser.post("/sign-in", {"login": "nobody", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 403
    assert "登录名或密码不正确" in wrong.text
    assert "登录名或密码不正确" in unknown.text
    assert "wrong" not in wrong.text


def test_guessing_is_slowed_down_and_the_page_says_for_how_long(site: Site) -> None:
    browser = site.anonymous()
    login = site.world.login_of(site.staff(Post.CS))
    answers = [browser.post("/sign-in", {"login": login, "password": "wrong"}) for _ in range(7)]
    assert answers[-1].status_code == 422
    assert "秒后再试" in answers[-1].text


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    browser = site.browser(Post.CS)
    with browser.client.session_transaction() as kept:
        cookie = dict(kept)
    browser.post("/sign-out", page="/inbox")
    with browser.client.session_transaction() as kept:
        kept.update(cookie)
    assert browser.get("/inbox").status_code == 302


def test_ending_another_session_signs_that_browser_out_at_once(site: Site) -> None:
    who = site.staff(Post.CS)
    lost, here = site.browser(who), site.browser(who)
    page = here.get("/account/sessions").text
    action = next(part for part in page.split('"') if part.startswith("/account/sessions/"))

    here.post(action, page="/inbox")

    assert lost.get("/inbox").status_code == 302
    assert here.get("/inbox").status_code == 200


def test_a_new_password_ends_the_other_sessions(site: Site) -> None:
    who = site.staff(Post.CS)
    other, here = site.browser(who), site.browser(who)
    form = {"password": PASSWORD, "new_password": NEW, "again": NEW}

    assert here.post("/account/password", form, page="/inbox").status_code == 302

    assert other.get("/inbox").status_code == 302
    assert here.get("/inbox").status_code == 200
    assert sign_in(site.anonymous(), site.world.login_of(who), NEW) == 302


def test_signing_in_again_in_a_browser_ends_the_session_it_held(site: Site) -> None:
    login = site.world.login_of(site.staff(Post.CS))
    browser, copied = site.anonymous(), site.anonymous()
    assert sign_in(browser, login, PASSWORD) == 302
    with browser.client.session_transaction() as kept, copied.client.session_transaction() as taken:
        taken.update(kept)
    assert copied.get("/inbox").status_code == 200
    assert sign_in(browser, login, PASSWORD) == 302
    assert copied.get("/inbox").status_code == 302
    assert browser.get("/inbox").status_code == 200


def test_two_different_new_passwords_change_nothing(site: Site) -> None:
    here = site.browser(Post.CS)
    form = {"password": PASSWORD, "new_password": NEW, "again": NEW + "x"}
    answer = here.post("/account/password", form, page="/inbox")
    assert answer.status_code == 422
    assert "两次输入的密码不一致" in answer.text
    assert NEW not in answer.text


def test_english_is_kept_in_a_cookie_and_spoken_from_then_on(site: Site) -> None:
    browser = site.browser(Post.CS)
    answer = browser.post("/language", {"language": "en", "next": "/inbox?view=mine"}, page="/inbox")
    assert answer.location == "/inbox?view=mine"
    page = browser.get("/inbox").text
    assert '<html lang="en">' in page
    assert "Inbox" in page


def test_after_a_form_was_refused_for_want_of_a_session_signing_in_leads_back_to_its_page(site: Site) -> None:
    stranger = site.anonymous().client
    for referrer, way in (("http://localhost/odd?x=1", "?next=/odd?x%3D1"), ("https://evil.example/", "")):
        answer = stranger.post("/odd", headers={"Accept": "text/html", "Referer": referrer})
        assert answer.status_code == 401
        assert f'href="/sign-in{way}"' in answer.text


def test_staff_who_forgot_the_password_get_the_same_answer_as_strangers(site: Site) -> None:
    clerk = site.staff(Post.CS)
    pages = []
    for login in (site.world.login_of(clerk), "nobody-at-all", ""):
        browser = site.anonymous()
        answer = browser.post("/staff-password", {"login": login}, page="/staff-password")
        pages.append((answer.status_code, answer.location))
        assert "主管会向您本人核实" in browser.get(answer.location).text
    assert len(set(pages)) == 1


def test_a_session_that_nobody_has_ended_yet_does_not_come_back_with_a_clock_that_is_put_back(
    site: Site, clock: SettableClock
) -> None:
    clerk, other = site.browser(Post.CS), site.anonymous()
    assert clerk.get("/inbox").status_code == 200
    clock.advance(minutes=31)
    assert other.get("/sign-in").status_code == 200
    clock.set(clock.now() - timedelta(minutes=20))
    assert clerk.get("/inbox").location.startswith("/sign-in")
