"""Carries what was typed through the sign-in, sealed, when a session ended in the middle of a form."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import render_template, request, url_for
from werkzeug import Response

from engine import drafts
from engine.errors import Problem
from engine.ports import Actor, Json
from engine.work import Engine, Work
from handlers.accounts import sessions
from handlers.repair import report_drafts
from handlers.shared.sealed import Unsealable
from web import context, errors, side_forms, uploads
from web.answers import posted
from web.navigation import local_address
from web.side_forms import SIDE_FORMS

_OF_RESIDENTS = frozenset({"resident.report", "resident.add", "resident.answer"})
FORMS = frozenset({"tasks.complete", "tasks.redraw", *_OF_RESIDENTS, *SIDE_FORMS})
_REPORT = 0  # stands for a report, which is no task yet
_ADDED = "add/"  # before the number of a report to which something is added, which is no task either

_PLACE = ("sign_in", "typed", 0)  # what is sealed for one place opens at no other
_KEPT = timedelta(hours=12)


@dataclass(frozen=True)
class Typed:
    """What somebody typed into a form of a task's page, or of a report, and whose page it was.

    Attributes:
        form: which of the smaller forms; "" for the step's own; "add/" and the number of a report for what
            is added to it.
    """

    task_id: int
    account_id: str
    answers: dict[str, Json]
    at: datetime
    form: str


def is_kept() -> bool:
    """Tell whether this request holds a form whose contents must not be lost; a script keeps its own."""
    return request.method == "POST" and request.endpoint in FORMS and not errors.for_script()


def is_report_draft() -> bool:
    """Tell whether this request is what a script keeps of a report while it is being written."""
    return request.endpoint == "resident.keep_report"


def handed_back() -> dict[str, str]:
    """Give a script what was typed after its session ended, sealed: the sign-in brings it along."""
    return {"kept": _sealed(_REPORT)}


def sign_in_page(token: str) -> str:
    """Show the sign-in with what was typed inside it; signing in leads back to the form.

    Args:
        token: of the session that is over; where it ran out by itself its holder's photos are kept as well.
    """
    is_resident = request.endpoint in _OF_RESIDENTS
    actor = sessions.lapsed(context.engine(), token) if is_resident else None
    if actor is not None:
        uploads.kept_for_later(context.engine(), actor)
    task_id = int((request.view_args or {}).get("task_id", _REPORT))
    sealed = _sealed(task_id)
    template = "account/sign_in_pane.html" if "HX-Request" in request.headers else "account/sign_in.html"
    return render_template(template, login="", next=_way_back(task_id), kept=sealed)


def _sealed(task_id: int) -> str:
    who, answers = request.form.get("_who", ""), posted(request.form, uploads.stored())
    body = [str(task_id), who, answers, _now().isoformat(), _form()]
    return context.engine().vault.seal(*_PLACE, json.dumps(body, ensure_ascii=False))


def _form() -> str:
    return _ADDED + _number() if request.endpoint == "resident.add" else side_forms.named()


def _number() -> str:
    return str((request.view_args or {})["number"])


def give_back(engine: Engine, actor: Actor, sealed: str, answer: Response) -> None:
    """Keep what came through the sign-in as the person's draft; somebody else's is let go.

    What is added to a report has no draft: the browser carries it on, sealed as it is, to the report's page.
    """
    typed = _own(engine, actor, sealed)
    if typed is None:
        return
    if typed.form.startswith(_ADDED):
        answer.set_cookie(
            _cookie(), sealed, max_age=_KEPT, secure=context.config().https, httponly=True, samesite="Lax"
        )
        return
    if typed.task_id == _REPORT:
        engine.run(actor, lambda work: report_drafts.save(work, typed.answers))
        return
    try:
        engine.run(actor, lambda work: _save(work, typed))
    except Problem:  # somebody else closed it meanwhile: the page of the task gives the draft back
        engine.run(actor, lambda work: _keep_unsent(work, typed))


def added(number: str) -> dict[str, Json]:
    """Return what this person typed to be added to a report before they had to sign in, or nothing."""
    typed = _own(context.engine(), context.actor(), request.cookies.get(_cookie(), ""))
    return typed.answers if typed is not None and typed.form == _ADDED + number else {}


def forget_added(answer: Response) -> None:
    """Let the browser forget what was to be added: it was sent."""
    answer.delete_cookie(_cookie(), secure=context.config().https, httponly=True, samesite="Lax")


def _cookie() -> str:
    return f"{context.config().cookie_name}-added"


def _own(engine: Engine, actor: Actor, sealed: str) -> Typed | None:
    typed = _opened(engine, sealed) if sealed else None
    is_own = typed is not None and typed.account_id == str(actor.id) and _now() - typed.at <= _KEPT
    return typed if is_own else None


def _save(work: Work, typed: Typed) -> None:
    if typed.form:
        drafts.save_beside(work, typed.task_id, typed.form, typed.answers)
    else:
        drafts.save_draft(work, typed.task_id, typed.answers)


def _keep_unsent(work: Work, typed: Typed) -> None:
    drafts.keep_unsent(work, typed.task_id, typed.answers, typed.form)


def _opened(engine: Engine, sealed: str) -> Typed | None:
    try:
        task_id, account_id, answers, at, form = json.loads(engine.vault.open(*_PLACE, sealed))
    except (Unsealable, ValueError):
        return None
    return Typed(int(task_id), account_id, answers, datetime.fromisoformat(at), form)


def _way_back(task_id: int) -> str:
    """Return the page the form stood on: the task's own, or the inbox with the task beside the list."""
    if request.endpoint in ("resident.add", "resident.answer"):
        return url_for("resident.case", number=_number())
    if task_id == _REPORT:
        return url_for("resident.report_form")
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    if not page.path:
        return url_for("tasks.show", task_id=task_id)
    return local_address(page.path + (f"?{page.query}" if page.query else ""))


def _now() -> datetime:
    return context.engine().clock.now()
