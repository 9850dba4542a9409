"""Turns errors into pages, once: the fate of a problem decides the status, the page says what to do."""

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_login import AnonymousUserMixin
from werkzeug.exceptions import HTTPException

from engine.errors import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    Problem,
    Refused,
    StoreUnavailable,
    TransactionLost,
)
from handlers.errors import NoRoom, Overloaded
from web import context
from web.texts import gettext, lazy_gettext
from web.words import filled, problem_text

View = TypeVar("View", bound=Callable[..., Any])

log = logging.getLogger(__name__)

_FATES = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Refused, HTTPStatus.UNPROCESSABLE_ENTITY),
    (TransactionLost, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (NoRoom, HTTPStatus.SERVICE_UNAVAILABLE),
)

_ADVICE = {
    400: (lazy_gettext("请求无法理解"), lazy_gettext("请返回上一页，刷新后再试。")),
    401: (lazy_gettext("请先登录"), lazy_gettext("登录已失效或尚未登录，登录后再试。")),
    403: (lazy_gettext("您无权进行此操作"), lazy_gettext("若工作需要，请向系统管理员申请相应岗位。")),
    404: (lazy_gettext("没有找到"), lazy_gettext("它可能已经结束，或不在您的范围内。请从首页进入。")),
    405: (lazy_gettext("不支持这种操作"), lazy_gettext("请从页面上的按钮操作。")),
    409: (lazy_gettext("情况已经变化"), lazy_gettext("请刷新后再决定怎么做，您填写的内容列在下面。")),
    413: (
        lazy_gettext("上传的文件太大"),
        lazy_gettext("还没有提交。请返回上一页，减少照片或缩短视频后再提交。"),
    ),
    422: (lazy_gettext("没有办成"), lazy_gettext("请按提示修改后再提交。")),
    429: (lazy_gettext("操作太频繁"), lazy_gettext("请稍后再试。")),
    500: (
        lazy_gettext("系统出错了"),
        lazy_gettext("没有保存任何内容。请重试；再次出错请把编号告诉系统管理员。"),
    ),
    503: (lazy_gettext("系统正忙"), lazy_gettext("没有保存任何内容，请稍后重试。")),
}
# What residents read instead: they have no posts, and call the desk.
_ADVICE_AT_HOME = {
    403: (
        lazy_gettext("这一页您打不开"),
        lazy_gettext("您的账号用不到它。要办事请回首页，或打物业前台电话。"),
    ),
    404: (lazy_gettext("没有找到这一页"), lazy_gettext("它可能已经办完，或地址不对。请回到首页。")),
    500: (
        lazy_gettext("系统出错了"),
        lazy_gettext("没有保存任何内容。请再试一次；还不行，请打物业前台电话，报上面的编号。"),
    ),
}

_RETRY = {"Retry-After": "5"}  # seconds
_UNSAFE = {"csrf_token", "password", "new_password", "again"}  # nor what begins with "_"

# Fields that are chosen from, not written in; by their keys, for one word of a text looks like a code.
_CHOICE = re.compile(r"(.*_)?(id|outcome|kind|act)")


def shown_again_by(page: Callable[..., ResponseReturnValue]) -> Callable[[View], View]:
    """Have a refused post answered with a page again, with what was typed and why it was refused.

    Args:
        page: the view that shows the form; it takes the same arguments as the posting view and reads
            `refusal()` and `typed()`.
    """

    def mark(view: View) -> View:
        view.shown_again_by = page  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def conflict_shown_by(page: Callable[..., ResponseReturnValue]) -> Callable[[View], View]:
    """Have a request that somebody else was faster than answered with a page of its own.

    Args:
        page: takes the same arguments as the view, and says who was faster and when.
    """

    def mark(view: View) -> View:
        view.conflict_shown_by = page  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def refusal() -> Problem | None:
    """Return why the post that led to this page was refused."""
    found: Problem | None = g.get("refusal")
    return found


def field_errors() -> dict[str, str]:
    """Return what is wrong with single fields, in the reader's language."""
    return {key: filled(message, dict(params)) for key, (message, params) in _fields(refusal()).items()}


def _fields(problem: Problem | None) -> Mapping[str, tuple[str, Mapping[str, object]]]:
    return problem.fields if isinstance(problem, Invalid) else {}


def labelled(wrong: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Give messages the shape that the list of problems has; forms of our own have no labels there."""
    return {key: ("", message) for key, message in wrong.items()}


def typed() -> list[tuple[str, str]]:
    """Return what was typed into the refused form, but no secrets."""
    if request.method != "POST" or "is_unreadable" in g:
        return []
    return [
        (key, value)
        for key, value in request.form.items(multi=True)
        if value and key not in _UNSAFE and not key.startswith("_")
    ]


def _written() -> list[str]:
    """Return what somebody wrote into the refused form, without what was chosen from a list."""
    return [value for key, value in typed() if not _CHOICE.fullmatch(key)]


def typed_for(action: str) -> dict[str, str]:
    """Return what was typed into the form of an address, by field, when it was refused; else nothing."""
    return dict(typed()) if refusal() and request.path == action else {}


def init_app(app: Flask) -> None:
    """Register the handlers of every error."""
    app.register_error_handler(Problem, on_problem)
    app.register_error_handler(HTTPException, on_http)
    app.register_error_handler(Exception, on_bug)
    app.jinja_env.filters["problem"] = problem_text
    app.jinja_env.globals["typed_for"] = typed_for
    app.context_processor(lambda: {"refusal": refusal()})


def on_problem(problem: Problem) -> ResponseReturnValue:
    """Answer a problem by its fate."""
    status = next((status for fate, status in _FATES if isinstance(problem, fate)), None)
    if status is None:
        return on_bug(problem)
    if isinstance(problem, StoreUnavailable):
        g.is_without_store = True
    if for_script():
        fields = {key: filled(message, dict(params)) for key, (message, params) in _fields(problem).items()}
        return {"message": problem_text(problem), "fields": fields}, status
    mark = "conflict_shown_by" if status is HTTPStatus.CONFLICT else "shown_again_by"
    page = getattr(current_app.view_functions.get(request.endpoint or ""), mark, None) or page_of_form()
    if page is None or status is HTTPStatus.NOT_FOUND:
        return answer(status, problem_text(problem))
    return shown(page, problem, status)


def shown(page: Callable[..., Any], problem: Problem, status: int) -> ResponseReturnValue:
    """Answer with the page of a form, which says why its post was refused and keeps what was typed."""
    g.refusal = problem
    try:
        return page(**(request.view_args or {})), status
    except (NotFound, Conflict, NotAllowed):
        # The page itself is gone with what it showed: say why, and give back what was typed.
        return answer(status, problem_text(problem))


def _came_from() -> str:
    """Return the page of this site whose form was posted, for a sign-in to lead back to; "" for none."""
    page = urlsplit(request.referrer or "")
    is_own = request.method == "POST" and page.netloc == request.host
    return page.path + (f"?{page.query}" if page.query else "") if is_own else ""


def for_script() -> bool:
    """Tell whether a script of a page asks, which wants JSON, not a page."""
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def page_of_form() -> Callable[..., Any] | None:
    """Return the page whose form this request posts, if it is marked."""
    view = current_app.view_functions.get(request.endpoint or "")
    page: Callable[..., Any] | None = getattr(view, "shown_again_by", None)
    return page


def on_http(error: HTTPException) -> ResponseReturnValue:
    """Answer an error of HTTP itself."""
    if error.response is not None or (error.code or 500) < 400:
        return error
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        g.is_unreadable = True  # reading the form once more would fail once more
    return answer(error.code or 500, "")


def on_bug(error: Exception) -> ResponseReturnValue:
    """Answer anything unforeseen: log it under a number, tell the number only."""
    number = secrets.token_hex(4)
    log.error("unforeseen error %s on %s", number, request.endpoint, exc_info=error)
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, gettext("错误编号 %(number)s", number=number))


def _words_for(status: int) -> tuple[LazyString, LazyString]:
    known = _ADVICE.get(status, _ADVICE[400 if status < 500 else 500])
    person = context.person()
    return known if person and person.is_staff else _ADVICE_AT_HOME.get(status, known)


def answer(status: int, text: str) -> ResponseReturnValue:
    """Build the page of an error, or a line of JSON for a program."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        g.is_without_store = True  # nor for the numbers of the desks
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        g._login_user = AnonymousUserMixin()  # the layout must not ask the database who reads this
    title, advice = _words_for(status)
    if for_script():
        said = {"message": text or str(title)}
        return (said, status, _RETRY) if status == HTTPStatus.SERVICE_UNAVAILABLE else (said, status)
    template = "parts/error_pane.html" if "HX-Request" in request.headers else "error.html"
    facts = {"title": title, "advice": advice, "text": text, "typed": _written(), "came_from": _came_from()}
    page = render_template(template, status=int(status), **facts)
    return (page, status, _RETRY) if status == HTTPStatus.SERVICE_UNAVAILABLE else (page, status)
