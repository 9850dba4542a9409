"""What a task's page shows: the form, the facts, the time left, and what else this person may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine import deadlines, following, handing, inbox, rights
from engine.ids import new_id
from engine.inbox import TaskDetail
from engine.ports import Json
from engine.work import Work
from web import drafted
from web.crew_task import CrewTask, crew_task
from web.filling import Filling, fill
from web.lists import post_name
from web.reminder_screen import OwnReminder, own_reminder
from web.story import PAUSE_REASONS, Sentence, change_sentences
from web.subjects import Subject, subject_of
from web.words import TimeLeft, either, person_names, said, time_left, written


@dataclass(frozen=True)
class May:
    """What this person may do with the task; `see_case`: look at the whole case, not only at this step."""

    complete: bool
    claim: bool
    release: bool
    reassign: bool
    pause: bool
    move: bool
    unfollow: bool
    see_case: bool


@dataclass(frozen=True)
class TaskScreen:
    """A task in the reader's language.

    Attributes:
        key: sent back with the form, so that sending twice completes once.
        people: who the task could be handed to: (account id, name).
        beside: what stands in the smaller forms and was not sent: (form, field) -> value.
        is_kept_out: the reader took part in what came before, so somebody else has to take the step.
        draft_at: when what stands in the form was kept, if it is a draft.
        is_typed: what stands in the form was refused just now and is kept nowhere yet.
        reader: account of who sees this.
        crew: what a step of repair staff shows besides; None for steps of others.
    """

    id: int
    instance_id: int
    number: str
    title: str
    place: str
    step: str
    rank: int
    left: TimeLeft
    opened_at: datetime
    due_at: datetime | None
    original_due_at: datetime | None
    paused_until: datetime | None
    pause_reason: str
    who: str
    is_mine: bool
    is_kept_out: bool
    team: str
    facts: list[tuple[str, str]]
    filling: Filling | None
    key: str
    may: May
    people: tuple[tuple[int, str], ...]
    changes: tuple[Sentence, ...]
    subject: Subject
    draft_at: datetime | None
    is_typed: bool
    reader: int
    crew: CrewTask | None
    reminder: OwnReminder
    beside: Mapping[tuple[str, str], Json]


def task_screen(
    work: Work, task_id: int, typed: Mapping[str, Json] | None, errors: Mapping[str, str]
) -> TaskScreen:
    """Read a task for its page.

    Args:
        typed: what was posted and refused; else the draft, else what the form begins with.
        errors: name of the field -> message.
    Raises:
        TaskGone, TaskNotFound, NotPermitted.
    """
    detail = inbox.detail(work, task_id)
    task, case = detail.task, detail.case
    may, before = _may(work, detail), _typed_before(work, detail, typed)
    filling = _filling(work, detail, before.answers, errors)
    subject, crew = subject_of(work, case.process_key, case.business_key), crew_task(work, detail, filling)
    return TaskScreen(
        id=task.id,
        instance_id=case.id,
        number=case.business_key,
        title=either(case.title, case.title_en),
        place=case.place,
        step=either(task.name, task.name_en),
        rank=task.rank,
        left=time_left(work.now, task.due_at, task.opened_at, paused=task.paused_at is not None),
        opened_at=task.opened_at,
        due_at=task.due_at,
        original_due_at=task.original_due_at if task.original_due_at != task.due_at else None,
        paused_until=task.paused_until,
        pause_reason=str(PAUSE_REASONS.get(task.pause_reason, task.pause_reason or "")),
        who=_name(work, task.assignee_id),
        is_mine=task.assignee_id == work.actor.id,
        is_kept_out=detail.is_kept_out,
        team=post_name(task.group_code),
        facts=_facts(detail, subject, crew),
        filling=filling,
        key=str(new_id()),
        may=may,
        people=_people(work, detail) if may.reassign else (),
        changes=change_sentences(work, deadlines.changes(work, task_id)),
        subject=subject,
        draft_at=before.at,
        is_typed=bool(typed),
        reader=work.actor.id,
        crew=crew,
        reminder=own_reminder(work, task_id),
        beside=before.beside,
    )


@dataclass(frozen=True)
class _Before:
    """What stands in the forms of the page; `at` is when it was kept, where the step's own holds a draft."""

    answers: Mapping[str, Json]
    beside: Mapping[tuple[str, str], Json]
    at: datetime | None = None


def _typed_before(work: Work, detail: TaskDetail, typed: Mapping[str, Json] | None) -> _Before:
    draft = drafted.draft(work, detail.task.id, detail.opened.form)
    beside = draft.beside if draft else {}
    if typed is not None or draft is None:
        return _Before(typed or {}, beside)
    return _Before(draft.answers, beside, draft.saved_at if draft.answers else None)


def _facts(detail: TaskDetail, subject: Subject, crew: CrewTask | None) -> list[tuple[str, str]]:
    """Say what is to know; on a small screen without what stands above it anyway."""
    facts = [(said(label), written(text)) for label, text in detail.opened.facts]
    if crew is None:
        return facts
    case = detail.case
    above = {case.business_key, case.title, case.title_en, case.place}
    above |= {subject.name, subject.phone, subject.description}
    return [(label, text) for label, text in facts if text not in above]


def _may(work: Work, detail: TaskDetail) -> May:
    task = detail.task
    is_mine = task.assignee_id == work.actor.id
    may_move = work.may("task.move_due", task.scope_id)
    return May(
        complete=detail.may_complete,
        claim=detail.may_claim,
        release=is_mine and bool(task.group_code),
        reassign=is_mine or work.may("task.reassign", task.scope_id),
        pause=(detail.may_complete or may_move) and task.pausable and task.due_at is not None,
        move=may_move and task.due_at is not None,
        unfollow=following.is_followed(work, detail.case.id),
        see_case=rights.may_see(work, detail.case),
    )


def _filling(
    work: Work, detail: TaskDetail, given: Mapping[str, Json], errors: Mapping[str, str]
) -> Filling | None:
    opened = detail.opened
    if opened.form is None:
        return None
    return fill(opened.form, {**opened.values, **given}, opened.options, errors, work.engine.zone)


def _people(work: Work, detail: TaskDetail) -> tuple[tuple[int, str], ...]:
    names = person_names(work, handing.receivers(work, detail.case, detail.task))
    return tuple(sorted(names.items(), key=lambda item: item[1]))


def _name(work: Work, actor_id: int | None) -> str:
    if actor_id is None:
        return ""
    return person_names(work, [actor_id]).get(actor_id, "")
