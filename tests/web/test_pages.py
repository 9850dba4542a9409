"""Pages about cases, what is late, procedures and incidents."""

import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import insert, select

from engine import incidents
from engine.clock import SettableClock
from engine.ids import new_id
from engine.inbox_counts import PARTS
from engine.inbox_queries import View
from engine.ports import SYSTEM
from engine.store.tables import external_task, job
from handlers.accounts.permissions import Post
from tests.engine.models import Model
from tests.processes.sheets import FOLDER
from tests.web.conftest import ACCEPT, Site
from web.lists import NAMES
from web.navigation import DOCK, Entry


def finish_first_step(site: Site, clock: SettableClock, minutes: int) -> None:
    task_id = site.task(site.start())
    clock.advance(minutes=minutes)
    clerk = site.browser(Post.CS)
    clerk.post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")


def marks_of(page: str) -> dict[str, Any]:
    """Read what the diagram of a page is told about its elements."""
    marks: dict[str, Any] = json.loads(page.split('id="marks">')[1].split("</script>", maxsplit=1)[0])
    return marks


def plain(page: str) -> str:
    """Return the words of a page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_case_tells_who_did_what_and_whether_in_time(site: Site, clock: SettableClock) -> None:
    finish_first_step(site, clock, minutes=12)
    words = plain(site.browser(Post.CS).get("/cases/K1").text)
    assert "办结“accept”：受理 按时，用时 12 分" in words
    assert "0 步超时" not in words


def test_a_step_that_was_late_is_told_so(site: Site, clock: SettableClock) -> None:
    finish_first_step(site, clock, minutes=42)
    page = site.browser(Post.CS).get("/cases/K1").text
    assert "办结“accept”：受理 超时 12 分" in plain(page)
    assert "1 步超时" in page
    assert "is-late" in page


def test_a_case_tells_what_is_done_now_by_when_and_what_can_come_next(site: Site) -> None:
    site.start()
    words = plain(site.browser(Post.CS).get("/cases/K1").text)
    now = words[words.index("现在和接下来") : words.index("经过")]
    assert "accept 剩 30 分 客服待领取" in now
    assert "到时限" in now
    assert "办完之后 make 维修 · 30 分" in now
    marks = marks_of(site.browser(Post.CS).get("/cases/K1").text)
    assert (marks["accept"]["state"], marks["make"]["next"]) == ("open", True)
    assert "confirm" not in {key for key, mark in marks.items() if mark.get("next")}


def test_a_name_is_never_read_as_markup(site: Site) -> None:
    site.start()
    clerk = site.browser(Post.CS)
    clerk.post("/cases/K1/comment", {"text": "<b>粗</b>"}, page="/inbox")
    assert "&lt;b&gt;粗&lt;/b&gt;" in clerk.get("/cases/K1").text


def test_a_called_diagram_can_be_looked_at_before_the_case_comes_to_it(site: Site) -> None:
    inner = (
        Model("inner")
        .start("s")
        .user("deep", group="rp", form="keys_confirm")
        .end("e")
        .flow("s", "deep", "e")
    )
    outer = Model("keys").start().user("accept", form="keys_accept").call("sub", "inner").end()
    site.deploy(outer.flow("start", "accept", "sub", "end"), inner)
    site.start()
    clerk = site.browser(Post.CS)
    page = clerk.get("/cases/K1").text
    assert marks_of(page)["sub"]["leads"] == "/cases/K1?sheet=sub#diagram"
    called = clerk.get("/cases/K1?sheet=sub").text
    assert "（未到）" in called
    assert "/cases/K1/diagram/inner" in called
    assert "/cases/K1/diagram/keys" in clerk.get("/cases/K1?sheet=nonsense").text


def test_the_diagram_says_what_is_done_and_what_is_open(site: Site, clock: SettableClock) -> None:
    finish_first_step(site, clock, minutes=1)
    clerk = site.browser(Post.CS)
    page = clerk.get("/cases/K1").text
    marks = marks_of(page)
    assert (marks["start"]["state"], marks["accept"]["state"], marks["make"]["state"]) == (
        "done",
        "done",
        "open",
    )
    diagram = clerk.get("/cases/K1/diagram/keys")
    assert diagram.mimetype == "application/xml"
    assert b'id="accept"' in diagram.data


def test_an_english_reader_gets_english_labels_in_the_diagram(site: Site) -> None:
    site.start()
    clerk = site.browser(Post.CS)
    clerk.client.set_cookie("language", "en")
    assert b'name="Accept"' in clerk.get("/cases/K1/diagram/keys").data


def test_cancelling_needs_a_reason_and_ends_the_case(site: Site) -> None:
    site.start()
    clerk = site.browser(Post.CS)
    refused = clerk.post("/cases/K1/cancel", {"reason": " "}, page="/inbox")
    assert refused.status_code == 422
    assert "请填写原因" in refused.text
    assert clerk.post("/cases/K1/cancel", {"reason": "业主搬走"}, page="/inbox").status_code == 302
    page = clerk.get("/cases/K1").text
    assert "已取消" in page
    assert "业主搬走" in page


@pytest.mark.parametrize("view", PARTS)
def test_a_list_of_what_the_whole_group_has_says_so_in_its_name(view: View) -> None:
    is_of_group = any(part.endswith("team") for part in PARTS[view])
    assert str(NAMES[view]).startswith("本组") is is_of_group


@pytest.mark.parametrize("tab", [one for one in DOCK if one.endpoint == "inbox.index"])
def test_a_tab_on_the_phone_says_whose_steps_its_list_has(tab: Entry) -> None:
    parts = PARTS.get(View(dict(tab.query)["view"]), ())
    is_of_group = any(part.endswith("team") for part in parts)
    assert str(tab.label).startswith("本组") is is_of_group
    assert len(str(tab.label)) <= 4


def test_a_number_nobody_knows_is_not_found(site: Site) -> None:
    clerk = site.browser(Post.CS)
    assert clerk.get("/cases/?q=K99").location == "/cases/K99"
    assert clerk.get("/cases/K99").status_code == 404


def test_what_is_late_is_counted_with_how_late(site: Site, clock: SettableClock) -> None:
    site.start()
    clock.advance(minutes=45)
    page = site.browser(Post.PM).get("/overdue").text
    assert "<b>1</b>超时中 · 最久 15 分" in page
    assert "/overdue?process_key=keys&amp;called_process=keys&amp;step_id=accept" in page


def test_reports_can_be_narrowed_to_one_post(site: Site, clock: SettableClock) -> None:
    site.start()
    clock.advance(minutes=45)
    page = site.browser(Post.PM).get("/overdue?group_code=rp").text
    assert "<b>0</b>超时中" in page


def test_the_page_of_a_procedure_lists_steps_with_posts_and_limits(site: Site) -> None:
    page = site.browser(Post.CS).get("/processes/keys").text
    assert "30 分" in page
    assert "2 天" in page
    assert "客服" in page


REWORDED = json.dumps(
    {**ACCEPT, "properties": {**ACCEPT["properties"], "submit": "受理此事"}}  # type: ignore[dict-item]
).encode()


def deploy(site: Site, name: str, content: bytes) -> tuple[int, str]:
    administrator = site.browser(Post.SYS)
    answer = administrator.post(
        "/processes/deploy", {"files": (BytesIO(content), name)}, page="/processes/deploy"
    )
    return answer.status_code, answer.text


def test_a_good_file_is_in_force_once_another_person_approves_it(site: Site) -> None:
    status, _ = deploy(site, "keys_accept.form", REWORDED)
    assert status == 302
    task_id = site.task(site.start())
    assert 'data-primary="受理此事"' not in site.browser(Post.CS).get(f"/tasks/{task_id}").text

    quality = site.browser(Post.QA)
    address = re.search(r"/processes/changes/\d+", quality.get("/processes/").text)
    assert address
    assert "受理此事" in quality.get(address[0]).text
    assert quality.post(f"{address[0]}/approve", {}, page=address[0]).status_code == 302
    task_id = site.task(site.start("K2"))
    assert 'data-primary="受理此事"' in site.browser(Post.CS).get(f"/tasks/{task_id}").text


def test_a_change_without_a_title_has_one_in_the_language_of_each_reader(site: Site) -> None:
    deploy(site, "keys_accept.form", REWORDED)
    reader = site.browser(Post.QA)
    chinese = reader.get("/processes/").text
    address = re.search(r"/processes/changes/\d+", chinese)
    assert address
    assert f'"{address[0]}">流程修改</a>' in chinese
    assert "<h1>流程修改 " in reader.get(address[0]).text
    reader.client.set_cookie("language", "en")
    assert f'"{address[0]}">Changes of procedures</a>' in reader.get("/processes/").text
    page = reader.get(address[0]).text
    assert "<h1>Changes of procedures " in page
    assert "<title>Changes of procedures · " in page
    assert "流程修改" not in page


def test_the_title_of_a_change_stays_as_it_was_typed(site: Site) -> None:
    files = {"files": (BytesIO(REWORDED), "keys_accept.form")}
    administrator = site.browser(Post.SYS)
    answer = administrator.post("/processes/deploy", {**files, "name": "改措辞"}, page="/processes/deploy")
    administrator.client.set_cookie("language", "en")
    assert "<h1>改措辞 " in administrator.get(answer.headers["Location"]).text


def test_whoever_may_change_a_procedure_downloads_the_files_of_each_version(site: Site) -> None:
    administrator = site.browser(Post.SYS)
    was = administrator.get("/processes/keys/1/files/keys_accept.form").data
    deploy(site, "keys_accept.form", was + b"\n")
    quality = site.browser(Post.QA)
    address = re.search(r"/processes/changes/\d+", quality.get("/processes/").text)
    assert address
    quality.post(f"{address[0]}/approve", {}, page=address[0])
    assert "/processes/keys/2/files/keys_accept.form" in administrator.get("/processes/keys").text
    assert "/processes/keys/1/files/keys_accept.form" in administrator.get("/processes/keys?version=1").text
    answer = administrator.get("/processes/keys/2/files/keys_accept.form")
    assert answer.data == was + b"\n"
    assert answer.headers["Content-Disposition"] == "attachment; filename=keys_accept.form"
    assert administrator.get("/processes/keys/1/files/keys_accept.form").data == was
    for missing in ("1/files/other.form", "3/files/keys_accept.form", "1/files/topics.toml"):
        assert administrator.get(f"/processes/keys/{missing}").status_code == 404
    assert administrator.get("/processes/keys?version=3").status_code == 404
    assert ".toml" not in administrator.get("/processes/keys").text, "what only developers change"
    assert "/files/" not in quality.get("/processes/keys").text, "who only approves needs none"


def test_a_changed_table_is_said_in_words_to_whoever_approves(site: Site) -> None:
    table, quality = (FOLDER / "repair_limits.dmn").read_bytes(), site.browser(Post.QA)
    for content in (table, table.replace(b'duration("PT3M")', b'duration("PT4M")')):
        assert deploy(site, "repair_limits.dmn", content)[0] == 302
        address = re.findall(r"/processes/changes/\d+", quality.get("/processes/").text)[0]
        page = quality.get(address).text
        quality.post(f"{address}/approve", {}, page=address)
    assert "“特急：危及生命”的“接单”：3 分 → 4 分" in page


def test_a_bad_file_is_refused_with_every_problem_and_its_remedy(site: Site) -> None:
    broken = Model("broken").start().user("lost", form="no_such_form").user("two", form="nor_this").end()
    status, page = deploy(site, "broken.bpmn", broken.flow("start", "lost", "two", "end").xml())
    assert status == 422
    assert page.count("broken.bpmn") >= 2
    assert "怎么改" in page


def test_an_administrator_without_incidents_is_told_so(site: Site) -> None:
    assert "没有异常" in site.browser(Post.SYS).get("/incidents/").text


def test_an_incident_says_in_words_what_failed(site: Site) -> None:
    site.start()
    with site.engine.work(SYSTEM) as work:
        failed = work.connection.execute(select(job).where(job.c.kind == "deadline")).first()
        incidents.open_for_job(work, failed, KeyError("csl"))
    assert "种类 时限提醒失败，步骤仍可办理" in plain(site.browser(Post.SYS).get("/incidents/").text)


def test_outside_work_shows_who_has_it_and_is_unlocked(site: Site, clock: SettableClock) -> None:
    row = {
        "id": new_id(),
        "instance_id": site.start(),
        "token": "t",
        "topic": "meter.read",
        "process_key": "k",
        "business_key": "K1",
        "step_id": "accept",
        "created_at": clock.now(),
        "inputs": {},
        "worker_id": "reader-7",
        "locked_until": clock.now() + timedelta(minutes=5),
    }
    with site.engine.work(SYSTEM) as work:
        work.connection.execute(insert(external_task), row)
    administrator = site.browser(Post.SYS)
    shown = plain(administrator.get("/incidents/").text)
    assert "meter.read" in shown
    assert "由 reader-7 锁定到" in shown
    administrator.post(f"/incidents/outside/{row['id']}/unlock", page="/incidents/")
    shown = administrator.get("/incidents/").text
    assert "无人锁定" in shown
    assert "reader-7" not in shown
