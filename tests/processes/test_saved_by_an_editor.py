"""A file that an editor of diagrams saved anew says what it said before, but for what was changed in it."""

import re
from functools import cache

import pytest
from lxml import etree

from engine.bpmn.check.examine import examine
from engine.definitions import compiled_files
from tests.processes.test_lint import _files
from tests.processes.test_owner_changes import AROUND

SHEET, ZONE = "repair.bpmn", "Asia/Shanghai"
MODELER = "http://camunda.org/schema/modeler/1.0"
ADDED = {
    "modeler": MODELER,
    "biodi": "http://bpmn.io/schema/dmn/biodi/2.0",
    "bioc": "http://bpmn.io/schema/bpmn/biocolor/1.0",
}
# The sheet and one table of each hit policy in use: what is changed, and all that says otherwise then.
CHANGES = [
    (SHEET, r"called_at \+ PT10M", "called_at + PT15M", "step repair register_call"),
    ("repair_limits.dmn", r'(limits_P2_accept_limit"><text>)[^<]*', r'\1duration("PT45M")', "row limits_P2"),
    (
        "repair_return_visit.dmn",
        r'(low_visit_limit"><text>)[^<]*',
        r'\1duration("P2D")',
        "row visit_low",
    ),
    ("escalation.dmn", r'(id="cs_2_after"><text>)"100%"', r'\1"90%"', "row cs_2"),
]


def saved(content: bytes) -> bytes:
    """Write a file as editors do: in their own order and lines, with their own names, without remarks.

    What is said by default is left out, and what is empty is closed at once.
    """
    root = etree.fromstring(content, etree.XMLParser(remove_blank_text=True, remove_comments=True))
    for one in root.iter():
        attributes = sorted(one.attrib.items(), reverse=True)
        one.attrib.clear()
        one.attrib.update(attributes)
        if one.get("hitPolicy") == "UNIQUE":
            del one.attrib["hitPolicy"]
        one.text = one.text or None
    whole = etree.Element(root.tag, attrib=root.attrib, nsmap=root.nsmap | ADDED)
    whole.set("exporter", "Camunda Modeler")
    whole.set("exporterVersion", "5.30.0")
    whole.set(f"{{{MODELER}}}executionPlatform", "Camunda Platform")
    whole.set(f"{{{MODELER}}}executionPlatformVersion", "7.22.0")
    whole.extend(root)
    etree.indent(whole, "    ")
    return etree.tostring(whole, xml_declaration=True, encoding="UTF-8")


def said(changed: dict[str, bytes]) -> dict[str, str]:
    """Say what every step and every row of the procedure do, with some files in the place of others."""
    files = _files() | changed
    program = compiled_files("repair", tuple(sorted(files.items())), 1, ZONE).program
    found: dict[str, object] = {f"step {' '.join(place)}": does for place, does in program.steps.items()}
    for name, table in program.decisions.items():
        found[f"table {name}"] = (table.hit_policy, table.inputs, table.columns, table.required)
        found |= {f"row {row.id}": row for row in table.rules}
    return {what: re.sub(r" at 0x[0-9a-f]+", "", repr(does)) for what, does in found.items()}


@cache
def before() -> dict[str, str]:
    return said({})


def differences(name: str, content: bytes) -> set[str]:
    assert examine(_files() | {name: content}, AROUND).errors == ()
    now = said({name: content})
    return {what for what in before().keys() | now.keys() if before().get(what) != now.get(what)}


@pytest.mark.parametrize("name", [change[0] for change in CHANGES])
def test_a_file_that_is_only_saved_anew_changes_nothing(name: str) -> None:
    content = _files()[name]
    assert saved(content) != content
    assert differences(name, saved(content)) == set()


@pytest.mark.parametrize(("name", "old", "new", "what"), CHANGES)
def test_what_is_changed_and_saved_is_all_that_changes(name: str, old: str, new: str, what: str) -> None:
    text, count = re.subn(old, new, _files()[name].decode())
    assert count == 1
    assert differences(name, saved(text.encode())) == {what}
