"""A sheet without a picture in the browser: the page says so, and nothing fails."""

import pytest
from lxml import etree

from handlers.accounts.permissions import Post
from tests.browser.conftest import DESKTOP, Town, Visitors
from tests.test_architecture import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.long]

DI = "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNDiagram"


def test_a_procedure_without_a_picture_leads_to_its_table_of_steps(town: Town, visit: Visitors) -> None:
    root = etree.parse(ROOT / "processes" / "repair.bpmn").getroot()
    for picture in root.findall(DI):
        root.remove(picture)
    reader = visit(DESKTOP).sign_in(town.logins[Post.PM])
    content = etree.tostring(root, encoding="unicode")
    reader.page.route(
        "**/diagram/**", lambda route: route.fulfill(body=content, content_type="application/xml")
    )
    page = reader.open("/processes/repair")
    page.wait_for_selector("[data-undrawn]")
    assert page.locator(".canvas").is_hidden()
    assert page.locator("table.table").first.is_visible()
