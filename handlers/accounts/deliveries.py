"""Finds where account holders can be reached, and delivers what is for one phone alone."""

from functools import partial

from sqlalchemy import select

from engine.work import SYSTEM, Work
from handlers.accounts.records import account
from handlers.errors import RecordNotFound
from handlers.estate.reaching import address_of_person
from handlers.shared.messages import Address, message_to
from handlers.shared.outbox import JobContext


def address_of_account(work: Work, account_id: int) -> Address | None:
    """Find where the holder of an active account can be reached, residents by what is on record of them."""
    row = work.connection.execute(
        select(account).where(account.c.id == account_id, account.c.state == "active")
    ).one_or_none()
    if row is None:
        return None

    def opened(column: str) -> str:
        sealed = getattr(row, column)
        return "" if sealed is None else work.engine.vault.open("account", column, account_id, sealed)

    own = Address(opened("phone"), opened("wechat_id"), opened("mail"), row.language)
    if row.person_id is None or own.phone:
        return own
    person = address_of_person(work, row.person_id)
    phone = person.phone if person else ""
    return Address(phone, own.wechat_id, own.mail, row.language)


def first_password(context: JobContext) -> None:
    """Send a first password by text message and forget it; nothing is sent when it was changed already."""
    account_id = int(str(context.job.args["account_id"]))
    with context.engine.reading(SYSTEM) as work:
        query = select(account.c.first_password, account.c.login_name).where(account.c.id == account_id)
        sealed, login = work.connection.execute(query).one()
        address = address_of_account(work, account_id)
    if sealed is not None:
        if address is None or not address.phone:
            raise RecordNotFound("no_phone", "此账号没有手机号，请打印密码信封")
        opened = partial(context.engine.vault.open, "account")
        password = opened("first_password", account_id, sealed)
        template = context.book.templates["first_password"]
        name = address.phone if login is None else opened("login_name", account_id, login)
        facts = {"login": name, "password": password}
        write = partial(template.filled, facts)
        message = message_to(
            context.job.key, template.code, address.phone, address.language, write, secrets=facts
        )
        context.channels.sms.send(message)
    with context.engine.work(SYSTEM) as work:
        work.connection.execute(
            account.update()
            .where(account.c.id == account_id, account.c.first_password == sealed)
            .values(first_password=None)
        )
        context.done(work)


def old_phone(context: JobContext) -> None:
    """Tell the number that an account had before that another one replaced it, and forget it."""
    account_id = int(str(context.job.args["account_id"]))
    with context.engine.reading(SYSTEM) as work:
        row = work.connection.execute(
            select(account.c.old_phone, account.c.language).where(account.c.id == account_id)
        ).one()
    if row.old_phone is not None:
        number = context.engine.vault.open("account", "old_phone", account_id, row.old_phone)
        template = context.book.templates["phone_changed_old"]
        write = partial(template.filled, {})
        context.channels.sms.send(message_to(context.job.key, template.code, number, row.language, write))
    with context.engine.work(SYSTEM) as work:
        work.connection.execute(
            account.update()
            .where(account.c.id == account_id, account.c.old_phone == row.old_phone)
            .values(old_phone=None)
        )
        context.done(work)
