"""The page of what is late: every count leads to its steps, and a manager acts on several at once."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from engine import tasks
from engine.clock import SettableClock
from engine.ids import new_id
from engine.ports import SYSTEM
from engine.store.tables import history_event, incident, user_task
from handlers.accounts.permissions import Post
from handlers.shared.records import outbox_job
from tests.engine.models import Model
from tests.web.conftest import Browser, Site


@pytest.fixture
def late(site: Site, clock: SettableClock) -> list[int]:
    """Two steps, late by fifteen minutes."""
    tasks = [site.task(site.start(number)) for number in ("K1", "K2")]
    clock.advance(minutes=45)
    return tasks


@pytest.fixture
def manager(site: Site) -> Browser:
    """A project manager's browser."""
    return site.browser(Post.PM)


def act(manager: Browser, what: str, tasks: list[int], **form: object) -> tuple[int, str]:
    answer = manager.post("/overdue", {"act": what, "task": tasks, **form}, page="/overdue")
    return answer.status_code, answer.text


def events(site: Site, kind: str) -> int:
    with site.engine.reading(SYSTEM) as work:
        query = select(func.count()).select_from(history_event).where(history_event.c.kind == kind)
        return int(work.connection.execute(query).scalar_one())


def test_each_count_leads_to_the_steps_it_counts(late: list[int], manager: Browser) -> None:
    page = manager.get("/overdue").text
    for address in (
        "/overdue?process_key=keys&amp;state=late#list",
        "/overdue?process_key=keys&amp;called_process=keys&amp;step_id=accept&amp;state=late#list",
        "/overdue?group_code=cs&amp;state=late#list",
        "/overdue?person_id=0&amp;state=late#list",
    ):
        assert f'href="{address}">2</a>' in page, address
        assert manager.get(address.replace("&amp;", "&")).text.count('name="task"') == len(late)
    assert manager.get("/overdue?group_code=rp").text.count('name="task"') == 0


def test_steps_are_folded_by_procedure_with_counts_and_a_way_to_all_of_them(
    site: Site, clock: SettableClock
) -> None:
    tasks = [site.task(site.start(f"K{number}")) for number in range(6)]
    clock.advance(minutes=45)
    manager = site.browser(Post.PM)
    page = manager.get("/overdue").text
    (group,) = re.findall(r'<details class="late-group".*?</details>', page, re.DOTALL)
    assert re.search(r"<summary><b>[^<]*</b> <span class=\"late\">超时中 6</span></summary>", group)
    assert 'href="/overdue?process_key=keys#list">看全部 6 件</a>' in group
    assert group.count('name="task"') == group.count('name="only"') == len(tasks)
    whole = manager.get("/overdue?process_key=keys").text
    assert "late-group" not in whole
    assert whole.count('name="task"') == len(tasks)


def test_steps_of_one_id_on_two_sheets_are_counted_apart(
    site: Site, late: list[int], manager: Browser, clock: SettableClock
) -> None:
    again = (
        Model("keys_again").start("s").user("accept", form="keys_accept").end("e").flow("s", "accept", "e")
    )
    site.deploy(Model("keys").start().call("sub", "keys_again").end().flow("start", "sub", "end"), again)
    called = site.task(site.start("K3"))
    clock.advance(minutes=45)
    manager = site.browser(Post.PM)
    page = manager.get("/overdue").text
    for sheet, ids in (("keys", late), ("keys_again", [called])):
        address = f"/overdue?process_key=keys&called_process={sheet}&step_id=accept&state=late"
        assert f'href="{address.replace("&", "&amp;")}#list">{len(ids)}</a>' in page, sheet
        assert all(f'name="task" value="{one}"' in manager.get(address).text for one in ids)
    assert manager.get("/overdue?process_key=keys&step_id=accept").text.count('name="task"') == 3


def test_a_manager_reminds_of_several_steps_at_once(site: Site, late: list[int], manager: Browser) -> None:
    status, page = act(manager, "remind", late)
    assert (status, "办成 2 件，共 2 件" in page, events(site, "reminded")) == (200, True, 2)
    with site.engine.reading(SYSTEM) as work:
        sent = [str(row.args) for row in work.connection.execute(select(outbox_job))]
    assert sum("task_reminded" in args for args in sent) == 2


def test_what_is_refused_is_said_of_each_and_keeps_no_other_from_being_done(
    site: Site, late: list[int], manager: Browser
) -> None:
    act(manager, "remind", late[:1])
    _, page = act(manager, "remind", late)
    assert "办成 1 件，共 2 件" in page
    assert "催办过，请稍候" in page


def test_a_manager_gives_more_time_with_a_reason(site: Site, late: list[int], manager: Browser) -> None:
    when = "2027-01-05T10:00"
    assert act(manager, "move", late, due_at=when)[0] == 422
    refused = act(manager, "move", late, reason="停电")[1]
    assert 'name="reason" value="停电"' in refused
    assert all(f'value="{task}" checked' in refused for task in late)
    assert refused.count('<details class="more" open>') == 1
    _, page = act(manager, "move", late, due_at=when, reason="停电")
    assert 'value="停电"' not in page
    assert "办成 2 件，共 2 件" in page
    with site.engine.reading(SYSTEM) as work:
        due = {row.due_at.isoformat() for row in work.connection.execute(select(user_task))}
    assert due == {"2027-01-05T02:00:00+00:00"}
    assert "原时限" in manager.get("/overdue?state=excused").text


def test_a_manager_hands_steps_to_somebody_of_the_post_only(
    site: Site, late: list[int], manager: Browser
) -> None:
    clerk, repairer = site.staff(Post.CS), site.staff(Post.RP)
    assert "没有办理" in act(manager, "reassign", late, to=repairer.id, reason="x")[1]
    _, page = act(manager, "reassign", late, to=clerk.id, reason="班上人手够")
    assert "办成 2 件，共 2 件" in page


def takers(page: str) -> dict[str, str]:
    """Return who may take each step of a page."""
    return dict(re.findall(r'name="task" value="(\d+)"[^>]* data-takers="([\d ]*)"', page))


def test_of_each_person_it_is_said_how_many_of_the_steps_they_may_take(
    site: Site, late: list[int], manager: Browser
) -> None:
    clerk, now = site.staff(Post.CS), site.engine.clock.now()
    site.world.shift(clerk, now - timedelta(hours=1), now + timedelta(hours=1))
    site.engine.run(clerk, lambda work: tasks.claim(work, late[0]))
    page = manager.get("/overdue").text
    assert re.search(rf'<option value="{clerk.id}" data-name="[^"]+">[^<]+ 1/2</option>', page)
    assert takers(page) == {str(late[0]): "", str(late[1]): str(clerk.id)}


def test_nothing_is_done_when_nothing_is_chosen(site: Site, late: list[int], manager: Browser) -> None:
    status, page = act(manager, "remind", [])
    assert (status, "请先在明细中选择步骤" in page, events(site, "reminded")) == (422, True, 0)


def test_whoever_may_not_hand_over_sees_the_page_without_acts(site: Site, late: list[int]) -> None:
    clerk = site.browser(Post.CS)
    assert 'name="act"' not in clerk.get("/overdue").text
    assert clerk.post("/overdue", {"act": "remind", "task": late}, page="/overdue").status_code == 403


def test_cases_that_stand_still_are_told_where_what_is_late_is_looked_for(site: Site) -> None:
    case, now = site.start(), site.engine.clock.now()
    row = {"instance_id": case, "kind": "step", "step_id": "accept", "message": "出错", "opened_at": now}
    with site.engine.work(SYSTEM) as work:
        work.connection.execute(insert(incident), [{"id": new_id(), **row} for _ in range(2)])
    manager, clerk = site.browser(Post.PM), site.browser(Post.CS)
    assert "1 件事项因异常停住" in manager.get("/overdue").text
    for address in ("/inbox", "/inbox/counts"):
        assert 'data-stuck>异常停住 <span class="count count-late">1</span>' in manager.get(address).text
        assert "异常停住" not in clerk.get(address).text
