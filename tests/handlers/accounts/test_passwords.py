"""Passwords: the policy's rule, nothing common or personal, and never more than a few hashes at once."""

import threading

import pytest
from argon2 import PasswordHasher

from handlers.accounts.passwords import Hasher, PasswordRefused, initial_password, require_good, strength

PERSONAL = ("李四光", "lisiguang", "13712345678")


def refusal(password: str) -> str:
    with pytest.raises(PasswordRefused) as refused:
        require_good(password, PERSONAL)
    return refused.value.code


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("Ab1!xyz", "password_short"),
        ("quiet-harbour-9", "password_classes"),
        ("QUIET-HARBOUR-9", "password_classes"),
        ("Quiet-harbour", "password_classes"),
        ("QuietHarbour9", "password_classes"),
        ("Lisiguang-2026!", "password_personal"),
        ("Ab!13712345678", "password_personal"),
        ("Ab!12345678x", "password_personal"),
        ("Xy李四光!9abc", "password_personal"),
        ("P@ssw0rd", "password_weak"),
        ("Aa123456!", "password_weak"),
        ("Qwerty123!", "password_weak"),
        ("Aa1!" + "x" * 125, "password_long"),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused_with_that_rule(password: str, code: str) -> None:
    assert refusal(password) == code


@pytest.mark.parametrize(
    "password", ["Quiet-harbour-9", "Zx9!kfw0", "汉字也可以-Aa1 混用", "Aa1!" + "x7Q-" * 16]
)
def test_a_good_password_passes_however_long(password: str) -> None:
    require_good(password, PERSONAL)


def test_first_passwords_satisfy_the_policy_and_differ() -> None:
    made = {initial_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        require_good(password, PERSONAL)


def test_strength_runs_from_guessed_at_once_to_strong() -> None:
    assert (strength(""), strength("P@ssw0rd"), strength("correct-Horse-7-battery")) == (0, 0, 4)
    assert strength("lisiguang2026", PERSONAL) < strength("lisiguang2026")


def test_a_hash_is_argon2id_with_its_own_salt() -> None:
    hasher = Hasher(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    first, second = hasher.hash("Quiet-harbour-9"), hasher.hash("Quiet-harbour-9")
    assert first.startswith("$argon2id$")
    assert first != second
    assert hasher.verify(first, "Quiet-harbour-9")
    assert not hasher.verify(first, "quiet-harbour-9")
    assert not hasher.verify(None, "Quiet-harbour-9")
    assert not hasher.verify("", "")


def test_the_product_hashes_at_full_cost() -> None:
    assert "m=65536,t=3,p=4" in Hasher().hash("Quiet-harbour-9")


class Counting(PasswordHasher):
    """Counts how many hashes are computed at the same time."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.now = 0
        self.most = 0
        self.lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        made = super().hash(password, salt=salt)
        with self.lock:
            self.now -= 1
        return made


def test_no_more_than_two_hashes_are_computed_at_once() -> None:
    counting = Counting()
    hasher = Hasher(counting)
    threads = [threading.Thread(target=hasher.hash, args=("Quiet-harbour-9",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.most <= 2
