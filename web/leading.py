"""Leads on from what somebody did: to the next page, or to what stands next in the third column."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import drafts
from engine.errors import Problem
from web import context, errors, side_forms, uploads
from web.home import front_page
from web.lists import Row, task_row
from web.story import PAUSE_REASONS
from web.task_screen import TaskScreen, task_screen
from web.wishes import Wish, wish_of


@dataclass(frozen=True)
class Pane:
    """What the third column shows, and what changed in the list beside it.

    Attributes:
        screen: None when nothing is left to be done.
        said: what was just done, in words.
        row: the task's line as it is now.
        left: the task that has left the list, or None.
    """

    screen: TaskScreen | None
    said: str = ""
    row: Row | None = None
    left: int | None = None


@dataclass(frozen=True)
class RefusedForm:
    """One of the smaller forms of a task's page, whose post was refused: it opens again as it was sent."""

    action: str
    form: Mapping[str, str]
    files: tuple[int, ...] = ()


def refused_form() -> RefusedForm | None:
    """Return the smaller form that this request posted; None for the step's own and for a visit."""
    action = side_forms.named() or (request.endpoint or "").partition(".")[2]
    if request.method != "POST" or action in ("complete", "redraw"):
        return None
    return RefusedForm(action, request.form, uploads.waiting_ids("files[]"))


def is_pane() -> bool:
    """Tell whether a script asks for the third column of the inbox."""
    return "HX-Request" in request.headers


def origin() -> Wish:
    """Return the list that the page was opened from."""
    return wish_of(request.form.get("_from") or request.args.get("from", ""))


def show_task(task_id: int, said: str) -> ResponseReturnValue:
    """Show a task again, after something about it changed."""
    _forget_typed(task_id)
    if is_pane():
        return _pane(task_id, said, left=None)
    _flash(said)
    address = url_for("tasks.show", task_id=task_id, **origin().carried())
    if errors.for_script():
        return {"next": address, "task": str(task_id), "left": "", "said": said}
    return redirect(address)


def leave_task(task_id: int, following: int | None, said: str, said_last: str) -> ResponseReturnValue:
    """Go on to the next task after one has left the list, or back to the list.

    Args:
        said: when there is a next one.
        said_last: when nothing is left.
    """
    _forget_typed(task_id)
    words = said if following is not None else said_last
    if is_pane():
        return _pane(following, words, left=task_id)
    _flash(words)
    address = _address(following)
    if errors.for_script():
        return {"next": address, "task": str(following or ""), "left": str(task_id), "said": words}
    return redirect(address)


def _flash(words: str) -> None:
    """Say what was done on the next page.

    In the third column the script says it; what was sent late belongs to no page that happens to be open.
    """
    if not {"_late", "_pane"} & request.form.keys():
        flash(words)


def _forget_typed(task_id: int) -> None:
    """Forget what was typed into the smaller form that has just done its work."""
    form = side_forms.named()
    if form:
        context.engine().run(context.actor(), lambda work: drafts.forget_beside(work, task_id, form))


def _address(task_id: int | None) -> str:
    if task_id is None:
        wanted, person = origin().arguments(), context.person()
        if person is not None and person.is_crew and not wanted:
            return front_page(person)
        return url_for("inbox.index", **wanted)
    return url_for("tasks.show", task_id=task_id, **origin().carried())


def _pane(task_id: int | None, said: str, left: int | None) -> str:
    if task_id is None:
        return render_template("parts/pane.html", pane=Pane(None, said, left=left), wish=origin())
    pane = Pane(None, said, left=left)
    with (
        suppress(Problem),
        context.engine().reading(context.actor()) as work,
    ):  # it may have just gone as well
        pane = Pane(task_screen(work, task_id, None, {}), said, task_row(work, task_id), left)
    return render_template(
        "parts/pane.html", pane=pane, screen=pane.screen, wish=origin(), pause_reasons=PAUSE_REASONS
    )
