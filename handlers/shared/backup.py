"""Backs an installation up into one sealed file, and makes an installation out of such a file again."""

import os
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from handlers.errors import RuleRefused
from handlers.settings import Settings
from handlers.shared.sealed import AES, Key, KeyRing, SealedVault, Unsealable
from handlers.shared.sealed_files import SealedFiles

SHORTEST_PHRASE = 16
_SALT_BYTES = 16
_DATABASE = "wuye.db"
_BLOCK = 1024 * 1024
_TEMPORARY = ".backup-"
_LEFT_OUT = ("-wal", "-shm", ".part", "-journal")


def back_up(settings: Settings, target: Path, phrase: str) -> int:
    """Write a consistent copy of database, keys, secrets and attachments, sealed; return its size.

    People may go on working: SQLite copies one state of the database.
    """
    source = _database(settings)
    files = _files(target.parent, phrase, os.urandom(_SALT_BYTES))
    # In clear only where everything is in clear anyway, never beside the target.
    with TemporaryDirectory(prefix=_TEMPORARY, dir=settings.data_dir) as folder:
        copy = Path(folder) / _DATABASE
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as kept:
            live.backup(kept, pages=1000)
        bundle = Path(folder) / "bundle.tar"
        with tarfile.open(bundle, "w") as tar:
            tar.add(copy, _DATABASE)
            for path in sorted(settings.data_dir.rglob("*")):
                name = str(path.relative_to(settings.data_dir))
                is_own = path == source or name.startswith(_TEMPORARY) or name.endswith(_LEFT_OUT)
                if path.is_file() and not is_own:
                    tar.add(path, f"data/{name}")
        with bundle.open("rb") as file:
            files.write(target.name, iter(lambda: file.read(_BLOCK), b""))
    return target.stat().st_size


def restore(settings: Settings, source: Path, phrase: str) -> None:
    """Make an installation out of a backup, in an empty folder.

    Raises:
        RuleRefused: there is an installation already, or the file cannot be opened.
    """
    database = _database(settings)
    if database.exists() or settings.key_file.exists():
        raise RuleRefused("not_empty", "此处已有安装，请恢复到空的数据目录")
    try:
        salt = bytes.fromhex(_head(source))
        parts = _files(source.parent, phrase, salt).read(source.name)
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(dir=settings.data_dir) as folder:
            bundle = Path(folder) / "bundle.tar"
            with bundle.open("wb") as file:
                for part in parts:
                    file.write(part)
            with tarfile.open(bundle) as tar:
                _unpack(tar, Path(folder))
            _require_whole(Path(folder) / _DATABASE)
            for path in sorted((Path(folder) / "data").iterdir()):
                path.rename(settings.data_dir / path.name)
            (Path(folder) / _DATABASE).rename(database)
    except (Unsealable, OSError, ValueError, tarfile.TarError) as error:
        raise RuleRefused("backup_unreadable", "无法打开备份：文件损坏或口令不对") from error


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive and nothing else; Python before 3.11.4 has no filter that sees to it."""
    for member in tar:
        path = PurePosixPath(member.name)
        content = tar.extractfile(member) if member.isfile() else None
        if path.is_absolute() or ".." in path.parts or not (content or member.isdir()):
            raise tarfile.TarError(member.name)
        target = folder / path
        (target if content is None else target.parent).mkdir(parents=True, exist_ok=True, mode=0o700)
        if content is not None:
            with target.open("wb") as file:
                shutil.copyfileobj(content, file)
            target.chmod(member.mode & 0o700)


def _require_whole(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("PRAGMA integrity_check").fetchone()
    if found != ("ok",):
        raise ValueError("the copy of the database is damaged")


def _database(settings: Settings) -> Path:
    prefix = "sqlite:///"
    if not settings.database_url.startswith(prefix):
        raise RuleRefused("not_sqlite", "PostgreSQL 请用 pg_dump 备份数据库，并另行备份数据目录")
    return Path(settings.database_url.removeprefix(prefix))


def _files(folder: Path, phrase: str, salt: bytes) -> SealedFiles:
    if len(phrase) < SHORTEST_PHRASE:
        raise RuleRefused("weak_phrase", "备份口令至少 {count} 个字符", count=SHORTEST_PHRASE)
    secret = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(phrase.encode())
    key = Key(salt.hex(), AES, secret)
    return SealedFiles(folder, SealedVault(KeyRing(key.id, {key.id: key}, b"", b"")))


def _head(source: Path) -> str:
    """Read the salt, which a backup carries as the name of its key."""
    with source.open("rb") as file:
        head = file.read(5)
        return file.read(head[-1] if head else 0).decode("ascii")
