"""The pages of imports and of long work."""

import io
import re

import pytest
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.estate import queries
from handlers.shared.outbox import Lane
from handlers.shared.outbox_worker import Worker
from handlers.shared.spreadsheets import spreadsheet
from tests.handlers.estate.lists_made import HEADER, MAN, row, workbook
from tests.handlers.inline import Inline
from tests.web.conftest import Browser, Site

GOOD = (row(), row(房号="503", 业主姓名="李四", 证件号码=MAN, 联系电话="13912345678"))
BAD = row(房号="505", 证件号码=110105194912310020)


class Desk:
    """Two leads with browsers; whoever uploads does not release."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.lead = site.browser(Post.CSL)
        self.second = site.browser(site.world.staff(Post.CSL))

    def upload(self, content: bytes, **more: object) -> TestResponse:
        """Send a file."""
        form = {
            "file": (io.BytesIO(content), "交付清单.xlsx"),
            "community_id": self.site.world.community,
            **more,
        }
        return self.lead.post("/imports/", form, page="/imports/")

    def work(self) -> None:
        """Do all long work that is due."""
        Worker(self.site.engine, [Inline(self.site.engine)], 30, Lane.LONG).drain()

    def taken(self, *rows: list[object]) -> str:
        """Upload a list, have it taken over, and return the address of the import."""
        job = self.upload(workbook(rows)).location
        self.work()
        found = re.search(r'href="(/imports/\d+)"', self.lead.get(job).text)
        assert found is not None
        return found[1]


@pytest.fixture
def desk(site: Site) -> Desk:
    """Two leads."""
    return Desk(site)


def test_an_upload_leads_to_a_page_that_shows_how_far_it_is(desk: Desk) -> None:
    job = desk.upload(workbook(GOOD)).location
    waiting = desk.lead.get(job).text
    assert '<meta http-equiv="refresh" content="3">' in waiting
    assert f'hx-get="{job}/part" hx-trigger="every 2s"' in waiting
    assert "<progress" in waiting
    desk.work()
    done = desk.lead.get(f"{job}/part").text
    assert "hx-get" not in done
    assert "2 / 2 户" in done
    assert "refresh" not in desk.lead.get(job).text
    assert job in desk.lead.get("/jobs/").text


def test_a_list_that_cannot_be_read_is_not_said_to_be_read_still(desk: Desk) -> None:
    desk.upload(b"PK\x03\x04 no workbook")
    assert "正在读入" in desk.lead.get("/imports/").text

    desk.work()

    listed = desk.lead.get("/imports/").text
    assert "没有读完" in listed
    assert "正在读入" not in listed
    page = re.search(r'href="(/imports/\d+)"', listed)
    assert page is not None
    assert "读入时出错或被停止" in desk.lead.get(page[1]).text


def test_the_result_shows_totals_and_bad_rows_with_reasons(desk: Desk) -> None:
    page = desk.lead.get(desk.taken(*GOOD, BAD)).text
    assert "待放行" in page
    assert "179.00" in page  # twice 89.5 m²
    assert 'data-th="清单上">2</td>' in page, "houses are counted, not measured"
    assert "读不出的行两边都没有计入" in page
    assert "没有读入的行" in page
    assert "0020" not in page
    assert "13812345678" not in page


def test_bad_rows_are_downloaded_as_a_workbook(desk: Desk) -> None:
    answer = desk.lead.get(f"{desk.taken(*GOOD, BAD)}/problems.xlsx")
    assert "attachment" in answer.headers["Content-Disposition"]
    [head, line] = load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)  # type: ignore[union-attr]
    assert head == ("工作表", "行", "列", "值（已遮盖）", "原因")
    assert line[1:3] == (4, "证件号码")


def test_a_second_person_releases_and_the_first_cannot(desk: Desk) -> None:
    address = desk.taken(*GOOD)
    assert "核对并放行" not in desk.lead.get(address).text
    assert "可由 职员" in desk.lead.get(address).text
    refused = desk.lead.post(f"{address}/release", page="/imports/")
    assert refused.status_code == 403
    assert "须由另一人核对" in refused.text
    assert "核对并放行" in desk.second.get(address).text
    released = desk.second.post(f"{address}/release", page="/imports/")
    assert "2 位业主的登记生效" in desk.second.get(released.location).text
    with desk.site.engine.reading(SYSTEM) as work:
        [house] = queries.houses_by_address(work, "翠湖花园3-2-502")
        assert len(queries.who_may_act(work, house.id)) == 1


def test_what_is_missing_is_shown_to_who_releases_and_needs_a_reason(desk: Desk) -> None:
    address = desk.taken(*GOOD, BAD)
    assert 'name="difference"' in desk.second.get(address).text
    refused = desk.second.post(f"{address}/release", page=address)
    assert refused.status_code == 422
    assert "请写明差在哪里" in refused.text
    released = desk.second.post(f"{address}/release", {"difference": "505 待更正"}, page=address)
    assert "505 待更正" in desk.lead.get(released.location).text


def test_a_total_of_the_list_itself_that_its_rows_do_not_add_up_to_needs_a_reason_too(desk: Desk) -> None:
    total = row(**{**dict.fromkeys(HEADER), "楼栋": "合计", "建筑面积": 189.0})
    address = desk.taken(*GOOD, total)
    page = desk.second.get(address).text
    assert 'data-th="清单上">189.00</td>' in page
    assert "名单 第 4 行合计：建筑面积（㎡）：清单上 189.00，已读入 179.00" in page
    assert desk.second.post(f"{address}/release", page=address).status_code == 422
    desk.second.post(f"{address}/release", {"difference": "开发商合计有误"}, page=address)
    assert "开发商合计有误" in desk.lead.get(address).text


def test_a_total_that_excel_has_not_computed_is_said_not_to_have_been_compared(desk: Desk) -> None:
    total = row(**{**dict.fromkeys(HEADER), "楼栋": "合计", "建筑面积": "=SUM(F2:F3)"})
    page = desk.second.get(desk.taken(*GOOD, total)).text
    assert "没有比较：名单 第 4 行。合计是公式" in page
    assert 'name="difference"' not in page


def test_a_list_that_is_whole_asks_for_no_reason(desk: Desk) -> None:
    assert 'name="difference"' not in desk.second.get(desk.taken(*GOOD)).text


def test_an_import_is_taken_back_with_one_click(desk: Desk) -> None:
    address = desk.taken(*GOOD)
    job = desk.lead.post(f"{address}/undo", page="/imports/").location
    desk.work()
    assert "已完成" in desk.lead.get(job).text
    page = desk.lead.get(address).text
    assert "已撤销" in page
    assert "撤销整批导入" not in page


@pytest.mark.parametrize("content", [b"", b"name;phone"])
def test_what_is_no_workbook_is_told_on_the_page_of_the_upload(desk: Desk, content: bytes) -> None:
    answer = desk.upload(content)
    assert answer.status_code == 422
    assert "请另存为 Excel 工作簿" in answer.text


def test_a_file_that_fails_later_says_why_on_its_page(desk: Desk) -> None:
    job = desk.upload(b"PK\x03\x04 nothing").location
    desk.work()
    page = desk.lead.get(job).text
    assert "没有完成" in page
    assert "无法读取此文件" in page


def test_stopped_work_is_gone_on_with(desk: Desk) -> None:
    job = desk.upload(workbook(GOOD)).location
    desk.lead.post(f"{job}/stop", page=job)
    desk.work()
    assert "已停止" in desk.lead.get(job).text
    desk.lead.post(f"{job}/go-on", page=job)
    desk.work()
    assert "已完成" in desk.lead.get(job).text


def test_others_cannot_see_or_stop_ones_work(desk: Desk) -> None:
    job = desk.upload(workbook(GOOD)).location
    assert desk.second.get(job).status_code == 404
    assert desk.second.post(f"{job}/stop", page="/imports/").status_code == 404


def test_an_english_reader_gets_english_reasons(desk: Desk) -> None:
    address = desk.taken(BAD)
    browser: Browser = desk.lead
    browser.client.set_cookie("language", "en")
    page = browser.get(address).text
    assert "Document number" in page
    assert "Excel turned the document number" in page


def test_an_english_reader_reads_in_english_which_field_contradicts_what_is_known(desk: Desk) -> None:
    address = desk.taken(
        row(房号="501", 业主姓名="李四", 证件号码=MAN), row(房号="502", 业主姓名="李五", 证件号码=MAN)
    )
    desk.lead.client.set_cookie("language", "en")
    page = desk.lead.get(address).text
    assert "elsewhere with another owner’s name" in page


def test_texts_of_a_workbook_are_never_formulas() -> None:
    content = spreadsheet("表", ["a"], [["=1+1"], ["-2"], [3]])
    values = [cell for [cell] in load_workbook(io.BytesIO(content)).active.iter_rows()]  # type: ignore[union-attr]
    assert [(cell.value, cell.data_type) for cell in values] == [
        ("a", "s"),
        ("=1+1", "s"),
        ("-2", "s"),
        (3, "n"),
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_of_a_workbook_stays_one_when_it_is_edited(text: str) -> None:
    content = spreadsheet("表", ["a"], [[text], ["110105194912310021"], ["a\x0bb"]])
    _, cell, digits, clean = (one for [one] in load_workbook(io.BytesIO(content)).active.iter_rows())  # type: ignore[union-attr]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert (digits.value, digits.data_type, digits.quotePrefix) == ("110105194912310021", "s", False)
    assert clean.value == "ab"
