"""Exports for process mining: every finished step, and nobody's data."""

import io
import json

from lxml import etree

from engine.ports import SYSTEM
from handlers.shared import process_logs
from tests.handlers.repair.repair_world import OWNER_PHONE, Shop

PERSONAL = ("李明", OWNER_PHONE, "厨房水龙头", "301", "职员")


def test_a_case_becomes_a_trace_of_events_with_pseudonyms(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    shop.repair(number)
    file = io.StringIO()
    with shop.engine.reading(SYSTEM) as work:
        assert process_logs.write_xes(work, file) == 1
    [trace] = etree.fromstring(file.getvalue().encode()).findall("trace")
    assert trace.find("string[@key='concept:name']").get("value") == number
    steps = [one.get("value") for one in trace.iterfind("event/string[@key='concept:name']")]
    assert {"accept", "take", "finish"} <= set(steps)
    resources = {one.get("value") for one in trace.iterfind("event/string[@key='org:resource']")}
    assert len(resources) == 2
    assert str(shop.plumber.id) not in file.getvalue()
    assert not [word for word in PERSONAL if word in file.getvalue()]


def test_ocel_relates_events_to_orders_tasks_and_staff(shop: Shop) -> None:
    number = shop.report()
    shop.accept(number)
    file = io.StringIO()
    with shop.engine.reading(SYSTEM) as work:
        assert process_logs.write_ocel(work, file) == 1
    log = json.loads(file.getvalue())
    [event] = log["events"]
    assert event["type"] == "accept"
    assert [one["qualifier"] for one in event["relationships"]] == ["of", "does", "by"]
    known = {one["id"] for one in log["objects"]}
    assert {one["objectId"] for one in event["relationships"]} <= known
    assert not [word for word in PERSONAL if word in file.getvalue()]
