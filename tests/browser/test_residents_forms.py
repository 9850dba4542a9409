"""Residents' forms beside the report: what is typed outlives a reload, an ended session, a lost network."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from engine import cases, instances
from engine.ports import SYSTEM, Actor
from handlers.accounts.permissions import Post
from handlers.accounts.records import account_session
from handlers.repair import media, orders
from tests.browser.conftest import NEIGHBOUR, OWNER, PHONE, Town, Visitor, Visitors
from tests.browser.finishing import do, on_site, reported
from tests.browser.seeing import copied, expect_accessible
from tests.handlers.estate_world import PASSWORD
from tests.handlers.shared.uploads_made import video

pytestmark = pytest.mark.browser

WISH = "请把 2024 年的登记也复制给我，女儿王芳来取"
LEAST_TARGET_PX = 44
STORED = "JSON.stringify({...sessionStorage})"
FORM = "form[action='/home/privacy']"
# The seal takes a moment; nothing but what is stored tells when it is done.
LAMP = "楼梯口的灯，网络断了"
IS_KEPT = "Object.keys(sessionStorage).some((one) => one.startsWith('typed:'))"


def end_sessions(town: Town, who: Actor) -> None:
    with town.engine.work(who) as work:
        mine = account_session.c.account_id == who.id
        work.connection.execute(account_session.update().where(mine).values(ended_at=work.now))


def ask(visitor: Visitor) -> Page:
    page = visitor.open("/home/privacy")
    page.check(f"{FORM} [name=kind][value=copy]")
    page.fill(f"{FORM} [name=wish]", WISH)
    page.wait_for_function(IS_KEPT)
    return page


def sign_in_again(visitor: Visitor, login: str) -> None:
    visitor.page.fill("[name=login]", login)
    visitor.page.fill("[name=password]", PASSWORD)
    visitor.press()


def expect_back(page: Page) -> None:
    expect(page.locator(f"{FORM} [name=wish]")).to_have_value(WISH)
    assert page.is_checked(f"{FORM} [name=kind][value=copy]")


def test_a_request_about_ones_data_outlives_a_reload_and_an_ended_session_and_is_sent_once(
    town: Town, visit: Visitors
) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = ask(owner)
    assert "王芳" not in page.evaluate(STORED)
    page.reload()
    expect_back(page)
    assert "还没有提交" in page.inner_text(".typed")

    end_sessions(town, town.owner)
    owner.press(f"{FORM} button.btn-primary")
    assert "登录后回到那一页" in page.inner_text("main")
    sign_in_again(owner, OWNER)
    expect_back(page)

    owner.press(f"{FORM} button.btn-primary")
    assert "已收到申请" in page.inner_text(".flashes")
    expect(page.locator(f"{FORM} [name=wish]")).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0


def test_nobody_else_in_the_same_tab_gets_what_was_typed(town: Town, visit: Visitors) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/privacy")
    page.fill(f"{FORM} [name=wish]", WISH)
    page.wait_for_function(IS_KEPT)
    end_sessions(town, town.owner)
    owner.open("/home/privacy")
    sign_in_again(owner, NEIGHBOUR)
    page.wait_for_function("sessionStorage.length === 0")
    assert page.input_value(f"{FORM} [name=wish]") == ""


@pytest.mark.long
def test_without_a_network_nothing_is_sent_and_nothing_is_lost(visit: Visitors) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/household/")
    page.fill("[name=plate]", "浙A12345")
    owner.context.set_offline(True)
    page.click("form:has([name=plate]) button")
    expect(page.locator(".typed")).to_contain_text("没有网络")
    assert page.input_value("[name=plate]") == "浙A12345"
    owner.context.set_offline(False)
    owner.press("form:has([name=plate]) button:has-text('登记车辆')")
    assert "物业核对后生效" in page.inner_text(".flashes")


def test_a_file_too_large_to_send_is_not_chosen_and_the_others_stay(visit: Visitors, photo: Path) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/report")
    most = int(page.evaluate("document.body.dataset.most"))
    assert most > 90_000_000
    page.set_input_files("#photos", photo)
    expect(page.locator(".photo img")).to_have_count(1)
    page.evaluate("document.body.dataset.most = '1000'")
    page.set_input_files("#photos", {"name": "long.mp4", "mimeType": "video/mp4", "buffer": b"x" * 2000})
    expect(page.locator(".photo-bad figcaption")).to_contain_text("请缩短视频")
    expect(page.locator(".photo-sent")).to_have_count(1)
    box = page.locator(".photo-remove").first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= LEAST_TARGET_PX


def write_report(page: Page) -> None:
    """Fill a report in with one event, so that one seal holds all of it."""
    for name in ("[name=what][value=power]", "[name=fault][value=P04]"):
        page.evaluate("(name) => (document.querySelector(name).checked = true)", name)
    page.fill("[name=description]", LAMP)


def test_a_report_whose_answer_never_came_is_there_again_and_is_taken_in_once(visit: Visitors) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/report")
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")  # goes nowhere
    write_report(page)
    page.wait_for_function(IS_KEPT)
    page.evaluate("document.querySelector('main [data-primary]').click()")
    page.reload()
    expect(page.locator("[name=description]")).to_have_value(LAMP)
    assert page.is_checked("[name=fault][value=P04]")
    owner.send()
    number = page.url.rsplit("/", 1)[1]
    assert f"单号 {number}" in page.inner_text(".flashes")
    owner.open("/home/report")
    write_report(page)
    owner.send()
    assert page.url.endswith(number)
    assert "刚才已收到" in page.inner_text(".flashes")


@pytest.mark.long
def test_a_remark_and_a_photo_are_added_to_an_open_report_with_the_thumb(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = reported(town, "水龙头滴水，等人来")
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open(f"/home/reports/{number}")
    page.tap("#more-add summary")
    page.fill("#added", "现在整个厨房都湿了")
    page.set_input_files("#more-add input[type=file]", photo)
    expect(page.locator("#more-add .photo img")).to_be_visible()
    button = page.locator("#more-add .btn-primary")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= LEAST_TARGET_PX
    with page.expect_navigation():
        button.tap()
    owner.expect_readable()
    assert "现在整个厨房都湿了" in page.inner_text(".story")
    expect(page.locator(".photos img")).to_have_count(1)


@pytest.mark.long
def test_a_photo_of_evidence_shows_how_far_it_is(town: Town, visit: Visitors, photo: Path) -> None:
    page = visit(PHONE).sign_in(OWNER).open("/home/data")
    going: list[Route] = []

    def hold(route: Route) -> None:
        going.append(route)

    page.route("**/attachments/", hold)
    page.locator("details.more summary", has_text="申请更正").first.click()
    form = page.locator("form[data-send-ahead]").first
    form.locator("input[type=file]").set_input_files(photo)
    expect(form.locator(".photo-share")).to_contain_text("%")
    going[0].continue_()
    expect(form.locator(".photo-sent")).to_have_count(1)


@pytest.mark.long
def test_a_long_video_shows_how_far_it_is_and_the_report_waits_for_it(town: Town, visit: Visitors) -> None:
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open("/home/report")
    write_report(page)
    going: list[Route] = []

    def hold(route: Route) -> None:
        going.append(route)

    page.route("**/attachments/", hold)
    page.set_input_files("#photos", {"name": "leak.mp4", "mimeType": "video/mp4", "buffer": video()})
    expect(page.locator(".photo progress")).to_have_attribute("aria-label", "leak.mp4")
    expect(page.locator(".photo-share")).to_contain_text("%")
    page.click("main [data-primary]")
    expect(page.locator(".photos-held")).to_contain_text("正在上传")
    with page.expect_navigation():
        going[0].continue_()
    number = page.url.rsplit("/", 1)[1]
    with town.engine.reading(SYSTEM) as work:
        kept = media.of_order(work, orders.by_number(work.connection, number))
    assert "video/mp4" in [one.content_type for one in kept]


@pytest.mark.long
def test_a_photo_chosen_for_a_remark_is_there_after_a_reload(
    town: Town, visit: Visitors, photo: Path
) -> None:
    number = reported(town, "灯闪，拍给师傅看")
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open(f"/home/reports/{number}")
    page.tap("#more-add summary")
    page.set_input_files("#more-add input[type=file]", photo)
    expect(page.locator("#more-add .photo-sent")).to_have_count(1)
    page.fill("#added", "看这里")
    page.wait_for_function(IS_KEPT)
    page.reload()
    expect(page.locator("#added")).to_have_value("看这里")
    expect(page.locator("#more-add .choice-photo")).to_have_count(1)
    owner.press("#more-add .btn-primary")
    with town.engine.reading(SYSTEM) as work:
        assert len(media.of_order(work, orders.by_number(work.connection, number))) == 1


@pytest.mark.long
def test_an_answer_whose_step_somebody_closed_meanwhile_is_shown_back(town: Town, visit: Visitors) -> None:
    number = on_site(town, "灯座发烫")
    repairer = town.people[Post.RP]
    do(town, number, "diagnose", repairer, outcome="quote", finding="灯座烧坏，需更换")
    do(town, number, "write_quote", repairer, lines=[{"price_code": "E02", "quantity": 1}])
    owner = visit(PHONE).sign_in(OWNER)
    page = owner.open(f"/home/reports/{number}")
    page.check("[name=outcome][value=revise]")
    page.fill("[name=reason]", "女儿周六来谈")
    page.wait_for_function(IS_KEPT)
    lead = town.people[Post.CSL]
    town.engine.run(lead, lambda work: instances.cancel(work, cases.find(work, number).id, "重复"))

    with page.expect_navigation(url=f"**/{number}"):
        page.reload()

    expect(page.locator("[id^=unsent-] dl")).to_contain_text("女儿周六来谈")
    assert page.evaluate("sessionStorage.length") == 0
    expect_accessible(owner, "an answer that was not sent")
    assert "女儿周六来谈" in copied(owner, "[id^=unsent-] [data-copy]")
    owner.press("[id^=unsent-] form button")
    expect(page.locator("[id^=unsent-]")).to_have_count(0)
