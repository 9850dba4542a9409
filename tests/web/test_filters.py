"""The inbox is narrowed by a form, and what it is narrowed to is kept under a name for its owner alone."""

import re

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.saved_filters import MOST
from engine.store.tables import inbox_filter
from handlers.accounts.permissions import Post
from tests.web.conftest import Browser, Site


def narrow(browser: Browser, **form: str) -> str:
    """Send the form and return the address of the narrowed list."""
    answer = browser.post("/inbox/filters/", {"act": "show", **form}, page="/inbox")
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def rows(browser: Browser, address: str) -> set[str]:
    return set(re.findall(r'id="row-(\d+)"', browser.get(address).text))


@pytest.mark.parametrize(
    ("form", "is_shown"),
    [
        ({"step": "keys/accept"}, True),
        ({"step": "keys/make"}, False),
        ({"text": "1栋301"}, True),
        ({"text": "1-301"}, True),
        ({"text": "k1"}, True),
        ({"text": "钥匙"}, True),
        ({"text": "漏水"}, False),
        ({"within": "60"}, True),
        ({"within": "0"}, False),
        ({"urgency": "0"}, False),
        ({"community": "5"}, False),
        ({"view": "mine", "step": "keys/"}, False),
    ],
)
def test_a_list_shows_what_it_is_narrowed_to(site: Site, form: dict[str, str], is_shown: bool) -> None:
    task = str(site.task(site.start("K1")))
    clerk = site.browser(Post.CS)

    address = narrow(clerk, **form)

    assert (task in rows(clerk, address)) is is_shown
    assert re.fullmatch(r"/inbox\?filter=\d+", address), "nothing of it stands in the address"


def test_a_saved_filter_stands_above_the_list_with_its_count_and_can_be_changed_and_deleted(
    site: Site,
) -> None:
    site.start("K1")
    clerk = site.browser(Post.CS)
    address = narrow(clerk, act="save", name="待受理", step="keys/accept")
    filter_id = address.rpartition("=")[2]
    assert re.search(r"待受理 <span class=\"num\">1</span>", clerk.get("/inbox").text)
    assert "待受理" in clerk.get("/inbox/counts").text

    assert narrow(clerk, act="save", name="急件", urgency="0", id=filter_id) == address
    page = clerk.get("/inbox").text
    assert "待受理" not in page
    assert re.search(r"急件 <span class=\"num\">0</span>", page)

    clerk.post(f"/inbox/filters/{filter_id}/delete", page="/inbox")
    assert "急件" not in clerk.get("/inbox").text
    assert "已删除或已过期" in clerk.get(address).text


def test_the_next_task_after_one_is_done_comes_from_the_narrowed_list(site: Site) -> None:
    first, _, last = (site.task(site.start(number)) for number in ("K1", "X2", "K3"))
    clerk = site.browser(Post.CS)
    address = narrow(clerk, step="keys/accept", text="k3")
    origin = address.partition("?")[2]

    form = {"outcome": "accept", "_from": origin}
    answer = clerk.post(f"/tasks/{first}/complete", form, page="/inbox")

    assert f"/tasks/{last}" in answer.location


def test_nobody_sees_changes_or_deletes_filters_of_others(site: Site) -> None:
    site.start("K1")
    clerk, other = site.browser(Post.CS), site.browser(Post.CSL)
    address = narrow(clerk, act="save", name="我的", step="keys/accept")
    filter_id = address.rpartition("=")[2]

    assert "我的</" not in other.get(address).text
    other.post(f"/inbox/filters/{filter_id}/delete", page="/inbox")
    assert narrow(other, act="save", name="别人的", urgency="0", id=filter_id) != address

    assert 'value="我的"' in clerk.get(address).text


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({}, "请至少选择一个筛选条件"),
        ({"act": "save", "urgency": "0"}, "请给筛选起个名称再保存"),
        ({"act": "save", "name": "长" * 21, "urgency": "0"}, "名称最多 20 字"),
        ({"text": "栋"}, "文字请填 2 到 50 字"),
    ],
)
def test_a_refused_filter_says_why_and_keeps_what_was_chosen(
    site: Site, form: dict[str, str], why: str
) -> None:
    answer = site.browser(Post.CS).post(
        "/inbox/filters/", {"act": "show", "within": "", **form, "view": "team"}, page="/inbox"
    )
    assert answer.status_code == 422
    assert why in answer.text
    assert '<option value="team" selected>' in answer.text


def test_a_name_stands_for_one_filter_and_there_are_not_too_many(site: Site) -> None:
    clerk = site.browser(Post.CS)
    for number in range(MOST):
        narrow(clerk, act="save", name=f"第{number}个", urgency="0")
    for name in ("第3个", "再一个"):
        form = {"act": "save", "name": name, "urgency": "0"}
        assert clerk.post("/inbox/filters/", form, page="/inbox").status_code == 422


def test_filters_without_a_name_are_forgotten_and_none_is_kept_in_clear(
    site: Site, clock: SettableClock
) -> None:
    clerk = site.browser(Post.CS)
    address = narrow(clerk, text="1栋301")
    with site.engine.reading(SYSTEM) as work:
        bodies = [str(row.body) for row in work.connection.execute(inbox_filter.select())]
    assert len(bodies) == 1
    assert "301" not in bodies[0]

    clock.advance(hours=13)
    clerk = site.browser(Post.CS)
    narrow(clerk, urgency="0")
    assert "已删除或已过期" in clerk.get(address).text


def test_a_step_that_two_sheets_of_a_procedure_use_is_offered_once_by_both_names(company: Site) -> None:
    page = company.browser(Post.RP).get("/inbox").text
    assert page.count('<option value="repair/take">接单、抢险接单</option>') == 1
