"""The pages of staff accounts: registering, granting, the printed slip, ending; and who gets nowhere."""

import json
import re

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.work import Work
from handlers.accounts import installation, staff
from handlers.accounts.permissions import Post
from handlers.shared.permissions import Permission
from tests.handlers.estate_world import PASSWORD, World
from tests.web.conftest import Browser, Site

ENTRY = {"name": "李四光", "login": "lisiguang", "phone": "13712345678", "department": "工程部"}
NEW = "Harbour-9-stone"


def everywhere(site: Site, post: Post) -> Browser:
    return site.browser(site.world.staff(post, everywhere=True))


def register(browser: Browser, **changed: str) -> str:
    """Register somebody and return the address of their page."""
    answer = browser.post("/staff/", ENTRY | changed, page="/staff/new")
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def newcomer(world: World) -> Actor:
    with world.engine.work(SYSTEM) as work:
        return Actor(staff.insert_staff(work, staff.Registration("赵六", "zhaoliu", "")), "staff")


def test_administration_registers_and_the_system_administrator_grants(site: Site) -> None:
    administration, administrator = everywhere(site, Post.ADM), everywhere(site, Post.SYS)
    page = register(administration)
    assert "还没有岗位" in administration.get(page).text
    grant = {"post": "rp", "community_id": str(site.world.community)}
    assert administration.post(f"{page}/posts", grant, page=page).status_code == 403
    assert administrator.post(f"{page}/posts", grant, page=page).status_code == 302
    assert "翠湖花园" in administrator.get(page).text
    assert "137****5678" in administrator.get(page).text
    assert "13712345678" not in administrator.get(page).text


def test_a_wrong_entry_comes_back_with_what_was_typed(site: Site) -> None:
    answer = everywhere(site, Post.ADM).post("/staff/", ENTRY | {"login": "李"}, page="/staff/new")
    assert answer.status_code == 422
    assert "李四光" in answer.text
    assert "登录名为 3 至 32 位" in answer.text


def printed_password(work: Work, account_id: int, ticket: str) -> str:
    return str(json.loads(work.engine.vault.open("account", "slip", account_id, ticket))[0])


def test_a_slip_is_printed_once_and_leads_to_the_first_steps(site: Site) -> None:
    administration = everywhere(site, Post.ADM)
    page = register(administration, phone="")
    printed = administration.post(f"{page}/slip", page=page)
    assert printed.headers["Cache-Control"] == "no-store"
    source = re.search(r'src="(/staff/\d+/slip/[^"]+)"', printed.text)
    assert source is not None
    ticket = source[1].split("/")[-1]
    shown = administration.get(source[1])
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/png")
    assert everywhere(site, Post.ADM).get(source[1]).status_code == 404
    with site.engine.reading(SYSTEM) as work:
        password = printed_password(work, int(page.split("/")[-1]), ticket)
    assert password not in printed.text
    person = site.anonymous()
    assert person.post("/sign-in", {"login": "lisiguang", "password": password}).status_code == 302
    assert person.get("/inbox").location == "/account/first-steps"
    form = {"password": password, "new_password": NEW, "again": NEW}
    assert person.post("/account/first-steps", form, page="/account/first-steps").status_code == 422
    refused = form | {"accepted": "1", "again": "something else"}
    shown = person.post("/account/first-steps", refused, page="/account/first-steps")
    assert re.search(r'name="accepted"[^>]* checked', shown.text), (
        "what was accepted need not be ticked again"
    )
    assert person.get("/inbox").location == "/account/first-steps"
    done = person.post("/account/first-steps", form | {"accepted": "1"}, page="/account/first-steps")
    assert done.status_code == 302
    assert person.get("/inbox").status_code == 200


def test_the_picture_of_a_slip_is_there_for_two_minutes(site: Site, clock: SettableClock) -> None:
    administration = everywhere(site, Post.ADM)
    page = register(administration, phone="")
    printed = administration.post(f"{page}/slip", page=page)
    source = re.findall(r'src="(/staff/\d+/slip/[^"]+)"', printed.text)[0]
    clock.advance(minutes=2)
    assert administration.get(source).status_code == 200
    clock.advance(seconds=1)
    assert administration.get(source).status_code == 404
    assert administration.get(f"{page}/slip/1.a.b").status_code == 404


def test_nobody_prints_the_password_of_somebody_who_has_a_phone(site: Site) -> None:
    administration = everywhere(site, Post.ADM)
    page = register(administration)
    answer = administration.post(f"{page}/slip", page=page)
    assert answer.status_code == 422
    assert "只发到本人手机" in answer.text


def test_a_clerk_opens_neither_the_slip_nor_the_page_of_another(site: Site) -> None:
    who = newcomer(site.world)
    clerk = site.browser(Post.CS)
    assert clerk.get(f"/staff/{who.id}").status_code == 403
    assert clerk.post(f"/staff/{who.id}/slip", page="/inbox").status_code == 403
    assert everywhere(site, Post.SYS).post(f"/staff/{who.id}/slip", page="/inbox").status_code == 403


def test_an_administrator_grants_himself_nothing(site: Site) -> None:
    me = site.world.staff(Post.SYS, everywhere=True)
    browser = site.browser(me)
    assert "授予岗位" not in browser.get(f"/staff/{me.id}").text
    answer = browser.post(f"/staff/{me.id}/posts", {"post": "pm"}, page="/inbox")
    assert answer.status_code == 403
    assert "不能给自己授予岗位" in answer.text


def test_a_second_post_waits_for_the_security_administrator(site: Site) -> None:
    clerk, security = site.staff(Post.CS), everywhere(site, Post.SEC)
    administrator = everywhere(site, Post.SYS)
    administrator.post(f"/staff/{clerk.id}/posts", {"post": "qa"}, page="/inbox")
    assert "核准</button>" not in administrator.get("/staff/").text
    listed = security.get("/staff/").text
    action = re.findall(r'action="(/staff/requests/\d+/approve)"', listed)[0]
    assert administrator.post(action, page="/inbox").status_code == 403
    assert security.post(action, page="/inbox").status_code == 302
    assert "品质部" in security.get(f"/staff/{clerk.id}").text
    assert security.post(action, page="/inbox").status_code == 404


def test_a_departing_clerk_keeps_neither_session_nor_token(site: Site) -> None:
    leaver, _stays = (site.world.staff(Post.SYS, everywhere=True) for _ in range(2))
    with site.engine.work(leaver) as work:
        token = installation.create_token(work, "collector", Post.RP)
    assert installation.actor_of_token(site.engine, token) is not None
    browser = site.browser(leaver)
    administration = everywhere(site, Post.ADM)
    assert administration.post(f"/staff/{leaver.id}/disable", page="/inbox").status_code == 302
    assert browser.get("/inbox").status_code == 302
    assert installation.actor_of_token(site.engine, token) is None
    answer = site.anonymous().post("/sign-in", {"login": site.world.login_of(leaver), "password": PASSWORD})
    assert answer.status_code == 403
    assert "已停用" in administration.get(f"/staff/{leaver.id}").text
    assert f"/staff/{leaver.id}" in administration.get("/staff/?state=disabled").text


def test_everybody_who_may_read_accounts_finds_them_in_the_menu(site: Site) -> None:
    for post in (Post.ADM, Post.SYS, Post.SEC, Post.AUD):
        page = everywhere(site, post).get("/staff/")
        assert page.status_code == 200
        assert 'href="/staff/"' in page.text
    assert 'href="/staff/"' not in site.browser(Post.CS).get("/inbox").text


def test_a_lead_asks_for_somebody_and_administration_lets_somebody_go(company: Site) -> None:
    lead, administration = company.browser(Post.CSL), everywhere(company, Post.ADM)
    form = {
        "name": "赵六",
        "phone": "13712345678",
        "post": "cs",
        "community_id": str(company.world.community),
    }
    assert lead.post("/staff/joining", form, page="/staff/joining").status_code == 302
    assert "已提出入职" in lead.get("/staff/joining").text
    refused = lead.post("/staff/joining", form | {"name": ""}, page="/staff/joining")
    assert refused.status_code == 422
    assert "请填写姓名" in refused.text
    clerk = company.staff(Post.CS)
    page = f"/staff/{clerk.id}"
    past = administration.post(f"{page}/leave", {"leaves_at": "2020-01-01T08:00"}, page=page)
    assert past.status_code == 422
    assert "离岗时间应在将来" in past.text
    browser = company.browser(clerk)
    assert administration.post(f"{page}/leave", {"immediate": "1"}, page=page).status_code == 302
    assert browser.get("/inbox").status_code == 302
    assert "已停用" in administration.get(page).text


def test_an_administrator_who_wants_owners_phones_gets_none(site: Site) -> None:
    me = site.world.staff(Post.SYS, everywhere=True)
    browser = site.browser(me)
    phone = "13900000001"  # of the owner
    for path in ("/houses/", f"/houses/{site.world.house}", "/desk/", "/imports/", f"/staff/{me.id}"):
        assert phone not in browser.get(path).text, path
    for grant in ({"post": "cs"}, {"post": "csl"}):
        assert browser.post(f"/staff/{me.id}/posts", grant, page="/inbox").status_code == 403
    with site.engine.reading(me) as work:
        assert not work.may(Permission.OWNER_REVEAL_PHONE, site.world.community)
        assert not work.may(Permission.UNIT_CONTACTS_READ, site.world.community)
        assert not work.may(Permission.OWNER_READ, site.world.community)
