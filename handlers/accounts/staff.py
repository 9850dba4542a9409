"""Registers staff, grants and ends their posts, and disables accounts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, or_, select

from engine.ids import new_id
from engine.ports import OutboxItem
from engine.work import Work
from handlers.accounts import departing, habits, lasting, leads, passwords, sessions, sign_in, trust
from handlers.accounts.logins import add_login, checked_name, remove_logins
from handlers.accounts.permissions import Post
from handlers.accounts.records import account, account_post, account_skill, account_token
from handlers.errors import ActionNotAllowed, FieldsInvalid, RecordConflict, RecordNotFound, RuleRefused
from handlers.estate.identity import InvalidIdentity, normalised_mobile
from handlers.shared import access_log, limits
from handlers.shared.permissions import Permission
from handlers.shared.sealed import vault_of
from handlers.shared.spelling import one_spelling

FIRST_PASSWORD_JOB = "first_password"  # noqa: S105  # the name of a job
OLD_PHONE_JOB = "old_phone"


@dataclass(frozen=True)
class Registration:
    """What the administration department enters when somebody joins."""

    name: str
    login: str
    phone: str
    department: str = ""
    mail: str = ""
    language: str = "zh"


def register(work: Work, entry: Registration) -> int:
    """Register a member of staff, without any rights, and send the first password to the person's phone.

    Who has no mobile phone gets a printed slip instead, see `slips`.

    Returns:
        The account's id.
    Raises:
        FieldsInvalid: name, login or phone cannot be right.
        LoginTaken: the login name or the phone belongs to another account.
    """
    work.require(Permission.ACCOUNT_REGISTER)
    account_id = insert_staff(work, entry)
    if entry.phone.strip():
        send_first_password(work, account_id)
    log(work, "register_staff", account_id)
    return account_id


def insert_staff(work: Work, entry: Registration) -> int:
    """Write a checked registration; for commands that have asked who may."""
    login, phone = _checked(entry)
    account_id = new_id()
    vault = vault_of(work.engine)

    def seal(column: str, value: str) -> str | None:
        return vault.seal("account", column, account_id, value) if value else None

    work.connection.execute(
        account.insert().values(
            id=account_id,
            kind="staff",
            state="active",
            name=seal("name", one_spelling(entry.name)),
            login_name=seal("login_name", login),
            phone=seal("phone", phone),
            phone_index=vault.blind_index("phone", phone) if phone else None,
            mail=seal("mail", entry.mail.strip()),
            department=entry.department.strip(),
            language=entry.language,
            must_change_password=True,
            created_at=work.now,
            created_by=work.actor.id,
        )
    )
    add_login(work, account_id, login, "name")
    if phone:
        add_login(work, account_id, phone, "mobile")
    return account_id


def reissue_first_password(work: Work, account_id: int) -> None:
    """Send a fresh first password; the old password and all sessions end now, and the lead is told.

    Raises:
        RuleRefused: there is no phone, or it was changed a short while ago and nobody else has confirmed it.
    """
    work.require(Permission.ACCOUNT_REGISTER)
    trust.require_settled(work)
    if require_staff(work, account_id).phone is None:
        raise RuleRefused("no_phone", "此账号没有手机号，请打印密码信封")
    send_first_password(work, account_id)
    trust.begin_cool_off_unless_new(work, account_id)
    log(work, "reissue_first_password", account_id)


def send_first_password(work: Work, account_id: int) -> None:
    """Make a first password that only the person will see; for commands that have asked who may.

    It lies sealed with the account until the outbox has delivered it. Of a password in the place of one that
    the person had chosen, the lead hears.

    Raises:
        RuleRefused: the phone was changed a short while ago, and nobody else has confirmed it.
    """
    row = work.connection.execute(select(account).where(account.c.id == account_id)).one()
    if phone_settles_at(work, row) is not None:
        raise RuleRefused("phone_new", "手机号更换后 24 小时内不发初始密码，请系统管理员核实本人后确认新号")
    if row.kind == "staff" and row.responsibility_accepted_at is not None:
        leads.tell_leads(work, "first_password_again", account_id)
    password = passwords.initial_password()
    set_first_password(work, account_id, password)
    sealed = work.engine.vault.seal("account", "first_password", account_id, password)
    work.connection.execute(account.update().where(account.c.id == account_id).values(first_password=sealed))
    item = OutboxItem(FIRST_PASSWORD_JOB, {"account_id": str(account_id)}, f"first_password:{new_id()}")
    work.engine.outbox.put_many(work.connection, [item], work.now)


def set_first_password(work: Work, account_id: int, password: str) -> None:
    """Make a password the first one of an account: it must be changed, and lapses when nobody does."""
    sign_in.store_password(work, account_id, sign_in.hasher(work.engine).hash(password))
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(must_change_password=True, password_expires_at=work.now + limits.INITIAL_PASSWORD_LIFETIME)
    )


def insert_post(work: Work, account_id: int, post: Post, community_id: int | None) -> None:
    """Write a post that is not held yet; for commands that have asked who may."""
    if any(
        row.post == post and row.community_id == community_id for row in posts_in_force(work, [account_id])
    ):
        raise RecordConflict("post_held", "此人已有这个岗位")
    work.connection.execute(
        account_post.insert().values(
            id=new_id(),
            account_id=account_id,
            post=post,
            community_id=community_id,
            granted_at=work.now,
            granted_by=work.actor.id,
        )
    )


def end_post(work: Work, grant_id: int) -> None:
    """Take a post away, at once."""
    work.require(Permission.ACCOUNT_GRANT)
    ended = lasting.end_grants(work, account_post.c.id == grant_id)
    if not ended:
        raise RecordNotFound("post_not_found", "没有这项岗位授权，或已结束")
    log(work, "end_post", ended[0].account_id, ended[0].post)


def disable(work: Work, account_id: int) -> None:
    """Switch an account off; it is never deleted. See `end_account`."""
    work.require(Permission.ACCOUNT_REGISTER)
    if account_id == work.actor.id:
        raise ActionNotAllowed("own_account", "不能停用自己的账号")
    end_account(work, account_id)


def end_account(work: Work, account_id: int, successor_id: int | None = None) -> None:
    """Switch an account off; for commands that have asked who may.

    Sessions, posts, shifts and the tokens it made end at once; open tasks go to the successor or their posts.

    Raises:
        RuleRefused: nobody would be left who grants, approves or looks.
    """
    require_staff(work, account_id)
    lasting.require_another(work, account_post.c.account_id == account_id)
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(state="disabled", disabled_at=work.now, disabled_by=work.actor.id)
    )
    sessions.end_every(work, account_id)
    # Whoever made a token has seen it; what still needs one gets a new one from somebody who stays.
    work.connection.execute(
        account_token.update()
        .where(account_token.c.created_by == account_id, account_token.c.revoked_at.is_(None))
        .values(revoked_at=work.now)
    )
    log(work, "disable_account", account_id)
    departing.leave_everything(work, account_id, successor_id)


def enable(work: Work, account_id: int) -> None:
    """Switch an account on again, with a fresh first password and no post: rights are granted anew.

    Whoever has no mobile phone waits for a printed slip; the old password is gone.
    """
    work.require(Permission.ACCOUNT_REGISTER)
    row = require_staff(work, account_id)
    if row.state == "disabled":
        departing.end_posts(work, account_id)
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(state="active", disabled_at=None, disabled_by=None)
    )
    if row.phone is None:
        sign_in.store_password(
            work, account_id, sign_in.hasher(work.engine).hash(passwords.initial_password())
        )
    else:
        send_first_password(work, account_id)
    habits.tell_watchers(work, "account_on_again", account_id, {"account_id": str(account_id)})
    log(work, "enable_account", account_id)


def unlock(work: Work, account_id: int) -> None:
    """Let somebody try again at once who mistyped the password too often."""
    work.require(Permission.ACCOUNT_UNLOCK)
    require_staff(work, account_id)
    sign_in.unlock(work, account_id)
    log(work, "unlock_account", account_id)


def change_details(work: Work, account_id: int, name: str, department: str, mail: str) -> None:
    """Correct what was registered of a member of staff; posts are none of it."""
    work.require(Permission.ACCOUNT_REGISTER)
    require_staff(work, account_id)
    name = one_spelling(name)
    if not name:
        raise FieldsInvalid({"name": ("请填写姓名", {})})
    seal = work.engine.vault.seal
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(
            name=seal("account", "name", account_id, name),
            department=department.strip(),
            mail=seal("account", "mail", account_id, mail.strip()) if mail.strip() else None,
        )
    )
    log(work, "change_details", account_id)


def change_phone(work: Work, account_id: int, phone: str) -> None:
    """Enter a member of staff's new mobile number; it replaces the old one for signing in and messages.

    The old number and the leads are told, and for a day no first password goes to the new one unless a
    system administrator has confirmed it: nobody takes an account over alone. Meanwhile the account does
    nothing delicate, as after a reset.
    """
    work.require(Permission.ACCOUNT_REGISTER)
    row = require_staff(work, account_id)
    digits = _checked_phone(phone)
    trust.require_settled(work)
    vault = vault_of(work.engine)
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(
            phone=vault.seal("account", "phone", account_id, digits),
            phone_index=vault.blind_index("phone", digits),
            phone_changed_at=work.now,
            phone_changed_by=work.actor.id,
        )
    )
    remove_logins(work, account_id, "mobile")
    add_login(work, account_id, digits, "mobile")
    trust.begin_cool_off_unless_new(work, account_id)
    _tell_old_phone(work, row)
    leads.tell_leads(work, "phone_changed", account_id)
    log(work, "change_phone", account_id)


def confirm_phone(work: Work, account_id: int) -> None:
    """Confirm a changed number after having asked its holder in person; first passwords may go there at once.

    Raises:
        ActionNotAllowed: nobody confirms what they changed themselves, or their own number.
        RecordConflict: there is nothing to confirm.
    """
    work.require(Permission.ACCOUNT_GRANT)
    row = require_staff(work, account_id)
    if phone_settles_at(work, row) is None:
        raise RecordConflict("phone_settled", "没有待确认的新手机号，或已满 24 小时")
    if work.actor.id in (account_id, row.phone_changed_by):
        raise ActionNotAllowed("own_phone", "须由更换人和本人以外的另一人确认")
    trust.require_settled(work)
    work.connection.execute(
        account.update()
        .where(account.c.id == account_id)
        .values(phone_changed_at=None, phone_changed_by=None)
    )
    log(work, "confirm_phone", account_id)


def phone_settles_at(work: Work, row: Row[Any]) -> datetime | None:
    """Return from when on first passwords may go to the phone of an account; None when they may now."""
    if row.phone_changed_at is None or work.now >= row.phone_changed_at + limits.PHONE_SETTLES:
        return None
    until: datetime = row.phone_changed_at + limits.PHONE_SETTLES
    return until


def _tell_old_phone(work: Work, row: Row[Any]) -> None:
    """Keep the old number sealed until it was told; one that still waits is not overwritten."""
    if row.phone is None:
        return
    if row.old_phone is None:
        vault = work.engine.vault
        number = vault.open("account", "phone", row.id, row.phone)
        sealed = vault.seal("account", "old_phone", row.id, number)
        work.connection.execute(account.update().where(account.c.id == row.id).values(old_phone=sealed))
    item = OutboxItem(OLD_PHONE_JOB, {"account_id": str(row.id)}, f"{OLD_PHONE_JOB}:{new_id()}")
    work.engine.outbox.put_many(work.connection, [item], work.now)


def set_skills(work: Work, account_id: int, skills: frozenset[str]) -> None:
    """Say what a member of the repair staff is able to repair; whoever plans the shifts there may."""
    posts = posts_in_force(work, [account_id])
    if not any(work.may(Permission.ROSTER_EDIT, row.community_id) for row in posts):
        work.require(Permission.ROSTER_EDIT)
    work.connection.execute(account_skill.delete().where(account_skill.c.account_id == account_id))
    if skills:
        rows = [{"account_id": account_id, "skill": skill} for skill in sorted(skills)]
        work.connection.execute(account_skill.insert(), rows)


def _checked(entry: Registration) -> tuple[str, str]:
    if not one_spelling(entry.name):
        raise FieldsInvalid({"name": ("请填写姓名", {})})
    return checked_name(entry.login), _checked_phone(entry.phone) if entry.phone.strip() else ""


def _checked_phone(phone: str) -> str:
    try:
        return normalised_mobile(phone)
    except InvalidIdentity as error:
        raise FieldsInvalid({"phone": (error.message, error.params)}) from error


def require_staff(work: Work, account_id: int) -> Row[tuple[object, ...]]:
    """Find and lock an account of a member of staff.

    Raises:
        RecordNotFound: there is none such.
    """
    row = work.connection.execute(
        select(account).where(account.c.id == account_id, account.c.kind == "staff").with_for_update()
    ).one_or_none()
    if row is None:
        raise RecordNotFound("account_not_found", "没有这个账号")
    return row


def posts_in_force(work: Work, account_ids: list[int]) -> list[Row[tuple[object, ...]]]:
    """Return the grants that count now; for commands that have asked who may."""
    in_force = or_(account_post.c.ended_at.is_(None), account_post.c.ended_at > work.now)
    return list(
        work.connection.execute(
            select(account_post)
            .where(and_(account_post.c.account_id.in_(account_ids), in_force))
            .order_by(account_post.c.id)
        )
    )


def log(work: Work, action: str, account_id: int, post: str = "") -> None:
    """Note in the access log what was done to an account."""
    detail = {"post": post} if post else None
    access_log.append(work, access_log.Entry(action, "account", account_id, detail=detail))
