"""What of sign-ins lapses by time alone: sessions, proofs, first passwords, tokens."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from handlers.accounts.records import account, account_session, account_token
from handlers.shared import limits
from handlers.shared.lapsing import LONG_AGO, Lapse, until

_IDLE_TIMES = (limits.IDLE, limits.LONGEST_SESSION, limits.RESIDENT_IDLE)
# Whoever was seen as late as the clock may differ was idle for longer than this already.
_AT_NO_TIME = -int(limits.CLOCK_SLACK.total_seconds())


def _is_session_over(now: datetime) -> ColumnElement[bool]:
    session = account_session.c
    idle = (
        and_(session.idle_seconds == int(time.total_seconds()), session.last_seen_at <= now - time)
        for time in _IDLE_TIMES
    )
    over = or_(session.expires_at <= now, *idle)
    return and_(session.ended_at.is_(None), session.idle_seconds > _AT_NO_TIME, over)


def _is_proof_over(now: datetime) -> ColumnElement[bool]:
    session = account_session.c
    return and_(session.ended_at.is_(None), until(session.proved_at, now - limits.PROOF_FRESH))


def _is_first_password_over(now: datetime) -> ColumnElement[bool]:
    return and_(account.c.must_change_password, until(account.c.password_expires_at, now))


def _is_token_over(now: datetime) -> ColumnElement[bool]:
    return and_(account_token.c.revoked_at.is_(None), account_token.c.expires_at <= now)


LAPSES = (
    # Not ended_at: a resident whose session ran out keeps the photos of a report, who signed out does not.
    Lapse(account_session, _is_session_over, lambda _now: {"idle_seconds": _AT_NO_TIME}),
    Lapse(account_session, _is_proof_over, lambda _now: {"proved_at": LONG_AGO}),
    Lapse(
        account,
        _is_first_password_over,
        lambda _now: {"password_expires_at": LONG_AGO, "first_password": None},
    ),
    Lapse(account_token, _is_token_over, lambda now: {"revoked_at": now}),
)
