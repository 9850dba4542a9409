"""Keeps files sealed on disk, in chunks, so that a large one is neither held in memory nor read in vain."""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from handlers.errors import NoRoom
from handlers.shared.folders import sync_folder
from handlers.shared.sealed import Key, SealedVault, Unsealable, decrypt, encrypt

CHUNK_BYTES = 64 * 1024
_MAGIC = b"WYF1"
_SALT_BYTES = 16
_TAG_BYTES = 16
_PURPOSE = "file"
_DRAFT = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class SealedFiles:
    """A folder of sealed files under random names.

    A file is a head (magic, key id, salt) and chunks. Each file has a key of its own, derived from the ring's
    and the salt; a chunk's nonce is its number and whether it is the last one, and its file's name is
    authenticated with it. So chunks cannot be changed, reordered, dropped or moved to another file.
    """

    def __init__(self, folder: Path, vault: SealedVault) -> None:
        self._folder = folder
        self._vault = vault

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Store a file; it appears under its name when it is complete and safe on disk, or not at all.

        Raises:
            NoRoom: the disk is full.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._folder / f"{name}{_DRAFT}"
        try:
            with open(draft, "xb", opener=_private) as file:
                for block in self._sealed(name, parts):
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(self._folder / name)
            sync_folder(self._folder)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise NoRoom("disk_full", "服务器磁盘已满，文件没有保存，请告诉系统管理员，稍后重试") from error
        finally:
            draft.unlink(missing_ok=True)

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Read a file from a position on.

        Raises:
            Unsealable: it is missing, was altered, or stems from elsewhere; found at the chunk concerned.
        """
        try:
            with (self._folder / name).open("rb") as file:
                yield from self._opened(name, file, start)
        except FileNotFoundError as error:
            raise _broken() from error

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self._folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Return the names of all files that are complete, in order."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if not path.name.endswith(_DRAFT))

    def is_current(self, name: str) -> bool:
        """Tell whether a file is sealed with the active key, or gone."""
        try:
            with (self._folder / name).open("rb") as file:
                return _head(file)[5:-_SALT_BYTES].decode(errors="replace") == self._vault.ring.active
        except FileNotFoundError:
            return True

    def reseal(self, name: str) -> bool:
        """Seal a file with the active key, unless it is already, and tell whether that was done.

        Cut off at any moment, the file is there under one key or the other; whoever reads it goes on reading.

        Raises:
            Unsealable: it was altered; it stays as it is.
        """
        path, draft = self._folder / name, self._folder / f"{name}.resealed{_DRAFT}"
        draft.unlink(missing_ok=True)  # of a rotation that was killed
        if self.is_current(name):
            return False
        try:
            with open(draft, "xb", opener=_private) as file:
                file.writelines(self._sealed(name, self.read(name)))
                file.flush()
                os.fsync(file.fileno())
            written = path.stat()
            os.utime(draft, ns=(written.st_atime_ns, written.st_mtime_ns))  # old files are deleted
            draft.replace(path)
            sync_folder(self._folder)
        except (FileNotFoundError, Unsealable):
            if path.exists():
                raise
            return False  # deleted meanwhile
        finally:
            draft.unlink(missing_ok=True)
        return True

    def _sealed(self, name: str, parts: Iterable[bytes]) -> Iterator[bytes]:
        key = self._vault.purpose_key(_PURPOSE)
        salt = secrets.token_bytes(_SALT_BYTES)
        head = _MAGIC + bytes([len(key.id)]) + key.id.encode() + salt
        secret = _file_secret(key, salt)
        place = head + name.encode()
        yield head
        number = 0
        waiting = b""
        for chunk in _chunks(parts):
            if number:
                yield encrypt(key.algorithm, secret, _nonce(number, is_last=False), waiting, place)
            waiting = chunk
            number += 1
        yield encrypt(key.algorithm, secret, _nonce(max(number, 1), is_last=True), waiting, place)

    def _opened(self, name: str, file: BinaryIO, start: int) -> Iterator[bytes]:
        head = _head(file)
        key = self._vault.derived_key(head[5:-_SALT_BYTES].decode(errors="replace"), _PURPOSE)
        secret = _file_secret(key, head[-_SALT_BYTES:])
        number, skip = divmod(start, CHUNK_BYTES)
        file.seek(len(head) + number * (CHUNK_BYTES + _TAG_BYTES))
        body = file.read(CHUNK_BYTES + _TAG_BYTES)
        while True:
            following = file.read(CHUNK_BYTES + _TAG_BYTES)
            number += 1
            nonce = _nonce(number, is_last=not following)
            try:
                chunk = decrypt(key.algorithm, secret, nonce, body, head + name.encode())
            except (InvalidTag, ValueError) as error:
                raise _broken() from error
            yield chunk[skip:]
            if not following:
                return
            body, skip = following, 0


def _head(file: BinaryIO) -> bytes:
    """Read magic, key id and salt."""
    head = file.read(len(_MAGIC) + 1)
    if head[:-1] != _MAGIC:
        raise _broken()
    return head + file.read(head[-1] + _SALT_BYTES)


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    waiting = b""
    for part in parts:
        waiting += part
        while len(waiting) >= CHUNK_BYTES:
            yield waiting[:CHUNK_BYTES]
            waiting = waiting[CHUNK_BYTES:]
    if waiting:
        yield waiting


def _file_secret(key: Key, salt: bytes) -> bytes:
    return HKDF(SHA256(), len(key.secret), salt=salt, info=b"wuye|sealed file").derive(key.secret)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _broken() -> Unsealable:
    return Unsealable("file_broken", "文件缺失或已损坏，请从备份恢复")
