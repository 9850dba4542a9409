"""The front desk: a call is stamped whatever its number, but nothing else is taken for one."""

import re

import pytest
from sqlalchemy import func, select

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.repair import reporting
from handlers.repair.records import Area, repair_order
from handlers.repair.reporting import Report
from tests.web.conftest import Site

CALLS = [
    "13900000001",
    "+86 139-0000-0001",
    "021-65432100",
    "65432100",
    "",
    "8012",
    "１３９０００００００１",
]
NO_NUMBERS = ["住三单元的老王", "1390000000", "139000000012", "abc", "<b>"]


def orders(site: Site) -> int:
    with site.engine.reading(SYSTEM) as work:
        return work.connection.execute(select(func.count()).select_from(repair_order)).scalar_one()


@pytest.mark.parametrize("number", CALLS)
def test_a_call_with_a_number_or_without_opens_its_task(company: Site, number: str) -> None:
    clerk = company.browser(Post.CS)
    form = {"caller": number, "community_id": str(company.world.community)}
    assert clerk.post("/desk/call", form, page="/desk/").status_code == 302
    assert orders(company) == 1


@pytest.mark.parametrize("path", ["/desk/call", "/desk/caller"])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_no_telephone_shows_is_refused_and_kept(site: Site, text: str, path: str) -> None:
    clerk = site.browser(Post.CS)
    form = {"caller": text, "community_id": str(site.world.community)}
    refused = clerk.post(path, form, page="/desk/")
    assert refused.status_code == 422
    assert "没有显示号码就留空" in refused.text
    field = re.search(r'<input[^>]*id="caller"[^>]*>', refused.text)
    assert field is not None
    assert f'value="{text.replace("<", "&lt;").replace(">", "&gt;")}"' in field[0]
    assert 'aria-invalid="true"' in field[0]
    assert orders(site) == 0


def test_a_number_is_looked_up_by_its_button_alone_and_not_by_who_only_dispatches(site: Site) -> None:
    clerk, lead = site.browser(Post.CS), site.browser(Post.RPL)
    form = {"caller": "13700009999"}
    shown = clerk.post("/desk/caller", form, page="/desk/")
    assert "没有登记过这个号码" in shown.text
    refused = clerk.post("/desk/call", form, page="/desk/")  # the community is missing
    assert "没有登记过这个号码" not in refused.text
    page = lead.get("/desk/")
    assert page.status_code == 200
    assert "只查号码" not in page.text
    assert lead.post("/desk/caller", form, page="/desk/").status_code == 403


@pytest.mark.parametrize(
    ("language", "fault", "state"),
    [("zh", "户内插座/开关/灯具", "待受理"), ("en", "Socket, switch or lamp in flat", "To be accepted")],
)
def test_an_open_repair_of_the_caller_says_what_is_broken_and_where_it_stands(
    company: Site, language: str, fault: str, state: str
) -> None:
    report = Report(Area.PRIVATE, "P04", "灯一直闪", "陈静", "13900000001", house_id=company.world.house)
    with company.engine.work(company.owner) as work:
        number = reporting.report_online(work, report).number
    clerk = company.browser(Post.CS)
    clerk.client.set_cookie("language", language)
    shown = clerk.post("/desk/caller", {"caller": "13900000001"}, page="/desk/")
    line = re.search(rf"<li>[^\n]*{number}.*?</li>", shown.text)
    assert line is not None
    assert (fault in line[0], state in line[0]) == (True, True), line[0]
