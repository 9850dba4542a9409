"""Nothing typed is lost and nothing is done twice: drafts, repeats, conflicts, ended sessions, old pages."""

import json
import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from engine import definitions, drafts, instances
from engine.clock import SettableClock
from engine.ports import SYSTEM, Actor
from engine.store.tables import case_comment, task_history
from handlers.accounts.permissions import Post
from handlers.shared.records import attachment
from tests.engine.models import Model
from tests.handlers.estate_world import PASSWORD
from tests.web.conftest import Browser, Site

REFUSE = {"outcome": "refuse", "reason": "不在本小区"}


def kept_draft(site: Site, actor: Actor, task_id: int) -> dict[str, object]:
    with site.engine.reading(actor) as work:
        found = drafts.draft(work, task_id)
    return dict(found.answers) if found else {}


def count(site: Site, table: object) -> int:
    with site.engine.reading(SYSTEM) as work:
        return int(work.connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


# --- drafts ------------------------------------------------------------------------------------------------


def test_what_was_typed_stands_in_the_form_when_it_is_opened_again(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)

    answer = clerk.post(f"/tasks/{task_id}/draft", {**REFUSE, "_touched": "reason"}, page="/inbox")

    assert answer.status_code == 204
    assert "不在本小区" in clerk.get(f"/tasks/{task_id}").text
    assert "不在本小区" not in site.browser(Post.CSL).get(f"/tasks/{task_id}").text


def test_a_draft_can_be_thrown_away(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    clerk.post(f"/tasks/{task_id}/draft", {**REFUSE, "_touched": "reason"}, page="/inbox")

    clerk.post(f"/tasks/{task_id}/draft/discard", page="/inbox")

    assert "不在本小区" not in clerk.get(f"/tasks/{task_id}").text


def test_a_refused_remark_is_given_back_and_leaves_the_draft_of_the_form_alone(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    clerk.post(f"/tasks/{task_id}/draft", {**REFUSE, "_touched": "reason"}, page="/inbox")

    answer = clerk.post(f"/tasks/{task_id}/comment", {"text": "长" * 2001}, page="/inbox")

    assert answer.status_code == 422
    assert "长" * 2001 in answer.text
    assert "不在本小区" in answer.text


# --- repeats -----------------------------------------------------------------------------------------------


def test_a_remark_sent_twice_is_kept_once(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    form = {"text": "业主七点以后在家", "_key": "4711-comment"}

    answers = [clerk.post(f"/tasks/{task_id}/comment", form, page="/inbox") for _ in range(2)]

    assert {answer.status_code for answer in answers} == {302}
    assert count(site, case_comment) == 1


def test_a_remark_on_a_case_that_is_sent_again_after_its_answer_was_lost_is_kept_once(site: Site) -> None:
    site.start()
    clerk = site.browser(Post.CS)
    key = re.search(r'name="_key" value="([0-9]+)"', clerk.get("/cases/K1").text)
    assert key
    form = {"text": "业主七点以后在家", "_key": key[1]}

    answers = [clerk.post("/cases/K1/comment", form, page="/cases/K1") for _ in range(2)]

    assert {answer.status_code for answer in answers} == {302}
    assert count(site, case_comment) == 1


def test_a_key_cannot_be_used_for_something_else(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    clerk.post(f"/tasks/{task_id}/comment", {"text": "一", "_key": "4711"}, page="/inbox")
    answer = clerk.post(f"/tasks/{task_id}/comment", {"text": "二", "_key": "4711"}, page="/inbox")
    assert answer.status_code == 422


def photo() -> BytesIO:
    content = BytesIO()
    Image.new("RGB", (64, 48), (120, 160, 200)).save(content, "JPEG")
    content.seek(0)
    return content


def test_a_form_with_a_photo_that_is_sent_again_answers_as_before_and_stores_the_photo_once(
    site: Site,
) -> None:
    form = {
        "type": "default",
        "id": "keys_photo",
        "properties": {"name": "拍照", "name_en": "Photo"},
        "components": [{"type": "filepicker", "key": "photos", "label": "照片", "multiple": True}],
    }
    model = (
        Model("photos")
        .start()
        .user("shoot", form="keys_photo", name_en="Shoot")
        .end()
        .flow("start", "shoot", "end")
    )
    files = {"keys_photo.form": json.dumps(form).encode(), "photos.bpmn": model.xml()}
    site.engine.run(SYSTEM, lambda work: definitions.deploy(work, "test", files))
    subject = instances.Subject("P1", site.world.community, site.world.house, title="拍照")
    clerk = site.browser(Post.CS)
    started = site.engine.run(site.staff(Post.CS), lambda work: instances.start(work, "photos", subject))
    task_id = site.task(started.id)

    answers = [
        clerk.post(
            f"/tasks/{task_id}/complete", {"_key": "4711", "photos[]": (photo(), "a.jpg")}, page="/inbox"
        )
        for _ in range(2)
    ]

    assert [(answer.status_code, answer.location) for answer in answers] == [(302, "/inbox")] * 2
    assert count(site, attachment) == 1
    assert count(site, task_history) == 1


# --- going on ----------------------------------------------------------------------------------------------


def test_completing_a_task_opens_the_next_one_of_the_list(site: Site) -> None:
    first, second = (site.task(site.start(number)) for number in ("K1", "K2"))
    clerk = site.browser(Post.CS)

    answer = clerk.post(
        f"/tasks/{first}/complete", {"outcome": "accept", "_from": "view=claimable"}, page="/inbox"
    )

    assert answer.location == f"/tasks/{second}?from=view%3Dclaimable"
    assert "已办结，下一条" in clerk.get(answer.location).text


def test_a_script_gets_the_next_task_for_the_third_column_and_the_line_that_goes(site: Site) -> None:
    first, second = (site.task(site.start(number)) for number in ("K1", "K2"))
    clerk = site.browser(Post.CS)

    answer = clerk.post(
        f"/tasks/{first}/complete", {"outcome": "accept"}, page="/inbox", **{"HX-Request": "true"}
    )

    assert answer.status_code == 200
    assert f'data-task="{second}"' in answer.text
    assert f'<li id="row-{first}" hx-swap-oob="delete">' in answer.text
    assert "<html" not in answer.text


def test_the_inbox_opens_the_task_that_its_address_names(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    assert 'name="_pane"' in clerk.get(f"/inbox?task={task_id}").text
    assert clerk.get("/inbox?task=5").status_code == 200


# --- conflicts ---------------------------------------------------------------------------------------------


def test_somebody_else_was_faster_and_what_was_typed_can_be_read_by_its_labels(site: Site) -> None:
    task_id = site.task(site.start())
    site.browser(site.world.staff(Post.CS)).post(
        f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox"
    )

    answer = site.browser(Post.CS).post(f"/tasks/{task_id}/complete", REFUSE, page="/inbox")

    assert answer.status_code == 409
    assert re.search(r"已由职员\d+于 11-23 10:00 办结", answer.text)
    assert "<dt>原因</dt><dd>不在本小区</dd>" in answer.text
    assert "<dt>处理</dt><dd>不受理</dd>" in answer.text
    assert "已存为草稿" in answer.text


def test_what_one_tab_did_is_not_said_above_the_refusal_of_another(site: Site) -> None:
    first, second = (site.task(site.start(number)) for number in ("K1", "K2"))
    clerk = site.browser(Post.CS)
    done = clerk.post(f"/tasks/{first}/complete", {"outcome": "accept"}, page="/inbox")

    refused = clerk.post(f"/tasks/{first}/complete", REFUSE, page=f"/tasks/{first}")

    assert refused.status_code == 409
    assert "已办结，下一条" not in refused.text
    assert done.location.startswith(f"/tasks/{second}")
    assert "已办结，下一条" in clerk.get(done.location).text


def test_a_task_that_somebody_claimed_meanwhile_gives_back_what_was_typed(site: Site) -> None:
    task_id = site.task(site.start())
    site.browser(Post.CSL)
    site.browser(site.world.staff(Post.CS)).post(f"/tasks/{task_id}/claim", page="/inbox")

    answer = site.browser(Post.CS).post(f"/tasks/{task_id}/complete", REFUSE, page="/inbox")

    assert answer.status_code == 409
    assert "领取" in answer.text
    assert "<dd>不在本小区</dd>" in answer.text


def test_a_draft_of_a_task_that_others_closed_is_still_there_to_be_copied(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)
    clerk.post(f"/tasks/{task_id}/draft", {**REFUSE, "_touched": "reason"}, page="/inbox")
    site.browser(site.world.staff(Post.CS)).post(
        f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox"
    )

    answer = clerk.get(f"/tasks/{task_id}")

    assert answer.status_code == 409
    assert "<dd>不在本小区</dd>" in answer.text


# --- ended sessions and old pages -----------------------------------------------------------------------


def end_every_session(site: Site, clock: SettableClock) -> None:
    clock.advance(hours=13)


def sign_in_with(browser: Browser, site: Site, actor: Actor, page: str) -> str:
    fields = dict(re.findall(r'name="(kept|next|csrf_token)" value="([^"]*)"', page))
    form = {**fields, "login": site.world.login_of(actor), "password": PASSWORD}
    answer = browser.client.post("/sign-in", data=form, headers={"Accept": "text/html"})
    assert answer.status_code == 302, answer.text
    return str(answer.location)


@pytest.mark.parametrize("is_same", [True, False])
def test_a_session_that_ended_in_the_middle_of_a_form_leads_through_the_sign_in_and_back(
    site: Site, clock: SettableClock, is_same: bool
) -> None:
    task_id = site.task(site.start())
    who, other = site.staff(Post.CS), site.world.staff(Post.CS)
    clerk = site.browser(who)
    form = {**REFUSE, "_who": str(who.id), "_key": "4711"}
    token = re.search(r'name="csrf-token" content="([^"]+)"', clerk.get("/inbox").text)
    assert token is not None
    end_every_session(site, clock)

    refused = clerk.client.post(
        f"/tasks/{task_id}/complete", data={"csrf_token": token[1], **form}, headers={"Accept": "text/html"}
    )

    assert refused.status_code == 401
    assert "不在本小区" not in refused.text, "sealed on its way through the page"
    back = sign_in_with(clerk, site, who if is_same else other, refused.text)
    assert back == f"/tasks/{task_id}"
    assert ("不在本小区" in clerk.get(back).text) is is_same
    assert kept_draft(site, other, task_id) == {}


def test_what_came_through_the_sign_in_is_not_lost_though_others_closed_the_task(
    site: Site, clock: SettableClock
) -> None:
    task_id = site.task(site.start())
    who = site.staff(Post.CS)
    clerk = site.browser(who)
    token = re.search(r'name="csrf-token" content="([^"]+)"', clerk.get("/inbox").text)
    assert token is not None
    end_every_session(site, clock)
    site.browser(site.world.staff(Post.CS)).post(
        f"/tasks/{task_id}/complete", {"outcome": "accept"}, page="/inbox"
    )
    form = {**REFUSE, "_who": str(who.id), "csrf_token": token[1]}
    refused = clerk.client.post(f"/tasks/{task_id}/complete", data=form, headers={"Accept": "text/html"})

    back = sign_in_with(clerk, site, who, refused.text)

    assert "<dd>不在本小区</dd>" in clerk.get(back).text


def test_nobody_smuggles_text_into_a_draft_through_the_sign_in(site: Site) -> None:
    task_id = site.task(site.start())
    who = site.staff(Post.CS)
    stranger = site.anonymous()
    form = {"login": site.world.login_of(who), "password": PASSWORD, "kept": "1.x.a.AAAA"}
    assert stranger.post("/sign-in", form).status_code == 302
    assert kept_draft(site, who, task_id) == {}


def test_a_page_older_than_the_session_gives_the_form_back_with_what_was_typed(site: Site) -> None:
    task_id = site.task(site.start())
    clerk = site.browser(Post.CS)

    answer = clerk.client.post(
        f"/tasks/{task_id}/complete", data={**REFUSE, "csrf_token": "old"}, headers={"Accept": "text/html"}
    )

    assert answer.status_code == 400
    assert "再提交一次" in answer.text
    assert "不在本小区" in answer.text
    assert site.task(site.start("K9")), "nothing was done"
    assert count(site, task_history) == 0


def test_a_page_that_lies_open_can_fetch_the_token_of_the_session(site: Site) -> None:
    clerk = site.browser(Post.CS)
    task_id = site.task(site.start())
    token = clerk.get("/account/token", Accept="application/json").get_json()["token"]
    answer = clerk.client.post(f"/tasks/{task_id}/claim", data={"csrf_token": token})
    assert answer.status_code == 302


# --- the poll ----------------------------------------------------------------------------------------------


def test_the_poll_names_the_tasks_that_came_and_is_empty_while_nothing_changes(
    site: Site, clock: SettableClock
) -> None:
    clerk = site.browser(Post.CS)
    address = "/inbox/counts?since=" + clock.now().isoformat().replace("+", "%2B")
    task_id = site.task(site.start())
    assert f'data-came="{task_id}"' in clerk.get(address).text
    tag = clerk.get(address).headers["ETag"]
    assert clerk.get(address, **{"If-None-Match": tag}).status_code == 304
    assert clerk.get("/inbox/counts?since=yesterday").status_code == 200
