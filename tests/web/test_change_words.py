"""What a changed diagram does otherwise, in words."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.processes.sheets import FOLDER
from web.change_words import changes

DIAGRAM = (FOLDER / "data_correction.bpmn").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _request(site: object) -> Iterator[None]:
    app: Flask = site.app  # type: ignore[attr-defined]  # a Site
    with app.test_request_context("/"):
        yield


def changed(old: str, new: str) -> tuple[str, ...]:
    assert old in DIAGRAM
    return changes(DIAGRAM.encode(), DIAGRAM.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('camunda:dueDate="PT4H"', 'camunda:dueDate="P1D"', "“验新旧手机”的时限：4 时 → 1 天"),
        ('Groups="resident,cs"', 'Groups="cs"', "“验新旧手机”的岗位：业主、客服 → 客服"),
        (
            'camunda:formRef="data_correction_phones"',
            'camunda:formRef="other"',
            "“验新旧手机”的表单：data_correction_phones → other",
        ),
        ('name="验新旧手机"', 'name="验手机"', "“验新旧手机”改名为“验手机”"),
    ],
)
def test_what_a_step_does_otherwise_is_said(old: str, new: str, said: str) -> None:
    assert changed(old, new) == (said,)


def test_a_step_that_came_or_went_is_named() -> None:
    assert set(changed('userTask id="prove_phones"', 'userTask id="prove_both"')) >= {
        "新增“验新旧手机”",
        "去掉“验新旧手机”",
    }


def test_the_same_diagram_says_nothing() -> None:
    assert changes(DIAGRAM.encode(), DIAGRAM.encode()) == ()
