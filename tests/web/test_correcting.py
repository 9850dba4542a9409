"""The page of incidents puts a fact of a stuck case right and runs the step again."""

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from engine.store.tables import user_task
from handlers.accounts.permissions import Post
from tests.handlers.stuck import stuck_case
from tests.web.conftest import Browser, Site


@pytest.fixture
def stuck(site: Site) -> int:
    """Let a case get stuck and return its incident."""
    return stuck_case(site.engine, site.world, site.staff(Post.CS))


def correct(site: Site, stuck: int, value: str, name: str = "keys") -> tuple[Browser, int, str]:
    administrator = site.browser(Post.SYS)
    form = {"name": name, "value": value, "reason": "漏填了"}
    answer = administrator.post(f"/incidents/{stuck}/correct", form, page="/incidents/")
    return administrator, answer.status_code, answer.text


def steps(site: Site) -> list[str]:
    with site.engine.reading(SYSTEM) as work:
        return list(work.connection.execute(select(user_task.c.step_id)).scalars())


def test_a_fact_is_put_right_and_the_case_goes_on(site: Site, stuck: int) -> None:
    page = site.browser(Post.SYS).get("/incidents/").text
    assert '<option value="keys">keys = （空）</option>' in page
    assert "/cases/K1" not in page, "whoever may not read the case gets no link that leads nowhere"

    administrator, status, _ = correct(site, stuck, "4")

    assert (status, steps(site)) == (302, ["many"])
    assert "没有异常" in administrator.get("/incidents/").text
    assert "更正流程数据" in site.browser(Post.CS).get("/cases/K1").text


@pytest.mark.parametrize(
    ("value", "name", "said"),
    [
        ("many", "keys", "“keys”不能是这个值"),
        ("", "keys", "步骤再次失败"),
        ("4", "locks", "请选择流程里的一项数据"),
    ],
)
def test_what_does_not_help_is_refused_with_the_reason(
    site: Site, stuck: int, value: str, name: str, said: str
) -> None:
    _, status, page = correct(site, stuck, value, name)

    assert status in {409, 422}
    assert said in page
    assert ">漏填了</textarea>" in page, "what was typed is still there"
    assert steps(site) == []


def test_a_refused_reason_is_still_there(site: Site, stuck: int) -> None:
    form = {"reason": "再试一次"}
    page = site.browser(Post.SYS).post(f"/incidents/{stuck}/retry", form, page="/incidents/").text

    assert page.count(">再试一次</textarea>") == 1
    assert page.count('<details class="more" open>') == 1


def test_only_who_operates_cases_corrects_them(site: Site, stuck: int) -> None:
    answer = site.browser(Post.CS).post(
        f"/incidents/{stuck}/correct", {"name": "keys", "value": "4"}, page="/inbox"
    )

    assert answer.status_code == 403
    assert steps(site) == []
