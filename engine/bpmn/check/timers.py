"""Checks timers and repeated activities: nothing fires in a rush, nothing repeats without bound."""

from datetime import datetime, timedelta

from engine.bpmn.check.expressions import DUE, FOLLOW_UP, Use, collection_of, timer_text
from engine.bpmn.check.model import Element, Node, Process
from engine.bpmn.check.rules import Report, Rule
from engine.bpmn.check.structure import reachable
from engine.bpmn.check.waits import Waiting
from engine.bpmn.expressions import TimerExpression
from engine.bpmn.xml import BPMN
from engine.durations import Cycle, Duration

SHORTEST = timedelta(minutes=1)
MOST_TURNS = 100
MOST_REMINDERS = 10
MOST_YEARS = 10

NO_TIME = Rule(
    "no_time",
    "定时事件“{name}”没有写时间",
    "the timer “{name}” says no time",
    "写上时长（PT30M）、时间点（2026-11-23T09:00:00+08:00）或循环（R3/PT1H），只写一种",
    "write one of a duration (PT30M), a moment (2026-11-23T09:00:00+08:00) or a cycle (R3/PT1H)",
)
TOO_SHORT = Rule(
    "too_short",
    "“{name}”的时间“{text}”短于 1 分钟",
    "the time “{text}” of “{name}” is shorter than a minute",
    "至少写 PT1M",
    "write PT1M or more",
)
CYCLE_PLACE = Rule(
    "cycle_place",
    "“{name}”的循环定时“{text}”只能用在非中断的边界事件上",
    "the cycle “{text}” of “{name}” can only stand on a non-interrupting boundary event",
    "改成时长，例如 PT1H，或把边界事件改成非中断型（虚线）",
    "write a duration such as PT1H, or make the boundary event non-interrupting (dashed border)",
)
CYCLE_OPENS = Rule(
    "cycle_opens",
    "循环定时“{name}”（{text}）每次触发都会新开“{step}”，待办会越积越多",
    "every firing of the cycle “{name}” ({text}) opens “{step}” anew, and open work piles up",
    "提醒分支只用服务任务；或写明不超过 {most} 次，例如 R3/PT1H",
    "use only service tasks in the branch, or at most {most} repetitions, such as R3/PT1H",
)
NOT_A_TIME = Rule(
    "not_a_time",
    "“{name}”的{what_zh}必须是时长或时间点，不能是循环“{text}”",
    "{what_en} of “{name}” must be a duration or a moment, not the cycle “{text}”",
    "写成时长，例如 PT30M",
    "write a duration, such as PT30M",
)
DUE_AT_ONCE = Rule(
    "due_at_once",
    "“{name}”的办理时限是“{text}”，一开始就超时",
    "“{name}” is due after “{text}”: it is late at once",
    "写上办理需要的时间，例如 PT30M",
    "write how long it may take, such as PT30M",
)
NEVER_DUE = Rule(
    "never_due",
    "“{name}”的办理时限“{text}”超过 {most} 年，永远不会超时",
    "“{name}” is due after “{text}”, in more than {most} years: it is never late",
    "写上办理需要的时间，例如 P3D",
    "write how long it may take, such as P3D",
)
WARNED_LATE = Rule(
    "warned_late",
    "“{name}”的预警时间“{warn}”晚于办理时限“{text}”，预警没有意义",
    "“{name}” is warned of at “{warn}”, after its limit “{text}”: a warning that late says nothing",
    "预警时间写得比时限短，例如时限 PT30M 写 PT20M",
    "write a shorter time for the warning, such as PT20M for a limit of PT30M",
)
PAST = Rule(
    "past_moment",
    "“{name}”的{what_zh}“{text}”已经过去，每个新单子一到这里就到点",
    "{what_en} of “{name}” (“{text}”) is past: it is over as soon as a new case comes here",
    "写成时长，例如 PT30M，每个单子各自计时；确要写时间点就写以后的",
    "write a duration, such as PT30M, which each case counts for itself; or a moment that is still to come",
)
LOOP_BOUND = Rule(
    "loop_bound",
    "“{name}”的重复没有可用的上限：{text}",
    "the repetition of “{name}” has no usable bound: {text}",
    "多实例写集合（Collection），最多 {most} 项；循环活动写 loopMaximum，1 到 {most} 的整数",
    "give a multi-instance activity a collection of at most {most}, a loop a loopMaximum of 1 to {most}",
)
LOOP_PLACE = Rule(
    "loop_place",
    "“{name}”不是任务、子流程或调用活动，不能重复",
    "“{name}” is no task, subprocess or call activity and cannot be repeated",
    "去掉重复标记",
    "remove the repetition",
)


def check_times(uses: list[Use], waiting: Waiting, now: datetime | None, report: Report) -> None:
    """Check the times written in a diagram; those computed at run time are checked there."""
    for use in uses:
        if not isinstance(use.compiled, TimerExpression):
            continue
        node = use.node
        label = node.label if node else use.place.element_id
        literal, text = use.compiled.literal, use.compiled.text
        is_event = node is not None and bool(node.definitions)
        if literal is not None and _is_short(literal) and is_event:
            report.add(TOO_SHORT, use.place, name=label, text=text)
        if use.what is DUE and isinstance(literal, Duration) and literal.is_zero:
            report.add(DUE_AT_ONCE, use.place, name=label, text=text)
        if use.what is DUE and isinstance(literal, Duration) and _years(literal) > MOST_YEARS:
            report.add(NEVER_DUE, use.place, name=label, text=text, most=MOST_YEARS)
        if isinstance(literal, datetime) and now is not None and literal <= now:
            report.add(PAST, use.place, name=label, text=text, what_zh=use.what[0], what_en=use.what[1])
        if isinstance(literal, Cycle):
            if node is None or not is_event:
                words = {"what_zh": use.what[0], "what_en": use.what[1]}
                report.add(NOT_A_TIME, use.place, name=label, text=text, **words)
            else:
                _check_cycle(node, literal, text, waiting, report)


def check_warnings(uses: list[Use], report: Report) -> None:
    """Check that nobody is warned of a limit when it is over, where both are written as lengths."""
    limits = {id(use.node): use for use in uses if use.node is not None and use.what is DUE}
    for use in uses:
        limit = limits.get(id(use.node)) if use.what is FOLLOW_UP else None
        if use.node is None or limit is None:
            continue
        warned, due = _length(use), _length(limit)
        if warned is not None and due is not None and warned > due:
            words = {"warn": use.compiled.text, "text": limit.compiled.text}
            report.add(WARNED_LATE, use.place, name=use.node.label, **words)


def _years(span: Duration) -> float:
    return span.months / 12 + span.exact / timedelta(days=365)


def _length(use: Use) -> timedelta | None:
    span = use.compiled.literal if isinstance(use.compiled, TimerExpression) else None
    return span.exact if isinstance(span, Duration) and not span.months else None


def _is_short(time: Duration | datetime | Cycle) -> bool:
    span = time.period if isinstance(time, Cycle) else time
    return isinstance(span, Duration) and not span.months and span.exact < SHORTEST


def _check_cycle(node: Node, cycle: Cycle, text: str, waiting: Waiting, report: Report) -> None:
    if node.kind != "boundaryEvent" or node.is_interrupting:
        report.add(CYCLE_PLACE, node.place, name=node.label, text=text)
        return
    opened = [step for step in reachable([node]) if step is not node and waiting.holds(step)]
    if opened and (cycle.repetitions is None or cycle.repetitions > MOST_REMINDERS):
        step = min(opened, key=lambda found: found.place.line).label
        report.add(CYCLE_OPENS, node.place, name=node.label, text=text, step=step, most=MOST_REMINDERS)


def check_repetition(process: Process, report: Report) -> None:
    """Check that timers say a time, and that repeated activities are bounded."""
    for node in process.nodes():
        if node.event == "timer" and (not timer_text(node) or _times(node) > 1):
            report.add(NO_TIME, node.place, name=node.label)
        standard = node.element.find(f"{BPMN}standardLoopCharacteristics")
        for loop in (node.loop, standard):
            if loop is None:
                continue
            if not node.kind.endswith(("ask", "Activity", "Process", "transaction")):
                report.add(LOOP_PLACE, node.place, name=node.label)
            text = _unbounded(loop)
            if text:
                report.add(LOOP_BOUND, node.place, name=node.label, text=text, most=MOST_TURNS)


def _times(node: Node) -> int:
    return sum(1 for part in node.definitions[0] if part.tag in _TIME_TAGS)


_TIME_TAGS = {f"{BPMN}timeDate", f"{BPMN}timeDuration", f"{BPMN}timeCycle"}


def _unbounded(loop: Element) -> str:
    """Say what is wrong with the bound of a repetition; "" when nothing is."""
    if loop.tag == f"{BPMN}standardLoopCharacteristics":
        most = loop.get("loopMaximum", "")
        is_number = most.isascii() and most.isdigit() and len(most) < 6
        return "" if is_number and 1 <= int(most) <= MOST_TURNS else f"loopMaximum={most or '—'}"
    cardinality = (loop.findtext(f"{BPMN}loopCardinality") or "").strip()
    if cardinality:
        return f"loopCardinality={cardinality}"
    return "" if collection_of(loop) else "collection=—"
