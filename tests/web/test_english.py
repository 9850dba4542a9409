"""English readers read English, kept or said now; what people wrote stays as they wrote it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from engine.bilingual import Text
from engine.bpmn.errors import BudgetExceeded
from engine.errors import Problem, Refused
from engine.explained import Explained
from engine.hosting import Failure
from engine.ids import new_id
from engine.ports import SYSTEM
from engine.store.tables import incident
from handlers.accounts.permissions import Post
from handlers.shared.channels import Message
from handlers.shared.channels.development import TableChannel
from tests.web.conftest import Browser, Site
from web import words


def english(site: Site, post: Post) -> Browser:
    browser = site.browser(post)
    browser.client.set_cookie("language", "en")
    return browser


@pytest.mark.parametrize(
    ("asked", "chosen", "language"),
    [
        ("en-US,en;q=0.9,zh-CN;q=0.8", "", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", "zh-CN"),
        ("de-DE,de;q=0.9", "", "zh-CN"),
        ("", "", "zh-CN"),
        ("en", "zh", "zh-CN"),
        ("en", "unknown", "en"),
    ],
)
def test_a_first_page_speaks_what_the_browser_asks_for(
    site: Site, asked: str, chosen: str, language: str
) -> None:
    headers = {"Accept-Language": asked, "Cookie": f"language={chosen}"}
    page = site.app.test_client(use_cookies=False).get("/sign-in", headers=headers)
    assert f'<html lang="{language}"' in page.text


@pytest.fixture
def reader(site: Site) -> Iterator[None]:
    """A page in English."""
    with site.app.test_request_context(headers={"Cookie": "language=en"}):
        yield


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("text", ["已完工", "漏水、停电", "系统管理员"])
def test_what_somebody_wrote_is_never_translated(text: str) -> None:
    assert words.written(text) == text
    assert words.filled("步骤再次失败：{why}", {"why": text}).endswith(text)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("text", "said"),
    [(("漏水", "leak"), "leak"), ("流程图", "Diagram"), ("", "")],
    ids=["pair", "key", "none"],
)
def test_what_the_product_says_is_said_in_english(text: Text, said: str) -> None:
    assert words.said(text) == said


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    "problem",
    [
        Refused("no_group", "任务“{name}”没有候选岗位，只能转交给另一人", name=("受理", "Accept")),
        Explained("定时器没有写时间", "The timer says no time"),
    ],
)
def test_a_problem_is_said_in_english_now_and_after_it_was_kept(problem: Problem) -> None:
    now = words.problem_text(problem)
    assert now == words.kept_text(problem.kept(), problem.text())
    assert words.filled("步骤再次失败：{why}", {"why": Failure.of(problem)}).endswith(now)
    assert now.isascii() or "“Accept”" in now


def test_a_colleague_learns_in_english_which_step_is_taken(site: Site) -> None:
    task_id = site.task(site.start())
    site.browser(Post.CS).post(f"/tasks/{task_id}/claim", page="/inbox")
    colleague = site.browser(site.world.staff(Post.CS))
    colleague.client.set_cookie("language", "en")
    refused = colleague.post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")
    assert refused.status_code == 409
    assert "“Accept”" in refused.text
    assert "受理" not in refused.text


def test_a_step_that_asks_for_too_much_is_told_by_its_name(site: Site) -> None:
    reason = (
        "一次推进的工作量超过上限（500 个自动步骤）",
        "More work in one move than allowed (500 automatic steps)",
    )
    failure = Failure.of(BudgetExceeded(((), "accept"), reason))
    row = {
        "id": new_id(),
        "instance_id": site.start(),
        "kind": "step",
        "step_id": "accept",
        "message": failure.message,
        "said": failure.said,
        "opened_at": site.engine.clock.now(),
    }
    with site.engine.work(SYSTEM) as work:
        work.connection.execute(insert(incident), row)
    page = english(site, Post.SYS).get("/incidents/").text
    assert reason[1] in page
    assert "<dd>Accept</dd>" in page
    assert "“Accept”" in page
    assert "The diagram is wrong" not in page
    assert "“accept”" in site.browser(Post.SYS).get("/incidents/").text


def test_an_incident_is_told_in_the_readers_language(site: Site) -> None:
    case = site.start()
    failure = Failure.of(Refused("no_worker", "现在没有可派的维修人员，请联系工程主管"))
    row = {
        "id": new_id(),
        "instance_id": case,
        "kind": "step",
        "step_id": "accept",
        "message": failure.message,
        "said": failure.said,
        "opened_at": site.engine.clock.now(),
    }
    with site.engine.work(SYSTEM) as work:
        work.connection.execute(insert(incident), row)
    page = english(site, Post.SYS).get("/incidents/").text
    assert "New keys" in page
    assert "Nobody can be sent now" in page
    assert failure.message in site.browser(Post.SYS).get("/incidents/").text


def test_a_kept_message_is_read_in_the_readers_language(site: Site) -> None:
    message = Message("k", "13900000001", "t", "报修", "已收到您的报修", "zh", "we have your report")
    TableChannel("sms", site.engine).send(message)
    page = english(site, Post.SYS).get("/outbox").text
    assert "we have your report" in page
    assert "(sent in Chinese)" in page
    assert "已收到您的报修" not in page
    assert "已收到您的报修" in site.browser(Post.SYS).get("/outbox").text
