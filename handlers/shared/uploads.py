"""Looks at what somebody uploaded, by content, and keeps of it only what a photo or a video needs."""

import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from engine.bilingual import Text
from handlers.errors import RuleRefused
from handlers.shared import limits
from handlers.shared.videos import BrokenVideo, Video, read_video

_MEGABYTE = 1024 * 1024
_BLOCK_BYTES = 64 * 1024
_FORMATS = ("JPEG", "PNG", "WEBP")
_EXTENSIONS = frozenset(
    {"jpg", "jpeg", "jfif", "png", "webp", "heic", "heif", "mp4", "m4v", "mov", "qt", "3gp", "pdf"}
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"})
_JPEG_QUALITY = 85
_PDF, _PDF_TAIL = b"%PDF-", 2048

# What the header of a picture claims is checked before anything is unpacked; see `_opened`.
Image.MAX_IMAGE_PIXELS = limits.PHOTO_PIXELS


class UploadRefused(RuleRefused):
    """The file cannot be taken; the message says why."""


@dataclass(frozen=True)
class Photo:
    """A picture drawn anew as JPEG, without anything its file said besides."""

    image: bytes
    thumbnail: bytes


@dataclass(frozen=True)
class Document:
    """A PDF, kept as it is: it is only ever handed out to be saved, never shown inside of a page."""

    size: int


def read_upload(file: BinaryIO, name: str) -> Photo | Video | Document:
    """Check a file and return what is kept of it.

    Args:
        file: seekable, at any position.
        name: as the sender's device calls it; it is checked and then forgotten.
    Raises:
        UploadRefused: with the reason, for the person.
    """
    _check_name(name)
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise UploadRefused("upload_empty", "文件是空的，请重新选择")
    file.seek(0)
    head = file.read(32)
    if name.lower().endswith(".pdf"):
        return _document(file, size)
    if head[4:8] != b"ftyp":
        return _photo(file, size)
    if head[8:12] in _HEIC_BRANDS:
        raise UploadRefused(
            "upload_heic", "暂不支持 HEIC 照片，请在手机相机设置中选择“兼容性最佳”（JPEG）后重拍或转换"
        )
    return _video(file, size)


def _document(file: BinaryIO, size: int) -> Document:
    file.seek(0)
    begins = file.read(len(_PDF)) == _PDF
    file.seek(max(0, size - _PDF_TAIL))
    if not (begins and b"%%EOF" in file.read()):
        raise UploadRefused("upload_pdf", "这不是完整的 PDF 文件，请重新导出后再上传")
    if size > limits.DOCUMENT_BYTES:
        raise _too_large(("PDF 文件", "PDF file"), limits.DOCUMENT_BYTES)
    return Document(size)


def blocks(file: BinaryIO, start: int = 0) -> Iterator[bytes]:
    """Read a file block by block."""
    file.seek(start)
    while block := file.read(_BLOCK_BYTES):
        yield block


def _check_name(name: str) -> None:
    """Refuse names that try to be paths, hide their ending, or belong to other kinds of file."""
    hidden = any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in name)
    if hidden or re.search(r"[/\\]|\.\.", name) or len(name) > 255:
        raise UploadRefused("upload_name", "文件名含有不允许的字符，请改名后再上传")
    if name.rpartition(".")[2].lower() not in _EXTENSIONS:
        raise UploadRefused("upload_type", "只能上传照片（JPEG、PNG、WebP）或短视频（MP4、MOV）")


def _photo(file: BinaryIO, size: int) -> Photo:
    if size > limits.PHOTO_BYTES:
        raise _too_large(("照片", "Photo"), limits.PHOTO_BYTES)
    file.seek(0)
    try:
        with Image.open(io.BytesIO(file.read()), formats=_FORMATS) as picture:
            most = limits.PHOTO_PIXELS if picture.format == "JPEG" else limits.WHOLE_PIXELS
            if picture.width * picture.height > most:
                raise _too_many_pixels()
            # A JPEG may be unpacked at a fraction of its size, which saves time and memory.
            picture.draft("RGB", (limits.STORED_EDGE, limits.STORED_EDGE))
            upright = ImageOps.exif_transpose(picture)
            flat = _without_transparency(upright)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except UnidentifiedImageError as error:
        raise UploadRefused("upload_type", "只能上传照片（JPEG、PNG、WebP）或短视频（MP4、MOV）") from error
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise UploadRefused("upload_unreadable", "照片已损坏，无法读取，请重新拍摄或选择") from error
    return Photo(_jpeg(flat, limits.STORED_EDGE), _jpeg(flat, limits.THUMBNAIL_EDGE))


def _without_transparency(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGB", "L"):
        picture.load()
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    return ground


def _jpeg(picture: Image.Image, edge: int) -> bytes:
    small = picture.copy()
    small.thumbnail((edge, edge))
    small.info.clear()
    target = io.BytesIO()
    small.save(target, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return target.getvalue()


def _video(file: BinaryIO, size: int) -> Video:
    if size > limits.VIDEO_BYTES:
        raise _too_large(("视频", "Video"), limits.VIDEO_BYTES)
    try:
        video = read_video(file, size)
    except BrokenVideo as error:
        raise UploadRefused(
            "upload_unreadable", "视频已损坏或格式不支持，请用 MP4 或 MOV 重新拍摄"
        ) from error
    if video.seconds > limits.VIDEO_SECONDS:
        raise UploadRefused(
            "upload_long", "视频最长 {seconds} 秒，请剪短后再上传", seconds=limits.VIDEO_SECONDS
        )
    return video


def _too_large(kind: Text, most: int) -> UploadRefused:
    return UploadRefused("upload_large", "{kind}最大 {size} MB", kind=kind, size=most // _MEGABYTE)


def _too_many_pixels() -> UploadRefused:
    return UploadRefused("upload_pixels", "照片的像素过多，请用较低的分辨率")
