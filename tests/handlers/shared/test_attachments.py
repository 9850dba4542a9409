"""Attachments: what is taken, what is refused and why, what is kept of it, and who sees it."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.work import Engine, Work
from handlers.accounts.permissions import Post
from handlers.errors import ActionNotAllowed, RecordNotFound, RuleRefused
from handlers.settings import Settings
from handlers.shared import attachments, limits, uploads
from handlers.shared.attachments import attach, attachments_of, purge_orphans, read, read_thumbnail, upload
from handlers.shared.permissions import Permission
from handlers.shared.records import attachment
from handlers.shared.sealed import Unsealable, vault_of
from handlers.shared.uploads import UploadRefused, read_upload
from tests.handlers.estate_world import World
from tests.handlers.shared.uploads_made import CANARY, box, picture, png_bomb, video


@pytest.fixture
def engine(engine: Engine, settings: Settings) -> Engine:
    """An engine that knows notes: each is about a community, and read by whoever reads cases there."""

    def may_read_note(work: Work, owner_id: int) -> bool:
        return work.may(Permission.CASE_READ, owner_id)

    attachments.keep_store(engine, settings.attachments_dir, vault_of(engine), {"note": may_read_note})
    return engine


def refusal(content: bytes, name: str = "photo.jpg") -> str:
    with pytest.raises(UploadRefused) as refused:
        read_upload(io.BytesIO(content), name)
    return refused.value.code


def whole(content: Iterator[bytes]) -> bytes:
    return b"".join(content)


def files(settings: Settings) -> list[Path]:
    return sorted(settings.attachments_dir.glob("*")) if settings.attachments_dir.exists() else []


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.PNG"), ("WEBP", "a.webp")])
def test_photos_of_the_common_kinds_are_kept_as_jpeg(
    engine: Engine, world: World, kind: str, name: str
) -> None:
    clerk = world.staff(Post.CS)
    photo = upload(engine, clerk, io.BytesIO(picture(kind)), name)
    with engine.reading(clerk) as work:
        opened = read(work, photo)
        content = whole(opened.content)
        thumbnail = whole(read_thumbnail(work, photo).content)
    assert (opened.content_type, opened.size) == ("image/jpeg", len(content))
    with Image.open(io.BytesIO(content)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (640, 480))
    with Image.open(io.BytesIO(thumbnail)) as small:
        assert small.size == (320, 240)


def test_nothing_of_the_file_is_kept_but_the_picture_turned_upright() -> None:
    photo = read_upload(io.BytesIO(picture(gps=True)), "a.jpg")
    assert isinstance(photo, uploads.Photo)
    with Image.open(io.BytesIO(photo.image)) as kept:
        assert dict(kept.getexif()) == {}
        assert kept.size == (480, 640)
    assert b"canary" not in photo.image


def test_large_photos_are_made_smaller() -> None:
    photo = read_upload(io.BytesIO(picture(size=(6000, 3000))), "a.jpg")
    assert isinstance(photo, uploads.Photo)
    with Image.open(io.BytesIO(photo.image)) as kept:
        assert max(kept.size) == limits.STORED_EDGE


def test_transparency_becomes_white() -> None:
    image = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    target = io.BytesIO()
    image.save(target, "PNG")
    photo = read_upload(target, "a.png")
    assert isinstance(photo, uploads.Photo)
    with Image.open(io.BytesIO(photo.image)) as kept:
        assert kept.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "content",
    [picture() + CANARY, picture() + b"PK\x03\x04" + CANARY, picture("PNG") + CANARY],
    ids=["jpeg and script", "jpeg and zip", "png and script"],
)
def test_of_a_file_that_is_two_things_at_once_only_the_picture_is_kept(content: bytes) -> None:
    photo = read_upload(io.BytesIO(content), "a.jpg")
    assert isinstance(photo, uploads.Photo)
    assert CANARY not in photo.image + photo.thumbnail


def test_a_picture_that_would_fill_the_memory_is_refused_by_its_header() -> None:
    bomb = png_bomb()
    assert len(bomb) < 2_000_000
    assert refusal(bomb, "bomb.png") == "upload_pixels"


def test_one_pixel_row_over_the_limit_is_refused() -> None:
    assert refusal(png_bomb(limits.PHOTO_PIXELS // 5_000, 5_001), "a.png") == "upload_pixels"


def test_what_has_to_be_unpacked_whole_may_have_half_the_pixels() -> None:
    assert refusal(png_bomb(limits.WHOLE_PIXELS // 5_000, 5_001), "a.png") == "upload_pixels"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.jpg", "upload_empty"),
        (b"\xff", "a.jpg", "upload_type"),
        (CANARY, "a.jpg", "upload_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.svg", "upload_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.png", "upload_type"),
        (b"GIF89a" + bytes(100), "a.png", "upload_type"),
        (b"%PDF-1.7", "a.jpg", "upload_type"),
        (b"BM" + bytes(100), "a.jpg", "upload_type"),
        (picture(), "a.html", "upload_type"),
        (picture(), "a.jpg.exe", "upload_type"),
        (picture(), "jpg", "upload_ok"),
        (picture()[:2000], "a.jpg", "upload_unreadable"),
        (picture("PNG")[:200], "a.png", "upload_unreadable"),
        (box(b"ftyp", b"heic" + bytes(8)) + bytes(100), "a.heic", "upload_heic"),
        (picture(), "../../etc/a.jpg", "upload_name"),
        (picture(), "..\\a.jpg", "upload_name"),
        (picture(), "a\0.jpg", "upload_name"),
        (picture(), "a\u202egpj.exe.jpg", "upload_name"),
        (picture(), "a\n.jpg", "upload_name"),
        (picture(), "a" * 256 + ".jpg", "upload_name"),
    ],
)
def test_whatever_is_no_photo_or_hides_what_it_is_is_refused_with_a_reason(
    content: bytes, name: str, code: str
) -> None:
    if code == "upload_ok":
        assert read_upload(io.BytesIO(content), name)
    else:
        assert refusal(content, name) == code


def test_a_photo_of_ten_megabytes_passes_and_one_byte_more_does_not() -> None:
    padded = picture() + bytes(limits.PHOTO_BYTES - len(picture()))
    assert read_upload(io.BytesIO(padded), "a.jpg")
    assert refusal(padded + b"\0") == "upload_large"


@pytest.mark.parametrize(
    ("original", "kind"),
    [
        (video(), "video/mp4"),
        (video(long_header=True), "video/mp4"),
        (video(brand=b"qt  "), "video/quicktime"),
    ],
)
def test_a_short_video_is_kept_without_telling_where_it_was_taken(
    engine: Engine, world: World, original: bytes, kind: str
) -> None:
    clerk = world.staff(Post.CS)
    clip = upload(engine, clerk, io.BytesIO(original), "a.mp4")
    with engine.reading(clerk) as work:
        opened = read(work, clip)
        content = whole(opened.content)
        rest = whole(read(work, clip, 300).content)
        row = work.connection.execute(select(attachment)).one()
        with pytest.raises(RuleRefused, match="范围"):
            read(work, clip, len(original))
    assert (opened.content_type, len(content), row.seconds) == (kind, len(original), 12)
    assert b"canary" not in content
    assert content.count(b"free") == 2
    assert rest == content[300:]
    assert content[-5000:] == original[-5000:]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (video(61), "upload_long"),
        (video(0), "upload_unreadable"),
        (video(extra=CANARY), "upload_unreadable"),
        (video(extra=box(b"html", CANARY)), "upload_unreadable"),
        (video()[:-10], "upload_unreadable"),
        (video(brand=b"evil"), "upload_unreadable"),
        (box(b"ftyp", b"mp42" + bytes(8)), "upload_unreadable"),
        (box(b"ftyp", b"mp42" + bytes(8)) + box(b"moov", b""), "upload_unreadable"),
        (b"\0\0\0\x01ftypmp42" + b"\xff" * 8, "upload_unreadable"),
        (b"\0\0\0\x04ftypmp42" + bytes(100), "upload_unreadable"),
    ],
)
def test_a_video_that_is_too_long_or_not_only_a_video_is_refused(content: bytes, code: str) -> None:
    assert refusal(content, "a.mp4") == code


def test_a_video_of_a_hundred_megabytes_passes_and_one_byte_more_does_not() -> None:
    short = video()
    filled = video(extra=box(b"free", bytes(limits.VIDEO_BYTES - len(short) - 8)))
    assert read_upload(io.BytesIO(filled), "a.mp4")
    assert refusal(filled + b"\0", "a.mp4") == "upload_large"


def test_files_lie_sealed_under_random_names(engine: Engine, world: World, settings: Settings) -> None:
    upload(engine, world.staff(Post.CS), io.BytesIO(picture()), "harbour.jpg")
    lying = files(settings)
    assert len(lying) == 2
    for path in lying:
        assert "harbour" not in path.name
        assert path.stat().st_mode & 0o777 == 0o600
        assert b"JFIF" not in path.read_bytes()


def test_an_altered_cut_or_swapped_file_is_an_error_not_a_picture(
    engine: Engine, world: World, settings: Settings
) -> None:
    clerk = world.staff(Post.CS)
    # Several chunks: 640 x 480 of noise.
    noise = Image.effect_noise((1200, 900), 90)
    target = io.BytesIO()
    noise.save(target, "JPEG", quality=95)
    first = upload(engine, clerk, io.BytesIO(target.getvalue()), "a.jpg")
    second = upload(engine, clerk, io.BytesIO(target.getvalue()), "b.jpg")
    with engine.reading(clerk) as work:
        names = {row.id: row.file_name for row in work.connection.execute(select(attachment))}
    path, other = settings.attachments_dir / names[first], settings.attachments_dir / names[second]
    good = path.read_bytes()
    chunk = 65_536 + 16
    assert len(good) > 3 * chunk
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    for bad in (
        bytes(flipped),
        good[: 29 + chunk],
        good[:40],
        b"",
        other.read_bytes(),
        good + b"\0" * 20,
    ):
        path.write_bytes(bad)
        with engine.reading(clerk) as work, pytest.raises(Unsealable):
            whole(read(work, first).content)
    path.unlink()
    with engine.reading(clerk) as work, pytest.raises(Unsealable):
        whole(read(work, first).content)


@pytest.mark.both_stores
def test_an_upload_is_seen_by_its_sender_alone_until_it_is_attached(engine: Engine, world: World) -> None:
    clerk, colleague, repairer = world.staff(Post.CS), world.staff(Post.CS), world.staff(Post.RP)
    photo = upload(engine, clerk, io.BytesIO(picture()), "a.jpg")
    with engine.reading(colleague) as work, pytest.raises(RecordNotFound):
        read(work, photo)
    with engine.work(clerk) as work:
        attach(work, [photo], "note", world.community, world.house)
    with engine.reading(colleague) as work:
        assert whole(read(work, photo).content)
        assert [found.id for found in attachments_of(work, "note", world.community)] == [photo]
    with engine.reading(repairer) as work:
        with pytest.raises(RecordNotFound):
            read(work, photo)
        with pytest.raises(RecordNotFound):
            read_thumbnail(work, photo)
        with pytest.raises(RecordNotFound):
            read(work, 4711)


def test_nobody_attaches_what_another_sent_or_what_is_attached_already(engine: Engine, world: World) -> None:
    clerk, colleague = world.staff(Post.CS), world.staff(Post.CS)
    photo = upload(engine, clerk, io.BytesIO(picture()), "a.jpg")
    with engine.work(colleague) as work, pytest.raises(RecordNotFound):
        attach(work, [photo], "note", world.community)
    with engine.work(clerk) as work:
        attach(work, [photo], "note", world.community)
    with engine.work(clerk) as work, pytest.raises(RecordNotFound):
        attach(work, [photo], "note", world.other_community)


def test_a_record_has_at_most_ten(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    sent = [upload(engine, clerk, io.BytesIO(picture(size=(8, 8))), "a.jpg") for _ in range(11)]
    with pytest.raises(RuleRefused, match="最多 10 个"), engine.work(clerk) as work:
        attach(work, sent, "note", world.community)
    with engine.work(clerk) as work:
        attach(work, sent[:10], "note", world.community)


def test_who_has_nothing_to_do_here_cannot_upload(engine: Engine, world: World, settings: Settings) -> None:
    with pytest.raises(ActionNotAllowed):
        upload(engine, world.staff(None), io.BytesIO(picture()), "a.jpg")
    assert files(settings) == []


def test_one_person_cannot_fill_the_disk(engine: Engine, world: World) -> None:
    clerk = world.staff(Post.CS)
    for _ in range(limits.UPLOADS_WAITING):
        upload(engine, clerk, io.BytesIO(picture(size=(8, 8))), "a.jpg")
    with pytest.raises(RuleRefused, match="未随表单提交"):
        upload(engine, clerk, io.BytesIO(picture(size=(8, 8))), "a.jpg")


def test_a_refused_upload_leaves_no_file(engine: Engine, world: World, settings: Settings) -> None:
    with pytest.raises(UploadRefused):
        upload(engine, world.staff(Post.CS), io.BytesIO(CANARY), "a.jpg")
    assert files(settings) == []


@pytest.mark.both_stores
def test_uploads_that_nobody_attached_are_deleted_after_a_day(
    engine: Engine, world: World, settings: Settings, clock: SettableClock
) -> None:
    clerk = world.staff(Post.CS)
    kept, dropped = (upload(engine, clerk, io.BytesIO(picture()), "a.jpg") for _ in range(2))
    with engine.work(clerk) as work:
        attach(work, [kept], "note", world.community)
    clock.advance(hours=24)
    assert purge_orphans(engine, SYSTEM) == 0
    clock.advance(seconds=1)
    assert purge_orphans(engine, SYSTEM) == 1
    assert len(files(settings)) == 2
    with engine.reading(clerk) as work:
        assert whole(read(work, kept).content)
        with pytest.raises(RecordNotFound):
            read(work, dropped)
