"""Code in any place of a file is refused or stays a text: not only where one thinks of it."""

from random import Random

import pytest
from lxml import etree

from tests.engine.check.good import examined, files
from tests.engine.check.test_hostile import SHELL

_TRIED = 25


def places(root: etree._Element) -> list[tuple[etree._Element, str | None]]:
    """List every attribute and every text, the drawing left out."""
    drawn = ("/DI", "/DC", "/DMNDI/", "/DI/", "/DC/")
    elements = [one for one in root.iter(etree.Element) if not etree.QName(one).namespace.endswith(drawn)]
    texts = [(one, None) for one in elements if (one.text or "").strip()]
    return [(one, name) for one in elements for name in one.attrib] + texts


@pytest.mark.parametrize("code", [SHELL, f"${{{SHELL}}}", "{0.__class__}%s{zh}", "=" + SHELL])
@pytest.mark.parametrize("file", ["repair.bpmn", "urgency.dmn"])
def test_code_in_any_place_is_refused_or_stays_a_text(file: str, code: str) -> None:
    root = etree.fromstring(files()[file])
    choose = Random(code)
    for element, name in choose.sample(places(root), min(_TRIED, len(places(root)))):
        old = element.text if name is None else element.attrib[name]
        if name is None:
            element.text = code
        else:
            element.attrib[name] = code
        found = examined({file: etree.tostring(root)})
        where = (etree.QName(element).localname, name)
        assert "unreadable" not in {one.rule for one in found.problems}, where
        assert all(one.zh and one.en for one in found.problems), where
        if name is None:
            element.text = old
        else:
            element.attrib[name] = old
