"""Photos on their way: one chosen twice counts once, and what waits can be seen and dropped."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest
from PIL import Image

from engine.ports import Actor
from handlers.accounts.permissions import Post
from handlers.shared import attachments, limits, turns
from tests.handlers.shared.uploads_made import picture
from tests.web.conftest import Browser, Site

pytestmark = pytest.mark.usefixtures("company")


def waiting(site: Site, who: Actor) -> list[int]:
    with site.engine.reading(who) as work:
        return [one.id for one in attachments.waiting_uploads(work)]


def fill(site: Site, who: Actor, count: int) -> None:
    for _ in range(count):
        attachments.upload(site.engine, who, BytesIO(picture(size=(8, 8))), "a.jpg")


def report(browser: Browser, *files: tuple[bytes, str]) -> str:
    """Send a report that lacks everything but its photos."""
    photos = [(BytesIO(content), name) for content, name in files]
    answer = browser.post("/home/report", {"photos[]": photos}, page="/home/")
    assert answer.status_code == 422
    return answer.text


def test_one_photo_chosen_twice_is_kept_once_and_two_of_one_name_are_two(site: Site) -> None:
    owner = site.browser(site.owner)
    one, other = picture(size=(20, 10)), picture(size=(10, 20))
    report(owner, (one, "image.jpg"), (one, "image.jpg"), (other, "image.jpg"))
    assert len(waiting(site, site.owner)) == 2


def test_photos_before_and_after_a_refused_one_are_kept_and_shown(site: Site) -> None:
    owner = site.browser(site.owner)
    one, other = picture(size=(20, 10)), picture(size=(10, 20))
    page = report(owner, (one, "a.jpg"), (b"MZ", "virus.exe"), (other, "b.jpg"))
    assert "只能上传照片" in page
    assert len(waiting(site, site.owner)) == 2
    for kept in waiting(site, site.owner):
        assert f'value="{kept}" checked' in page
        assert f"/attachments/{kept}/small" in page


def test_who_sends_more_than_a_request_may_hold_is_told_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = site.browser(site.owner)
    monkeypatch.setitem(site.app.config, "MAX_CONTENT_LENGTH", 10_000)
    answer = owner.post("/home/report", {"photos[]": [(BytesIO(b"x" * 20_000), "a.mp4")]}, page="/home/")
    assert answer.status_code == 413
    assert "上传的文件太大" in answer.text
    assert "返回上一页" in answer.text


def test_who_has_too_many_is_told_how_many_and_where_to_drop_them(site: Site) -> None:
    fill(site, site.owner, limits.UPLOADS_WAITING)
    owner = site.browser(site.owner)
    page = report(owner, (picture(size=(20, 10)), "a.jpg"))
    assert f"您有 {limits.UPLOADS_WAITING} 个照片和视频未随表单提交" in page
    assert 'href="/attachments/"' in page
    first, *rest = waiting(site, site.owner)
    assert f"/attachments/{first}/drop" in owner.get("/attachments/").text
    assert owner.post(f"/attachments/{first}/drop", page="/attachments/").status_code == 302
    assert waiting(site, site.owner) == rest
    report(owner, (picture(size=(20, 10)), "a.jpg"))
    assert len(waiting(site, site.owner)) == limits.UPLOADS_WAITING


@pytest.mark.parametrize("path", ["/attachments/", "/attachments/{id}/drop"])
def test_nobody_sees_or_drops_what_another_uploaded(site: Site, path: str) -> None:
    fill(site, site.owner, 1)
    (mine,) = waiting(site, site.owner)
    clerk = site.browser(Post.CS)
    if path.endswith("drop"):
        assert clerk.post(path.format(id=mine), page="/inbox").status_code == 404
    else:
        assert str(mine) not in clerk.get(path).text
    assert waiting(site, site.owner) == [mine]


def test_who_comes_while_too_many_photos_are_unpacked_is_told_to_try_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = turns.Turns(line=1)
    monkeypatch.setattr(turns, "DECODING", narrow)
    owner, photo = site.browser(site.owner), picture(size=(20, 10))
    with narrow.take(site.neighbour.id):
        answer = owner.post("/attachments/", {"file": (BytesIO(photo), "a.jpg")}, page="/home/")
        assert owner.get("/home/").status_code == 200
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert owner.post("/attachments/", {"file": (BytesIO(photo), "a.jpg")}, page="/home/").status_code == 200


@contextmanager
def full_disk() -> Iterator[None]:
    """Let nothing grow beyond what small files of the store need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("path", ["/attachments/", "/home/report"])
def test_who_sends_a_photo_to_a_full_disk_is_told_so_and_nothing_half_stays(site: Site, path: str) -> None:
    owner, photo = site.browser(site.owner), BytesIO()
    Image.effect_noise((600, 600), 90).convert("RGB").save(photo, "JPEG", quality=95)
    name = "file" if path == "/attachments/" else "photos[]"
    with full_disk():
        answer = owner.post(path, {name: (BytesIO(photo.getvalue()), "a.jpg")}, page="/home/")
    assert answer.status_code == 503
    assert "磁盘已满" in answer.text
    assert waiting(site, site.owner) == []
    folder = site.engine.database.url.database
    assert not [
        one for _, _, files in os.walk(os.path.dirname(folder or "")) for one in files if ".part" in one
    ]
    owner.post(path, {name: (BytesIO(photo.getvalue()), "a.jpg")}, page="/home/")
    assert len(waiting(site, site.owner)) == 1
