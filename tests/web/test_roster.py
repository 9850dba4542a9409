"""The pages of the roster: a week, planning by cells, people, teams, and what is manned."""

import re
from datetime import date, timedelta

import pytest

from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from handlers.accounts import roster, shift_templates, teams
from handlers.accounts.permissions import Post
from handlers.accounts.roster import Shift
from tests.web.conftest import Browser, Site

TOMORROW = date(2026, 11, 24)


def shifts(site: Site, who: Actor) -> list[Shift]:
    with site.engine.reading(SYSTEM) as work:
        found = roster.shifts(work, site.world.community, work.now, work.now + timedelta(days=30))
    return [one for one in found if one.account_id == who.id]


def place(site: Site) -> str:
    return f"/roster/{site.world.community}"


def plan(site: Site, by: Browser, who: Actor, template: str = "白班") -> str:
    cell = f"{who.id}~{TOMORROW.isoformat()}"
    answer = by.post(f"{place(site)}/plan", {"template": template, "cell": cell}, page="/roster/")
    return by.get(answer.location).text if answer.status_code == 302 else answer.text


@pytest.fixture
def lead(site: Site) -> Browser:
    """The customer-service lead."""
    return site.browser(Post.CSL)


def test_a_ticked_cell_becomes_a_shift_and_shows_in_the_week(site: Site, lead: Browser) -> None:
    clerk = site.staff(Post.CS)
    page = plan(site, lead, clerk)
    assert "排好了 1 个班次" in page
    assert "<b>白班</b>" in page
    assert 'value="白班" required checked' in page
    [shift] = shifts(site, clerk)
    assert f"/roster/shifts/{shift.id}" in lead.get("/roster/").text


def test_what_could_not_be_planned_is_told_with_who_and_why(site: Site, lead: Browser) -> None:
    plan(site, lead, site.staff(Post.CS))
    page = plan(site, lead, site.staff(Post.CS), "值班长")
    assert "1 个没有排上" not in page  # from ten in the evening: after the day shift
    page = plan(site, lead, site.staff(Post.RP))
    assert "1 个没有排上" in page
    assert "不归您排班" in page


def test_nothing_ticked_keeps_the_chosen_shift_on_the_page(site: Site, lead: Browser) -> None:
    answer = lead.post(
        f"{place(site)}/plan", {"template": "晚班", "community_id": site.world.community}, page="/roster/"
    )
    assert answer.status_code == 422
    assert "请先勾选" in answer.text
    assert 'value="晚班" required checked' in answer.text


def test_a_week_is_copied_from_the_one_before(site: Site, lead: Browser) -> None:
    clerk = site.staff(Post.CS)
    plan(site, lead, clerk)
    form = {"source": "2026-11-23", "week": "2026-11-30"}
    assert lead.post(f"{place(site)}/copy", form, page="/roster/").status_code == 302
    assert len(shifts(site, clerk)) == 2


def test_a_shift_of_own_times_past_midnight_is_added_for_several_people(site: Site) -> None:
    manager = site.browser(Post.PM)
    people = [site.staff(Post.CS), site.staff(Post.RP)]
    form = {
        "day": TOMORROW.isoformat(),
        "template": "own",
        "starts": "20:00",
        "ends": "02:00",
        "account_id": [str(one.id) for one in people],
    }
    assert manager.post(f"{place(site)}/add", form, page="/roster/").status_code == 302
    for who in people:
        [shift] = shifts(site, who)
        assert shift.ends_at - shift.starts_at == timedelta(hours=6)


def test_a_wrong_time_is_told_and_nothing_typed_is_lost(site: Site, lead: Browser) -> None:
    form = {"day": TOMORROW.isoformat(), "template": "own", "starts": "8 Uhr", "ends": "16:00"}
    answer = lead.post(f"{place(site)}/add", form, page="/roster/")
    assert answer.status_code == 422
    assert "有效的时间" in answer.text
    assert 'value="8 Uhr"' in answer.text


def test_a_shift_is_moved_given_away_and_cancelled(site: Site, lead: Browser) -> None:
    clerk = site.staff(Post.CS)
    plan(site, lead, clerk)
    [shift] = shifts(site, clerk)
    path = f"/roster/shifts/{shift.id}"
    assert 'value="2026-11-24T08:00"' in lead.get(path).text
    moved = {
        "account_id": str(clerk.id),
        "starts_at": "2026-11-24T09:00",
        "ends_at": "2026-11-24T13:00",
        "community_id": site.world.community,
    }
    assert lead.post(path, moved, page="/roster/").status_code == 302
    [shift] = shifts(site, clerk)
    assert shift.ends_at - shift.starts_at == timedelta(hours=4)
    refused = lead.post(path, {**moved, "ends_at": "2026-11-24T08:00"}, page="/roster/")
    assert refused.status_code == 422
    assert 'value="2026-11-24T08:00"' in refused.text
    assert lead.post(f"{path}/remove", {"starts_at": "2026-11-24T09:00"}, page="/roster/").status_code == 302
    assert shifts(site, clerk) == []


def test_a_leave_frees_the_shifts_and_shows_on_the_roster(site: Site, lead: Browser) -> None:
    clerk = site.staff(Post.CS)
    plan(site, lead, clerk)
    person = f"{place(site)}/people/{clerk.id}"
    form = {"starts_at": "2026-11-24T00:00", "ends_at": "2026-11-26T00:00"}
    answer = lead.post(f"{person}/away", form, page="/roster/")
    assert "1 个班次空了出来" in lead.get(answer.location).text
    assert shifts(site, clerk) == []
    assert '<span class="away">请假</span>' in lead.get("/roster/").text
    end = re.search(r"action=\"([^\"]+/leave/\d+/end)\"", lead.get(person).text)
    assert end is not None
    assert lead.post(end[1], {}, page="/roster/").status_code == 302
    assert "销假" not in lead.get(person).text.replace("已销假", "")


def test_a_substitute_shows_in_both_rows_of_the_roster(site: Site) -> None:
    manager = site.browser(Post.PM)
    clerk, other = site.staff(Post.CS), site.staff(Post.CSL)
    plan(site, manager, clerk)
    form = {
        "starts_at": "2026-11-24T00:00",
        "ends_at": "2026-11-25T00:00",
        "substitute_id": str(other.id),
    }
    person = f"{place(site)}/people/{clerk.id}"
    assert manager.post(f"{person}/away", form, page="/roster/").status_code == 302
    page = manager.get("/roster/").text
    names = site.engine.directory
    with site.engine.reading(SYSTEM) as work:
        said = names.names(work.connection, [clerk.id, other.id])
    assert f"<span>由{said[other.id]}替</span>" in page
    assert f"<span>替{said[clerk.id]}</span>" in page
    assert f"不在岗，由{said[other.id]}替" in page


def test_who_stands_in_for_a_manager_waits_for_security_and_then_reads_for_whom_and_until_when(
    site: Site,
) -> None:
    manager, clerk = site.staff(Post.PM), site.staff(Post.CS)
    security = site.browser(site.world.staff(Post.SEC, everywhere=True))
    form = {
        "starts_at": "2026-11-23T00:00",
        "ends_at": "2026-12-03T00:00",
        "substitute_id": str(clerk.id),
    }
    person = f"{place(site)}/people/{manager.id}"
    browser = site.browser(manager)
    answer = browser.post(f"{person}/away", form, page="/roster/")
    assert "等安全管理员核准后才生效" in browser.get(answer.location).text
    with site.engine.reading(SYSTEM) as work:
        name = site.engine.directory.names(work.connection, [manager.id])[manager.id]
    said = f"代{name}办理至"
    substitute = site.browser(clerk)
    assert said not in substitute.get("/inbox").text
    approve = re.search(r"action=\"(/staff/substitutions/[^\"]+/approve)\"", security.get("/staff/").text)
    assert approve is not None
    assert security.post(approve[1], {}, page="/staff/").status_code == 302
    assert substitute.get("/inbox").text.count(said) == 2
    assert f"代{name}办理" in security.get(f"/staff/{clerk.id}").text


def test_hours_with_nobody_there_are_listed_until_somebody_is_planned(site: Site, lead: Browser) -> None:
    clerk = site.staff(Post.CS)
    covers = {"cover.0": "desk.", "starts.0": "08:00", "ends.0": "16:00"}
    settings = f"{place(site)}/settings"
    assert lead.post(f"{settings}/covers", covers, page=settings).status_code == 302
    before = lead.get("/roster/").text
    assert "今后 14 天有 15 处无人值守" in before
    assert '<span class="vacant">缺 <span class="num">08:00–16:00</span></span>' in before
    plan(site, lead, clerk)
    assert "今后 14 天有 14 处无人值守" in lead.get("/roster/").text


def test_a_community_gets_its_own_shifts_and_a_nameless_line_is_left_out(site: Site, lead: Browser) -> None:
    form = {
        "name.0": "大班",
        "starts.0": "09:00",
        "ends.0": "21:00",
        "name.1": "",
        "starts.1": "",
        "ends.1": "",
    }
    settings = f"{place(site)}/settings"
    assert lead.post(f"{settings}/templates", form, page=settings).status_code == 302
    with site.engine.reading(SYSTEM) as work:
        [template] = shift_templates.templates(work, site.world.community)
    assert (template.name, template.starts_minute, template.minutes) == ("大班", 540, 720)


def test_a_team_is_created_and_its_lead_plans_without_the_post_of_a_lead(site: Site) -> None:
    manager, repairer = site.browser(Post.PM), site.staff(Post.RP)
    page = f"{place(site)}/teams"
    assert manager.post(page, {"name": "水电一班"}, page=page).status_code == 302
    with site.engine.reading(SYSTEM) as work:
        [team] = teams.teams(work, site.world.community)
    form = {"member": [str(repairer.id)], "lead_id": str(repairer.id)}
    assert manager.post(f"{page}/{team.id}", form, page=page).status_code == 302
    own = site.browser(repairer)
    assert "排好了 1 个班次" in plan(site, own, repairer)


def test_people_without_planning_see_the_week_but_no_forms(site: Site, clock: SettableClock) -> None:
    plan(site, site.browser(Post.PM), site.staff(Post.RP))
    page = site.browser(Post.RP).get("/roster/").text
    assert "<b>白班</b>" in page
    for hidden in ("加班次", "按格排班", "无人值守", "现在在班"):
        assert hidden not in page


@pytest.mark.parametrize(
    "query", ["week=0001-01-01", "week=9999-12-31", "week=x", "team=x&skill=y", "community_id=99"]
)
def test_weeks_and_filters_nobody_can_mean_show_what_there_is(site: Site, lead: Browser, query: str) -> None:
    assert lead.get(f"/roster/?{query}").status_code == 200
