"""The ways of corrections, of hand-over lists and of a newcomer who is refused, taken in a real browser.

data_correction: the old number gone, both phones not proved in time, evidence asked for and given by the
desk or the owner or never, the third difference, sent back by a clerk or the lead, a value that cannot be
taken; how both phones are proved stands in test_correction. import_release: released, sent back.
"""

from pathlib import Path

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM, Actor, Json
from handlers.accounts.permissions import Post
from handlers.checking import corrections
from handlers.checking.correction_records import data_correction
from handlers.checking.corrections import Asked
from handlers.checking.fields import Field
from handlers.estate import importing
from handlers.staffing import joining
from handlers.staffing.joining import Newcomer
from tests.browser.ways import AtHome, company, crowd, home, town
from tests.handlers.estate.lists_made import row, workbook
from tests.handlers.inline import inline_worker

__all__ = ["company", "crowd", "home", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.long]

NEW_PHONE = "13998765432"


# --- correction of data -------------------------------------------------------------------------------------


def asked(home: AtHome, field: Field, value: str, by: Actor | None = None, *photos: int) -> str:
    desk = home.desk
    wanted = Asked(field, desk.house, desk.owner_person, value, "登记错了", photos=photos)
    return desk.engine.run(by or desk.clerk, lambda work: corrections.request(work, wanted))


def test_an_old_number_that_is_gone_goes_to_the_lead_with_photos(home: AtHome, photo: Path) -> None:
    desk = home.desk
    number = asked(home, Field.PHONE, NEW_PHONE, desk.owner)
    found: dict[str, Json] = {"outcome": "old_gone", "proofs": ["document", "house_facts"]}
    assert home.seen(number, "prove_phones", desk.clerk, **found, photos=photo) == ["check_by_lead"]
    no: dict[str, Json] = {"outcome": "reject", "reason": "照片看不清"}
    assert home.seen(number, "check_by_lead", desk.desk_lead, **no) == []


def test_evidence_is_asked_for_and_given(home: AtHome, photo: Path) -> None:
    desk = home.desk
    number = asked(home, Field.MAIL, "li@example.com")
    more: dict[str, Json] = {"outcome": "more", "reason": "请补材料"}
    assert home.seen(number, "check_by_clerk", desk.other_clerk, **more) == ["more_evidence"]
    assert home.seen(number, "more_evidence", desk.clerk, photos=photo) == ["check_by_clerk"]
    right: dict[str, Json] = {"outcome": "confirm", "again": "li@example.com"}
    assert home.seen(number, "check_by_clerk", desk.other_clerk, **right) == []


def test_the_third_difference_goes_to_the_lead(home: AtHome) -> None:
    desk = home.desk
    number = asked(home, Field.OTHER_PHONE, "010-62345678")
    wrong: dict[str, Json] = {"outcome": "confirm", "again": "010-62345679"}
    assert home.seen(number, "check_by_clerk", desk.other_clerk, **wrong) == ["check_by_clerk"]
    assert home.seen(number, "check_by_clerk", desk.other_clerk, **wrong) == ["check_by_clerk"]
    assert home.seen(number, "check_by_clerk", desk.other_clerk, **wrong) == ["check_by_lead"]
    assert home.seen(number, "check_by_lead", desk.desk_lead, **wrong) == ["check_by_lead"]
    right: dict[str, Json] = {"outcome": "confirm", "again": "010-62345678"}
    assert home.seen(number, "check_by_lead", desk.desk_lead, **right) == []


def test_an_owner_enters_a_family_member_and_the_desk_checks_it(home: AtHome) -> None:
    owner, desk = home.owner(), home.desk
    owner.open("/home/household/")
    owner.page.click("details.more summary")
    owner.page.fill("[name=name]", "李小妹")
    owner.page.fill("[name=phone]", "13733334444")
    owner.press("form[action$='/family'] button")
    assert "待核对" in owner.page.inner_text("main")
    number = owner.page.inner_text(".flashes").split("G", 1)[1].split()[0].rstrip("，")
    number = "G" + number[:13]
    assert home.seen(number, "check_by_clerk", desk.clerk, outcome="confirm") == []
    assert "待核对" not in owner.open("/home/household/").inner_text("main")


def state(home: AtHome, number: str) -> str:
    with home.desk.engine.reading(SYSTEM) as work:
        query = select(data_correction.c.state).where(data_correction.c.number == number)
        return str(work.connection.execute(query).scalar_one())


def test_a_name_is_entered_with_a_photo_and_the_lead_asks_for_another(home: AtHome, photo: Path) -> None:
    desk = home.desk
    path = f"/corrections/new?house_id={desk.house}&person_id={desk.owner_person}"
    wanted: dict[str, Json] = {"what": f"name:{desk.owner_person}:0", "value": "李鸣", "reason": "证件上不同"}
    number = home.asked("data_correction", path, desk.clerk, **wanted, photos=photo)
    more: dict[str, Json] = {"outcome": "more", "reason": "照片看不清"}
    assert home.seen(number, "check_by_lead", desk.desk_lead, **more) == ["more_evidence"]
    assert home.seen(number, "more_evidence", desk.other_clerk, photos=photo) == ["check_by_lead"]
    right: dict[str, Json] = {"outcome": "confirm", "again": "李鸣"}
    assert home.seen(number, "check_by_lead", desk.desk_lead, **right) == []
    assert state(home, number) == "corrected"


def test_an_owner_adds_evidence_on_a_phone_and_reads_why_it_was_sent_back(home: AtHome, photo: Path) -> None:
    desk = home.desk
    number = asked(home, Field.MAIL, "li@example.com", desk.owner)
    home.do(number, "check_by_clerk", desk.clerk, outcome="more", reason="请拍一下邮件")
    owner = home.owner()
    assert "请拍一下邮件" in owner.open("/home/data").inner_text("main")
    owner.page.set_input_files("form[action$='/evidence'] [type=file]", photo)
    owner.page.wait_for_selector("form[action$='/evidence'] .photo")
    owner.press("form[action$='/evidence'] button.btn-primary")
    assert desk.steps(number) == ["check_by_clerk"]
    no: dict[str, Json] = {"outcome": "reject", "reason": "邮箱退信"}
    assert home.seen(number, "check_by_clerk", desk.clerk, **no) == []
    assert "邮箱退信" in owner.open("/home/data").inner_text("main")


def test_a_number_that_opens_another_account_is_not_taken(home: AtHome) -> None:
    desk = home.desk
    tenant = desk.contact.replace("1391111", "1392222")
    number = asked(home, Field.PHONE, tenant)
    proved: dict[str, Json] = {"outcome": "at_counter", "proofs": ["document", "call_back"]}
    assert home.seen(number, "prove_phones", desk.clerk, **proved) == ["check_by_clerk"]
    right: dict[str, Json] = {"outcome": "confirm", "again": tenant}
    assert home.seen(number, "check_by_clerk", desk.other_clerk, **right) == []
    assert state(home, number) == "refused"


def test_phones_that_nobody_proves_and_evidence_that_never_comes_end_it(home: AtHome) -> None:
    desk, owner = home.desk, home.owner()
    phone, mail = asked(home, Field.PHONE, NEW_PHONE, desk.owner), asked(home, Field.MAIL, "li@example.com")
    home.do(mail, "check_by_clerk", desk.other_clerk, outcome="more", reason="请补材料")
    assert "请验证手机" in owner.open("/home/data").inner_text("main")
    desk.later(days=1, minutes=1)
    assert (desk.steps(phone), desk.steps(mail)) == ([], ["more_evidence"])
    assert "请验证手机" not in owner.open("/home/data").inner_text("main")
    desk.later(days=6)
    assert desk.steps(mail) == []
    assert {state(home, phone), state(home, mail)} == {"refused"}


# --- hand-over list -----------------------------------------------------------------------------------------


def imported(home: AtHome, room: str) -> str:
    desk = home.desk
    importing.import_estate(desk.engine, desk.desk_lead, workbook([row(房号=room)]))
    inline_worker(desk.engine).drain()
    return home.newest_of("import_release")


@pytest.mark.parametrize("outcome", ["release", "return"])
def test_a_list_is_released_or_sent_back_by_the_other_lead(home: AtHome, outcome: str) -> None:
    number = imported(home, "901" if outcome == "release" else "902")
    why: dict[str, Json] = {} if outcome == "release" else {"reason": "少两户"}
    assert home.seen(number, "release", home.desk.second_lead, outcome=outcome, **why) == []


# --- joining and leaving ------------------------------------------------------------------------------------


def joining_case(home: AtHome, name: str, post: Post = Post.CS) -> str:
    desk = home.desk
    with desk.engine.work(desk.desk_lead) as work:
        wanted = Newcomer(name, f"137{desk.contact[3:]}", "客户服务部", post, None, desk.community)
        return joining.ask(work, wanted)


def test_administration_may_refuse_a_newcomer(home: AtHome) -> None:
    number = joining_case(home, "赵一")
    no: dict[str, Json] = {"outcome": "refuse", "reason": "资料不符"}
    assert home.seen(number, "register", home.desk.adm, **no) == []


def test_a_newcomer_whose_only_post_is_turned_down_does_not_join(home: AtHome) -> None:
    desk, number = home.desk, joining_case(home, "赵八", Post.DPO)
    home.do(number, "register", desk.adm, outcome="register", login="zhaoba")
    assert home.seen(number, "grant", desk.sys, matches=True) == ["approve"]
    no: dict[str, Json] = {"outcome": "refuse", "reason": "不需要"}
    assert home.seen(number, "approve", desk.sec, **no) == []
