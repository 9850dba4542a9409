"""What somebody sees whose task went to others while they were typing: who, when, and what they had typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine import drafts, gone
from engine.ports import Json
from engine.work import Work
from web.texts import gettext
from web.typed import Typed, said_answers
from web.words import either


@dataclass(frozen=True)
class GoneScreen:
    """The page.

    Attributes:
        typed: what was sent, or else kept as a draft.
        kept_at: of the draft, where it is shown.
        is_open: the task can still be looked at.
    """

    id: int
    number: str
    title: str
    place: str
    step: str
    typed: tuple[Typed, ...]
    kept_at: datetime | None
    is_open: bool


def gone_screen(work: Work, task_id: int, sent: Mapping[str, Json] | None) -> GoneScreen:
    """Read what a task was, and what this person typed into its form.

    Args:
        sent: what the refused request held; None when the page was only opened.
    Raises:
        TaskNotFound, NotPermitted: it never was this person's business.
    """
    was = gone.of(work, task_id)
    draft = drafts.draft(work, task_id) if sent is None else None
    answers = sent if sent is not None else draft.answers if draft else {}
    return GoneScreen(
        id=task_id,
        number=was.case.business_key,
        title=either(was.case.title, was.case.title_en),
        place=was.case.place,
        step=either(was.name, was.name_en),
        typed=(*said_answers(was.form, answers), *(_beside(draft) if draft else ())),
        kept_at=draft.saved_at if draft else None,
        is_open=was.is_open,
    )


def _beside(draft: drafts.Draft) -> list[Typed]:
    """Say what stands in the smaller forms, as far as somebody wrote it themselves."""
    labels = {"text": gettext("备注"), "reason": gettext("原因")}
    return [
        Typed(labels[key], key, str(value))
        for (form, key), value in draft.beside.items()
        if key in labels and value and form != "pause"  # whose reason is one of a list
    ]
