"""Says in words what a changed diagram does otherwise: its steps and ways, their limits, posts and forms."""

from collections.abc import Iterator, Mapping

from engine.bpmn.errors import ModelInvalid
from engine.bpmn.xml import BPMN, CAMUNDA, Element, local_name, properties, read_xml
from web.case_ahead import limit_words
from web.lists import post_name
from web.texts import gettext, lazy_gettext
from web.words import either

_NO_STEPS = frozenset(
    {"process", "collaboration", "participant", "laneSet", "lane", "textAnnotation", "association"}
)
_LIMIT, _FORM, _POSTS = f"{CAMUNDA}dueDate", f"{CAMUNDA}formRef", f"{CAMUNDA}candidateGroups"
_SAID = {
    _LIMIT: lazy_gettext("“%(name)s”的时限：%(was)s → %(now)s"),
    _POSTS: lazy_gettext("“%(name)s”的岗位：%(was)s → %(now)s"),
    _FORM: lazy_gettext("“%(name)s”的表单：%(was)s → %(now)s"),
}


def changes(before: bytes, after: bytes) -> tuple[str, ...]:
    """Say what differs between two versions of a diagram, as far as there are words for it."""
    try:
        old, new = _elements(read_xml(before)), _elements(read_xml(after))
    except ModelInvalid:
        return ()
    added = [new[one] for one in new if one not in old and _is_step(new[one])]
    gone = [old[one] for one in old if one not in new and _is_step(old[one])]
    said = [gettext("新增“%(name)s”", name=_name(one)) for one in added]
    said += [gettext("去掉“%(name)s”", name=_name(one)) for one in gone]
    for one in new:
        if one in old:
            said += _differences(old[one], new[one])
    return tuple(said)


def _elements(root: Element) -> Mapping[str, Element]:
    found = (one for one in root.iter(f"{BPMN}*") if one.get("id") and local_name(one) not in _NO_STEPS)
    return {str(one.get("id")): one for one in found}


def _is_step(element: Element) -> bool:
    return bool(element.get("name")) and local_name(element) != "sequenceFlow"


def _name(element: Element) -> str:
    name = element.get("name") or str(element.get("id"))
    return either(name, properties(element).get("name_en") or name).replace("\n", "")


def _differences(old: Element, new: Element) -> Iterator[str]:
    name = _name(new)
    if _name(old) != name:
        yield gettext("“%(old)s”改名为“%(new)s”", old=_name(old), new=name)
    for attribute, words in _SAID.items():
        was, now = old.get(attribute, ""), new.get(attribute, "")
        if was != now:
            said = _both(attribute, was, now)
            yield str(words) % {"name": name, "was": said[0], "now": said[1]}
    was, now = _condition(old), _condition(new)
    if was != now:
        yield gettext("“%(name)s”的条件：%(was)s → %(now)s", name=name, was=was or "—", now=now or "—")


def _both(attribute: str, was: str, now: str) -> tuple[str, str]:
    """Say two values; where the words are the same, as they stand in the diagram."""
    words = _words(attribute, was), _words(attribute, now)
    return words if words[0] != words[1] else (was or "—", now or "—")


def _words(attribute: str, value: str) -> str:
    if attribute == _POSTS:
        posts = [post_name(one.strip()) for one in value.split(",") if one.strip()]
        return either("、", ", ").join(posts) or "—"
    return (limit_words(value) if attribute == _LIMIT else value) or "—"


def _condition(element: Element) -> str:
    return (element.findtext(f"{BPMN}conditionExpression") or "").strip()
