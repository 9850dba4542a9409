"""An incident names its step as the sheet does on which it happened, in the message, too."""

import pytest

from engine import incidents
from engine.hosting import FailedAgain
from engine.incidents import OpenIncident
from engine.store.tables import incident
from tests.engine.cases.conftest import MANAGER, Shop
from tests.engine.models import Model

FAILS = 'camunda:taskPriority="${5 / 2}" '
HANDS_IN = '<camunda:in source="wanted" target="wanted"/>'
INNER = ("抄内表", "Read the inner meter")
OUTER = ("抄外表", "Read the outer meter")


def deploy(shop: Shop, *, fails_inside: bool, name: bool = True) -> None:
    """Deploy a procedure and one that it calls, each with a step of the id “meter”; one of them fails."""
    inner = Model("inner").start().service("meter", "test.outside").end().flow("start", "meter", "end")
    outer = (
        Model("outer")
        .start(message="reported")
        .call("go", "inner", HANDS_IN)
        .service("meter", "test.outside")
        .end()
    )
    outer.flow("start", *(("go", "meter") if fails_inside else ("meter", "go")), "end")
    files = []
    for model, said, fails in ((inner, INNER, fails_inside), (outer, OUTER, not fails_inside)):
        text = model.xml().decode()
        step = f'<bpmn:serviceTask id="meter" name="{said[0] if name else ""}" {FAILS if fails else ""}'
        text = text.replace('<bpmn:serviceTask id="meter" name="meter" ', step)
        files.append((f"{model.key}.bpmn", _in_english(text, said[1] if name else "").encode()))
    shop.deploy(*files)


def _in_english(text: str, english: str) -> str:
    if not english:
        return text
    properties = (
        f'<camunda:properties><camunda:property name="name_en" value="{english}"/></camunda:properties>'
    )
    inside = f"<bpmn:extensionElements>{properties}</bpmn:extensionElements>"
    before, _, after = text.partition('camunda:topic="test.outside"/>')
    return f'{before}camunda:topic="test.outside">{inside}</bpmn:serviceTask>{after}'


def failed(shop: Shop) -> OpenIncident:
    shop.start("outer", message="reported", wanted="x")
    with shop.engine.reading(MANAGER) as work:
        (found,) = incidents.open_incidents(work)
    return found


@pytest.mark.parametrize(("fails_inside", "name"), [(True, INNER), (False, OUTER)])
def test_of_two_steps_with_one_id_the_one_is_named_that_failed(
    shop: Shop, fails_inside: bool, name: tuple[str, str]
) -> None:
    deploy(shop, fails_inside=fails_inside)
    found = failed(shop)
    assert found.step_name == name
    assert found.said is not None
    assert found.said["params"]["element"] == list(name)
    (row,) = shop.rows(incident)
    assert row.said["params"]["element"] == "meter"
    assert found.said["params"]["reason"] == row.said["params"]["reason"] != ""


def test_a_step_that_fails_again_is_named_as_before(shop: Shop) -> None:
    deploy(shop, fails_inside=True)
    found = failed(shop)
    with pytest.raises(FailedAgain) as raised, shop.engine.work(MANAGER) as work:
        incidents.retry(work, found.id, "查过了")
    assert raised.value.failure.said is not None
    assert raised.value.failure.said["params"]["element"] == list(INNER)


def test_a_step_without_a_name_is_named_by_its_id(shop: Shop) -> None:
    deploy(shop, fails_inside=True, name=False)
    found = failed(shop)
    assert found.step_name == "meter"
    assert found.said is not None
    assert found.said["params"]["element"] == ["meter", "meter"]
