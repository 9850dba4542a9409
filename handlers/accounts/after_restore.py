"""Makes worthless whatever a restored backup would let somebody in with who was kept out since."""

from sqlalchemy import or_

from engine.work import Work
from handlers.accounts.records import account, account_recovery_code, account_session, account_token
from handlers.shared import access_log


def revoke_access(work: Work) -> None:
    """End every session, and revoke every token, recovery code and first password that is open.

    For the command that restores. Passwords that people chose themselves stay.
    """
    now, write = work.now, work.connection.execute
    sessions = account_session.update().where(account_session.c.ended_at.is_(None))
    ended = write(sessions.values(ended_at=now)).rowcount
    tokens = account_token.update().where(account_token.c.revoked_at.is_(None))
    revoked = write(tokens.values(revoked_at=now)).rowcount
    write(account_recovery_code.update().where(account_recovery_code.c.used_at.is_(None)).values(used_at=now))
    is_open = or_(account.c.password_expires_at > now, account.c.first_password.is_not(None))
    write(account.update().where(is_open).values(password_expires_at=now, first_password=None))
    detail = {"sessions": ended, "tokens": revoked}
    access_log.append(work, access_log.Entry("revoke_after_restore", "installation", 0, detail=detail))
