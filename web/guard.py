"""Stands before every view: who is signed in, and whether the table of routes lets them through."""

import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError

from engine import idempotency
from engine.errors import RuleBroken
from handlers.accounts.sessions import SignedIn
from handlers.shared import lapsing, tally
from web import context, errors, kept, proving, repeats, uploads
from web.navigation import local_address
from web.routes_table import ROUTES, Access
from web.signed_in import load_person
from web.texts import gettext

log = logging.getLogger(__name__)


def look_at_clock() -> None:
    """End what had lapsed before a clock was put back, so that nobody comes in with it again."""
    lapsing.watch(context.engine()).look()


def refuse_nul() -> ResponseReturnValue | None:
    """Refuse texts with a character that PostgreSQL cannot store and nobody types."""
    texts = (request.path, *(text for pair in request.values.items(multi=True) for text in pair))
    return errors.answer(HTTPStatus.BAD_REQUEST, "") if any("\0" in text for text in texts) else None


def check() -> ResponseReturnValue | None:
    """Let a request pass, or answer it here."""
    if request.endpoint is None:
        return None  # no such route: Flask answers 404 or 405 itself
    access = ROUTES.get(request.endpoint)
    if access is not None and access.who == "public":
        return None
    return _check_person(access) if access else errors.answer(HTTPStatus.FORBIDDEN, "")


def _check_person(access: Access) -> ResponseReturnValue | None:
    person = context.person()
    if person is None:
        return _sign_in_first()
    if person.is_unfinished and not _is_open(access, person.signed_in):
        return redirect(url_for(person.next_step))
    if not access.admits(person):
        return errors.answer(HTTPStatus.FORBIDDEN, "")
    return proving.stop() if access.fresh else None


def note_refusal(response: Response) -> Response:
    """Log who was refused what; count for the security post what members of staff tried, each form once.

    A phone that did not hear the answer sends its form again by itself.
    """
    person = context.person() if _is_refusal(response) and "asked_again" not in g else None
    if person is None:
        return response
    actor = person.actor
    log.warning("refused %s %s to %s %d", request.method, request.endpoint, actor.kind, actor.id)
    if person.is_staff and not person.is_unfinished:
        name = repeats.name_of_refusal()
        context.engine().run(
            actor,
            lambda work: idempotency.once(
                work, name, "refused", name or "", lambda: tally.add(work, "refused")
            ),
        )
    return response


def _is_open(access: Access, signed_in: SignedIn) -> bool:
    """Tell whether a route is open to somebody of whom something is missing before anything else works."""
    if signed_in.must_prove:
        return access.unproven
    is_new = signed_in.must_change_password or signed_in.must_accept
    return access.unfinished or (access.unbound and not is_new)


def _is_refusal(response: Response) -> bool:
    """Tell whether somebody tried what is not for them; of others' tasks they hear that there is none."""
    is_of_task = request.method == "POST" and request.blueprint == "tasks"
    return response.status_code == HTTPStatus.FORBIDDEN or (
        is_of_task and response.status_code == HTTPStatus.NOT_FOUND
    )


def on_csrf(_error: CSRFError) -> ResponseReturnValue:
    """Explain a missing or old form token, and give the form back with what was typed and a new token."""
    stopped = check()
    if stopped is not None:
        return stopped
    page = errors.page_of_form()
    if page is None or context.person() is None:
        return errors.answer(HTTPStatus.BAD_REQUEST, gettext("页面已过期，还没有提交。"))
    if (
        urlsplit(request.referrer or "").netloc == request.host
    ):  # a page of ours: nobody else leaves files here
        uploads.kept_for_later(context.engine(), context.actor())
    expired = RuleBroken("page_expired", "页面已过期，请核对填写的内容后再提交一次")
    return errors.shown(page, expired, HTTPStatus.BAD_REQUEST)


def _sign_in_first() -> ResponseReturnValue:
    token = session.get("_user_id")  # left there: another tab may have renewed the cookie meanwhile
    if kept.is_kept():
        return kept.sign_in_page(str(token or "")), HTTPStatus.UNAUTHORIZED
    if kept.is_report_draft():
        return kept.handed_back(), HTTPStatus.UNAUTHORIZED
    if _is_of_resident() and not (errors.for_script() or _is_partial()):
        return render_template("account/sign_in.html", login="", next=_page_before(), typed=errors.typed()), (
            HTTPStatus.UNAUTHORIZED
        )
    if request.method == "GET" and request.accept_mimetypes.accept_html and not _is_partial():
        return redirect(url_for("signin.sign_in", next=request.full_path.rstrip("?")))
    return errors.answer(HTTPStatus.UNAUTHORIZED, "")


def _is_of_resident() -> bool:
    """Tell whether a resident's form was sent; on pages of staff a script brings back what was typed."""
    is_theirs = request.path.startswith(url_for("resident.index"))
    return request.method == "POST" and is_theirs and errors.page_of_form() is not None


def _page_before() -> str:
    """Return the page that a form was sent from, where it can be opened again."""
    page = urlsplit(request.referrer or "")
    address = local_address(page.path + (f"?{page.query}" if page.query else ""))
    can_open = current_app.create_url_adapter(request)
    return address if can_open and can_open.test(page.path, "GET") else local_address("")


def _is_partial() -> bool:
    return "HX-Request" in request.headers


def init_app(app: Flask) -> None:
    """Register the session loader and the check before every request."""
    manager = LoginManager(app)
    # The session table decides; a phone's address changes with every mast it passes.
    manager.session_protection = None
    manager.user_loader(load_person)
    app.before_request(look_at_clock)
    app.before_request(refuse_nul)
    app.before_request(check)
    app.after_request(note_refusal)
    app.register_error_handler(CSRFError, on_csrf)

    @app.context_processor
    def person() -> dict[str, object]:
        return {"person": current_user if current_user.is_authenticated else None}
