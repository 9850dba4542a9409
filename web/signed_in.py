"""The token of a session in the cookie: read at each request, kept at sign-in, renewed by each proof."""

from flask import session
from flask_login import login_user

from engine.errors import AlreadyDone
from handlers.accounts import sessions
from web import context
from web.person import Person


def load_person(token: str) -> Person | None:
    """Find the person behind a session token."""
    engine = context.engine()
    found = sessions.resume(engine, token)
    return Person(engine, token, found) if found else None


def remember(token: str) -> None:
    """Keep a new session's token in the cookie, and nothing of what it held before; that session ends."""
    person = _behind(token)
    before = str(session.get("_user_id", ""))
    if before:
        sessions.end(context.engine(), before)
    session.clear()
    # A resident's phone stays signed in; at a desk the cookie goes with the browser.
    session.permanent = not person.is_staff
    login_user(person)


def renew(token: str) -> None:
    """Keep the token that a session has since its holder gave another proof; open forms stay good."""
    login_user(_behind(token))


def _behind(token: str) -> Person:
    person = load_person(token)
    if person is None:
        raise AlreadyDone("session_over", "登录已失效，请重新登录")
    return person
