"""The page of periods is for those who watch over data protection, and tells what the nights did."""

import re
from datetime import timedelta

from engine.clock import SettableClock
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.estate import entry
from handlers.privacy.retention_nights import carry_out
from tests.web.conftest import Site

YEARS = timedelta(days=3 * 366 + 1)


def test_the_officer_sees_each_period_and_what_was_carried_out(site: Site, clock: SettableClock) -> None:
    officer = site.browser(Post.DPO)
    page = officer.get("/retention").text
    assert "还没有执行过" in page
    assert "民法典 188" in page

    person = site.world.person("王芳", "13812345678")
    relation = site.world.relate(person, site.world.house)
    with site.engine.work(SYSTEM) as work:
        entry.end_relation(work, relation)
    clock.advance(seconds=YEARS.total_seconds())
    carry_out(site.engine)
    page = site.browser(Post.DPO).get("/retention").text
    assert "<b>1</b>近 30 天到期匿名化的人" in page
    assert "还没有执行过" not in page


def test_periods_are_folded_by_what_becomes_of_the_data(site: Site) -> None:
    page = site.browser(Post.DPO).get("/retention").text
    folds = re.findall(r'data-fold="yes" open>\s*<summary class="card-head"><h2>([^<]+)</h2>', page)
    assert set(folds) == {"到期后：保留", "到期后：删除", "到期后：匿名化"}


def test_clerks_are_kept_out(site: Site) -> None:
    assert site.browser(Post.CS).get("/retention").status_code == 403
