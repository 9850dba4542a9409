"""The ways of corrections, of hand-over lists and of a newcomer who is refused, taken in a real browser."""

from pathlib import Path

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM, Actor, Json
from engine.store.tables import instance
from handlers.accounts.permissions import Post
from handlers.checking import corrections
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
    for _ in range(2):
        home.do(number, "check_by_clerk", desk.other_clerk, **wrong)
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


# --- hand-over list -----------------------------------------------------------------------------------------


def imported(home: AtHome, room: str) -> str:
    desk = home.desk
    importing.import_estate(desk.engine, desk.desk_lead, workbook([row(房号=room)]))
    inline_worker(desk.engine).drain()
    return newest_case(home, "import_release")


def newest_case(home: AtHome, process: str) -> str:
    with home.desk.engine.reading(SYSTEM) as work:
        query = select(instance.c.business_key).where(instance.c.process_key == process)
        return str(work.connection.execute(query.order_by(instance.c.id.desc()).limit(1)).scalar_one())


@pytest.mark.parametrize("outcome", ["release", "return"])
def test_a_list_is_released_or_sent_back_by_the_other_lead(home: AtHome, outcome: str) -> None:
    number = imported(home, "901" if outcome == "release" else "902")
    why: dict[str, Json] = {} if outcome == "release" else {"reason": "少两户"}
    assert home.seen(number, "release", home.desk.second_lead, outcome=outcome, **why) == []


# --- joining and leaving ------------------------------------------------------------------------------------


def joining_case(home: AtHome, name: str, more: Post | None = None) -> str:
    desk = home.desk
    with desk.engine.work(desk.desk_lead) as work:
        wanted = Newcomer(name, "13712345678", "客户服务部", Post.CS, more, desk.community)
        return joining.ask(work, wanted)


def test_administration_may_refuse_a_newcomer(home: AtHome) -> None:
    number = joining_case(home, "赵一")
    no: dict[str, Json] = {"outcome": "refuse", "reason": "资料不符"}
    assert home.seen(number, "register", home.desk.adm, **no) == []
