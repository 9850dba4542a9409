"""Tells what happened in a case in plain sentences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from engine import definitions
from engine.bilingual import from_json
from engine.bpmn.program import Step
from engine.cases import CaseDetail, CaseStep, Remark
from engine.deadlines import DueChange
from engine.forms import Form
from engine.history import Happened
from engine.ports import Json
from engine.work import Work
from handlers.shared import case_files
from handlers.shared.attachments import Attachment
from web.lists import post_name
from web.texts import gettext, lazy_gettext
from web.words import either, length_words, listed, moment, person_names, written

PAUSE_REASONS: Mapping[str, Any] = {
    "owner_absent": lazy_gettext("业主不在"),
    "parts": lazy_gettext("待配件"),
    "quote": lazy_gettext("待业主确认报价"),
    "weather": lazy_gettext("天气原因"),
    "third_party": lazy_gettext("等外部单位"),
    "fund_approval": lazy_gettext("等维修资金审批"),
}
ASSIGNEE = "assignee"


@dataclass(frozen=True)
class Sentence:
    """One thing that happened.

    Attributes:
        look: done, late, open or said; only the colour of the dot, the words say it too.
        quote: what somebody wrote.
        kept: how a finished step stood against its limit, in words; `look` says which way.
        details: what was entered or decided with it.
        photos: those added with it.
    """

    at: datetime
    text: str
    look: str = ""
    quote: str = ""
    kept: str = ""
    details: tuple[str, ...] = ()
    photos: tuple[Attachment, ...] = ()


class Storyteller:
    """Tells one case.

    Attributes:
        names: account id -> display name.
    """

    def __init__(self, work: Work, case: CaseDetail) -> None:
        self._work = work
        self._case = case
        self._steps = {step.task_id: step for step in case.steps}
        self._ended = {(step.task_id, step.ended_at) for step in case.steps if step.end_kind == "completed"}
        self._rungs = {event.task_id: event.at for event in case.events if event.kind == "escalated"}
        ids = {event.actor_id for event in case.events} | {remark.actor_id for remark in case.remarks}
        ids |= {event.on_behalf_of for event in case.events if event.on_behalf_of}
        ids |= {int(str(event.detail["to"])) for event in case.events if event.kind == "reassigned"}
        self.names = person_names(work, ids)

    def tell(
        self, entered: Sequence[tuple[datetime, str]] = (), photos: Sequence[Attachment] = ()
    ) -> tuple[Sentence, ...]:
        """Tell everything worth telling, oldest first.

        Args:
            entered: what the records of the case say was entered or decided when; told with the step it was
                done in, and by itself where there is none.
            photos: of those records.
        """
        told: list[Sentence] = []
        acts: dict[datetime, int] = {}  # moment of a Work in which somebody did something -> place in `told`
        for event in self._case.events:
            sentence = self._event(event)
            if sentence is None:
                continue
            if event.kind in ("started", "completed"):
                acts[event.at] = len(told)
            told.append(sentence)
        told += map(self._remark, self._case.remarks)
        return _with_records(told, acts, entered, photos)

    def _remark(self, remark: Remark) -> Sentence:
        files = tuple(case_files.files_of(self._work, remark.id))
        template = "%(who)s备注" if remark.text else "%(who)s添加附件"
        text = _said(template, who=self._name(remark.actor_id))
        return Sentence(remark.at, text, "said", remark.text, photos=files)

    def _event(self, event: Happened) -> Sentence | None:
        tell = _TELL.get(event.kind)
        return tell(self, event) if tell else None

    def _name(self, actor_id: int, on_behalf_of: int | None = None) -> Markup:
        name = Markup("<b>{}</b>").format(self.names.get(actor_id) or gettext("系统"))
        if on_behalf_of is None:
            return name
        return _said("%(who)s（代 %(absent)s）", who=name, absent=self.names.get(on_behalf_of, ""))

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
        return Sentence(event.at, _said("%(who)s发起", who=self._name(event.actor_id)), "done")

    def claimed(self, event: Happened) -> Sentence | None:
        """Tell who took a step, but not where doing it took it at the same moment."""
        if (event.task_id, event.at) in self._ended:
            return None
        return self.plain(event)

    def completed(self, event: Happened) -> Sentence:
        """Tell a finished step, with its outcome and how it stood against its limit."""
        task = self._steps.get(event.task_id or 0)
        outcome = outcome_label(self._work, self._case, task) if task else ""
        template = "%(who)s办结“%(step)s”：%(outcome)s" if outcome else "%(who)s办结“%(step)s”"
        text = _said(template, outcome=outcome, **self._fields(event))
        if task is None:
            return Sentence(event.at, text, "done")
        look = "late" if task.is_late else "done"
        return Sentence(event.at, text, look, "", kept(task), extra_answers(self._work, self._case, task))

    def cancelled(self, event: Happened) -> Sentence | None:
        """Tell that the case was cancelled, once: what stood open in it, or lost its turn, is not a case."""
        return None if event.step_id else self.plain(event)

    def plain(self, event: Happened) -> Sentence:
        """Tell what needs nothing but who and which step."""
        template, look = _PLAIN[event.kind]
        reason = written(from_json(event.detail.get("reason", "")))
        reason = str(PAUSE_REASONS.get(reason, reason))
        return Sentence(event.at, _said(template, **self._fields(event)), look, reason)

    def reassigned(self, event: Happened) -> Sentence:
        """Tell to whom a step was handed."""
        to = self._name(int(str(event.detail["to"])))
        text = _said("%(who)s把“%(step)s”转交给%(to)s", to=to, **self._fields(event))
        return Sentence(event.at, text, "", str(event.detail.get("reason", "")))

    def moved(self, event: Happened) -> Sentence:
        """Tell a new due date."""
        at = moment(event.due_at) if event.due_at else ""
        template = "%(who)s把“%(step)s”的时限调整到 %(at)s" if at else "%(who)s调整“%(step)s”的时限"
        text = _said(template, at=at, **self._fields(event))
        return Sentence(event.at, text, "", str(event.detail.get("reason", "")))

    def overdue(self, event: Happened) -> Sentence | None:
        """Tell that a limit passed; a rung that fired at the same moment says it too, and whom it told."""
        return None if self._rungs.get(event.task_id) == event.at else self.plain(event)

    def escalated(self, event: Happened) -> Sentence | None:
        """Tell a rung of the ladder; of several at one moment the highest, with all who were told."""
        task = self._steps.get(event.task_id or 0)
        together = [
            int(str(other.detail.get("level", 1)))
            for other in self._case.events
            if other.kind == "escalated" and (other.task_id, other.at) == (event.task_id, event.at)
        ]
        level = int(str(event.detail.get("level", 1)))
        if level < max(together):
            return None
        told = [post for one in together for post in self._case.told.get((event.task_id or 0, one), ())]
        said = {"step": self._step(event), "whom": posts_said(dict.fromkeys(told)), "level": level}
        if task is not None and task.due_at is not None and event.at < task.due_at:
            return Sentence(event.at, _said("“%(step)s”临近时限，已提醒%(whom)s", **said), "")
        text = _said("“%(step)s”超过时限，已提醒%(whom)s（第 %(level)s 级催办）", **said)
        return Sentence(event.at, text, "late")


_PLAIN = {
    "claimed": ("%(who)s领取“%(step)s”", ""),
    "released": ("%(who)s退回“%(step)s”", ""),
    "withdrawn": ("“%(step)s”已撤回，无需再办理", ""),
    "fired": ("“%(step)s”时间到，流程转入下一步", ""),
    "warned": ("已提醒：“%(step)s”即将到时限", ""),
    "overdue": ("“%(step)s”超过时限", "late"),
    "reminded": ("%(who)s催办“%(step)s”", ""),
    "paused": ("%(who)s暂停“%(step)s”的计时", ""),
    "unpaused": ("%(who)s恢复“%(step)s”的计时", ""),
    "cancelled": ("%(who)s取消", "late"),
    "suspended": ("%(who)s中止流程", "late"),
    "resumed": ("%(who)s恢复流程", ""),
    "corrected": ("%(who)s更正流程数据", ""),
    "incident": ("“%(step)s”出错，等待处理", "late"),
    "incident_retried": ("%(who)s重试“%(step)s”，成功", "done"),
    "unlocked": ("%(who)s解除“%(step)s”的外部锁定", ""),
    "incident_cancelled": ("%(who)s因出错取消流程", "late"),
    "finished": ("流程结束", "done"),
}

_TELL: Mapping[str, Any] = {
    **dict.fromkeys(_PLAIN, Storyteller.plain),
    "started": Storyteller.started,
    "claimed": Storyteller.claimed,
    "completed": Storyteller.completed,
    "cancelled": Storyteller.cancelled,
    "reassigned": Storyteller.reassigned,
    "due_moved": Storyteller.moved,
    "overdue": Storyteller.overdue,
    "escalated": Storyteller.escalated,
}


def _said(template: str, **fields: object) -> Markup:
    """Translate a sentence and fill it in; names come marked up, everything else is escaped."""
    return escape(gettext(template)) % fields


def _with_records(
    told: Sequence[Sentence],
    acts: Mapping[datetime, int],
    entered: Sequence[tuple[datetime, str]],
    photos: Sequence[Attachment],
) -> tuple[Sentence, ...]:
    """Put what the records say beside the step in which it was entered: one Work has one moment."""
    whole = list(told)
    alone: dict[datetime, int] = {}
    for at, text in entered:
        if at in acts:
            place = acts[at]
            whole[place] = replace(whole[place], details=(*whole[place].details, text))
        else:
            alone[at] = len(whole)
            whole.append(Sentence(at, text))
    for photo in photos:
        at = photo.attached_at or photo.uploaded_at
        place = acts.get(at, alone.get(at, -1))
        if place >= 0:
            whole[place] = replace(whole[place], photos=(*whole[place].photos, photo))
    return tuple(sorted(whole, key=lambda one: one.at))


def posts_said(posts: Iterable[str]) -> str:
    """Say the posts that a rung tells."""
    return listed(gettext("办理人本人") if post == ASSIGNEE else post_name(post) for post in posts)


def kept(task: CaseStep) -> str:
    """Say whether a finished step kept its limit; what it waited in pauses is no working time."""
    if task.due_at is None or task.ended_at is None:
        return ""
    if task.is_late:
        said = gettext("超时 %(length)s", length=length_words(task.ended_at - task.due_at))
    else:
        worked = task.ended_at - task.opened_at - task.paused
        said = gettext("按时，用时 %(length)s", length=length_words(worked))
    return said + (gettext("，另暂停 %(length)s", length=length_words(task.paused)) if task.paused else "")


def outcome_label(work: Work, case: CaseDetail, task: CaseStep) -> str:
    """Say the outcome of a finished step as its form words it."""
    form = _form(work, case, task)
    if task.outcome is None or form is None:
        return ""
    found = next((option for option in form.outcomes if option.value == task.outcome), None)
    return either(found.label, found.label_en) if found else ""


def extra_answers(work: Work, case: CaseDetail, task: CaseStep) -> tuple[str, ...]:
    """Say the answers to fields that a process owner added to the form of a step."""
    form = _form(work, case, task) if task.extra else None
    if form is None:
        return ()
    return tuple(
        either(part.label, part.label_en) + gettext("：") + _answer(part, value)
        for key, value in task.extra.items()
        if (part := form.fields.get(key)) is not None and value not in (None, "", [])
    )


def _answer(part: Any, value: Json) -> str:
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    labels = {option.value: either(option.label, option.label_en) for option in part.options}
    values = value if isinstance(value, list) else [value]
    return listed(labels.get(str(one), str(one)) for one in values)


def _form(work: Work, case: CaseDetail, task: CaseStep) -> Form | None:
    step: Step | None = case.program.steps.get((task.process, task.step_id))
    if step is None or step.form is None:
        return None
    return definitions.form(work.engine, work.connection, case.case.bundle_id, step.form)


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
