"""The working calendar is edited by administration, and a missing year is told to those who can act."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from engine import workdays
from engine.calendar import calendar_of
from engine.clock import SettableClock
from engine.ports import SYSTEM
from handlers import built_in
from handlers.accounts.permissions import Post
from handlers.shared import lapsing
from tests.web.conftest import Browser, Site

TABLE = "cn_workdays"
PAGE = "/workdays/"


@pytest.fixture
def year(site: Site) -> Site:
    """A site whose holidays of 2025 and 2026 are published."""
    built_in.seed_holidays(site.engine)
    return site


def administration_of(site: Site) -> Browser:
    """Open a browser of administration, which serves the whole company."""
    return site.browser(site.world.staff(Post.ADM, everywhere=True))


def hours_on(site: Site, day: str) -> bool:
    with site.engine.reading(SYSTEM) as work:
        return bool(calendar_of(work, "office").hours_on(datetime.fromisoformat(day).date()))


def test_a_day_is_added_and_taken_out_again(year: Site) -> None:
    administration = administration_of(year)
    form: dict[str, object] = {"table": TABLE, "day": "2026-12-25", "kind": "holiday", "note": "公司日"}
    assert administration.post(f"{PAGE}add", form, page=PAGE).status_code == 302
    assert not hours_on(year, "2026-12-25")
    assert "公司日" in administration.get(f"{PAGE}?year=2026").text
    assert administration.post(f"{PAGE}remove", form, page=PAGE).status_code == 302
    assert hours_on(year, "2026-12-25")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"day": "2026-12-26"}, "是周末，本来就休息"),
        ({"kind": "makeup_workday"}, "不是周末，本来就上班"),
        ({"day": "明天"}, "请选择日期"),
        ({"kind": "party"}, "请选择放假或调休上班"),
        ({"table": "moon"}, "没有名为“moon”的日历"),
    ],
)
def test_a_day_that_changes_nothing_is_refused_and_kept(year: Site, change: dict[str, str], why: str) -> None:
    administration = administration_of(year)
    form: dict[str, object] = {
        "table": TABLE,
        "day": "2026-12-25",
        "kind": "holiday",
        "note": "公司日",
        **change,
    }
    refused = administration.post(f"{PAGE}add", form, page=PAGE)
    assert refused.status_code == 422
    assert why in refused.text
    assert 'value="公司日"' in refused.text


def test_a_file_publishes_the_next_year_and_ends_the_warning(year: Site, clock: SettableClock) -> None:
    clock.set(datetime(2026, 11, 1, 1, 0, tzinfo=UTC))
    lapsing.watch(year.engine).look()
    administration = administration_of(year)
    assert "2027 年的放假和调休还没有公布" in administration.get("/inbox").text
    assert "2027 年的放假和调休还没有公布" in year.browser(Post.PM).get("/overdue").text
    days = "date,kind,note\n2027-01-01,holiday,元旦\n2027-01-02,makeup_workday,\n"
    form = {"table": TABLE, "file": (BytesIO(days.encode("utf-8-sig")), "2027.csv")}
    assert administration.post(f"{PAGE}import", form, page=PAGE).status_code == 302
    assert not hours_on(year, "2027-01-01")
    assert "还没有公布" not in year.browser(Post.PM).get("/overdue").text


def test_nobody_is_warned_before_november_nor_who_cannot_act(year: Site, clock: SettableClock) -> None:
    clock.set(datetime(2026, 11, 1, 1, 0, tzinfo=UTC))
    assert "还没有公布" not in year.browser(Post.RP).get("/inbox").text
    clock.set(datetime(2026, 10, 31, 15, 0, tzinfo=UTC))
    with year.engine.reading(SYSTEM) as work:
        assert workdays.missing_years(work) == []
    clock.set(datetime(2026, 10, 31, 17, 0, tzinfo=UTC))  # the first of November in Shanghai
    with year.engine.reading(SYSTEM) as work:
        assert workdays.missing_years(work) == [2027]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"date,kind\n2027-13-01,holiday\n", b"date,kind\n"])
def test_a_file_that_cannot_be_read_changes_nothing(year: Site, content: bytes) -> None:
    form = {"table": TABLE, "file": (BytesIO(content), "2027.csv")}
    assert administration_of(year).post(f"{PAGE}import", form, page=PAGE).status_code == 422
    with year.engine.reading(SYSTEM) as work:
        assert {one.day.year for one in workdays.published_days(work, TABLE)} == {2025, 2026}
