"""Gives a diagram in the reader's language: its labels become the English ones that it brings along."""

from lxml import etree

from engine.bpmn.xml import BPMN, properties, read_xml
from web.words import is_english


def in_readers_language(content: bytes) -> bytes:
    """Return a BPMN file whose elements are labelled for the reader."""
    if not is_english():
        return content
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
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
