"""Makes pictures and videos, good and hostile, for the tests of attachments."""

import io
import struct
import zlib

from PIL import Image

CANARY = b"<script>alert('canary')</script>"


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), *, gps: bool = False) -> bytes:
    """A picture, red on the left and blue on the right, that tells its place and a comment if asked to."""
    image = Image.new("RGB", size, "red")
    image.paste((0, 0, 255), (size[0] // 2, 0, size[0], size[1]))
    exif = Image.Exif()
    if gps:
        exif[0x0112] = 6  # turned by 90 degrees
        exif[0x010F] = "canary-camera"
        exif.get_ifd(0x8825)[2] = (39.0, 54.0, 26.0)
    target = io.BytesIO()
    comment = {"comment": b"canary comment"} if gps else {}
    image.save(target, kind, exif=exif, **comment)
    return target.getvalue()


def png_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A small PNG that unpacks to 2.5 thousand million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    row = b"\0" * (width // 8 + 1)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def video(
    seconds: float = 12, *, brand: bytes = b"mp42", long_header: bool = False, extra: bytes = b""
) -> bytes:
    """A video of a given length that tells where it was taken."""
    scale = 600
    duration = int(seconds * scale)
    if long_header:
        header = struct.pack(">B3xQQIQ", 1, 0, 0, scale, duration)
    else:
        header = struct.pack(">B3xIIII", 0, 0, 0, scale, duration)
    place = box(b"udta", box(b"\xa9xyz", b"+39.9075+116.3972/ canary"))
    track = box(b"trak", box(b"tkhd", bytes(84)) + box(b"meta", b"canary of the track"))
    movie = box(b"moov", box(b"mvhd", header + bytes(80)) + track + place)
    return box(b"ftyp", brand + bytes(4) + b"isom") + movie + box(b"mdat", b"\x07" * 5000) + extra
