"""What somebody sees whose task went to others while they were typing: who, when, and what they had typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine import drafts, gone, rights
from engine.errors import Refused
from engine.ports import Actor, Json
from engine.work import Engine, Work
from web.texts import gettext
from web.typed import Typed, said_answers
from web.words import either


@dataclass(frozen=True)
class GoneScreen:
    """The page.

    Attributes:
        typed: what was kept as a draft, or else was only sent.
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
    may_see_case: bool


def gone_screen(work: Work, task_id: int, sent: Mapping[str, Json] | None) -> GoneScreen:
    """Read what a task was, and what this person typed into its form.

    Args:
        sent: what the refused request held and could not be kept; None shows what is kept as a draft.
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
        typed=(*said_answers(was.form, answers, was.options), *(_beside(draft) if draft else ())),
        kept_at=draft.saved_at if draft else None,
        is_open=was.is_open,
        may_see_case=rights.may_see(work, was.case),
    )


def kept(engine: Engine, actor: Actor, task_id: int, sent: Mapping[str, Json]) -> bool:
    """Keep what a refused request held as the person's draft; False where it is too much to be kept."""
    try:
        engine.run(actor, lambda work: drafts.keep_unsent(work, task_id, sent))
    except Refused:
        return False
    return True


def _beside(draft: drafts.Draft) -> list[Typed]:
    """Say what stands in the smaller forms, as far as somebody wrote it themselves."""
    labels = {"text": gettext("备注"), "reason": gettext("原因")}
    return [
        Typed(labels[key], key, str(value))
        for (form, key), value in draft.beside.items()
        if key in labels and value and form != "pause"  # whose reason is one of a list
    ]
