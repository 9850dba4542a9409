"""topics.toml: what is read, and what is refused with a reason."""

import pytest

from engine.bpmn.expressions import ValueType
from engine.check_problem import DeploymentRefused
from engine.topics import Topics

GOOD = b"""
[handler."repair.dispatch"]
inputs = ["fault_code"]
outputs = { worker_id = "code", arrive_limit = "duration" }
errors = ["no_worker"]

[external."meter.read"]
outputs = { reading = "number" }

[completion."repair.record_quote"]
outputs = { quote_fen = "number" }
answers = ["amount"]

[form_data."repair.accept_facts"]

[start."repair_online"]
variables = { order_id = "code" }
"""


def test_every_table_is_read():
    topics = Topics.parse(GOOD)
    dispatch = topics.services["repair.dispatch"]
    assert (dispatch.kind, dispatch.inputs, dispatch.errors) == ("handler", ("fault_code",), ("no_worker",))
    assert dispatch.outputs == {"worker_id": ValueType.CODE, "arrive_limit": ValueType.DURATION}
    assert topics.services["meter.read"].kind == "external"
    assert topics.completions["repair.record_quote"].outputs == {"quote_fen": ValueType.NUMBER}
    assert topics.form_data == {"repair.accept_facts"}
    assert topics.starts == {"repair_online": {"order_id": ValueType.CODE}}
    assert topics.handlers() == ("repair.dispatch",)


def test_topics_cannot_be_changed_after_reading():
    topics = Topics.parse(GOOD)
    with pytest.raises(TypeError):
        topics.services["other"] = topics.services["meter.read"]


def test_a_command_knows_the_answers_it_lists_and_without_a_list_all_of_them():
    topics = Topics.parse(GOOD + b'[completion."repair.note"]\n')
    assert topics.known_answers("repair.record_quote") == {"amount"}
    assert topics.known_answers("repair.note") is None
    assert topics.known_answers(None) == frozenset()


@pytest.mark.parametrize(
    ("text", "rule", "element"),
    [
        ("[handler", "topics_toml", ""),
        ("\xff\xfe", "topics_toml", ""),
        ("[handlers.a]", "topics_table", "handlers"),
        ("handler = 1", "topics_table", "handler"),
        ("[handler.Bad]", "topics_name", "Bad"),
        ("[handler]\na = 1", "topics_name", "a"),
        ('[handler.a]\ninput = ["x"]', "topics_key", "a"),
        ('[handler.a]\ninputs = "x"', "topics_list", "a"),
        ("[handler.a]\ninputs = [1]", "topics_list", "a"),
        ('[handler.a]\ninputs = ["X y"]', "topics_name", "a"),
        ('[handler.a]\noutputs = { x = "text" }', "topics_type", "a"),
        ('[handler.a]\noutputs = { x = "any" }', "topics_type", "a"),
        ("[handler.a]\noutputs = { x = [] }", "topics_type", "a"),
        ('[handler.a]\noutputs = { X = "code" }', "topics_type", "a"),
        ("[handler.a]\noutputs = 7", "topics_type", "a"),
        ("[handler.a]\n[external.a]", "topics_twice", "a"),
    ],
)
def test_what_cannot_be_read_is_refused_with_rule_and_place(text, rule, element):
    with pytest.raises(DeploymentRefused) as refused:
        Topics.parse(text.encode("latin-1"))
    assert [(found.rule, found.element_id) for found in refused.value.problems] == [(rule, element)]


def test_all_problems_are_told_at_once():
    with pytest.raises(DeploymentRefused) as refused:
        Topics.parse(b'[handler.a]\ninputs = 1\nerrors = 2\noutputs = { x = "no" }\n[odd]\n')
    assert len(refused.value.problems) == 4
    assert "4" in refused.value.text()
