"""Gives a diagram in the reader's language: its labels become the English ones that it brings along."""

from functools import lru_cache

from lxml import etree

from engine.bpmn.xml import BPMN, properties, read_xml
from web.diagram_labels import make_room
from web.diagram_notes import make_room_for_notes
from web.words import is_english


def in_readers_language(content: bytes) -> bytes:
    """Return a BPMN file whose elements are labelled for the reader."""
    return in_english(content) if is_english() else content


@lru_cache(maxsize=64)
def in_english(content: bytes) -> bytes:
    """Return a BPMN file with its English labels, each with room of its own."""
    root = read_xml(content)
    processes = {process.get("id"): process for process in root.iter(f"{BPMN}process")}
    for element in root.iter(etree.Element):
        # A pool says nothing of its own; it is called as its process is.
        english = properties(processes.get(element.get("processRef"), element)).get("name_en")
        if not english:
            continue
        if element.get("name"):
            element.set("name", english)
        for text in element.findall(f"{BPMN}text"):
            text.text = english
    make_room_for_notes(root)
    make_room(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
