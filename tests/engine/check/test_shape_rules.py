"""Rules about elements and the shape of a diagram: mutants of the good procedure that only they find."""

import pytest

from tests.engine.check.mutants import (
    Change,
    Mutant,
    add,
    boundary,
    drop,
    event,
    extend,
    flow,
    handler,
    mutant,
    node,
    prop,
    put,
    say,
    swap,
    timer,
)

VISIT = "visit.bpmn"
SECOND = (
    '<bpmn:process id="second" isExecutable="true"><bpmn:startEvent id="s2"/><bpmn:endEvent id="e2"/>'
    f"{flow('sf2', 's2', 'e2')}</bpmn:process>"
)
ON_THE_WAY = (drop("f19"), add("repair", flow("h0", "confirm", "begin"), flow("h9", "finish", "satisfied")))
"""Makes room between confirm and satisfied for nodes from `begin` to `finish`."""

REJECTING = (drop("f8"), add("repair", flow("f8", "accepted", "rejected", '${outcome == "reject"}')))
REPAIRED = (drop("f13"), add("repair", flow("f13", "split", "parts", "${repaired}")))

APART = (
    '<bpmn:subProcess id="apart" triggeredByEvent="true"><bpmn:startEvent id="a1"/><bpmn:endEvent id="a2"/>'
    f"{flow('af', 'a1', 'a2')}</bpmn:subProcess>"
)
TWICE = '<bpmn:standardLoopCharacteristics loopMaximum="2"/>'
WHO = {"camunda:candidateGroups": "cs", "camunda:dueDate": "PT1H", "camunda:formRef": "rate_form"}


def between(*elements: str) -> tuple[Change, ...]:
    """Put nodes between confirm and satisfied; the first is called `begin`, the last `finish`."""
    return *ON_THE_WAY, add("repair", *elements)


def expires(target: str) -> Change:
    """Draw an interrupting timer on the step 还料."""
    return add("repair", boundary("gone", "parts", timer("timeDuration", "PT8H")), flow("gf", "gone", target))


def branch(number: int) -> tuple[str, ...]:
    """Write one more branch of the parallel block."""
    name = f"p{number}"
    return handler(name), flow(f"pa{number}", "split", name), flow(f"pb{number}", name, "join")


def block(number: int, following: str) -> tuple[str, ...]:
    """Write a parallel block of two branches."""
    split, join, one, two = (f"{letter}{number}" for letter in "sjab")
    return (
        node("parallelGateway", split),
        node("parallelGateway", join),
        handler(one),
        handler(two),
        flow(f"t{number}", split, one),
        flow(f"u{number}", split, two),
        flow(f"v{number}", one, join),
        flow(f"w{number}", two, join),
        flow(f"y{number}", join, following),
    )


READ = [
    mutant("not_executable", "visit_process", put("visit_process", "isExecutable", "false"), file=VISIT),
    mutant("element_id", "re:pair", put("repair", "id", "re:pair")),
    mutant("element_id", "1st", put("f1", "id", "1st")),
    mutant("element_id", "repair", put("f1", "id", None)),
    mutant("duplicate_id", "f1", put("f2", "id", "f1")),
    mutant("duplicate_id", "accept", put("note", "id", "accept")),
    mutant("one_process", "second", add("repair_file", SECOND)),
    mutant("flow_ends", "stray", add("repair", flow("stray", "accept", "rate"))),
    mutant("flow_ends", "stray", add("repair", flow("stray", "accept", "nowhere"))),
]

ELEMENTS = [
    mutant(
        "unsupported",
        "billing",
        swap("billing", node("scriptTask", "billing", "<bpmn:script>1</bpmn:script>")),
    ),
    mutant("unsupported", "confirm", put("confirm", "triggeredByEvent", "true")),
    mutant("unsupported", "store", add("repair", '<bpmn:dataStoreReference id="store"/>')),
    mutant(
        "unsupported",
        "satisfied",
        swap("satisfied", node("complexGateway", "satisfied")),
        say("f20", "conditionExpression", ""),
    ),
    mutant("unsupported", "remind", put("remind", "isForCompensation", "true")),
    mutant("unsupported", "apart", add("repair", APART)),
    mutant("unsupported", "undo", add("repair", node("userTask", "undo", isForCompensation="true", **WHO))),
    mutant(
        "unsupported",
        "billing",
        swap("billing", node("scriptTask", "billing")),
        add("repair", boundary("broken", "billing", timer("timeDuration", "PT1H"))),
        add("repair", flow("bf", "broken", "rejected")),
    ),
    mutant("event_kind", "rejected", swap("rejected", node("endEvent", "rejected", event("compensate")))),
    mutant("event_kind", "reminded", swap("reminded", node("endEvent", "reminded", event("cancel")))),
    mutant("event_kind", "parts", add("parts", event("terminate"))),
    mutant("event_kind", "done", add("done", event("terminate"), event("terminate"))),
    mutant("event_kind", "confirm_start", add("confirm_start", event("message", messageRef="m_paid"))),
    mutant(
        "event_kind",
        "finish",
        *between(
            handler("begin"),
            flow("h1", "begin", "finish"),
            node("intermediateThrowEvent", "finish", event("link")),
        ),
    ),
    mutant(
        "event_kind",
        "finish",
        *between(
            handler("begin"),
            flow("h1", "begin", "finish"),
            node("intermediateCatchEvent", "finish", event("conditional")),
        ),
    ),
    mutant("forbidden", "dispatch", put("dispatch", "camunda:class", "x.Y")),
    mutant("forbidden", "dispatch", put("dispatch", "camunda:expression", "${x.y()}")),
    mutant("forbidden", "dispatch", put("dispatch", "camunda:delegateExpression", "${x}")),
    mutant("forbidden", "rate", put("rate", "camunda:candidateUsers", "wang")),
    mutant("forbidden", "accept", extend("accept", '<camunda:taskListener event="create"/>')),
    mutant("forbidden", "repair", extend("repair", '<camunda:executionListener event="start"/>')),
    mutant(
        "forbidden",
        "dispatch",
        extend("dispatch", "<camunda:inputOutput><camunda:script/></camunda:inputOutput>"),
    ),
    mutant("forbidden", "dispatch", extend("dispatch", "<camunda:connector/>")),
    mutant("unknown_property", "accept", prop("accept", "pauseable", "true")),
    mutant("unknown_property", "lane_cs", prop("lane_cs", "posts", "cs")),
    mutant("ignored", "accept", put("accept", "camunda:asyncBefore", "true")),
    mutant("ignored", "accept", extend("accept", "<camunda:failedJobRetryTimeCycle/>")),
    mutant("runs_through", "remind", swap("remind", node("task", "remind"))),
    mutant("runs_through", "remind", swap("remind", node("task", "remind", TWICE))),
    mutant("manual", "remind", swap("remind", node("manualTask", "remind"))),
]

SHAPE = [
    mutant("no_start", "confirm", drop("confirm_start", "g1")),
    mutant(
        "inner_starts", "confirm", add("confirm", node("startEvent", "again"), flow("g0", "again", "rate"))
    ),
    mutant(
        "no_end",
        "confirm",
        put("g3", "targetRef", "rate"),
        put("g4", "targetRef", "ring"),
        drop("rung", "rated"),
    ),
    mutant("dead_end", "remind", drop("f5", "reminded")),
    mutant("unreachable", "island", add("repair", handler("island"), flow("i1", "island", "done"))),
    mutant("self_edge", "accepted", add("repair", flow("again", "accepted", "accepted", "${stars == 9}"))),
    mutant("wrong_way", "online", add("repair", flow("back", "satisfied", "online", "${stars == 9}"))),
    mutant("wrong_way", "done", add("repair", flow("back", "done", "rejected"))),
    mutant(
        "twice_connected",
        "again",
        add("repair", flow("again", "accepted", "dispatch", '${outcome == "reject"}')),
    ),
    mutant("cycle_without_wait", "dispatch", put("f9", "targetRef", "dispatch")),
    mutant("not_attached", "late", put("late", "attachedToRef", "accepted")),
]

GATEWAYS = [
    mutant("no_condition", "f7", drop("f7"), add("repair", flow("f7", "accepted", "dispatch"))),
    mutant("no_default", "accepted", put("accepted", "default", None), *REJECTING),
    mutant("default_flow", "accepted", put("accepted", "default", "f9"), *REJECTING),
    mutant("default_condition", "f8", *REJECTING),
    mutant(
        "lost_condition",
        "f3",
        drop("f3"),
        add("repair", flow("f3", "decide", "accept", '${urgency == "P0"}')),
    ),
    mutant("lost_condition", "decide", put("decide", "default", "f3")),
    mutant(
        "one_way",
        "h1",
        *between(
            node("exclusiveGateway", "begin"), flow("h1", "begin", "finish", "${repaired}"), handler("finish")
        ),
    ),
    mutant(
        "several_flows",
        "remind",
        add("repair", flow("f5b", "remind", "reminded2"), node("endEvent", "reminded2")),
    ),
    mutant("event_target", "f22", swap("paid", handler("paid"))),
    mutant("one_way_event", "paying", drop("f22", "paid", "f24")),
]

TOKENS = [
    mutant("runs_twice", "join", swap("join", node("exclusiveGateway", "join"))),
    mutant("join_stuck", "join", swap("split", node("exclusiveGateway", "split", default="f14")), *REPAIRED),
    mutant("join_stuck", "join", swap("split", node("inclusiveGateway", "split", default="f14")), *REPAIRED),
    mutant("join_stuck", "join", expires("rejected")),
    mutant("multiplies", "split", expires("visit")),
    mutant("rejoins", "late", put("f5", "targetRef", "accepted"), drop("reminded")),
    mutant("too_many_tokens", "repair", add("repair", *(part for n in range(65) for part in branch(n)))),
    mutant(
        "too_many_blocks",
        "repair",
        *between(
            handler("begin"),
            flow("h1", "begin", "s0"),
            *(part for n in range(4) for part in block(n, f"s{n + 1}" if n < 3 else "finish")),
            handler("finish"),
        ),
    ),
    mutant(
        "two_writers",
        "billing",
        put("billing", "camunda:topic", "repair.dispatch"),
        swap("parts", handler("parts", "repair.dispatch")),
    ),
]


@pytest.mark.parametrize("broken", [*READ, *ELEMENTS, *SHAPE, *GATEWAYS, *TOKENS], ids=str)
def test_only_this_rule_finds_this_mutant(broken: Mutant) -> None:
    assert broken.findings() == [(broken.file, broken.rule, broken.element)]
