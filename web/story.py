"""Tells what happened in a case in plain sentences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import definitions
from engine.bilingual import from_json
from engine.cases import CaseDetail, CaseStep
from engine.deadlines import DueChange
from engine.history import Happened
from engine.work import Work
from web.texts import gettext, lazy_gettext
from web.words import either, moment, person_names, span, written

PAUSE_REASONS: Mapping[str, Any] = {
    "owner_absent": lazy_gettext("业主不在"),
    "parts": lazy_gettext("待配件"),
    "quote": lazy_gettext("待业主确认报价"),
    "weather": lazy_gettext("天气原因"),
    "third_party": lazy_gettext("等外部单位"),
    "fund_approval": lazy_gettext("等维修资金审批"),
}


@dataclass(frozen=True)
class Sentence:
    """One thing that happened.

    Attributes:
        look: done, late, open or said; only the colour of the dot, the words say it too.
        quote: what somebody wrote.
    """

    at: datetime
    text: str
    look: str = ""
    quote: str = ""


class Storyteller:
    """Tells one case.

    Attributes:
        names: account id -> display name.
    """

    def __init__(self, work: Work, case: CaseDetail) -> None:
        self._work = work
        self._case = case
        self._steps = {step.task_id: step for step in case.steps}
        ids = {event.actor_id for event in case.events} | {remark.actor_id for remark in case.remarks}
        ids |= {event.on_behalf_of for event in case.events if event.on_behalf_of}
        ids |= {int(str(event.detail["to"])) for event in case.events if event.kind == "reassigned"}
        self.names = person_names(work, ids)

    def tell(self) -> tuple[Sentence, ...]:
        """Tell everything worth telling, oldest first."""
        told = [sentence for event in self._case.events if (sentence := self._event(event)) is not None]
        remarks = (
            Sentence(remark.at, gettext("%(who)s备注", who=self._name(remark.actor_id)), "said", remark.text)
            for remark in self._case.remarks
        )
        return tuple(sorted([*told, *remarks], key=lambda sentence: sentence.at))

    def _event(self, event: Happened) -> Sentence | None:
        tell = _TELL.get(event.kind)
        return tell(self, event) if tell else None

    def _name(self, actor_id: int, on_behalf_of: int | None = None) -> str:
        name = self.names.get(actor_id) or gettext("系统")
        if on_behalf_of is None:
            return name
        return gettext("%(who)s（代 %(absent)s）", who=name, absent=self.names.get(on_behalf_of, ""))

    def _step(self, event: Happened) -> str:
        task = self._steps.get(event.task_id or 0)
        if task is not None:
            return either(task.name, task.name_en)
        step = self._case.step(event.step_id)
        return (either(step.name, step.name_en) if step else "") or event.step_id

    def _fields(self, event: Happened) -> dict[str, str]:
        return {"who": self._name(event.actor_id, event.on_behalf_of), "step": self._step(event)}

    def started(self, event: Happened) -> Sentence:
        """Tell how it began."""
        return Sentence(event.at, gettext("%(who)s发起", who=self._name(event.actor_id)), "done")

    def opened(self, event: Happened) -> Sentence | None:
        """Tell a step that is still open; what is over is told by its end."""
        task = self._steps.get(event.task_id or 0)
        if task is None or task.end_kind is not None:
            return None
        return Sentence(event.at, gettext("“%(step)s”等待办理", **self._fields(event)), "open")

    def completed(self, event: Happened) -> Sentence:
        """Tell a finished step, with its outcome and how it stood against its limit."""
        task = self._steps.get(event.task_id or 0)
        outcome = outcome_label(self._work, self._case, task) if task else ""
        if outcome:
            text = gettext("%(who)s办结“%(step)s”：%(outcome)s", outcome=outcome, **self._fields(event))
        else:
            text = gettext("%(who)s办结“%(step)s”", **self._fields(event))
        return Sentence(event.at, text + (_kept(task) if task else ""), _look(task))

    def plain(self, event: Happened) -> Sentence:
        """Tell what needs nothing but who and which step."""
        template, look = _PLAIN[event.kind]
        reason = written(from_json(event.detail.get("reason", "")))
        reason = str(PAUSE_REASONS.get(reason, reason))
        return Sentence(event.at, gettext(template, **self._fields(event)), look, reason)

    def reassigned(self, event: Happened) -> Sentence:
        """Tell to whom a step was handed."""
        to = self._name(int(str(event.detail["to"])))
        text = gettext("%(who)s把“%(step)s”转交给%(to)s", to=to, **self._fields(event))
        return Sentence(event.at, text, "", str(event.detail.get("reason", "")))

    def moved(self, event: Happened) -> Sentence:
        """Tell a new due date."""
        if event.due_at is None:
            text = gettext("%(who)s调整“%(step)s”的时限", **self._fields(event))
        else:
            due_at = moment(event.due_at)
            text = gettext("%(who)s把“%(step)s”的时限调整到 %(at)s", at=due_at, **self._fields(event))
        return Sentence(event.at, text, "", str(event.detail.get("reason", "")))

    def escalated(self, event: Happened) -> Sentence:
        """Tell a rung of the ladder."""
        said = {"step": self._step(event), "level": event.detail.get("level", 1)}
        task = self._steps.get(event.task_id or 0)
        if task is not None and task.due_at is not None and event.at < task.due_at:
            return Sentence(event.at, gettext("“%(step)s”临近时限，第 %(level)s 级催办", **said), "")
        return Sentence(event.at, gettext("“%(step)s”超过时限，第 %(level)s 级催办", **said), "late")


_PLAIN = {
    "claimed": ("%(who)s领取“%(step)s”", ""),
    "released": ("%(who)s退回“%(step)s”", ""),
    "withdrawn": ("“%(step)s”已撤回，无需再办理", ""),
    "fired": ("“%(step)s”时间到，流程转入下一步", ""),
    "warned": ("已提醒：“%(step)s”即将到时限", ""),
    "overdue": ("“%(step)s”超过时限", "late"),
    "paused": ("%(who)s暂停“%(step)s”的计时", ""),
    "unpaused": ("“%(step)s”恢复计时", ""),
    "cancelled": ("%(who)s取消", "late"),
    "suspended": ("%(who)s中止流程", "late"),
    "resumed": ("%(who)s恢复流程", ""),
    "corrected": ("%(who)s更正流程数据", ""),
    "incident": ("“%(step)s”出错，等待处理", "late"),
    "incident_retried": ("%(who)s重试“%(step)s”，成功", "done"),
    "incident_cancelled": ("%(who)s因出错取消流程", "late"),
    "finished": ("流程结束", "done"),
}

_TELL: Mapping[str, Any] = {
    **dict.fromkeys(_PLAIN, Storyteller.plain),
    "started": Storyteller.started,
    "opened": Storyteller.opened,
    "completed": Storyteller.completed,
    "reassigned": Storyteller.reassigned,
    "due_moved": Storyteller.moved,
    "escalated": Storyteller.escalated,
}


def _look(task: CaseStep | None) -> str:
    return "late" if task is not None and task.is_late else "done"


def _kept(task: CaseStep) -> str:
    """Say whether a finished step kept its limit."""
    if task.due_at is None or task.ended_at is None:
        return ""
    if task.is_late:
        return gettext("（超时 %(length)s）", length=span(task.ended_at - task.due_at))
    return gettext("（在时限内，用时 %(length)s）", length=span(task.ended_at - task.opened_at))


def outcome_label(work: Work, case: CaseDetail, task: CaseStep) -> str:
    """Say the outcome of a finished step as its form words it."""
    step = case.program.steps.get((task.process, task.step_id))
    if task.outcome is None or step is None or step.form is None:
        return ""
    form = definitions.form(work.engine, work.connection, case.case.bundle_id, step.form)
    found = next((option for option in form.outcomes if option.value == task.outcome), None)
    return either(found.label, found.label_en) if found else ""


def change_sentences(work: Work, changes: Iterable[DueChange]) -> tuple[Sentence, ...]:
    """Tell what was done to a task's due date."""
    listed = list(changes)
    names = person_names(work, (change.actor_id for change in listed))
    return tuple(_change(change, names.get(change.actor_id) or gettext("系统")) for change in listed)


def _change(change: DueChange, who: str) -> Sentence:
    words = {
        "pause": lazy_gettext("%(who)s暂停计时"),
        "unpause": lazy_gettext("%(who)s恢复计时"),
        "move": lazy_gettext("%(who)s调整时限"),
    }
    text = str(words[change.kind]) % {"who": who}
    if change.new_due_at is not None:
        text += gettext("，新的时限 %(at)s", at=moment(change.new_due_at))
    return Sentence(change.at, text, "", str(PAUSE_REASONS.get(change.reason, change.reason)))
