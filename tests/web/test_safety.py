"""Reporting something odd from every page, and the page of those who watch over security."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM, OutboxItem
from handlers import bootstrap
from handlers.accounts.permissions import Post
from handlers.safety import verified
from handlers.shared import alarms, limits, outbox
from handlers.shared.records import access_log
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site
from web.safety_screen import _JOBS

SAID = {"kind": "sign_in", "description": "凌晨三点有人用我的账号登录"}


pytestmark = pytest.mark.usefixtures("company")


def watcher(site: Site, post: Post) -> Browser:
    return site.browser(site.world.staff(post, everywhere=True))


def test_the_way_to_report_stands_on_every_page_of_staff_and_residents(site: Site) -> None:
    clerk, owner = site.browser(Post.CS), site.browser(site.owner)
    for browser, paths in (
        (clerk, ("/inbox", "/shift/", "/account/password", "/nothing")),
        (owner, ("/home/", "/home/report", "/account/sessions")),
    ):
        for path in paths:
            assert 'href="/odd"' in browser.get(path).text, path


def test_a_report_reaches_the_watchers_and_tells_what_to_do_now(site: Site) -> None:
    clerk = site.browser(Post.CS)
    answer = clerk.post("/odd", SAID, page="/odd")
    assert answer.location == "/odd/sent"
    page = clerk.get("/odd/sent").text
    assert "编号 S20" in page
    assert "/account/sessions" in page
    security = watcher(site, Post.SEC)
    listed = security.get("/safety/").text
    number = re.findall(r'href="/safety/([^"]+)"', listed)[0]
    assert "凌晨三点" in security.get(f"/safety/{number}").text
    assert clerk.get(f"/safety/{number}").status_code == 404
    assert clerk.get("/safety/").status_code == 403
    assert "凌晨三点" not in clerk.get(f"/cases/{number}").text


def test_a_report_that_says_nothing_comes_back_with_what_was_chosen(site: Site) -> None:
    answer = site.browser(site.owner).post("/odd", {"kind": "fraud", "description": " "}, page="/odd")
    assert answer.status_code == 422
    assert "请写下您看到了什么" in answer.text
    assert 'value="fraud" checked' in answer.text


def test_an_alarm_is_closed_by_whoever_dealt_with_it(site: Site) -> None:
    with site.engine.work(SYSTEM) as work:
        alarms.raise_alarm(work, "unreachable", 1, {})
    security = watcher(site, Post.SEC)
    page = security.get("/safety/").text
    assert "消息送不到收件人" in page
    action = page.split('action="/safety/alarms/')[1].split('"')[0]
    assert security.post(f"/safety/alarms/{action}", page="/safety/").status_code == 302
    assert "消息送不到收件人" not in security.get("/safety/").text
    assert watcher(site, Post.AUD).post(f"/safety/alarms/{action}", page="/safety/").status_code == 403


def let_a_job_die(site: Site) -> None:
    with site.engine.work(SYSTEM) as work:
        outbox.put(work, OutboxItem("deliver", {}, "dies"))
    [job] = outbox.claim(site.engine, 1, timedelta(minutes=1))
    with site.engine.work(SYSTEM) as work:
        outbox.fail(work, replace(job, attempts=limits.JOB_ATTEMPTS), "no")


def test_a_dead_job_is_run_again_by_who_runs_the_platform_with_a_reason_that_is_logged(site: Site) -> None:
    let_a_job_die(site)
    security, system = watcher(site, Post.SEC), watcher(site, Post.SYS)
    assert "发送消息" in security.get("/safety/").text
    assert "/again" not in security.get("/safety/").text
    [action] = re.findall(r'action="(/safety/alarms/\d+/again)"', system.get("/safety/").text)
    assert security.post(action, {"reason": "短信通道已恢复"}, page="/safety/").status_code == 403
    assert system.post(action, {"reason": " "}, page="/safety/").status_code == 422
    assert outbox.claim(site.engine, 1, timedelta(minutes=1)) == []
    assert system.post(action, {"reason": "短信通道已恢复"}, page="/safety/").status_code == 302
    assert system.post(action, {"reason": "再来"}, page="/safety/").status_code == 404
    assert "后台任务多次失败" not in system.get("/safety/").text
    assert [job.key for job in outbox.claim(site.engine, 1, timedelta(minutes=1))] == ["dies"]
    with site.engine.reading(SYSTEM) as work:
        [entry] = work.connection.execute(select(access_log).where(access_log.c.action == "run_job_again"))
    assert "短信" not in entry.detail, "a reason is sealed"


@pytest.mark.parametrize("closer", [Post.SYS, Post.SEC])
def test_a_dead_job_whose_alarm_was_closed_stays_listed_until_it_is_run_again(
    site: Site, closer: Post
) -> None:
    let_a_job_die(site)
    security, system = watcher(site, Post.SEC), watcher(site, Post.SYS)
    assert "失败的后台任务" not in system.get("/safety/").text, "its alarm says so"
    page = watcher(site, closer).get("/safety/").text
    close = re.findall(r'action="(/safety/alarms/\d+/close)"', page)[0]
    assert watcher(site, closer).post(close, page="/safety/").status_code == 302
    assert "失败的后台任务" not in security.get("/safety/").text
    assert "发送消息" in system.get("/safety/").text
    [action] = re.findall(r'action="(/safety/jobs/\d+/again)"', system.get("/safety/").text)
    assert security.post(action, {"reason": "短信通道已恢复"}, page="/safety/").status_code == 403
    assert system.post(action, {"reason": " "}, page="/safety/").status_code == 422
    assert system.post(action, {"reason": "短信通道已恢复"}, page="/safety/").status_code == 302
    assert system.post(action, {"reason": "再来"}, page="/safety/").status_code == 404
    assert "失败的后台任务" not in system.get("/safety/").text
    assert [job.key for job in outbox.claim(site.engine, 1, timedelta(minutes=1))] == ["dies"]


def test_every_job_has_a_name_on_the_page_of_alarms() -> None:
    assert set(_JOBS) == set(bootstrap.JOBS)


def test_an_unusual_sign_in_stands_on_the_page_and_becomes_an_incident(site: Site) -> None:
    clerk = site.world.staff(Post.CS)
    form = {"login": site.world.login_of(clerk), "password": PASSWORD}
    first = site.anonymous()
    first.post("/sign-in", form)
    first.post("/sign-out", page="/inbox")
    first.post("/sign-in", form)
    security = watcher(site, Post.SEC)
    assert "立案处理" not in security.get("/safety/").text, "the same browser is known again"
    site.anonymous().post("/sign-in", form)
    page = security.get("/safety/").text
    assert "新设备" in page
    action = re.findall(r'action="(/safety/alarms/\d+/incident)"', page)[0]
    assert security.post(action, page="/safety/").status_code == 302
    page = security.get("/safety/").text
    assert "立案处理" not in page
    number = re.findall(r'href="/safety/([^"]+)"', page)[0]
    assert "新设备" in security.get(f"/safety/{number}").text


def test_the_security_post_sees_who_looked_at_what_and_opens_the_entries(site: Site) -> None:
    clerk, security = site.browser(Post.CS), watcher(site, Post.SEC)
    assert clerk.get(f"/houses/{site.world.house}").status_code == 200
    assert clerk.get("/staff/").status_code == 403
    page = security.get("/looks").text
    assert "打开房屋" in page
    assert "被拒绝" in page
    entries = security.get(f"/looks/{site.staff(Post.CS).id}").text
    assert "打开房屋档案" in entries
    assert "1栋2单元301" in entries
    assert security.get("/looks?day=nonsense").status_code == 200
    assert security.get(f"/looks/{site.owner.id}").status_code == 404
    assert watcher(site, Post.SYS).get("/looks").status_code == 403


def test_when_the_log_was_verified_and_what_was_found_stands_on_the_page(site: Site) -> None:
    security = watcher(site, Post.SEC)
    assert "访问日志还没有核对过" in security.get("/safety/").text
    for count, words in ((0, "完整"), (3, "有 3 处不符")):
        verified.note(site.engine, count)
        page = security.get("/safety/").text
        assert "访问日志最近核对" in page
        assert words in page
    assert "应每晚核对" not in page
