"""Whatever is done to a good file, it passes or is refused with reason and remedy."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine import definitions
from engine.bpmn.check.examine import Examination, examine
from engine.bpmn.trial import CPU_SECONDS
from engine.check_problem import DeploymentRefused
from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.store.database import Database
from tests.engine.check.good import around, drawn, examined, files, source
from tests.engine.definitions.conftest import engine_on

NAMES = ("repair.bpmn", "visit.bpmn", "urgency.dmn", "escalation.dmn")
_USUAL = (
    "accept done join repair visit_process cs e_none m_paid urgency_table rate_form meter.read 0 -1 true none"
)
_ODD = ("", "${stars}", "${", "PT0S", "R/PT1S", "P1D", "é长\u202e", "{zh}", "x" * 600)
WORDS = st.sampled_from([*_USUAL.split(), *_ODD])

# A folder of foreign diagrams; where none is named, our own stand in for it.
CORPUS = Path(os.environ.get("WUYE_CORPUS") or Path(__file__).parent / "good_files")


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """Draw a file with a few parts taken away, doubled, moved, or changed."""
    text = drawn(source(name)) if name.endswith(".bpmn") else source(name)
    root = etree.fromstring(text.encode())
    for _ in range(draw(st.integers(1, 4))):
        elements = list(root.iter())
        element = elements[draw(st.integers(0, len(elements) - 1))]
        other = elements[draw(st.integers(0, len(elements) - 1))]
        parent = element.getparent()
        change = draw(st.sampled_from(["drop", "double", "move", "set", "unset", "text", "rename"]))
        if change == "drop" and parent is not None:
            parent.remove(element)
        elif change == "double" and parent is not None:
            parent.append(etree.fromstring(etree.tostring(element)))
        elif (
            change == "move"
            and parent is not None
            and element not in other.iterancestors()
            and element is not other
        ):
            other.append(element)
        elif change == "set" and element.attrib:
            element.set(draw(st.sampled_from(sorted(map(str, element.attrib)))), draw(WORDS))
        elif change == "unset" and element.attrib:
            del element.attrib[draw(st.sampled_from(sorted(map(str, element.attrib))))]
        elif change == "text":
            element.text = draw(WORDS)
        elif change == "rename" and isinstance(other.tag, str):
            element.tag = other.tag
    return etree.tostring(root)


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """Draw a file with bytes cut out, put in, or repeated."""
    content = files()[name]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        end = min(len(content), at + draw(st.integers(0, 200)))
        piece = draw(st.sampled_from([b"", b"<", b'"', b"\0", b"\xff", b"&x;", b"]]>", content[at:end] * 2]))
        content = content[:at] + piece + content[end:]
    return content


def check_words(examination: Examination) -> None:
    """Make sure that every finding can be acted on, and that none is an accident of the checks."""
    for found in examination.problems:
        assert found.rule != "unreadable", found
        assert found.zh
        assert found.en
        assert found.remedy_zh
        assert found.remedy_en


def check_in_time(name: str, content: bytes) -> None:
    """Check a file within the processor time that a check may take, however busy the machine is."""
    begun = time.process_time()
    check_words(examined({name: content}))
    assert time.process_time() - begun < CPU_SECONDS, name


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_changed_file_passes_or_is_refused(data):
    name = data.draw(st.sampled_from(NAMES))
    check_in_time(name, data.draw(mutated(name)))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_passes_or_is_refused(data):
    name = data.draw(st.sampled_from(sorted(files())))
    check_in_time(name, data.draw(damaged(name)))


@pytest.mark.long
@settings(max_examples=5000, deadline=None)
@given(st.data())
def test_thousands_of_changed_files_pass_or_are_refused(data):
    name = data.draw(st.sampled_from(NAMES))
    check_in_time(name, data.draw(mutated(name)))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_deploying_a_changed_file_raises_nothing_but_a_refusal(
    data, sqlite_database: Database, clock: SettableClock
):
    engine = engine_on(sqlite_database, clock)
    name = data.draw(st.sampled_from(NAMES))
    changed = files() | {name: data.draw(mutated(name))}
    try:
        with engine.work(SYSTEM) as work:
            told = definitions.deploy(work, "fuzz", changed).warnings
    except DeploymentRefused as refused:
        told = refused.problems
        assert told
    assert all(found.rule not in ("unreadable", "not_loadable", "too_costly") for found in told)


@pytest.mark.long
def test_every_foreign_diagram_passes_or_is_refused_in_time():
    seen = 0
    for path in sorted(CORPUS.rglob("*.bpmn")):
        begin = time.process_time()
        examination = examine({"foreign.bpmn": path.read_bytes()}, around())
        assert time.process_time() - begin < 2, path
        check_words(examination)
        seen += 1
    assert seen
