"""Files made to harm: each is refused with element, reason and remedy, in little time, and runs nothing."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from engine.bpmn.check.examine import Examination
from tests.engine.check.good import drawn, examined, source
from tests.engine.check.mutants import boundary, event, flow, handler, node, timer

CPU_SECONDS = 2

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="file" targetNamespace="x">'
)
TAIL = "</bpmn:definitions>"


def diagram(*elements: str) -> str:
    """Write a process `p` that goes from s through the elements to e."""
    return (
        f'{HEAD}<bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
        f"{''.join(elements)}</bpmn:process>{TAIL}"
    )


def with_entities(entities: str, name: str = "") -> str:
    """Write a diagram with a DOCTYPE."""
    text = diagram(node("userTask", "t", name=name) if name else "", flow("f", "s", "e"))
    return text.replace("?>", f"?><!DOCTYPE x [{entities}]>", 1)


def laughs(depth: int) -> str:
    """Write entities that grow tenfold each."""
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, depth)]
    return "".join(lines)


def chained_splits(blocks: int) -> str:
    """Write splits whose two branches meet at a plain task, again and again."""
    parts = [flow("f", "s", "g0")]
    for n in range(blocks):
        parts += [
            node("parallelGateway", f"g{n}"),
            node("userTask", f"t{n}"),
            flow(f"x{n}", f"t{n}", f"g{n + 1}"),
        ]
        parts += [handler(f"a{n}"), flow(f"a{n}f", f"g{n}", f"a{n}"), flow(f"a{n}t", f"a{n}", f"t{n}")]
        parts += [handler(f"b{n}"), flow(f"b{n}f", f"g{n}", f"b{n}"), flow(f"b{n}t", f"b{n}", f"t{n}")]
    return diagram(*parts, handler(f"g{blocks}"), flow("last", f"g{blocks}", "e"))


def chain(length: int) -> str:
    """Write many steps in a row."""
    steps = "".join(handler(f"t{n}") + flow(f"f{n}", f"t{n}", f"t{n + 1}") for n in range(length))
    return diagram(flow("f", "s", "t0"), steps, handler(f"t{length}"), flow("l", f"t{length}", "e"))


def nested(depth: int) -> str:
    """Write subprocesses in subprocesses."""
    begin = "".join(
        f'<bpmn:subProcess id="n{n}"><bpmn:startEvent id="s{n}"/><bpmn:endEvent id="e{n}"/>'
        + flow(f"i{n}", f"s{n}", f"n{n + 1}")
        + flow(f"o{n}", f"n{n + 1}", f"e{n}")
        for n in range(depth)
    )
    return diagram(
        flow("f", "s", "n0"), flow("g", "n0", "e"), begin, handler(f"n{depth}"), "</bpmn:subProcess>" * depth
    )


def web(width: int) -> str:
    """Write gateways that all lead to each other."""
    gateways = "".join(node("exclusiveGateway", f"g{n}") for n in range(width))
    flows = "".join(
        flow(f"f{a}_{b}", f"g{a}", f"g{b}", "${true}") for a in range(width) for b in range(width) if a != b
    )
    return diagram(flow("f", "s", "g0"), gateways, flows, flow("l", "g0", "e"))


def inclusive_blocks(count: int) -> str:
    """Write inclusive blocks inside of parallel branches."""
    parts = [
        flow("f", "s", "split"),
        node("parallelGateway", "split"),
        node("parallelGateway", "join"),
        flow("l", "join", "e"),
    ]
    for n in range(count):
        parts += [
            node("inclusiveGateway", f"i{n}", default=f"d{n}"),
            flow(f"p{n}", "split", f"i{n}"),
            flow(f"c{n}", f"i{n}", f"a{n}", "${true}"),
            flow(f"d{n}", f"i{n}", f"b{n}"),
            handler(f"a{n}"),
            handler(f"b{n}"),
            node("inclusiveGateway", f"j{n}"),
            flow(f"x{n}", f"a{n}", f"j{n}"),
            flow(f"y{n}", f"b{n}", f"j{n}"),
            flow(f"q{n}", f"j{n}", "join"),
        ]
    return diagram(*parts)


def looped(inner: str) -> str:
    """Write a loop of one step and a gateway."""
    return diagram(
        flow("f1", "s", "t"),
        inner,
        flow("f2", "t", "g"),
        node("exclusiveGateway", "g", default="f4"),
        flow("f3", "g", "t", "${true}"),
        flow("f4", "g", "e"),
    )


def condition(text: str) -> str:
    """Write a gateway that decides by a text."""
    return diagram(
        flow("f1", "s", "g"),
        node("exclusiveGateway", "g", default="f3"),
        flow("f2", "g", "e", text),
        handler("t"),
        flow("f3", "g", "t"),
        flow("f4", "t", "e"),
    )


def waiting(kind: str, text: str) -> str:
    """Write a timer on the way."""
    return diagram(
        flow("f1", "s", "w"), node("intermediateCatchEvent", "w", timer(kind, text)), flow("f2", "w", "e")
    )


def table(cell: str, answer: str = '"P0"') -> str:
    """Write a table with one cell changed."""
    return (
        source("urgency.dmn")
        .replace('<text>"gas"</text>', f"<text>{cell}</text>")
        .replace('<text>"P0"</text>', f"<text>{answer}</text>")
    )


@dataclass(frozen=True)
class Case:
    """One hostile file, and the rule that has to find it."""

    name: str
    rule: str
    make: Callable[[], str | bytes]
    file: str = "hostile.bpmn"

    def __str__(self) -> str:
        return self.name


SHELL = "__import__('os').system('touch /tmp/wuye_was_here')"


def step(element: str) -> str:
    """Write a process of one step `t`."""
    return diagram(element, flow("f1", "s", "t"), flow("f2", "t", "e"))


def repeated(marker: str) -> str:
    """Write a process of one repeated step."""
    return step(node("userTask", "t", marker))


def cardinality(text: str) -> str:
    """Write a multi-instance marker with a number."""
    loop = "bpmn:multiInstanceLoopCharacteristics"
    return f"<{loop}><bpmn:loopCardinality>{text}</bpmn:loopCardinality></{loop}>"


def extended(extension: str) -> str:
    """Write a process with an extension."""
    return diagram(f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>", flow("f", "s", "e"))


def branches(count: int) -> str:
    """Write a parallel block."""
    parts = [
        handler(f"t{n}") + flow(f"a{n}", "x", f"t{n}") + flow(f"b{n}", f"t{n}", "y") for n in range(count)
    ]
    gates = node("parallelGateway", "x"), node("parallelGateway", "y")
    return diagram(flow("f", "s", "x"), *gates, *parts, flow("g", "y", "e"))


def reminded(kind: str, text: str) -> str:
    """Write a step with a non-interrupting timer."""
    reminder = boundary("b", "t", timer(kind, text), cancelActivity="false")
    return step(node("userTask", "t") + reminder + flow("f3", "b", "e2") + node("endEvent", "e2"))


def event_subprocess() -> str:
    """Write a subprocess that an error starts."""
    inner = node("startEvent", "xs", event("error")) + node("endEvent", "xe") + flow("xf", "xs", "xe")
    return diagram(flow("f", "s", "e"), node("subProcess", "x", inner, triggeredByEvent="true"))


SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
LISTENER = (
    "<camunda:executionListener event='start'><camunda:script>1</camunda:script></camunda:executionListener>"
)
LOOP = "<bpmn:standardLoopCharacteristics/>"
MANY = " ".join(f'a{n}="1"' for n in range(50_000))

CASES = [
    # --- XML
    Case(
        "external entity", "doctype", lambda: with_entities('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;")
    ),
    Case("internal entity", "doctype", lambda: with_entities('<!ENTITY x "import os">', "&x;")),
    Case("parameter entity", "doctype", lambda: with_entities('<!ENTITY % x SYSTEM "http://127.0.0.1/">%x;')),
    Case("billion laughs", "doctype", lambda: with_entities(laughs(10), "&a9;")),
    Case(
        "quadratic blow-up", "doctype", lambda: with_entities(f'<!ENTITY a "{"x" * 100_000}">', "&a;" * 2000)
    ),
    Case("empty doctype", "doctype", lambda: with_entities("")),
    Case(
        "doctype in another encoding",
        "encoding",
        lambda: with_entities("").replace("UTF-8", "UTF-16").encode("utf-16"),
    ),
    Case("UTF-7", "encoding", lambda: b'<?xml version="1.0" encoding="UTF-7"?>+ADw-x/+AD4-'),
    Case("not UTF-8", "encoding", lambda: diagram().encode() + b"\xff\xff"),
    Case(
        "a name that reads backwards",
        "invisible",
        lambda: diagram().replace('id="p"', 'id="p" name="\u202e付"'),
    ),
    Case("a cell that reads backwards", "invisible", lambda: table('"gas&#x202e;"'), "urgency.dmn"),
    Case("zero bytes", "encoding", lambda: diagram() + "\0" * 10),
    Case("too large", "too_large", lambda: diagram("<!-- " + "x" * 1_000_000 + " -->")),
    Case("too deep", "too_deep", lambda: HEAD + "<a>" * 200 + "</a>" * 200 + TAIL),
    Case(
        "deeper than the parser goes", "malformed", lambda: HEAD + "<a>" * 100_000 + "</a>" * 100_000 + TAIL
    ),
    Case("many elements", "too_many_elements", lambda: diagram("<a/>" * 100_000)),
    Case("many attributes", "flow_ends", lambda: diagram(flow("f", "s", "x"), f"<bpmn:group {MANY}/>")),
    Case("cut off", "malformed", lambda: diagram()[:-20]),
    Case("nothing", "malformed", lambda: ""),
    Case("binary", "encoding", lambda: bytes(range(256)) * 100),
    # --- code
    Case(
        "script task",
        "unsupported",
        lambda: step(node("scriptTask", "t", f"<bpmn:script>{SHELL}</bpmn:script>")),
    ),
    Case("code in a condition", "bad_expression", lambda: condition("${" + SHELL + "}")),
    Case(
        "attributes in a condition",
        "bad_expression",
        lambda: condition("${().__class__.__bases__[0].__subclasses__()}"),
    ),
    Case("code in a timer", "bad_expression", lambda: waiting("timeDuration", "${" + SHELL + "}")),
    Case("code as a bare timer", "bad_expression", lambda: waiting("timeDuration", SHELL)),
    Case("code in an input cell", "table", lambda: table(SHELL), "urgency.dmn"),
    Case("code in an output cell", "table", lambda: table('"gas"', SHELL), "urgency.dmn"),
    Case(
        "entity in a table", "doctype", lambda: '<!DOCTYPE x [<!ENTITY y "z">]>' + table("-"), "urgency.dmn"
    ),
    Case(
        "Java class",
        "forbidden",
        lambda: step(handler("t").replace(" camunda", ' camunda:class="x.Y" camunda', 1)),
    ),
    Case("listener with a script", "forbidden", lambda: extended(LISTENER)),
    Case("pre-script of another engine", "dialect", lambda: extended(f"<x:preScript xmlns:x='{SPIFF}'/>")),
    # --- expressions that cost
    Case("power", "bad_expression", lambda: condition("${9**9**9 == 1}")),
    Case("comprehension", "bad_expression", lambda: condition("${[x for x in y] == 1}")),
    Case("long expression", "bad_expression", lambda: condition("${" + "1+" * 5000 + "1 == 1}")),
    Case(
        "nested expression",
        "bad_expression",
        lambda: condition("${" + "(" * 240 + "1" + ")" * 240 + " == 1}"),
    ),
    # --- loops
    Case("edge to itself", "self_edge", lambda: step(handler("t") + flow("f3", "t", "t"))),
    Case("loop of handlers", "cycle_without_wait", lambda: looped(handler("t"))),
    Case("loop of gateways", "cycle_without_wait", lambda: web(20)),
    Case(
        "loop with no pause",
        "too_short",
        lambda: looped(node("intermediateCatchEvent", "t", timer("timeDuration", "PT0S"))),
    ),
    Case("cycle of no length", "bad_expression", lambda: waiting("timeCycle", "R1000000000/PT0S")),
    Case("cycle of a second", "too_short", lambda: reminded("timeCycle", "R/PT1S")),
    Case(
        "process that calls itself", "call_circle", lambda: step(node("callActivity", "t", calledElement="p"))
    ),
    Case("ten million instances", "loop_bound", lambda: repeated(cardinality("10000000"))),
    Case("computed number of instances", "loop_bound", lambda: repeated(cardinality("${10**7}"))),
    Case("endless standard loop", "loop_bound", lambda: repeated(LOOP)),
    # --- size
    Case("splits that meet at a task, 16 times", "runs_twice", lambda: chained_splits(16)),
    Case("many steps", "too_many_nodes", lambda: chain(450)),
    Case("many flows", "too_many_nodes", lambda: web(60)),
    Case("nested subprocesses", "nesting", lambda: nested(20)),
    Case("100 branches", "too_many_tokens", lambda: branches(100)),
    Case("inclusive blocks in parallel branches", "too_complex", lambda: inclusive_blocks(24)),
    Case("long names", "no_form", lambda: step(node("userTask", "t", name="长" * 100_000))),
    Case(
        "names with format fields",
        "no_form",
        lambda: step(node("userTask", "t", name="{0.__class__} {zh} {{}")),
    ),
    # --- what would be lost without a word
    Case("event subprocess", "unsupported", event_subprocess),
    Case(
        "compensation", "event_kind", lambda: step(node("intermediateThrowEvent", "t", event("compensate")))
    ),
    Case("link", "event_kind", lambda: step(node("intermediateThrowEvent", "t", event("link", name="x")))),
]


def seconds() -> float:
    """Return the processor time of this process and its children."""
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_hostile_file_is_refused_in_time_with_reason_and_remedy(case: Case, tmp_path) -> None:
    content = case.make()
    begin = seconds()
    examination: Examination = examined({case.file: content})
    assert seconds() - begin < CPU_SECONDS
    found = [problem for problem in examination.errors if problem.resource == case.file]
    assert case.rule in {problem.rule for problem in found}, [(one.rule, one.zh) for one in found]
    for problem in found:
        assert problem.zh
        assert problem.en
        assert problem.remedy_zh
        assert problem.remedy_en
        assert len(problem.zh) < 1500
        assert "Traceback" not in problem.zh


def test_what_is_forbidden_is_named_in_english_too() -> None:
    found = examined({"x.bpmn": extended(LISTENER)}).errors
    (told,) = [one for one in found if one.rule == "forbidden"]
    assert "监听器" in told.zh
    assert "uses a listener (executionListener)" in told.en


def test_a_file_that_was_cut_off_names_the_line_once() -> None:
    (told,) = examined({"x.bpmn": diagram()[:-20]}).errors
    assert "column" not in told.en
    assert "<string>" not in told.en


def test_there_are_at_least_forty_hostile_files() -> None:
    assert len({case.name for case in CASES}) >= 40


def test_a_file_with_many_faults_tells_a_readable_number_of_them() -> None:
    tasks = "".join(node("userTask", f"t{n}") for n in range(299))
    found = [one for one in examined({"x.bpmn": diagram(tasks)}).errors if one.resource == "x.bpmn"]
    assert len(found) <= 101


def test_the_good_procedure_is_not_among_the_hostile() -> None:
    assert examined({"repair.bpmn": drawn(source("repair.bpmn"))}).errors == ()
