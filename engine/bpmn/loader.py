"""Reads XML that nobody vouches for: no DOCTYPE, no entities, no network, bounded in size and depth."""

import re
from typing import Any

from lxml import etree

from engine.bpmn.check.rules import FileRefused, Rule
from engine.invisible import invisible_in

LARGEST_FILE = 1_000_000
MOST_ELEMENTS = 20_000
DEEPEST_ELEMENT = 64

_DECLARATION = re.compile(rb"\s*<\?xml[^>]{0,200}?\?>")
_PLACE = re.compile(r", line \d+, column \d+( \(.*\))?$")  # said twice by the parser
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_TEXTS = etree.XPath("//@* | //text()")
_UTF8 = {b"utf-8", b"utf8", b"us-ascii", b"ascii"}

TOO_LARGE = Rule(
    "too_large",
    "文件有 {size} 字节，超过 {most}",
    "the file has {size} bytes, more than {most}",
    "删去不需要的内容，或把流程拆成几个由调用活动连接的图",
    "remove what is not needed, or split the procedure into diagrams joined by call activities",
)
TOO_DEEP = Rule(
    "too_deep",
    "XML 嵌套 {depth} 层，超过 {most}",
    "the XML is nested {depth} levels deep, more than {most}",
    "减少嵌套的子流程，改用调用活动",
    "use call activities instead of nested subprocesses",
)
TOO_MANY_ELEMENTS = Rule(
    "too_many_elements",
    "文件的 XML 元素超过 {most} 个",
    "the file has more than {most} XML elements",
    "把流程拆成几个由调用活动连接的图",
    "split the procedure into diagrams joined by call activities",
)
DOCTYPE = Rule(
    "doctype",
    "文件含有 DOCTYPE 或实体声明，出于安全不予读取",
    "the file has a DOCTYPE or entity declaration, which is not read for safety",
    "在 Camunda Modeler 中重新保存，或删去 <!DOCTYPE …> 一段",
    "save it again with Camunda Modeler, or remove the part <!DOCTYPE …>",
)
ENCODING = Rule(
    "encoding",
    "文件不是 UTF-8 编码（{encoding}）",
    "the file is not encoded in UTF-8 ({encoding})",
    "另存为 UTF-8 编码",
    "save it in UTF-8",
)
MALFORMED = Rule(
    "malformed",
    "文件不完整或被改坏了：第 {line} 行附近读不下去",
    "not well-formed XML: {reason}",
    "从上一次保存的文件重做，在 Camunda Modeler 中改并保存",
    "begin again from the file as it was saved before; change and save it in Camunda Modeler",
)
INVISIBLE = Rule(
    "invisible",
    "含有看不见的控制字符（{letter}），读起来会是另一个意思",
    "there is a control character that nobody sees ({letter}); the text would read as something else",
    "删去这段文字，重新输入（不要粘贴）",
    "remove the text and type it anew, without pasting",
)


def read_xml(content: bytes) -> etree._Element:
    """Parse a file under the strictest settings of lxml.

    Raises:
        FileRefused: too large, too deep, not UTF-8, with a DOCTYPE, not well-formed, or hiding characters.
    """
    if len(content) > LARGEST_FILE:
        raise FileRefused(TOO_LARGE, size=len(content), most=LARGEST_FILE)
    content = content.removeprefix(b"\xef\xbb\xbf")
    _refuse_encoding(content)
    # Looked for in the bytes, which are UTF-8 by now: entities in attributes are expanded while parsing.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise FileRefused(DOCTYPE)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise FileRefused(MALFORMED, reason=_PLACE.sub("", str(error)), line=line) from error
    _refuse_bulk(root)
    _refuse_invisible(root)
    return root


def _refuse_encoding(content: bytes) -> None:
    declaration = _DECLARATION.match(content)
    declared = _ENCODING.search(declaration[0]) if declaration else None
    if declared and declared[1].lower() not in _UTF8:
        raise FileRefused(ENCODING, encoding=declared[1].decode())
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileRefused(ENCODING, encoding=f"{error.reason} @ {error.start}") from error
    if "\0" in text:
        raise FileRefused(ENCODING, encoding="NUL")


def _refuse_bulk(root: etree._Element) -> None:
    depth = count = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        if count > MOST_ELEMENTS:
            raise FileRefused(TOO_MANY_ELEMENTS, most=MOST_ELEMENTS)
        if depth > DEEPEST_ELEMENT:
            raise FileRefused(TOO_DEEP, depth=depth, most=DEEPEST_ELEMENT)


def _refuse_invisible(root: etree._Element) -> None:
    # By XPath: the attributes of one element are otherwise looked up by name, each among all of them.
    texts: Any = _TEXTS(root)
    for text in texts:
        letter = invisible_in(text)
        if letter:
            element = text.getparent()
            around = (element, *element.iterancestors())
            identity = next((str(one.get("id")) for one in around if one.get("id")), "")
            raise FileRefused(INVISIBLE, identity, letter=letter)
