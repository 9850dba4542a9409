"""An owner registers on a phone, from the sign-in page to the first page of the own house."""

import re

import pytest

from engine.ports import SYSTEM
from handlers.shared.channels.development import kept_messages
from tests.browser.conftest import PASSWORD, PHONE, Town, Visitors
from tests.browser.seeing import expect_accessible
from tests.handlers.inline import inline_worker

pytestmark = pytest.mark.browser

PEOPLE = {
    "zh": ("张三丰", "11010519491231002X", "13812345678"),
    "en": ("Li Siguang", "110101199003070118", "13812345679"),
}


def code(town: Town) -> str:
    inline_worker(town.engine).drain()
    with town.engine.reading(SYSTEM) as work:
        found = re.search(r"验证码 (\d{6})", str(kept_messages(work)[0].text[0]))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.long)])
def test_an_owner_registers_on_a_phone(town: Town, visit: Visitors, language: str) -> None:
    name, number, phone = PEOPLE[language]
    person = town.world.person(name, phone, id_number=number)
    town.world.relate(person, town.world.house)
    owner = visit(PHONE, language=language, scripts=language == "zh")
    page = owner.open("/sign-in")
    with page.expect_navigation():
        page.click("a[href='/register']")
    owner.expect_readable()
    for field, value in (("name", name), ("id_number", number), ("phone", phone)):
        page.fill(f"[name={field}]", value)
    if language == "zh":
        expect_accessible(owner, "/register")
    owner.press()
    page.fill("[name=code]", code(town))
    owner.press()
    page.fill("[name=new_password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.check("[name=accepted]")
    if language == "zh":
        expect_accessible(owner, "/new-password")
    owner.press()
    assert page.url.endswith("/home/")
    assert page.locator("a[href='/home/report']").count()
