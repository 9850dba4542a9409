"""Seals personal values so that only the same column of the same row opens them, and indexes them blindly."""

import base64
import binascii
import hmac
import json
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Column, Text

from engine.work import Engine
from handlers.errors import DomainError
from handlers.settings import read_or_create

AES = "AES-256-GCM"
SM4_GCM = "SM4-GCM"
_KEY_BYTES = {AES: 32, SM4_GCM: 16}
_CODES = {AES: "a", SM4_GCM: "s"}
_ALGORITHMS = {code: name for name, code in _CODES.items()}
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Unsealable(DomainError):
    """A sealed value was altered, stems from another place, or its key is gone."""


@dataclass(frozen=True)
class Key:
    """One key of the ring; every column gets a key of its own derived from it."""

    id: str
    algorithm: str
    secret: bytes


@dataclass(frozen=True)
class KeyRing:
    """All keys of an installation.

    Attributes:
        active: id of the key that seals; the others only open.
        index_secret: of the blind index, which must survive every rotation.
        log_secret: of the chain of the access log.
    """

    active: str
    keys: dict[str, Key]
    index_secret: bytes
    log_secret: bytes

    @staticmethod
    def first(path: Path, algorithm: str = AES) -> "KeyRing":
        """Read the ring of a file, made on first use with one key of the algorithm."""
        try:
            text = read_or_create(path, lambda: KeyRing.new(algorithm).dump())
        except (UnicodeDecodeError, IsADirectoryError) as error:
            raise _broken(path) from error
        return KeyRing._read(path, text)

    @staticmethod
    def load(path: Path) -> "KeyRing":
        """Read the ring of a file.

        Raises:
            Unsealable: the file is missing or damaged; a new ring would open nothing that was sealed before.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise Unsealable(
                "key_file_missing", "没有密钥文件 {file}，请从备份恢复", file=str(path)
            ) from error
        except (UnicodeDecodeError, IsADirectoryError) as error:
            raise _broken(path) from error
        return KeyRing._read(path, text)

    @staticmethod
    def _read(path: Path, text: str) -> "KeyRing":
        try:
            raw = json.loads(text)
            keys = {
                key_id: Key(key_id, entry["algorithm"], _decoded(entry["secret"]))
                for key_id, entry in raw["keys"].items()
            }
            is_whole = raw["active"] in keys and all(
                len(key.secret) == _KEY_BYTES.get(key.algorithm) for key in keys.values()
            )
            ring = KeyRing(raw["active"], keys, _decoded(raw["index_secret"]), _decoded(raw["log_secret"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _broken(path) from error
        if not is_whole:
            raise _broken(path)
        return ring

    @staticmethod
    def new(algorithm: str = AES) -> "KeyRing":
        """Make a ring of one fresh key."""
        key = _fresh_key(algorithm)
        return KeyRing(key.id, {key.id: key}, secrets.token_bytes(32), secrets.token_bytes(32))

    def with_new_key(self, algorithm: str = AES) -> "KeyRing":
        """Return a ring whose new key seals from now on while the old ones still open."""
        key = _fresh_key(algorithm)
        return KeyRing(key.id, {**self.keys, key.id: key}, self.index_secret, self.log_secret)

    def without_old_keys(self) -> "KeyRing":
        """Return a ring of the active key alone."""
        return KeyRing(self.active, {self.active: self.keys[self.active]}, self.index_secret, self.log_secret)

    def dump(self) -> str:
        """Write the ring as the text of its file."""
        keys = {
            key.id: {"algorithm": key.algorithm, "secret": _encoded(key.secret)} for key in self.keys.values()
        }
        return json.dumps(
            {
                "active": self.active,
                "keys": keys,
                "index_secret": _encoded(self.index_secret),
                "log_secret": _encoded(self.log_secret),
            },
            indent=2,
        )


class SealedVault:
    """Seals and opens with a key ring: the engine's Vault.

    A sealed value reads `1.<key id>.<algorithm>.<nonce, ciphertext and tag>`; its table, column and row, like
    everything before the last point, are authenticated but not stored.

    Another process may have made a key or forgotten one, so nothing is sealed before the file was looked at.
    """

    def __init__(self, ring: KeyRing, file: Path | None = None) -> None:
        self.ring = ring
        self._file = file
        self._stamp: tuple[int, ...] | None = None  # of the file as it was last read
        self._renewing = Lock()
        self._derived = lru_cache(maxsize=512)(_derive)

    def seal(self, table: str, column: str, row_id: int, value: str) -> str:
        """Encrypt a value for one column of one row.

        Raises:
            Unsealable: the key file was changed and is damaged.
        """
        key = self._active()
        head = f"1.{key.id}.{_CODES[key.algorithm]}"
        nonce = secrets.token_bytes(_NONCE_BYTES)
        secret = self._derived(key, f"{table}.{column}")
        body = encrypt(key.algorithm, secret, nonce, value.encode(), _place(head, table, column, row_id))
        return f"{head}.{_encoded(nonce + body)}"

    def open(self, table: str, column: str, row_id: int, sealed: str) -> str:
        """Decrypt a value.

        Raises:
            Unsealable: it was altered, belongs to another place, or its key is not on the ring.
        """
        head, _, text = sealed.rpartition(".")
        parts = head.split(".")
        key = self._key(parts[1]) if len(parts) == 3 and parts[0] == "1" else None
        if key is None or _ALGORITHMS.get(parts[2]) != key.algorithm:
            raise _unsealable(table, column)
        secret = self._derived(key, f"{table}.{column}")
        try:
            raw = _decoded(text)
            nonce, body = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return decrypt(key.algorithm, secret, nonce, body, _place(head, table, column, row_id)).decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise _unsealable(table, column) from error

    def blind_index(self, kind: str, normalised: str) -> str:
        """Return what equal values of a kind have in common, useless without the ring.

        Args:
            kind: keeps equal texts of different meaning apart, such as "phone" and "login".
            normalised: one spelling for each value.
        """
        return hmac.new(self.ring.index_secret, f"{kind}|{normalised}".encode(), "sha256").hexdigest()

    def proof(self, kind: str, text: str) -> str:
        """Return what shows that the platform itself wrote a text; like the log's, it survives rotation."""
        key = hmac.new(self.ring.log_secret, b"wuye|proof", "sha256").digest()
        return hmac.new(key, f"{kind}|{text}".encode(), "sha256").hexdigest()

    def is_current(self, sealed: str) -> bool:
        """Tell whether a value was sealed with the active key."""
        return sealed.split(".", 2)[1:2] == [self.ring.active]

    def purpose_key(self, purpose: str) -> Key:
        """Derive a key of the active one for a purpose other than columns, such as files."""
        key = self._active()
        return Key(key.id, key.algorithm, self._derived(key, purpose))

    def derived_key(self, key_id: str, purpose: str) -> Key:
        """Derive a key of any on the ring for a purpose.

        Raises:
            Unsealable: the key is not on the ring.
        """
        key = self._key(key_id)
        if key is None:
            raise _unsealable(purpose, "")
        return Key(key_id, key.algorithm, self._derived(key, purpose))

    def _active(self) -> Key:
        stamp = _stamp(self._file)
        if stamp is not None and stamp != self._stamp:
            self._renew()
        ring = self.ring  # at once: another thread may renew it
        return ring.keys[ring.active]

    def _key(self, key_id: str) -> Key | None:
        if key_id not in self.ring.keys:
            self._renew()
        return self.ring.keys.get(key_id)

    def _renew(self) -> None:
        if self._file is None:
            return
        with self._renewing:
            stamp = _stamp(self._file)  # first: a change while it is read is seen the next time
            self.ring = KeyRing.load(self._file)
            self._stamp = stamp


def _stamp(file: Path | None) -> tuple[int, ...] | None:
    """Return what differs whenever a file was replaced; None when there is none, which forgets no key."""
    if file is None:
        return None
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _derive(key: Key, purpose: str) -> bytes:
    length = _KEY_BYTES[key.algorithm]
    return HKDF(SHA256(), length, salt=None, info=f"wuye|{purpose}".encode()).derive(key.secret)


def _broken(path: Path) -> Unsealable:
    return Unsealable("key_ring_broken", "密钥文件 {file} 不完整，请从备份恢复", file=str(path))


def vault_of(engine: Engine) -> SealedVault:
    """Return the engine's vault with all it can do beyond the engine's port."""
    assert isinstance(engine.vault, SealedVault)
    return engine.vault


def sealed_column(name: str, *, nullable: bool = True) -> Column[str]:
    """Declare a column that holds sealed values, so that rotation and tests find it."""
    return Column(name, Text, nullable=nullable, info={"sealed": True})


def encrypt(algorithm: str, secret: bytes, nonce: bytes, plain: bytes, place: bytes) -> bytes:
    """Encrypt and authenticate; the tag follows the ciphertext."""
    if algorithm == AES:
        return AESGCM(secret).encrypt(nonce, plain, place)
    encryptor = Cipher(SM4(secret), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(place)
    return encryptor.update(plain) + encryptor.finalize() + encryptor.tag


def decrypt(algorithm: str, secret: bytes, nonce: bytes, body: bytes, place: bytes) -> bytes:
    """Decrypt what `encrypt` made.

    Raises:
        InvalidTag, ValueError: it was not made with this secret for this place.
    """
    if algorithm == AES:
        return AESGCM(secret).decrypt(nonce, body, place)
    decryptor = Cipher(SM4(secret), GCM(nonce, body[-_TAG_BYTES:])).decryptor()
    decryptor.authenticate_additional_data(place)
    return decryptor.update(body[:-_TAG_BYTES]) + decryptor.finalize()


def _fresh_key(algorithm: str) -> Key:
    return Key(secrets.token_hex(4), algorithm, secrets.token_bytes(32))


def _place(head: str, table: str, column: str, row_id: int) -> bytes:
    return f"{head}|{table}|{column}|{row_id}".encode()


def _unsealable(table: str, column: str) -> Unsealable:
    return Unsealable(
        "unsealable", "无法解密 {place} 的内容：数据被改动或密钥缺失", place=f"{table}.{column}"
    )


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    # The spare bits of the last character could be flipped unnoticed.
    if _encoded(raw) != text:
        raise binascii.Error("not the one spelling of these bytes")
    return raw
