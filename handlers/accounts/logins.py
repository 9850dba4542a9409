"""Finds accounts by what people sign in with, login names and mobile numbers, kept as blind indexes."""

import re
import unicodedata

from sqlalchemy import select

from engine.work import Work
from handlers.accounts.records import account_login
from handlers.errors import FieldsInvalid, RecordConflict
from handlers.estate.identity import InvalidIdentity, normalised_mobile
from handlers.shared.sealed import SealedVault, vault_of

_NAME = re.compile(r"[a-z][a-z0-9._-]{2,31}")


class LoginTaken(RecordConflict):
    """Another account is found by this already."""


def login_index(vault: SealedVault, login: str) -> str:
    """Return the blind index of whatever a person typed to sign in with."""
    return vault.blind_index("login", _normalised(login))


def checked_name(login: str) -> str:
    """Return a login name in its one spelling.

    Raises:
        FieldsInvalid: it is not made of 3 to 32 letters, digits, points and dashes.
    """
    name = _normalised(login)
    if not _NAME.fullmatch(name):
        raise FieldsInvalid({"login": ("登录名为 3 至 32 位小写字母、数字、点或短横，以字母开头", {})})
    return name


def add_login(work: Work, account_id: int, login: str, kind: str) -> None:
    """Let an account be found by one more login.

    Raises:
        LoginTaken: another account has it.
    """
    index = login_index(vault_of(work.engine), login)
    holder = work.connection.execute(
        select(account_login.c.account_id).where(account_login.c.login_index == index)
    ).scalar_one_or_none()
    if holder == account_id:
        return
    if holder is not None:
        raise LoginTaken("login_taken", "这个登录名或手机号已被另一账号使用")
    work.connection.execute(
        account_login.insert().values(login_index=index, account_id=account_id, kind=kind)
    )


def remove_logins(work: Work, account_id: int, kind: str) -> None:
    """Let an account no longer be found by its logins of a kind, before a new phone is entered."""
    work.connection.execute(
        account_login.delete().where(account_login.c.account_id == account_id, account_login.c.kind == kind)
    )


def _normalised(login: str) -> str:
    text = unicodedata.normalize("NFKC", login).strip().lower()
    try:
        return normalised_mobile(text)
    except InvalidIdentity:
        return text
