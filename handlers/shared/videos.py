"""Reads the boxes of MP4 and QuickTime files: how long they last, and where they tell too much."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_BRANDS = frozenset(
    {
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"dash",
        b"M4V ",
        b"MSNV",
        b"qt  ",
    }
    | {b"3gp4", b"3gp5", b"3gp6", b"3g2a"}
)
_TOP_LEVEL = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"meta", b"udta", b"pnot"}
    | {b"moof", b"mfra", b"sidx", b"styp"}
)
# These may tell where and by whom a video was taken.
_TELLING = frozenset({b"udta", b"meta", b"uuid"})
_CONTAINERS = frozenset({b"moov", b"trak", b"mdia"})
_DEEPEST = 4
_MOST_BOXES = 10_000


class BrokenVideo(Exception):
    """The file is not a whole MP4 or QuickTime video."""


@dataclass(frozen=True)
class Video:
    """A video as it may be kept.

    Attributes:
        content_type: "video/mp4" or "video/quicktime".
        blanks: (start, end) of the parts that must be overwritten with zeros, and from 4 bytes before each
            start, where the box's kind stands, with "free".
    """

    content_type: str
    seconds: float
    size: int
    blanks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int  # of the content
    end: int


def read_video(file: BinaryIO, size: int) -> Video:
    """Read the structure of a video.

    Raises:
        BrokenVideo: it is cut off, followed by something else, or does not say how long it lasts.
    """
    boxes = list(_boxes(file, 0, size))
    if not boxes or boxes[0].kind != b"ftyp" or any(box.kind not in _TOP_LEVEL for box in boxes):
        raise BrokenVideo
    brand = _content(file, boxes[0], 4)
    movies = [box for box in boxes if box.kind == b"moov"]
    if brand not in _BRANDS or len(movies) != 1:
        raise BrokenVideo
    header = next((box for box in _boxes(file, movies[0].start, movies[0].end) if box.kind == b"mvhd"), None)
    if header is None:
        raise BrokenVideo
    content_type = "video/quicktime" if brand == b"qt  " else "video/mp4"
    blanks = tuple((box.start, box.end) for box in _telling(file, boxes, 0))
    return Video(content_type, _seconds(_content(file, header, 32)), size, blanks)


def blanked(video: Video, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Return the blocks of a video with everything that tells too much overwritten, at the same length."""
    position = 0
    for block in blocks:
        end = position + len(block)
        changed = bytearray(block)
        for start, stop in video.blanks:
            _overwrite(changed, position, start - 4, b"free")
            low, high = max(start, position), min(stop, end)
            if low < high:
                changed[low - position : high - position] = bytes(high - low)
        yield bytes(changed)
        position = end


def _overwrite(block: bytearray, position: int, at: int, text: bytes) -> None:
    for offset, byte in enumerate(text):
        index = at + offset - position
        if 0 <= index < len(block):
            block[index] = byte


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[_Box]:
    count = 0
    while start < end:
        count += 1
        file.seek(start)
        head = file.read(8)
        if len(head) < 8 or count > _MOST_BOXES:
            raise BrokenVideo
        length, kind = struct.unpack(">I4s", head)
        content = start + 8
        if length == 1:
            content += 8
            (length,) = struct.unpack(">Q", _exactly(file, 8))
        elif length == 0:
            length = end - start
        if start + length > end or start + length < content:
            raise BrokenVideo
        yield _Box(kind, content, start + length)
        start += length


def _telling(file: BinaryIO, boxes: list[_Box], depth: int) -> Iterator[_Box]:
    for box in boxes:
        if box.kind in _TELLING:
            yield box
        elif box.kind in _CONTAINERS and depth < _DEEPEST:
            yield from _telling(file, list(_boxes(file, box.start, box.end)), depth + 1)


def _seconds(header: bytes) -> float:
    if header[0] == 1:
        scale, duration = struct.unpack_from(">IQ", header, 20)
    else:
        scale, duration = struct.unpack_from(">II", header, 12)
    if not scale or not duration:
        raise BrokenVideo
    return float(duration / scale)


def _content(file: BinaryIO, box: _Box, length: int) -> bytes:
    if box.end - box.start < length:
        raise BrokenVideo
    file.seek(box.start)
    return _exactly(file, length)


def _exactly(file: BinaryIO, length: int) -> bytes:
    found = file.read(length)
    if len(found) < length:
        raise BrokenVideo
    return found
