"""Takes photos and videos in, attaches them to records, and shows them to whoever may see the record."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import ColumnElement, Row, func, select

from engine import idempotency
from engine.ids import new_id
from engine.ports import Actor
from engine.work import Engine, Work
from handlers.errors import ActionNotAllowed, RecordNotFound, RuleRefused
from handlers.shared import access_log, limits, turns
from handlers.shared.permissions import Permission
from handlers.shared.records import attachment
from handlers.shared.sealed import SealedVault
from handlers.shared.sealed_files import SealedFiles
from handlers.shared.uploads import Document, Photo, UploadRefused, blocks, read_upload
from handlers.shared.videos import Video, blanked

_CACHE_KEY = "attachments"
_THUMBNAIL = ".thumbnail"
PDF = "application/pdf"
_UPLOAD = "attachment.upload"
_PAPERS = frozenset({"data_correction", "authorisation"})  # records whose files are papers of a person

# Tells whether the actor of a Work may see the record of this id.
Reader = Callable[[Work, int], bool]


@dataclass(frozen=True)
class Store:
    """Where an installation keeps attachments, and who may see those of each kind of record."""

    files: SealedFiles
    readers: Mapping[str, Reader]


@dataclass(frozen=True)
class Attachment:
    """A photo or a video.

    Attributes:
        content_type: of the whole; a thumbnail is always a JPEG.
        seconds: how long a video lasts.
        owner_kind: kind of the record it is attached to.
    """

    id: int
    content_type: str
    size: int
    seconds: int | None
    has_thumbnail: bool
    uploaded_by: int
    uploaded_at: datetime
    attached_at: datetime | None = None
    owner_kind: str | None = None


@dataclass(frozen=True)
class Opened:
    """A file to hand out.

    Attributes:
        size: in bytes, or None where it is not known before.
        is_paper: of a person: every look is noted.
    """

    content_type: str
    size: int | None
    content: Iterator[bytes]
    is_paper: bool = False


def keep_store(engine: Engine, folder: Path, vault: SealedVault, readers: Mapping[str, Reader]) -> None:
    """Tell an engine's modules where attachments lie and who may see them."""
    engine.cache[_CACHE_KEY] = Store(SealedFiles(folder, vault), readers)


def upload(engine: Engine, actor: Actor, file: BinaryIO, name: str, *, key: str | None = None) -> int:
    """Take a file in; it belongs to nobody until it is attached, and lapses after a day.

    Args:
        file: seekable.
        name: as the sender's device calls it; it is checked and then forgotten.
        key: of this file, so that sending it again after a lost answer keeps it once.
    Returns:
        The attachment's id.
    Raises:
        UploadRefused: with the reason, for the person.
        Overloaded: too many photos are being looked at.
    """
    with engine.reading(actor) as work:
        _require_may_upload(work)
    with turns.DECODING.take(actor.id):
        found = read_upload(file, name)
    if isinstance(found, Document) and actor.kind != "staff":
        raise UploadRefused("upload_type", "只能上传照片（JPEG、PNG、WebP）或短视频（MP4、MOV）")
    random_name = secrets.token_hex(16)
    files = _store(engine).files
    try:
        values = _write(files, random_name, found, file)
        with engine.work(actor) as work:
            known = _known(work, key)
            attachment_id = known or _keep(work, random_name, values, key)
    except BaseException:
        _delete(files, random_name)
        raise
    if known is not None:
        _delete(files, random_name)
    return attachment_id


def _known(work: Work, key: str | None) -> int | None:
    """Return what was kept under a key before, unless it has lapsed since; else the key is this Work's."""
    digest = idempotency.fingerprint(_UPLOAD)
    earlier = idempotency.recall(work, key, _UPLOAD, digest)
    if not earlier:
        return None
    found: int | None = work.connection.execute(
        select(attachment.c.id).where(attachment.c.id == int(str(earlier["id"])))
    ).scalar_one_or_none()
    return found


def _keep(work: Work, file_name: str, values: Mapping[str, object], key: str | None) -> int:
    attachment_id = new_id()
    work.connection.execute(
        attachment.insert().values(
            id=attachment_id,
            file_name=file_name,
            uploaded_by=work.actor.id,
            uploaded_at=work.now,
            **values,
        )
    )
    idempotency.remember(work, key, {"id": str(attachment_id)})
    return attachment_id


def discard(engine: Engine, actor: Actor, attachment_id: int) -> None:
    """Delete an upload of the actor that was not attached to anything.

    Raises:
        RecordNotFound: it is somebody else's, attached by now, or gone.
    """
    with engine.work(actor) as work:
        name = work.connection.execute(
            attachment.delete()
            .where(
                attachment.c.id == attachment_id,
                attachment.c.attached_at.is_(None),
                attachment.c.uploaded_by == actor.id,
            )
            .returning(attachment.c.file_name)
        ).scalar_one_or_none()
        if name is None:
            raise _not_found()
    _delete(_store(engine).files, name)


def attach(
    work: Work, attachment_ids: Iterable[int], owner_kind: str, owner_id: int, house_id: int | None = None
) -> None:
    """Attach the actor's own uploads to a record; for commands that have asked who may change the record.

    Args:
        owner_kind: such as "repair_order"; its readers are given to `keep_store`.
    Raises:
        RecordNotFound: an upload is somebody else's, belongs to a record already, or has lapsed.
        RuleRefused: the record has as many as it may have.
    """
    wanted = sorted(set(attachment_ids))
    if not wanted:
        return
    assert owner_kind in _store(work.engine).readers, owner_kind
    attached = work.connection.execute(
        attachment.update()
        .where(
            attachment.c.id.in_(wanted),
            attachment.c.attached_at.is_(None),
            attachment.c.uploaded_by == work.actor.id,
        )
        .values(owner_kind=owner_kind, owner_id=owner_id, house_id=house_id, attached_at=work.now)
    ).rowcount
    if attached != len(wanted):
        raise RecordNotFound("upload_not_found", "有照片或视频已失效，请重新上传")
    if len(attachments_of(work, owner_kind, owner_id)) > limits.ATTACHMENTS_PER_OWNER:
        raise RuleRefused(
            "too_many_attachments", "照片和视频合计最多 {count} 个", count=limits.ATTACHMENTS_PER_OWNER
        )


def attachments_of(work: Work, owner_kind: str, owner_id: int) -> list[Attachment]:
    """List what is attached to a record; for queries that have asked who may see the record."""
    return _listed(work, attachment.c.owner_kind == owner_kind, attachment.c.owner_id == owner_id)


def waiting_uploads(work: Work) -> list[Attachment]:
    """List the actor's own uploads that no form has taken along yet."""
    return _listed(work, attachment.c.uploaded_by == work.actor.id, attachment.c.attached_at.is_(None))


def _listed(work: Work, *conditions: ColumnElement[bool]) -> list[Attachment]:
    rows = work.connection.execute(select(attachment).where(*conditions).order_by(attachment.c.id))
    return [
        Attachment(
            row.id,
            row.content_type,
            row.size,
            row.seconds,
            row.has_thumbnail,
            row.uploaded_by,
            row.uploaded_at,
            row.attached_at,
            row.owner_kind,
        )
        for row in rows
    ]


def digest_of(work: Work, attachment_id: int) -> str:
    """Return the SHA-256 of what is kept, for commands that have just attached it."""
    digest: str = work.connection.execute(
        select(attachment.c.sha256).where(attachment.c.id == attachment_id)
    ).scalar_one()
    return digest


def digests_of(work: Work, ids: Collection[int]) -> list[str]:
    """Return the SHA-256 of each of some files, to tell whether the same ones were sent again."""
    if not ids:
        return []
    found = select(attachment.c.sha256).where(attachment.c.id.in_(ids)).order_by(attachment.c.sha256)
    return list(work.connection.execute(found).scalars())


def read(work: Work, attachment_id: int, start: int = 0) -> Opened:
    """Open a photo or a video from a position on, for whoever may see its record.

    Raises:
        RecordNotFound: there is none for this actor.
        RuleRefused: the position lies behind the end.
    """
    row = _readable(work, attachment_id)
    if not 0 <= start < row.size:
        raise RuleRefused("range_outside", "请求的位置超出文件范围")
    content = _store(work.engine).files.read(row.file_name, start)
    return Opened(row.content_type, row.size - start, content, row.owner_kind in _PAPERS)


def read_thumbnail(work: Work, attachment_id: int) -> Opened:
    """Open the thumbnail of a photo, for whoever may see its record.

    Raises:
        RecordNotFound: there is none for this actor.
    """
    row = _readable(work, attachment_id)
    if not row.has_thumbnail:
        raise _not_found()
    content = _store(work.engine).files.read(row.file_name + _THUMBNAIL)
    return Opened("image/jpeg", None, content, row.owner_kind in _PAPERS)


def note_look(work: Work, attachment_id: int) -> None:
    """Note that the actor opens a paper of a person, before it is handed out.

    Raises:
        RecordNotFound: there is none for this actor.
    """
    row = _readable(work, attachment_id)
    detail = {"kind": str(row.owner_kind), "record": str(row.owner_id)}
    access_log.append(work, access_log.Entry("open_paper", "attachment", attachment_id, detail=detail))


def purge_orphans(engine: Engine, actor: Actor) -> int:
    """Delete uploads that nobody attached within a day, rows first, and return how many there were."""
    with engine.work(actor) as work:
        work.require(Permission.SYSTEM_CONFIGURE)
        names = (
            work.connection.execute(
                attachment.delete()
                .where(
                    attachment.c.attached_at.is_(None),
                    attachment.c.uploaded_at < work.now - limits.ORPHANS_KEPT,
                )
                .returning(attachment.c.file_name)
            )
            .scalars()
            .all()
        )
    files = _store(engine).files
    for name in names:
        _delete(files, name)
    return len(names)


def delete_file(engine: Engine, file_name: str) -> None:
    """Remove what is kept of an attachment whose row is gone; for commands that deleted the row."""
    _delete(_store(engine).files, file_name)


def _store(engine: Engine) -> Store:
    store = engine.cache[_CACHE_KEY]
    assert isinstance(store, Store)
    return store


def _require_may_upload(work: Work) -> None:
    if work.actor.kind != "system" and not work.grants.permissions:
        raise ActionNotAllowed("upload_not_allowed", "您没有可以上传照片的业务")
    waiting: int = work.connection.execute(
        select(func.count())
        .select_from(attachment)
        .where(attachment.c.uploaded_by == work.actor.id, attachment.c.attached_at.is_(None))
    ).scalar_one()
    if waiting >= limits.UPLOADS_WAITING:
        raise RuleRefused(
            "uploads_waiting",
            "您有 {count} 个照片和视频未随表单提交，最多 {most} 个。请先提交，或去掉不要的；过一天自动清除",
            count=waiting,
            most=limits.UPLOADS_WAITING,
        )


def _write(
    files: SealedFiles, name: str, found: Photo | Video | Document, file: BinaryIO
) -> dict[str, object]:
    if isinstance(found, Photo):
        files.write(name, [found.image])
        files.write(name + _THUMBNAIL, [found.thumbnail])
        return {
            "content_type": "image/jpeg",
            "size": len(found.image),
            "sha256": sha256(found.image).hexdigest(),
            "has_thumbnail": True,
        }
    digest = sha256()

    def hashed() -> Iterator[bytes]:
        for block in blanked(found, blocks(file)) if isinstance(found, Video) else blocks(file):
            digest.update(block)
            yield block

    files.write(name, hashed())
    if isinstance(found, Document):
        return {
            "content_type": PDF,
            "size": found.size,
            "sha256": digest.hexdigest(),
            "has_thumbnail": False,
        }
    return {
        "content_type": found.content_type,
        "size": found.size,
        "sha256": digest.hexdigest(),
        "has_thumbnail": False,
        "seconds": round(found.seconds),
    }


def _delete(files: SealedFiles, name: str) -> None:
    files.delete(name)
    files.delete(name + _THUMBNAIL)


def _readable(work: Work, attachment_id: int) -> Row[*tuple[object, ...]]:
    row = work.connection.execute(select(attachment).where(attachment.c.id == attachment_id)).one_or_none()
    if row is None:
        raise _not_found()
    if row.attached_at is None:
        may_see = row.uploaded_by == work.actor.id
    else:
        may_see = _store(work.engine).readers[row.owner_kind](work, row.owner_id)
    if not may_see:
        raise _not_found()
    return row


def _not_found() -> RecordNotFound:
    return RecordNotFound("attachment_not_found", "没有这张照片或这段视频")
