"""Business rule tasks ask their tables and keep what these say."""

import pytest

from engine.bpmn.errors import ModelInvalid
from engine.bpmn.expressions import ValueType
from engine.bpmn.runtime import StepFailed
from engine.durations import Duration
from tests.engine.bpmn.cases import begin
from tests.engine.bpmn.diagrams import end, flows, process, program, start, tag, user


def table(policy: str, outputs: dict[str, str], *rules: tuple[str, ...]) -> dict[str, bytes]:
    """A table over `fault`; each rule is a cell and one answer for each output."""
    columns = "".join(
        f'<output id="o_{name}" name="{name}" typeRef="{kind}"/>' for name, kind in outputs.items()
    )
    rows = ""
    for number, (cell, *answers) in enumerate(rules):
        entries = "".join(
            f'<outputEntry id="oe{number}_{i}"><text>{a}</text></outputEntry>' for i, a in enumerate(answers)
        )
        test = f'<inputEntry id="ie{number}"><text>{cell}</text></inputEntry>'
        rows += f'<rule id="r{number}">{test}{entries}</rule>'
    content = (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        f'<decision id="limits" name="limits"><decisionTable id="t" hitPolicy="{policy}">'
        '<input id="i"><inputExpression id="ie" typeRef="string"><text>fault</text></inputExpression></input>'
        f"{columns}{rows}</decisionTable></decision></definitions>"
    )
    return {"limits.dmn": content.encode()}


LIMITS = table(
    "UNIQUE",
    {"limit": "string", "urgent": "boolean"},
    ('"leak"', '"PT30M"', "true"),
    ('"lamp"', '"PT8H"', "false"),
)


def deciding(tables: dict[str, bytes], **attributes: str):
    rule = tag("businessRuleTask", id="decide", camunda_decisionRef="limits", **attributes)
    step = user("u", camunda_dueDate="${limit}") if not attributes else user("u")
    return program(process(start(), rule, step, end(), flows("start", "decide", "u", "end")), tables=tables)


def test_without_a_result_variable_every_output_is_a_variable():
    compiled = deciding(LIMITS)
    case = begin(compiled, fault="leak")
    assert case.variables == {"fault": "leak", "limit": "PT30M", "urgent": True}
    assert case.open("u")[0].due == Duration.parse("PT30M")
    assert compiled.types["p"]["urgent"] is ValueType.BOOLEAN


@pytest.mark.parametrize(
    ("mapping", "result"),
    [
        ("singleResult", {"limit": "PT30M", "urgent": True}),
        ("resultList", [{"limit": "PT30M", "urgent": True}]),
    ],
)
def test_the_result_variable_gets_the_answer_as_it_is_mapped(mapping, result):
    attributes = {"camunda_resultVariable": "said", "camunda_mapDecisionResult": mapping}
    case = begin(deciding(LIMITS, **attributes), fault="leak")
    assert case.variables == {"fault": "leak", "said": result}


def test_single_entry_and_collected_entries():
    one = table("UNIQUE", {"limit": "string"}, ('"leak"', '"PT30M"'))
    many = table("COLLECT", {"limit": "string"}, ("-", '"PT1H"'), ('"leak"', '"PT30M"'))
    entry = {"camunda_resultVariable": "said", "camunda_mapDecisionResult": "singleEntry"}
    entries = {"camunda_resultVariable": "said", "camunda_mapDecisionResult": "collectEntries"}
    assert begin(deciding(one, **entry), fault="leak").variables["said"] == "PT30M"
    assert begin(deciding(one, **entry), fault="lamp").variables["said"] is None
    assert begin(deciding(many, **entries), fault="leak").variables["said"] == ["PT1H", "PT30M"]


def test_two_answers_where_one_is_wanted_fail_at_the_step():
    overlap = table("COLLECT", {"limit": "string"}, ("-", '"PT1H"'), ('"leak"', '"PT30M"'))
    with pytest.raises(StepFailed) as failure:
        begin(deciding(overlap, camunda_resultVariable="said"), fault="leak")
    assert failure.value.element == "decide"


def test_an_unknown_mapping_is_refused():
    with pytest.raises(ModelInvalid):
        deciding(LIMITS, camunda_resultVariable="said", camunda_mapDecisionResult="anything")


def test_a_table_can_be_asked_outside_of_a_case():
    assert deciding(LIMITS).decide("limits", {"fault": "lamp"}) == [{"limit": "PT8H", "urgent": False}]
