"""A case that began on an older diagram ends on it, with the handlers of today (domain.md section 4.0)."""

import json
from datetime import timedelta

import pytest
from lxml import etree
from sqlalchemy import select

from engine import definitions, history
from engine.bpmn.xml import BPMN, CAMUNDA
from engine.ports import SYSTEM
from engine.store.tables import instance
from tests.handlers.repair.repair_world import FULL_MARKS, Shop
from tests.handlers.repair.tables import PROCESSES
from tests.handlers.repair.test_complaining import promise

NEWER_STEPS = ("send_again", "visit_again", "is_mended", "end_unreached")


def today() -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in PROCESSES.iterdir()
        if path.suffix in {".bpmn", ".dmn", ".form"} or path.name == "topics.toml"
    }


def before() -> dict[str, bytes]:
    """The procedures as they were before complaints were repaired again and late visits explained."""
    files = today()
    files["repair_complaint.bpmn"] = _without_newer_steps(files["repair_complaint.bpmn"])
    form = json.loads(files["repair_appoint.form"])
    form["components"] = [one for one in form["components"] if one.get("key") != "late_reason"]
    files["repair_appoint.form"] = json.dumps(form, ensure_ascii=False).encode()
    topics = files["topics.toml"].decode().replace(', carrier_id = "code"', "").replace('"late_reason", ', "")
    files["topics.toml"] = topics.encode()
    return files


def _without_newer_steps(content: bytes) -> bytes:
    root = etree.fromstring(content)
    gone = set(NEWER_STEPS)
    for flow in root.iter(f"{BPMN}sequenceFlow"):
        if gone & {flow.get("sourceRef"), flow.get("targetRef")}:
            gone.add(flow.get("id", ""))
    for element in list(root.iter()):
        around = element.getparent()
        named = {element.get("bpmnElement"), element.get("id"), (element.text or "").strip()}
        if around is not None and named & gone:
            around.remove(element)
        element.attrib.pop(f"{CAMUNDA}assignee", None)
    return etree.tostring(root)


def bundle_of(shop: Shop, number: str) -> int:
    with shop.engine.reading(SYSTEM) as work:
        found: int = work.connection.execute(
            select(instance.c.bundle_id).where(instance.c.business_key == number)
        ).scalar_one()
    return found


def deploy(shop: Shop, files: dict[str, bytes]) -> None:
    with shop.engine.work(SYSTEM) as work:
        definitions.deploy(work, "built-in", files)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_a_case_of_an_older_diagram_ends_on_it(shop: Shop) -> None:
    deploy(shop, before())
    old = shop.report()
    shop.accept(old)
    shop.do(old, "take", shop.plumber, outcome="taken")
    deploy(shop, today())
    new = shop.report(text="卫生间也滴水")
    assert bundle_of(shop, new) != bundle_of(shop, old)

    late = shop.clock.now() + timedelta(days=3)  # later than the limit of arriving; that form asks no reason
    shop.do(old, "appoint", shop.plumber, outcome="fixed", visit_at=late.isoformat())
    shop.do(old, "arrive", shop.plumber, outcome="met")
    shop.mend(old)
    shop.do(old, "confirm", shop.owner, **(FULL_MARKS | {"speed": "1"}))
    shop.do(old, "visit_by_lead", shop.desk_lead, outcome="c", comment="还在漏")
    shop.do(old, "answer_complaint", shop.manager, **(promise(shop) | {"outcome": "again"}))
    assert shop.steps(old) == ["carry_out"]
    shop.do(old, "carry_out", shop.lead, done="换人重修")
    shop.do(old, "ask_complainant", shop.desk_lead, outcome="unreachable")
    assert shop.case(old).state == "completed"
    with shop.engine.reading(SYSTEM) as work:
        steps = {one.step_id for one in history.events(work, shop.case(old).id)}
    assert "end_settled" in steps
