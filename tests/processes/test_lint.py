"""The sheets pass the linters: bpmn.io's recommended rules, and the checks of every deployment."""

import re

import pytest
from bpmn_io import BpmnModdle
from bpmn_io.lint import Linter
from bpmn_io.lint.resolver.node_resolver import NodeResolver

from engine.bpmn.check.examine import examine
from engine.bpmn.check.whole import Surroundings
from engine.topics import Topics
from tests.processes.sheets import BPMN, CAMUNDA, FOLDER, SHEETS, sheet

POSTS = frozenset(
    {"resident", "cs", "csl", "rp", "rpl", "fin", "finl", "pm", "qa"}
    | {"adm", "sys", "sec", "aud", "dpo", "act", "ven", "po"}
)
# Called by no other sheet.
MAIN = {
    "repair",
    "data_correction",
    "import_release",
    "ownership_transfer",
    "transfer_reversal",
    "move_in",
    "tenant_change",
    "security_incident",
    "staff_onboarding",
    "staff_offboarding",
    "staff_password",
    "data_export",
    "more_looks",
    "access_review",
    "privacy_request",
    "password_help",
}
CLAUSES = {
    "data_correction": {"C1", "C2"},
    "import_release": {"C1"},
    "repair": {"E1", "E2", "E3"},
    "repair_urgent": {"E2"},
    "repair_visit": {"E3"},
    "repair_complaint": {"E3", "H2"},
    "ownership_transfer": {"C1", "C2", "C4"},
    "transfer_special": {"C1"},
    "transfer_reversal": {"C1"},
    "transfer_handover": {"B2"},
    "move_in": {"B1", "B2", "C1", "C4", "D1"},
    "move_in_verify": {"B1"},
    "tenant_change": {"C1", "C2", "C4"},
    "security_incident": {"A4", "S2"},
    "staff_onboarding": {"A1", "A2", "A3"},
    "staff_offboarding": {"A4"},
    "staff_password": {"A2"},
    "data_export": {"C4"},
    "more_looks": {"C4"},
    "access_review": {"A3"},
    "privacy_request": {"D2"},
    "password_help": {"B3"},
}


def _files() -> dict[str, bytes]:
    names = [path for path in FOLDER.iterdir() if path.suffix in (".bpmn", ".dmn", ".form")]
    return {path.name: path.read_bytes() for path in [*names, FOLDER / "topics.toml"]}


def _topics() -> Topics:
    return Topics.parse((FOLDER / "topics.toml").read_bytes())


def _values(name: str, attribute: str) -> set[str]:
    found = (node.get(f"{CAMUNDA}{attribute}") for node in sheet(name).root.iter(f"{BPMN}*"))
    return {value for value in found if value}


@pytest.mark.parametrize("name", SHEETS)
def test_bpmn_io_finds_no_error(name: str) -> None:
    model = BpmnModdle().from_xml((FOLDER / f"{name}.bpmn").read_text())
    linter = Linter({"config": {"extends": "bpmnlint:recommended"}, "resolver": NodeResolver()})
    found = linter.lint(model.root_element)
    assert model.warnings == []
    assert [
        (rule, one["id"]) for rule, all_ in found.items() for one in all_ if one["category"] == "error"
    ] == []


def test_the_checks_of_a_deployment_find_nothing() -> None:
    around = Surroundings(POSTS, frozenset({"24x7", "office"}))
    assert examine(_files(), around).problems == ()


def test_what_a_sheet_names_exists() -> None:
    topics = _topics()
    for name in SHEETS:
        root = sheet(name).root
        assert {f"{form}.form" for form in _values(name, "formRef")} <= set(_files())
        assert {f"{table}.dmn" for table in _values(name, "decisionRef")} <= set(_files())
        assert {node.get("calledElement") for node in root.iter(f"{BPMN}callActivity")} <= set(SHEETS)
        assert _values(name, "topic") <= set(topics.services)
        posts = {prop.get("value") for prop in root.iter(f"{CAMUNDA}property") if prop.get("name") == "post"}
        assert posts <= POSTS
        assert len(posts) == len(sheet(name).of("lane"))


def test_every_declared_topic_form_and_sheet_is_used() -> None:
    topics = _topics()
    used = set().union(*(_values(name, "topic") for name in SHEETS))
    properties = [prop for name in SHEETS for prop in sheet(name).root.iter(f"{CAMUNDA}property")]
    used |= {prop.get("value", "") for prop in properties if prop.get("name") == "on_cancel"}
    assert used == set(topics.services)
    forms = set().union(*(_values(name, "formRef") for name in SHEETS))
    assert {f"{form}.form" for form in forms} == {name for name in _files() if name.endswith(".form")}
    called = {
        node.get("calledElement") for name in SHEETS for node in sheet(name).root.iter(f"{BPMN}callActivity")
    }
    assert called == set(SHEETS) - MAIN
    starts = {
        sheet(name).elements[node.get("messageRef", "")].get("name")
        for name in SHEETS
        for event in sheet(name).root.iter(f"{BPMN}startEvent")
        for node in event.iter(f"{BPMN}messageEventDefinition")
    }
    assert starts == set(topics.starts)


@pytest.mark.parametrize("name", SHEETS)
def test_every_name_has_its_english_beside_it(name: str) -> None:
    page = sheet(name)
    kinds = ("process", "lane", "userTask", "serviceTask", "businessRuleTask", "callActivity", "subProcess")
    for element in page.of(
        *kinds,
        "exclusiveGateway",
        "startEvent",
        "endEvent",
        "boundaryEvent",
        "sequenceFlow",
        "textAnnotation",
    ):
        node = page.elements[element]
        found = [
            prop.get("value", "")
            for prop in node.iterfind(f"{BPMN}extensionElements/{CAMUNDA}properties/{CAMUNDA}property")
            if prop.get("name") == "name_en"
        ]
        assert len(found) == bool(node.get("name") or node.findtext(f"{BPMN}text")), element
        assert all(re.search("[A-Za-z]", word) and word.isascii() for word in found), element


@pytest.mark.parametrize("name", SHEETS)
def test_every_human_step_has_a_form_a_limit_and_a_ladder(name: str) -> None:
    page = sheet(name)
    for element in page.of("userTask"):
        node = page.elements[element]
        said = {prop.get("name") for prop in node.iter(f"{CAMUNDA}property")}
        assert node.get(f"{CAMUNDA}formRef"), element
        assert node.get(f"{CAMUNDA}dueDate"), element
        assert "escalation" in said, element


def test_the_clauses_of_the_policy_stand_beside_their_steps() -> None:
    for name, clauses in CLAUSES.items():
        texts = [node.text or "" for node in sheet(name).root.iter(f"{BPMN}text")]
        assert {text.split()[0] for text in texts} == clauses


def test_repair_itself_has_no_parallel_branches_and_none_has_many() -> None:
    assert sheet("repair").of("parallelGateway") == []
    assert all(len(sheet(name).of("parallelGateway")) <= 4 for name in SHEETS)
