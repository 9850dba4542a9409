"""The forms are short, complete, bilingual, and keep personal data out of process data."""

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from engine.bpmn.expressions.values import ValueType
from engine.forms import Component, ComponentType, Form
from engine.forms.form import AnswersInvalid
from engine.forms.model import inputs
from engine.topics import Topics
from handlers.checking.form_parts import DIFFERED
from tests.processes.sheets import FOLDER

FORMS = {path.stem: Form.parse(path.read_bytes(), path.name) for path in sorted(FOLDER.glob("*.form"))}
TOPICS = Topics.parse((FOLDER / "topics.toml").read_bytes())
OWNERS = {"repair_info", "repair_confirm", "repair_rebook", "repair_quote_answer"}
JARGON = ("派单", "工单", "止险", "P0", "P1", "SLA", "节点", "流程", "返工")
CODES = {ValueType.CODE, ValueType.NUMBER, ValueType.BOOLEAN, ValueType.MOMENT}

each_form = pytest.mark.parametrize("name", FORMS)


def _all(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from _all(component.components)


def _chinese(component: Component) -> list[tuple[str, str]]:
    pairs = [(component.label, component.label_en), (component.description, component.description_en)]
    pairs.append((component.text, component.text_en))
    for option in component.options:
        pairs += [(option.label, option.label_en), (option.submit, option.submit_en)]
    return pairs


@each_form
def test_a_form_has_the_name_of_its_file(name: str) -> None:
    assert FORMS[name].id == name


@each_form
def test_every_word_has_its_english_beside_it(name: str) -> None:
    form = FORMS[name]
    pairs = [(form.name, form.name_en), (form.submit, form.submit_en)]
    assert all(chinese for chinese, _ in pairs)
    for component in _all(form.components):
        pairs += _chinese(component)
    assert [pair for pair in pairs if bool(pair[0]) != bool(pair[1])] == []


@each_form
def test_what_the_command_knows_is_what_the_form_asks(name: str) -> None:
    form = FORMS[name]
    assert form.on_complete in TOPICS.completions
    sharing = [other for other in FORMS.values() if other.on_complete == form.on_complete]
    asked = {key for other in sharing for key, field in other.fields.items() if not field.fixed}
    assert asked == TOPICS.completions[form.on_complete or ""].answers


def test_every_declared_command_and_query_belongs_to_a_form() -> None:
    assert {form.on_complete for form in FORMS.values()} == set(TOPICS.completions)
    assert {form.on_open for form in FORMS.values() if form.on_open} == set(TOPICS.form_data)


@each_form
def test_only_codes_and_moments_enter_process_data(name: str) -> None:
    assert set(FORMS[name].variables.values()) <= CODES
    personal = {key for key in FORMS[name].variables if "phone" in key or "name" in key}
    assert personal == set()


@each_form
def test_a_form_is_short(name: str) -> None:
    form = FORMS[name]
    conditional = [field for field in form.fields.values() if field.hide]
    assert len(form.fields) - len(conditional) <= 10
    assert len(form.fields) <= 12


@each_form
def test_each_outcome_has_a_button_that_says_what_it_does(name: str) -> None:
    outcomes = FORMS[name].outcomes
    assert all(option.submit for option in outcomes if option.value != DIFFERED)
    assert len({option.value for option in outcomes}) == len(outcomes)


@each_form
def test_the_fields_of_one_outcome_are_hidden_for_all_others(name: str) -> None:
    """A field hidden by an outcome names outcomes that exist."""
    form = FORMS[name]
    values = {option.value for option in form.outcomes}
    for field in form.fields.values():
        if (
            values and field.hide and "outcome" in field.hide.names
        ):  # none are known where the case offers them
            shown = {value for value in values if field.hide.evaluate({"outcome": value}) is not True}
            assert shown, field.key
            assert shown != values, field.key


@pytest.mark.parametrize("name", sorted(OWNERS))
def test_owners_are_asked_in_plain_words(name: str) -> None:
    words = " ".join(chinese for part in _all(FORMS[name].components) for chinese, _ in _chinese(part))
    assert [word for word in JARGON if word in words] == []


def test_confirming_and_rating_are_one_form() -> None:
    form = FORMS["repair_confirm"]
    assert {"outcome", "speed", "quality", "attitude", "comment"} <= set(form.fields)
    for mark in ("speed", "quality", "attitude"):
        assert {option.value for option in form.fields[mark].options} == {"1", "2", "3", "4", "5"}


def _confirmed(**answers: str) -> set[str]:
    """Return the fields of the owner's answer that are refused."""
    try:
        FORMS["repair_confirm"].validate(answers, zone=UTC)
    except AnswersInvalid as invalid:
        return set(invalid.fields)
    return set()


def test_a_content_owner_gives_marks_and_a_discontent_one_says_what_is_wrong() -> None:
    marks = {"speed": "5", "quality": "4", "attitude": "3"}
    assert _confirmed(outcome="satisfied", **marks) == set()
    assert _confirmed(outcome="satisfied") == set(marks)
    assert _confirmed(outcome="unsatisfied", problem="还在漏水") == set()
    assert _confirmed(outcome="unsatisfied") == {"problem"}
    assert _confirmed() == {"outcome"}


@pytest.mark.parametrize(
    "name", ["repair_confirm", "repair_confirm_phone", "repair_inspect", "repair_vendor_accept"]
)
def test_no_judgement_is_filled_in_beforehand(name: str) -> None:
    judged = ("outcome", "speed", "quality", "attitude")
    assert [key for key, field in FORMS[name].fields.items() if key in judged and field.default] == []


def test_photos_are_asked_for_after_the_repair_and_optional_before() -> None:
    needed = {
        name for name, form in FORMS.items() if "photos" in form.fields and form.fields["photos"].required
    }
    assert needed == {
        "data_correction_evidence",
        "repair_complaint_again",
        "repair_finish",
        "repair_vendor_finish",
    }


@each_form
def test_the_file_is_what_the_editor_saves(name: str) -> None:
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.form").read_text())
    assert document["type"] == "default"
    assert all(field.type in ComponentType for field in inputs(FORMS[name].components))
    assert (FOLDER / f"{name}.form").read_text() == json.dumps(document, ensure_ascii=False, indent=2) + "\n"
