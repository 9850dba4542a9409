"""Corrections begin on pages, wait in the list of second checks, and end there."""

import re
from datetime import timedelta
from io import BytesIO

import pytest

from engine.ports import SYSTEM, Actor
from handlers.accounts.permissions import Post
from handlers.checking import corrections
from handlers.checking.corrections import Asked
from handlers.checking.fields import Field
from handlers.estate import importing
from handlers.estate.entry import house_row
from handlers.shared import access_log
from tests.handlers.estate.lists_made import row, workbook
from tests.handlers.inline import inline_worker
from tests.handlers.repair.repair_world import OWNER_PHONE
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Browser
from tests.web.repair.conftest import Pages, errors_of

NEW_PHONE = "13998765432"


class Counter:
    """The pages of the desk, and those of 李明 at home."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.shop = pages.shop
        self.clerk = pages.browser(self.shop.clerk)
        self.other = pages.browser(self.shop.other_clerk)
        self.owner = pages.browser(self.shop.owner)
        self.new = f"/corrections/new?house_id={self.shop.house}"

    def what(self, field: Field = Field.PHONE) -> str:
        """Return what the form posts for a field of 李明."""
        return f"{field.value}:{self.shop.owner_person}:0"

    def ask(self, by: Actor, value: str = NEW_PHONE) -> str:
        """Ask for a correction without a page."""
        asked = Asked(Field.PHONE, self.shop.house, self.shop.owner_person, value)
        number = self.shop.engine.run(by, lambda work: corrections.request(work, asked))
        self.prove(number)
        return number

    def prove(self, number: str) -> None:
        """Find at the counter that the person is who they say."""
        proofs = ["document", "call_back"]
        self.shop.do(number, "prove_phones", self.shop.clerk, outcome="at_counter", proofs=proofs)

    def waiting(self, browser: Browser) -> str:
        """Return how much waits for somebody, as the menu says."""
        found = re.search(
            r'二次核对 <span class="count count-soon">(\d+)</span>', browser.get("/checks/").text
        )
        return found[1] if found else ""


@pytest.fixture
def counter(pages: Pages) -> Counter:
    """The desk and a home."""
    return Counter(pages)


def test_the_desk_enters_a_correction_and_another_clerk_finds_it(counter: Counter) -> None:
    form = {"house_id": counter.shop.house, "what": counter.what(), "value": NEW_PHONE}
    answer = counter.clerk.post("/corrections/new", form, page=counter.new)

    number = answer.location.rpartition("/")[2]
    assert number.startswith("G2026")
    counter.prove(number)
    assert "须由他人核对" in counter.clerk.get("/checks/").text
    assert (counter.waiting(counter.clerk), counter.waiting(counter.other)) == ("", "1")
    task = re.search(r'href="(/tasks/\d+)"', counter.other.get("/checks/").text)
    assert task is not None
    page = counter.other.get(task[1]).text
    assert "请对照原件在下面重新输入" in page
    assert NEW_PHONE not in page
    assert OWNER_PHONE not in page


def test_what_was_checked_is_listed_with_who_did_it(counter: Counter) -> None:
    number = counter.ask(counter.shop.clerk)
    counter.shop.do(number, "check_by_clerk", counter.shop.other_clerk, outcome="confirm", again=NEW_PHONE)

    assert counter.waiting(counter.other) == ""
    assert "没有待核对的录入" in counter.other.get("/checks/").text
    assert "一致" in counter.other.get("/checks/?view=settled").text


def test_a_wrong_value_is_told_beside_its_field_and_nothing_typed_is_lost(counter: Counter) -> None:
    form = {"house_id": counter.shop.house, "what": counter.what(), "value": "139", "reason": "换号"}
    answer = counter.clerk.post("/corrections/new", form, page=counter.new)

    assert answer.status_code == 422
    assert errors_of(answer) == [f"value{counter.shop.house}"]
    assert "换号" in answer.text
    assert f'value="{counter.what()}" selected' in answer.text


def test_a_photo_of_a_refused_form_is_kept(counter: Counter) -> None:
    form = {
        "house_id": counter.shop.house,
        "what": counter.what(Field.NAME),
        "value": "",
        "photos[]": (BytesIO(picture(size=(16, 12))), "card.jpg"),
    }
    answer = counter.clerk.post("/corrections/new", form, page=counter.new)
    kept = re.search(r'name="photos\[\]" value="(\d+)" checked', answer.text)
    assert kept is not None

    again = {"house_id": form["house_id"], "what": form["what"], "value": "李鸣", "photos[]": kept[1]}
    assert counter.clerk.post("/corrections/new", again, page=counter.new).status_code == 302


def test_owners_see_their_data_masked_and_ask_for_a_correction(counter: Counter) -> None:
    page = counter.owner.get("/home/data").text
    assert OWNER_PHONE not in page
    assert "李*" in page

    form = {"house_id": counter.shop.house, "what": counter.what(), "value": NEW_PHONE}
    assert counter.owner.post("/home/data", form, page="/home/data").status_code == 302
    assert "待核对" in counter.owner.get("/home/data").text


def test_owners_add_what_is_missing_or_withdraw(counter: Counter) -> None:
    number = counter.ask(counter.shop.owner)
    counter.shop.do(number, "check_by_clerk", counter.shop.clerk, outcome="more", reason="请拍入网单")
    assert "请拍入网单" in counter.owner.get("/home/data").text

    photo = {"photos[]": (BytesIO(picture(size=(16, 12))), "card.jpg")}
    counter.owner.post(f"/home/data/{number}/evidence", photo, page="/home/data")
    assert counter.shop.steps(number) == ["check_by_clerk"]
    task_id = counter.shop.task(number, "check_by_clerk").id
    assert '<img src="/attachments/' in counter.clerk.get(f"/tasks/{task_id}").text

    counter.owner.post(f"/home/data/{number}/withdraw", {"reason": "不改了"}, page="/home/data")
    assert counter.shop.steps(number) == []


def test_another_owner_neither_sees_nor_withdraws_it(counter: Counter) -> None:
    number = counter.ask(counter.shop.owner)
    stranger = counter.pages.browser(counter.shop.stranger)

    assert number not in stranger.get("/home/data").text
    answer = stranger.post(f"/home/data/{number}/withdraw", {"reason": "x"}, page="/home/data")
    assert answer.status_code in (403, 404)
    form = {"house_id": counter.shop.house, "what": counter.what(), "value": NEW_PHONE}
    assert stranger.post("/home/data", form, page="/home/data").status_code == 404


def test_an_import_that_waits_stands_in_the_same_list(counter: Counter) -> None:
    lead = counter.shop.desk_lead
    importing.import_estate(counter.shop.engine, lead, workbook([row()]))
    inline_worker(counter.shop.engine).drain()

    assert "须由他人放行" in counter.pages.browser(lead).get("/checks/").text
    second = counter.pages.browser(counter.shop.staff(Post.CSL))
    page = second.get("/checks/").text
    assert "待放行的导入" in page
    assert "剩 4 时" in page
    assert counter.waiting(second) == "1"


def test_papers_are_for_who_checks_them_noted_and_kept_by_no_browser(counter: Counter) -> None:
    number = counter.ask(counter.shop.owner)
    counter.shop.do(number, "check_by_clerk", counter.shop.clerk, outcome="more", reason="请拍入网单")
    photo = {"photos[]": (BytesIO(picture(size=(16, 12))), "card.jpg")}
    counter.owner.post(f"/home/data/{number}/evidence", photo, page="/home/data")
    task_id = counter.shop.task(number, "check_by_clerk").id
    found = re.search(r'<img src="(/attachments/\d+)', counter.clerk.get(f"/tasks/{task_id}").text)
    assert found is not None

    for other in (counter.pages.browser(counter.shop.staff(post)) for post in (Post.DPO, Post.FIN)):
        assert other.get(found[1]).status_code == 404
    shown = counter.clerk.get(found[1])
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
    with counter.shop.engine.reading(counter.shop.clerk) as work:
        assert access_log.count(work, "open_paper", work.now - timedelta(hours=1)) == 1

    assert counter.other.get(found[1]).status_code == 200, "whoever may do the open check"
    counter.shop.do(number, "check_by_clerk", counter.shop.clerk, outcome="confirm", again=NEW_PHONE)
    assert counter.other.get(found[1]).status_code == 404
    assert counter.clerk.get(found[1]).status_code == 200
    auditor = counter.pages.browser(counter.shop.staff(Post.AUD, everywhere=True))
    assert auditor.get(found[1]).status_code == 200
    page = auditor.get(f"/looks/{counter.shop.clerk.id}").text
    assert "打开更正的凭证" in page
    assert counter.shop.engine.run(SYSTEM, lambda work: house_row(work, counter.shop.house)).address in page


def test_a_family_member_or_a_correction_that_is_sent_twice_is_asked_once_and_both_answers_say_so(
    counter: Counter,
) -> None:
    owner, house = counter.owner, counter.shop.house
    member = {"name": "陈晓", "phone": "13712345678", "_key": "4711"}
    corrected = {"house_id": house, "what": counter.what(), "value": NEW_PHONE, "_key": "4712"}
    for address, form, page in (
        (f"/home/household/{house}/family", member, "/home/household/"),
        ("/home/data", corrected, "/home/data"),
    ):
        answers = [owner.post(address, form, page=page) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [302, 302], address
    assert owner.get("/home/household/").text.count("待核对") == 1
