"""Backs an installation up into one sealed file, and makes an installation out of such a file again."""

import json
import os
import shutil
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from handlers.errors import RuleRefused
from handlers.settings import ANCHORS, Settings
from handlers.shared import database_copies
from handlers.shared.sealed import AES, Key, KeyRing, SealedVault, Unsealable
from handlers.shared.sealed_files import SealedFiles

PHRASE = "WUYE_BACKUP_PHRASE"  # the variable of the environment that holds it
SHORTEST_PHRASE = 16
TEMPORARY = ".backup-"  # nothing in the data directory that begins so is ever copied
_SALT_BYTES = 16
_BLOCK = 1024 * 1024
_MANIFEST = "manifest.json"
_LEFT_OUT = ("-wal", "-shm", ".part", "-journal")


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself.

    Attributes:
        made_at: ISO 8601; "" of a backup that was made before backups said anything.
        counts: rows of each table in the copy of the database.
    """

    made_at: str = ""
    counts: dict[str, int] | None = None


def require_new(target: Path) -> None:
    """Refuse to write a backup over a file.

    Raises:
        RuleRefused: naming it.
    """
    if target.exists():
        raise RuleRefused(
            "backup_exists", "{file} 已存在，请换一个文件名，或加上 --force 覆盖它", file=str(target)
        )


def require_there(source: Path) -> None:
    """Refuse to restore from a file that is not there.

    Raises:
        RuleRefused: naming it.
    """
    if not source.is_file():
        raise RuleRefused("backup_missing", "没有备份文件 {file}", file=str(source))


def back_up(settings: Settings, target: Path, phrase: str, made_at: str = "") -> int:
    """Write a consistent copy of database, keys, secrets and attachments, sealed; return its size.

    People may go on working: one state of the database is copied.

    Raises:
        RuleRefused: the phrase is short, the folder is missing, or a program of PostgreSQL is missing or
            failed.
    """
    if not target.parent.is_dir():
        raise RuleRefused("folder_missing", "没有文件夹 {folder}，请先建好", folder=str(target.parent))
    files = _files(target.parent, phrase, os.urandom(_SALT_BYTES))
    name = database_copies.file_name(settings.database_url)
    # In clear only where everything is in clear anyway, never beside the target.
    with TemporaryDirectory(prefix=TEMPORARY, dir=settings.data_dir) as folder:
        copy = Path(folder) / name
        # Before the database: an anchor kept meanwhile would speak of entries that the copy has not.
        anchors = Path(folder) / ANCHORS
        if settings.anchors.exists():
            shutil.copyfile(settings.anchors, anchors)
        counts = database_copies.copy_out(settings.database_url, copy)
        manifest = Path(folder) / _MANIFEST
        manifest.write_text(json.dumps(asdict(Manifest(made_at, counts))), encoding="utf-8")
        bundle = Path(folder) / "bundle.tar"
        with tarfile.open(bundle, "w") as tar:
            tar.add(manifest, _MANIFEST)
            tar.add(copy, name)
            if anchors.exists():
                tar.add(anchors, f"data/{ANCHORS}")
            _add_files(tar, settings)
        # Left by a backup that was killed.
        target.with_name(f"{target.name}.part").unlink(missing_ok=True)
        with bundle.open("rb") as file:
            files.write(target.name, iter(lambda: file.read(_BLOCK), b""))
    return target.stat().st_size


def restore(settings: Settings, source: Path, phrase: str) -> Manifest:
    """Make an installation out of a backup, in an empty folder and an empty database.

    Raises:
        RuleRefused: there is no such file, or an installation already, the file cannot be opened, or it holds
            a database of the other kind.
    """
    require_there(source)
    if settings.key_file.exists() or not database_copies.is_empty(settings.database_url):
        raise RuleRefused("not_empty", "此处已有安装，请恢复到空的数据目录和空的数据库")
    try:
        salt = bytes.fromhex(_head(source))
        parts = _files(source.parent, phrase, salt).read(source.name)
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with TemporaryDirectory(prefix=TEMPORARY, dir=settings.data_dir) as folder:
            bundle = Path(folder) / "bundle.tar"
            with bundle.open("wb") as file:
                for part in parts:
                    file.write(part)
            with tarfile.open(bundle) as tar:
                _unpack(tar, Path(folder))
            bundle.unlink()
            _put_in_place(settings, Path(folder))
            return _manifest(Path(folder) / _MANIFEST)
    except (Unsealable, FileNotFoundError, ValueError, tarfile.TarError) as error:
        raise RuleRefused("backup_unreadable", "无法打开备份：文件损坏或口令不对") from error


def _put_in_place(settings: Settings, folder: Path) -> None:
    copy = folder / database_copies.file_name(settings.database_url)
    if not copy.exists():
        kind = "SQLite" if (folder / database_copies.SQLITE_FILE).exists() else "PostgreSQL"
        raise RuleRefused(
            "backup_of_other_kind", "这份备份来自 {kind}，请把 DATABASE_URL 指向空的 {kind} 数据库", kind=kind
        )
    database_copies.copy_in(settings.database_url, copy)
    for path in sorted((folder / "data").iterdir()):
        path.rename(settings.data_dir / path.name)


def _manifest(path: Path) -> Manifest:
    if not path.exists():
        return Manifest()
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Manifest(str(written["made_at"]), dict(written["counts"]))


def _add_files(tar: tarfile.TarFile, settings: Settings) -> None:
    source = database_copies.path_of(settings.database_url)
    for path in sorted(settings.data_dir.rglob("*")):
        name = str(path.relative_to(settings.data_dir))
        is_own = path in (source, settings.anchors) or name.startswith(TEMPORARY) or name.endswith(_LEFT_OUT)
        if is_own or not path.is_file():
            continue
        try:
            file = path.open("rb")
        except FileNotFoundError:  # deleted a moment ago, and so from the installation as well
            continue
        with file:
            tar.addfile(tar.gettarinfo(arcname=f"data/{name}", fileobj=file), file)


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


def _files(folder: Path, phrase: str, salt: bytes) -> SealedFiles:
    if len(phrase) < SHORTEST_PHRASE:
        raise RuleRefused(
            "weak_phrase",
            "备份口令至少 {count} 个字符，请设在环境变量 {variable} 中",
            count=SHORTEST_PHRASE,
            variable=PHRASE,
        )
    secret = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(phrase.encode(errors="surrogateescape"))
    key = Key(salt.hex(), AES, secret)
    return SealedFiles(folder, SealedVault(KeyRing(key.id, {key.id: key}, b"", b"")))


def _head(source: Path) -> str:
    """Read the salt, which a backup carries as the name of its key."""
    with source.open("rb") as file:
        head = file.read(5)
        return file.read(head[-1] if head else 0).decode("ascii")
