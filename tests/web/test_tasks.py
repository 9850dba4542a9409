"""A task's page: look, claim, complete, and what happens when it cannot be done."""

import json

from markupsafe import escape
from sqlalchemy import func, select

from engine.clock import SettableClock
from engine.ports import SYSTEM
from handlers.accounts.permissions import Post
from handlers.shared.records import access_tally
from tests.web.conftest import Site


def test_completing_a_task_leads_back_to_the_list_and_moves_the_case_on(site: Site) -> None:
    instance_id = site.start()
    task_id = site.task(instance_id)
    clerk = site.browser(Post.CS)

    answer = clerk.post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")

    assert (answer.status_code, answer.location) == (302, "/inbox")
    assert site.task(instance_id) != task_id


def test_a_refused_form_shows_the_error_beside_the_field_and_keeps_what_was_typed(site: Site) -> None:
    task_id = site.task(site.start())
    typed = {"outcome": "refuse", "reason": "很" * 41}

    answer = site.browser(Post.CS).post(f"/tasks/{task_id}/complete", typed, page="/inbox")

    assert answer.status_code == 422
    assert 'id="e-reason">最多 40 个字' in answer.text
    assert "很" * 41 in answer.text
    assert 'value="refuse" type="radio" checked' in answer.text


def test_a_task_completed_by_somebody_else_is_a_conflict_that_gives_back_what_was_typed(site: Site) -> None:
    task_id = site.task(site.start())
    first, second = site.browser(Post.CS), site.browser(Post.CSL)
    first.post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")

    answer = site.browser(Post.CS).post(
        f"/tasks/{task_id}/complete", {"outcome": "refuse", "reason": "重复登记"}, page="/inbox"
    )

    assert answer.status_code == 409
    assert "已由职员" in answer.text
    assert "重复登记" in answer.text
    late = second.get(f"/tasks/{task_id}")
    assert (late.status_code, "已由职员" in late.text) == (409, True)


def test_an_error_gives_back_the_words_that_were_written_and_no_codes(site: Site) -> None:
    form = {"outcome": "accept", "reason": "水还在漏", "finding": "leaking", "house_id": "1" * 18}
    answer = site.browser(Post.CS).post("/tasks/1/complete", form, page="/inbox")

    assert answer.status_code == 404
    given_back = answer.text.split("您填写的内容")[1]
    assert "水还在漏" in given_back
    assert "leaking" in given_back, "one word is a text, too"
    assert not [code for code in ("outcome", "accept", "reason", "1" * 18) if f">{code}<" in given_back]


def test_sending_the_same_form_twice_completes_once_and_complains_not(site: Site) -> None:
    instance_id = site.start()
    task_id = site.task(instance_id)
    clerk = site.browser(Post.CS)
    form = {"outcome": "accept", "_key": "4711"}

    answers = [clerk.post(f"/tasks/{task_id}/complete", form, page="/inbox") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]


def test_the_button_is_named_by_the_outcome(site: Site) -> None:
    task_id = site.task(site.start())
    page = site.browser(Post.CS).get(f"/tasks/{task_id}").text
    assert 'data-submit="受理并办理"' in page
    assert 'data-primary="提交"' in page


def test_a_field_that_does_not_apply_is_hidden_until_the_form_is_redrawn(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    condition = json.dumps(["!=", ["name", "outcome"], ["value", "refuse"]])
    hidden = f'id="f-reason" data-hide="{escape(condition)}"'

    assert f"{hidden} hidden" in clerk.get(f"/tasks/{task_id}").text
    redrawn = clerk.post(f"/tasks/{task_id}/form", {"outcome": "refuse"}, page="/inbox")

    assert redrawn.status_code == 200
    assert f"{hidden}>" in redrawn.text


def test_claiming_shows_the_task_as_ones_own_and_keeps_others_out(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)

    clerk.post(f"/tasks/{task_id}/claim", page="/inbox")

    assert "由我办理" in clerk.get(f"/tasks/{task_id}").text
    assert "配钥匙" in clerk.get("/inbox?view=mine").text


def test_giving_a_task_back_lets_others_take_it(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    clerk.post(f"/tasks/{task_id}/claim", page="/inbox")

    clerk.post(f"/tasks/{task_id}/release", page="/inbox")

    assert "配钥匙" not in clerk.get("/inbox?view=mine").text
    assert "配钥匙" in clerk.get("/inbox?view=claimable").text


def test_time_left_turns_into_lateness_when_the_limit_passes(site: Site, clock: SettableClock) -> None:
    site.start()
    assert "剩 30 分" in site.browser(Post.CS).get("/inbox").text
    clock.advance(minutes=42)
    assert "超时 12 分" in site.browser(Post.CS).get("/inbox").text


def test_a_manager_moves_a_limit_with_a_reason_that_is_told(site: Site) -> None:
    task_id = site.task(site.start())
    lead = site.browser(Post.CSL)
    form = {"due_at": "2026-11-23T18:00", "reason": "业主出差，约好晚上"}

    answer = site.browser(Post.PM).post(f"/tasks/{task_id}/move", form, page="/inbox")

    assert answer.status_code == 302
    page = lead.get(f"/tasks/{task_id}").text
    assert "业主出差，约好晚上" in page
    assert "18:00" in page


def test_a_remark_is_kept_and_told_on_the_cases_page(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    clerk.post(f"/tasks/{task_id}/comment", {"text": "业主七点以后在家"}, page="/inbox")
    assert "业主七点以后在家" in clerk.get("/cases/K1").text


def test_a_task_of_another_team_cannot_be_completed(site: Site) -> None:
    task_id = site.task(site.start())
    answer = site.browser(Post.RP).post(f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox")
    none = site.browser(Post.RP).post("/tasks/7/complete", {"outcome": "accept"}, page="/inbox")
    assert answer.status_code == none.status_code == 404
    assert f"没有编号为 {task_id} 的任务" in answer.text
    assert "没有编号为 7 的任务" in none.text


def test_a_refused_form_that_is_sent_again_is_counted_once(site: Site) -> None:
    repairer, task_id = site.browser(Post.RP), site.task(site.start())

    def refused(**form: str) -> int:
        path = f"/tasks/{task_id}/complete"
        assert repairer.post(path, {"outcome": "accept", **form}, page="/inbox").status_code == 404
        with site.engine.reading(SYSTEM) as work:
            of_refusals = select(func.sum(access_tally.c.amount)).where(access_tally.c.kind == "refused")
            return int(work.connection.execute(of_refusals).scalar_one())

    assert [refused(_key="4711"), refused(_key="4711"), refused(_key="4712")] == [1, 1, 2]
    assert refused(_key="4711", outcome="more_info") == 3  # something else was tried
    assert [refused(), refused()] == [4, 5]


def test_fields_nobody_asked_for_are_refused(site: Site) -> None:
    task_id = site.task(site.start())
    form = {"outcome": "accept", "is_admin": "1"}
    answer = site.browser(Post.CS).post(f"/tasks/{task_id}/complete", form, page="/inbox")
    assert answer.status_code == 422


def test_words_that_no_page_ever_shows_do_not_fill_the_cookie(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    token = clerk.get("/inbox").text.partition('name="csrf-token" content="')[2].partition('"')[0]

    for number in range(20):
        data = {"csrf_token": token, "text": f"第{number}次", "_key": f"{number}"}
        assert clerk.client.post(f"/tasks/{task_id}/comment", data=data).status_code == 302

    with clerk.client.session_transaction() as kept:
        assert len(kept["_flashes"]) == 3
