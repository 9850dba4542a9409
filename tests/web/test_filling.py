"""A form of the engine becomes fields a page can show, in the reader's language."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from engine.forms import Form
from web.filling import Filling, Part, fill

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(params=["zh_Hans_CN", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """A page in Chinese, and one in English."""
    app = Flask("filling")
    Babel(app)
    with app.test_request_context(), force_locale(request.param):
        yield request.param


@pytest.fixture
def chinese() -> Iterator[None]:
    """A page in Chinese."""
    app = Flask("filling")
    Babel(app)
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        yield


def form(*components: Mapping[str, Any], **properties: str) -> Form:
    document = {
        "type": "default",
        "id": "repair_accept",
        "components": list(components),
        "on_open": "repair.accept_facts",
        "properties": properties,
    }
    return Form.parse(json.dumps(document).encode())


def shown(filling: Filling, name: str) -> Part:
    return next(part for part in filling.parts if part.name == name)


OUTCOME = {
    "type": "radio",
    "key": "outcome",
    "label": "处理",
    "properties": {"label_en": "Decision"},
    "values": [
        {
            "value": "accept",
            "label": "受理",
            "label_en": "Accept",
            "submit": "受理并派单",
            "submit_en": "Assign",
        },
        {"value": "more_info", "label": "补充"},
    ],
}
QUESTION = {
    "type": "textarea",
    "key": "question",
    "label": "补充什么",
    "conditional": {"hide": '=outcome != "more_info"'},
    "validate": {"required": True},
}


def test_labels_choices_and_buttons_are_in_the_readers_language(language: str) -> None:
    filling = fill(form(OUTCOME, submit="提交", submit_en="Send"), {}, {}, {}, ZONE)
    outcome = shown(filling, "outcome")
    said = (outcome.label, outcome.options[0].label, outcome.options[0].submit, filling.submit)
    assert (
        said
        == {
            "zh_Hans_CN": ("处理", "受理", "受理并派单", "提交"),
            "en": ("Decision", "Accept", "Assign", "Send"),
        }[language]
    )


@pytest.mark.usefixtures("chinese")
def test_a_field_whose_condition_holds_is_hidden_and_the_browser_knows_the_condition() -> None:
    question = shown(fill(form(OUTCOME, QUESTION), {"outcome": "accept"}, {}, {}, ZONE), "question")
    assert question.hidden
    assert json.loads(question.hide) == ["!=", ["name", "outcome"], ["value", "more_info"]]
    asked = fill(form(OUTCOME, QUESTION), {"outcome": "more_info"}, {}, {}, ZONE)
    assert not shown(asked, "question").hidden


@pytest.mark.usefixtures("chinese")
def test_what_was_typed_stands_in_the_field_again_beside_its_error() -> None:
    number = {"type": "number", "key": "charge", "label": "收费", "decimalDigits": 2}
    filling = fill(form(number), {"charge": "abc"}, {}, {"charge": "请填数字"}, ZONE)
    charge = shown(filling, "charge")
    assert (charge.value, charge.error, charge.step) == ("abc", "请填数字", "0.01")
    assert filling.errors == {"charge": ("收费", "请填数字")}


@pytest.mark.usefixtures("chinese")
def test_choices_of_the_query_are_offered() -> None:
    worker = {"type": "select", "key": "worker_id", "label": "维修人员", "valuesKey": "workers"}
    options = {"workers": [{"value": "7", "label": "李强"}]}
    part = shown(fill(form(worker), {"worker_id": "7"}, options, {}, ZONE), "worker_id")
    assert [(choice.value, choice.label) for choice in part.options] == [("7", "李强")]
    assert part.said == "李强"


@pytest.mark.usefixtures("chinese")
def test_a_stored_moment_is_shown_in_the_local_time_of_the_input() -> None:
    visit = {"type": "datetime", "subtype": "datetime", "key": "visit_at", "label": "上门"}
    part = shown(fill(form(visit), {"visit_at": "2026-11-23T02:30:00+00:00"}, {}, {}, ZONE), "visit_at")
    assert (part.value, part.input_type) == ("2026-11-23T10:30", "datetime-local")


@pytest.mark.usefixtures("chinese")
def test_lines_carry_numbered_names_and_spare_ones_wait_to_be_added() -> None:
    parts = {
        "type": "dynamiclist",
        "path": "parts",
        "label": "用料",
        "components": [{"type": "textfield", "key": "name", "label": "名称", "validate": {"required": True}}],
    }
    filling = fill(form(parts), {"parts": [{"name": "软管"}]}, {}, {"parts.0.name": "太长"}, ZONE)
    lines = shown(filling, "parts").lines
    assert [line.parts[0].name for line in lines[:2]] == ["parts.0.name", "parts.1.name"]
    assert (lines[0].parts[0].value, lines[0].parts[0].error) == ("软管", "太长")
    assert not any(part.required for line in lines for part in line.parts)
    assert [line.spare for line in lines].index(True) == 3
    assert filling.errors == {"parts.0.name": ("名称", "太长")}


@pytest.mark.usefixtures("chinese")
def test_marks_from_one_to_five_are_drawn_as_stars() -> None:
    values = [{"value": str(mark), "label": f"{mark} 星"} for mark in range(5, 0, -1)]
    part = shown(fill(form({"type": "radio", "key": "speed", "values": values}), {}, {}, {}, ZONE), "speed")
    assert part.stars
    assert [choice.value for choice in part.options] == ["1", "2", "3", "4", "5"]


@pytest.mark.usefixtures("chinese")
def test_a_line_nobody_began_shows_no_default_so_that_it_stays_empty() -> None:
    parts = {
        "type": "dynamiclist",
        "path": "parts",
        "label": "用料",
        "components": [{"type": "number", "key": "quantity", "label": "数量", "defaultValue": 1}],
    }
    line = shown(fill(form(parts), {}, {}, {}, ZONE), "parts").lines[0].parts[0]
    assert (line.value, line.default) == (None, "1")


@pytest.mark.usefixtures("chinese")
def test_a_list_of_choices_and_a_list_of_files_post_lists() -> None:
    checks = {"type": "checklist", "key": "checks", "values": [{"value": "house", "label": "房号"}]}
    photos = {"type": "filepicker", "key": "photos", "multiple": True}
    filling = fill(form(checks, photos), {}, {}, {}, ZONE)
    assert [part.input_name for part in filling.parts] == ["checks[]", "photos[]"]
    assert filling.has_files
