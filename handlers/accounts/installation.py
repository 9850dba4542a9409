"""Opens the accounts that an installation needs before anybody can sign in, and those of programs."""

import secrets

from sqlalchemy import exists, select

from engine.ids import new_id
from engine.ports import Actor, Json
from engine.store.tables import instance
from engine.work import SYSTEM, Engine, Work
from handlers.accounts import password_seals, passwords, sessions, staff
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_post, account_token
from handlers.errors import RecordNotFound, RuleRefused
from handlers.shared import access_log, limits
from handlers.shared.permissions import Permission


def create_first_administrator(work: Work, login: str, name: str = "系统管理员") -> str | None:
    """Open the account that registers and grants all others.

    Returns:
        Its first password, to be shown once; None when there was an administrator already, ever.
    """
    if work.actor != SYSTEM:
        raise RuleRefused("installation_only", "首个管理员只能在安装时创建")
    was_ever = work.connection.execute(select(exists().where(account_post.c.post == Post.SYS))).scalar_one()
    if was_ever:
        return None
    account_id = staff.insert_staff(work, staff.Registration(name=name, login=login, phone=""))
    password = passwords.initial_password()
    staff.set_first_password(work, account_id, password)
    for post in (Post.SYS, Post.ADM):
        staff.insert_post(work, account_id, post, None)
    access_log.append(work, access_log.Entry("first_administrator", "account", account_id))
    password_seals.note_adopted(work)
    return password


def make_usable(work: Work, account_id: int, password_hash: str) -> None:
    """Give an account of a demonstration a known password and spare it the first sign-in.

    Only the platform itself may do this, from the command line.
    """
    if work.actor != SYSTEM:
        raise RuleRefused("installation_only", "演示账号只能由命令行建立")
    password_seals.write(
        work,
        account_id,
        password_hash,
        responsibility_accepted_at=work.now,
        responsibility_version=sessions.DEMONSTRATION,
    )


def is_in_use(engine: Engine) -> bool:
    """Tell whether there is an account or a case: then something was logged."""
    with engine.reading(SYSTEM) as work:
        return any(work.connection.execute(select(one.c.id).limit(1)).first() for one in (account, instance))


def create_token(
    work: Work, name: str, post: Post, community_id: int | None = None, *, made_by: str = ""
) -> str:
    """Open a service account for a program and return its token, which is shown once.

    Args:
        made_by: the machine's own name for who runs the command, where the platform itself acts.
    """
    work.require(Permission.ACCOUNT_GRANT)
    account_id = new_id()
    token = secrets.token_urlsafe(32)
    work.connection.execute(
        account.insert().values(
            id=account_id,
            kind="service",
            state="active",
            name=work.engine.vault.seal("account", "name", account_id, name),
            must_change_password=False,
            responsibility_accepted_at=work.now,  # by whoever opens it
            created_at=work.now,
            created_by=work.actor.id,
        )
    )
    work.connection.execute(
        account_token.insert().values(
            id=new_id(),
            account_id=account_id,
            token_hash=sessions.hash_token(token),
            created_at=work.now,
            created_by=work.actor.id,
            expires_at=work.now + limits.TOKEN_LIFETIME,
        )
    )
    staff.insert_post(work, account_id, post, community_id)
    detail: dict[str, Json] = {"post": post, **({"by": made_by} if made_by else {})}
    access_log.append(work, access_log.Entry("create_token", "account", account_id, detail=detail))
    return token


def revoke_tokens(work: Work, account_id: int) -> None:
    """Make every token of a service account worthless."""
    work.require(Permission.ACCOUNT_GRANT)
    revoked = work.connection.execute(
        account_token.update()
        .where(account_token.c.account_id == account_id, account_token.c.revoked_at.is_(None))
        .values(revoked_at=work.now)
    ).rowcount
    if not revoked:
        raise RecordNotFound("token_not_found", "没有这个服务账号，或令牌已撤销")
    access_log.append(work, access_log.Entry("revoke_tokens", "account", account_id))


def actor_of_token(engine: Engine, token: str) -> Actor | None:
    """Find the service account behind a token; None when it is unknown, revoked, lapsed, or switched off."""
    if not token:
        return None
    with engine.reading(SYSTEM) as work:
        account_id = work.connection.execute(
            select(account.c.id)
            .join(account_token, account_token.c.account_id == account.c.id)
            .where(
                account_token.c.token_hash == sessions.hash_token(token),
                account_token.c.revoked_at.is_(None),
                account_token.c.expires_at > work.now,
                account.c.state == "active",
            )
        ).scalar_one_or_none()
    return None if account_id is None else Actor(account_id, "service")
