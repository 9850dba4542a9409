"""Reads XML from outside, without DTD, entities or network; and the words of its two vocabularies."""

from lxml import etree

from engine.bpmn.errors import ModelInvalid

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CAMUNDA = "{http://camunda.org/schema/1.0/bpmn}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

Element = etree._Element


def read_xml(content: bytes) -> Element:
    """Parse a file and return its root.

    Raises:
        ModelInvalid: not well-formed, or with a DOCTYPE.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ModelInvalid(
            "", "文件不是有效的 XML：{why}", "The file is not well-formed XML: {why}", why=str(error)
        ) from error
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]  # a parsed tree has it
        raise ModelInvalid("", "文件带有 DOCTYPE，请删除", "The file has a DOCTYPE; remove it")
    return root


def local_name(node: Element) -> str:
    """Return the tag without its namespace; "" for comments and processing instructions."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def extensions(node: Element, name: str) -> list[Element]:
    """Return the `camunda:` elements of this name in the extension elements of a node."""
    return node.findall(f"{BPMN}extensionElements/{CAMUNDA}{name}")


def properties(node: Element) -> dict[str, str]:
    """Return the `camunda:property` entries of a node by name."""
    found = node.findall(f"{BPMN}extensionElements/{CAMUNDA}properties/{CAMUNDA}property")
    return {entry.get("name", ""): entry.get("value", "") for entry in found}


def words(text: str | None) -> tuple[str, ...]:
    """Split a comma separated list."""
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
