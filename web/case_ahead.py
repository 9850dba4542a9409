"""Says of a case what is being done, what happens by when, and what can come next."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine import ahead
from engine.ahead import Coming, Expected, Possible, Timeout
from engine.cases import CaseDetail
from engine.durations import Duration, DurationError
from engine.escalation import Happening
from engine.work import Work
from web.lists import post_name
from web.story import posts_said
from web.texts import gettext
from web.words import TimeLeft, duration_words, either, listed, person_names, time_left

_MOST_NEXT = 4

_COUNTED = re.compile(
    r'\+ *(?:duration\()?"?(P[0-9A-Z.]+)"?\)?'
)  # a moment and a limit, as notice_at + PT16H

_SET_IN_CASE = re.compile(r"\$\{[a-z_]+_(?:at|until)\}")  # a moment that somebody gave in the case


@dataclass(frozen=True)
class ByWhen:
    """Something that will happen at a moment, unless the step is done before."""

    at: datetime
    text: str


@dataclass(frozen=True)
class NextStep:
    """A step that can come next.

    Attributes:
        when: what has to be so, as the diagram labels it; "" where nothing has to.
        posts: who does it; "" at the end of the case.
        limit: as the diagram states it.
    """

    when: str
    name: str
    sheet: str
    posts: str
    limit: str


@dataclass(frozen=True)
class Now:
    """One open step.

    Attributes:
        more: how many more ways there are than `next` lists.
    """

    task_id: int
    name: str
    sheet: str
    who: str
    is_held: bool
    opened_at: datetime
    due_at: datetime | None
    left: TimeLeft
    resumes_at: datetime | None
    level: int
    coming: tuple[ByWhen, ...]
    next: tuple[NextStep, ...]
    more: int


@dataclass(frozen=True)
class Ahead:
    """What a case's page says about now and about what comes.

    Attributes:
        waits: what the case waits for by itself.
        possible: (path, element or flow) that a token can come to next.
    """

    now: tuple[Now, ...]
    waits: tuple[ByWhen, ...]
    possible: frozenset[tuple[str, str]]


def ahead_of(work: Work, detail: CaseDetail) -> Ahead:
    """Read what is being done in a case and what comes next."""
    if detail.case.ended_at is not None:
        return Ahead((), (), frozenset())
    expected = ahead.expected(work, detail)
    names = person_names(work, {one.step.assignee_id for one in expected if one.step.assignee_id is not None})
    return Ahead(
        now=tuple(_now(work, detail, one, names.get(one.step.assignee_id or 0, "")) for one in expected),
        waits=tuple(ByWhen(one.at, _wait(detail, one)) for one in ahead.waiting(work, detail)),
        possible=frozenset(place for one in expected for way in one.next for place in way.through),
    )


def _now(work: Work, detail: CaseDetail, one: Expected, who: str) -> Now:
    step = one.step
    next_steps = _next(detail, one.next)
    return Now(
        task_id=step.task_id,
        name=either(step.name, step.name_en),
        sheet=sheet_name(detail, step.path),
        who=who or post_name(step.group_code),
        is_held=bool(who),
        opened_at=step.opened_at,
        due_at=step.due_at,
        left=time_left(work.now, step.due_at, step.opened_at, paused=step.is_paused),
        resumes_at=one.resumes_at,
        level=one.level,
        coming=tuple(_by_when(one)),
        next=next_steps[:_MOST_NEXT],
        more=max(0, len(next_steps) - _MOST_NEXT),
    )


def sheet_name(detail: CaseDetail, path: str) -> str:
    """Say which called diagram something stands in; "" for the procedure itself."""
    if not path:
        return ""
    sheet = detail.sheet(path)
    return either(sheet.name, sheet.name_en)


def _by_when(one: Expected) -> list[ByWhen]:
    """Merge reminders, the limit and drawn timers; what comes at one moment is said once."""
    by_moment: dict[datetime, list[str]] = {}
    if one.resumes_at is not None:
        by_moment[one.resumes_at] = [gettext("恢复计时")]
    for coming in one.coming:
        by_moment.setdefault(coming.at, []).append(_coming(coming))
    for timeout in one.timeouts:
        by_moment.setdefault(timeout.at, []).append(_timeout(timeout))
    return [ByWhen(at, listed(dict.fromkeys(texts))) for at, texts in sorted(by_moment.items())]


def _coming(one: Coming) -> str:
    if one.what is Happening.OVERDUE:
        return gettext("到时限")
    whom = posts_said(one.notify)
    if one.widen:
        return gettext("提醒%(whom)s，%(post)s也可以办理", whom=whom, post=post_name(one.widen))
    return gettext("提醒%(whom)s", whom=whom)


def _timeout(one: Timeout) -> str:
    steps = [_name_of(way) for way in one.next if way.step is not None] or [gettext("办结")]
    name = either(one.step.name, one.step.name_en)
    said = listed(dict.fromkeys(steps[:_MOST_NEXT]))
    if one.step.interrupting:
        return gettext("仍未办结则“%(name)s”，转入%(steps)s", name=name, steps=said)
    return gettext("仍未办结则“%(name)s”，另开%(steps)s", name=name, steps=said)


def _next(detail: CaseDetail, ways: Iterable[Possible]) -> tuple[NextStep, ...]:
    return tuple(
        NextStep(
            when=_condition(way.said),
            name=_name_of(way),
            sheet=sheet_name(detail, way.path),
            posts=listed(post_name(code) for code in way.step.group) if way.step else "",
            limit=limit_words(way.step.limit_text) if way.step and way.step.kind == "user" else "",
        )
        for way in ways
    )


def _condition(said: Sequence[tuple[str, str]]) -> str:
    """Say what decides the way: its first label, and its last where several gateways lie on it."""
    labels = [either(chinese, english) for chinese, english in said]
    ends = labels[:1] + labels[-1:] if len(labels) > 1 and labels[0] != labels[-1] else labels[:1]
    return listed(ends)


def _name_of(way: Possible) -> str:
    if way.step is None:
        return gettext("就此办结")
    return either(way.step.name, way.step.name_en) or way.step.element


def _wait(detail: CaseDetail, one: ahead.Waiting) -> str:
    step = detail.step(one.step_id)
    name = (either(step.name, step.name_en) if step else "") or one.step_id
    if one.kind == "retry":
        return gettext("重试自动步骤“%(step)s”", step=name)
    return gettext("“%(step)s”时间到", step=name)


def limit_words(text: str | None) -> str:
    """Say a limit as the diagram states it, counted from an earlier moment, by a table, or as agreed."""
    counted = _COUNTED.search(text or "")
    if counted:
        return gettext("共 %(span)s", span=fixed_limit(counted[1]))
    if _SET_IN_CASE.fullmatch(text or ""):
        return gettext("按约定时间")
    return fixed_limit(text) or (gettext("按规则表") if text else "")


def fixed_limit(text: str | None) -> str:
    """Say a limit that stands in the diagram itself; "" for one that is computed."""
    try:
        return duration_words(Duration.parse((text or "").strip('"')))
    except DurationError:
        return ""
