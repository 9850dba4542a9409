"""Says when somebody is trusted with something delicate: the password again, and a day after a reset."""

from datetime import datetime

from sqlalchemy import select

from engine.work import Work
from handlers.accounts.records import account
from handlers.accounts.sessions import SignedIn
from handlers.errors import ActionNotAllowed
from handlers.shared import limits


class StillCooling(ActionNotAllowed):
    """The password was reset a short while ago; the parameter `at` says when this will be possible."""


def is_fresh(signed_in: SignedIn, now: datetime) -> bool:
    """Tell whether the password was given recently enough in this session for something delicate."""
    return -limits.CLOCK_SLACK <= now - signed_in.proved_at <= limits.PROOF_FRESH


def begin_cool_off(work: Work, account_id: int) -> None:
    """Note that a password was reset by another way than the old one; for commands that have asked who may.

    Whoever took an account over by a stolen phone or a lie then has a day less than its holder, who was told.
    """
    work.connection.execute(account.update().where(account.c.id == account_id).values(reset_at=work.now))


def begin_cool_off_unless_new(work: Work, account_id: int) -> None:
    """Begin the day after a reset; whoever never signed in has nothing that was reset."""
    accepted = select(account.c.responsibility_accepted_at).where(account.c.id == account_id)
    if work.connection.execute(accepted).scalar_one() is not None:
        begin_cool_off(work, account_id)


def cools_until(work: Work, account_id: int) -> datetime | None:
    """Return until when an account does nothing delicate; None when that is over."""
    reset_at = work.connection.execute(
        select(account.c.reset_at).where(account.c.id == account_id)
    ).scalar_one_or_none()
    if reset_at is None or work.now >= reset_at + limits.COOL_OFF:
        return None
    until: datetime = reset_at + limits.COOL_OFF
    return until


def require_settled(work: Work) -> None:
    """Refuse something delicate to an actor whose password was reset within the last day.

    Exports, transfers, numbers in clear, and whatever gives rights or takes them away ask for this.

    Raises:
        StillCooling: says from when on it is possible.
    """
    until = cools_until(work, work.actor.id)
    if until is not None:
        at = until.astimezone(work.engine.zone).strftime("%m-%d %H:%M")
        raise StillCooling("cool_off", "密码或手机号变更后 24 小时内不能办理此事，{at} 起可以办理", at=at)
