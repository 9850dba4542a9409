"""Says in words what a changed decision table does otherwise: its lines, and their cells one by one."""

import re
from collections.abc import Iterator

from engine.bpmn.errors import ModelInvalid
from engine.bpmn.xml import Element, local_name, read_xml
from web.case_ahead import fixed_limit
from web.texts import gettext
from web.words import either

_DURATION = re.compile(r'duration\("([^"]+)"\)')


def changes(before: bytes, after: bytes) -> tuple[str, ...]:
    """Say what differs between two versions of a file of tables; a line keeps its id when it is changed."""
    try:
        old, new = _tables(read_xml(before)), _tables(read_xml(after))
    except ModelInvalid:
        return ()
    return tuple(said for key in new if key in old for said in _differences(old[key], new[key]))


def _differences(old: Element, new: Element) -> Iterator[str]:
    was, now = _lines(old), _lines(new)
    yield from (gettext("新增一行“%(line)s”", line=_line(now[key])) for key in now if key not in was)
    yield from (gettext("去掉一行“%(line)s”", line=_line(was[key])) for key in was if key not in now)
    columns = _columns(new)
    if _columns(old) == columns:
        for key in now:
            if key in was:
                yield from _cells(columns, was[key], now[key])


def _tables(root: Element) -> dict[str, Element]:
    return {one.get("id", ""): one for one in _children(root, "decisionTable")}


def _lines(root: Element) -> dict[str, Element]:
    return {one.get("id", ""): one for one in _children(root, "rule")}


def _columns(root: Element) -> list[str]:
    """Say what the columns are called, in the order of the cells; their labels are in Chinese only."""
    named = [(one, _text(one)) for one in _children(root, "input")]
    named += [(one, one.get("name", "")) for one in _children(root, "output")]
    return [either(one.get("label", "") or name, name) for one, name in named]


def _line(rule: Element) -> str:
    """Say which line it is: by what is written beside it, else by what it asks for."""
    asked = ", ".join(_text(one).strip('"') or "—" for one in _children(rule, "inputEntry"))
    beside = "".join(one.text or "" for one in _children(rule, "description")).strip()
    return either(beside or asked, asked)


def _cells(columns: list[str], was: Element, now: Element) -> Iterator[str]:
    pairs = zip(
        columns, _entries(was), _entries(now), strict=False
    )  # a check refuses lines of another length
    for column, old, new in pairs:
        if old != new:
            yield gettext(
                "“%(line)s”的“%(column)s”：%(was)s → %(now)s",
                line=_line(now),
                column=column,
                was=_said(old, new),
                now=_said(new, old),
            )


def _entries(rule: Element) -> list[str]:
    return [_text(one) for name in ("inputEntry", "outputEntry") for one in _children(rule, name)]


def _said(value: str, beside: str) -> str:
    """Say a cell; as it stands in the table where another one would be said in the same words."""
    words = _words(value)
    return value if words == _words(beside) else words


def _words(value: str) -> str:
    duration = _DURATION.fullmatch(value)
    limit = fixed_limit(duration[1]) if duration else ""
    return limit or value.strip('"') or "—"


def _text(node: Element) -> str:
    return "".join(one.text or "" for one in _children(node, "text")).strip()


def _children(root: Element, name: str) -> list[Element]:
    return [one for one in root.iter() if local_name(one) == name]
