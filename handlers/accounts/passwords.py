"""Hashes passwords, makes first ones, and says what a good one is."""

import secrets
import string
import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from handlers.errors import RuleRefused
from handlers.shared import limits

_SHORTEST = 8
_LONGEST = 128
_LEAST_SCORE = 2
_JUDGED_CHARACTERS = 72  # zxcvbn takes quadratic time; what is this long is strong or repetitive
_INITIAL_LENGTH = 14
_SPECIAL = "!@#$%^&*-_=+?"
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789" + _SPECIAL  # nothing that looks alike


class PasswordRefused(RuleRefused):
    """The password breaks the policy."""


class Busy(RuleRefused):
    """Too many people are signing in at this moment."""


class Hasher:
    """Argon2id with a cap on how many hashes are computed at once, since each takes 64 MiB."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._argon2 = hasher or PasswordHasher()
        self._places = threading.BoundedSemaphore(limits.HASHES_AT_ONCE)
        self._decoy = ""

    def hash(self, password: str) -> str:
        """Hash a password with a salt of its own."""
        self._take_place()
        try:
            return self._argon2.hash(password)
        finally:
            self._places.release()

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password is right, taking as long for an account that does not exist."""
        if not self._decoy:
            self._decoy = self.hash(secrets.token_urlsafe())
        self._take_place()
        try:
            self._argon2.verify(password_hash or self._decoy, password[: _LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._places.release()
        return password_hash is not None

    def _take_place(self) -> None:
        if not self._places.acquire(timeout=limits.HASH_QUEUE_SECONDS):
            raise Busy("sign_in_busy", "登录人数过多，请稍后再试")


def initial_password() -> str:
    """Make a first password that satisfies the policy."""
    while True:
        password = "".join(secrets.choice(_ALPHABET) for _ in range(_INITIAL_LENGTH))
        if not _missing_classes(password):
            return password


def strength(password: str, personal: Iterable[str] = ()) -> int:
    """Rate a password from 0 (guessed at once) to 4 (strong)."""
    if not password:
        return 0
    words = [word for word in personal if word]
    score: int = zxcvbn(password[:_JUDGED_CHARACTERS], user_inputs=words)["score"]
    return score


def require_good(password: str, personal: Iterable[str]) -> None:
    """Refuse a password that breaks the policy.

    Args:
        personal: names, login names and phones of the holder; none may appear in the password.
    Raises:
        PasswordRefused: with the first rule it breaks.
    """
    if len(password) < _SHORTEST:
        raise PasswordRefused("password_short", "密码至少 {count} 位", count=_SHORTEST)
    if len(password) > _LONGEST:
        raise PasswordRefused("password_long", "密码最多 {count} 位", count=_LONGEST)
    missing = _missing_classes(password)
    if missing:
        raise PasswordRefused("password_classes", "密码须同时含有大写字母、小写字母、数字和特殊字符")
    words = [word for word in personal if word]
    if any(_contains(password, word) for word in words):
        raise PasswordRefused("password_personal", "密码不能包含姓名、登录名或手机号")
    if strength(password, words) < _LEAST_SCORE:
        raise PasswordRefused("password_weak", "密码太常见或太容易猜到，请换一个")


def _missing_classes(password: str) -> bool:
    return not (
        any(character in string.ascii_uppercase for character in password)
        and any(character in string.ascii_lowercase for character in password)
        and any(character.isdigit() for character in password)
        and any(not character.isalnum() for character in password)
    )


def _contains(password: str, word: str) -> bool:
    if len(word) < 2:
        return False
    folded = password.casefold()
    if word.isdigit() and len(word) > 8:
        return word in folded or word[-8:] in folded
    return word.casefold() in folded
