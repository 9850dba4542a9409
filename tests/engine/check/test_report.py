"""However much there is to say about a file, its errors count, and people get to read them first."""

from engine.bpmn.check.rules import MOST_LISTED, Place, Report, Rule
from engine.check_problem import Severity
from tests.engine.check.good import examined
from tests.engine.check.mutants import flow, node
from tests.engine.check.test_hostile import diagram

ERROR = Rule("wrong", "错{n}", "wrong {n}", "改", "change it")
WARNING = Rule("odd", "怪{n}", "odd {n}", "看", "look at it", Severity.WARNING)
MANY = MOST_LISTED + 50


def filled(*rules: Rule) -> Report:
    """Report each rule as often as is too much for a list."""
    report = Report()
    for rule in rules:
        for n in range(MANY):
            report.add(rule, Place("x.bpmn", f"e{n}", line=n), n=n)
    return report


def test_an_error_behind_many_warnings_is_listed_and_first():
    report = filled(WARNING)
    report.add(ERROR, Place("x.bpmn", "last", line=9999), n=1)
    assert report.problems[0].element_id == "last"
    assert [found.rule for found in report.problems[1:]] == ["odd"] * MOST_LISTED + ["more_warnings"]


def test_what_is_not_listed_is_counted_behind_what_is():
    told = filled(WARNING, ERROR).problems
    assert len(told) == 2 * (MOST_LISTED + 1)
    assert told[MOST_LISTED].zh == "另有 50 个错误没有列出（wrong 50）"
    assert told[MOST_LISTED].is_error
    assert told[-1].en == "50 more warnings are not listed (odd 50)"
    assert not told[-1].is_error


def test_a_rule_that_is_not_listed_is_broken_all_the_same():
    report = filled(ERROR)
    report.add(Rule("late", "晚", "late", "改", "change it"), Place("x.bpmn"))
    assert report.broken("x.bpmn") == {"wrong", "late"}
    assert "late 1" in report.problems[-1].en


def test_a_loop_without_a_wait_is_refused_behind_hundreds_of_warnings():
    tasks = "".join(node("manualTask", f"m{n}") + flow(f"f{n}", f"m{n}", f"m{n + 1}") for n in range(210))
    gateways = node("exclusiveGateway", "a") + node("exclusiveGateway", "b")
    ways = flow("x", "m210", "a") + flow("y", "a", "b") + flow("z", "b", "a") + flow("l", "b", "e")
    file = diagram(flow("f", "s", "m0"), tasks, node("manualTask", "m210"), gateways, ways)
    found = [one for one in examined({"x.bpmn": file}).problems if one.resource == "x.bpmn"]
    assert "cycle_without_wait" in {one.rule for one in found}


def test_a_process_that_calls_itself_is_refused_behind_hundreds_of_warnings():
    odd = " ".join(f'camunda:a{n}="1"' for n in range(400))
    call = '<bpmn:callActivity id="again" calledElement="p"/>'
    file = diagram(
        f'<bpmn:manualTask id="t" {odd}/>',
        call,
        flow("f", "s", "t"),
        flow("g", "t", "again"),
        flow("h", "again", "e"),
    )
    found = [one for one in examined({"x.bpmn": file}).problems if one.resource == "x.bpmn"]
    assert "call_circle" in {one.rule for one in found if one.is_error}
    assert "more_warnings" in {one.rule for one in found}
