"""Rotating keys: every value moves to a new key, a cut costs nothing, running processes go on reading."""

import io
import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts.permissions import Post
from handlers.errors import RuleRefused
from handlers.estate.records import estate_person
from handlers.settings import Settings, as_environment
from handlers.settings import of as settings_of
from handlers.shared import rotation, work_files
from handlers.shared.attachments import upload
from handlers.shared.records import attachment
from handlers.shared.sealed import KeyRing, SealedVault, Unsealable, vault_of
from handlers.shared.sealed_files import CHUNK_BYTES
from tests.handlers.estate_world import World
from tests.handlers.shared.uploads_made import picture

PEOPLE = 7


def stored(engine: Engine) -> list[str]:
    with engine.reading(SYSTEM) as work:
        return list(
            work.connection.execute(select(estate_person.c.name).order_by(estate_person.c.id)).scalars()
        )


def names(engine: Engine) -> list[str]:
    with engine.reading(SYSTEM) as work:
        rows = work.connection.execute(select(estate_person).order_by(estate_person.c.id)).all()
    return [engine.vault.open("estate_person", "name", row.id, row.name) for row in rows]


@pytest.fixture
def people(world: World) -> list[str]:
    """Enter some people."""
    found = [f"张{number}" for number in "一二三四五六七"]
    for name in found:
        world.person(name, "13812345678")
    return found


@pytest.mark.both_stores
def test_every_value_moves_to_the_new_key_and_reads_as_before(engine: Engine, people: list[str]) -> None:
    old = vault_of(engine).ring.active
    assert rotation.rotate(engine).values >= 2 * PEOPLE
    new = vault_of(engine).ring.active
    assert new != old
    assert all(vault_of(engine).is_current(value) for value in stored(engine))
    assert names(engine) == people


@pytest.mark.both_stores
def test_a_rotation_that_was_cut_off_goes_on_with_the_same_key(
    engine: Engine, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "PART", 2)

    class Killed(BaseException):
        pass

    left = [5]
    seal = SealedVault.seal

    def die(vault: SealedVault, table: str, column: str, row_id: int, value: str) -> str:
        left[0] -= 1
        if not left[0]:
            raise Killed
        return seal(vault, table, column, row_id, value)

    monkeypatch.setattr(SealedVault, "seal", die)
    with pytest.raises(Killed):
        rotation.rotate(engine)
    key = vault_of(engine).ring.active
    assert names(engine) == people
    rotation.rotate(engine)
    assert vault_of(engine).ring.active == key
    assert all(vault_of(engine).is_current(value) for value in stored(engine))
    assert names(engine) == people


def test_a_running_process_reads_what_another_one_sealed_with_the_new_key(
    engine: Engine, settings: Settings, people: list[str]
) -> None:
    running = bootstrap.build(settings, engine.clock, engine.database)
    rotation.rotate(engine)
    assert names(running) == people
    assert set(KeyRing.load(settings.key_file).keys) == set(vault_of(engine).ring.keys)


def keys_on_disk(engine: Engine) -> set[str]:
    """Return the ids of the keys that files in both folders are sealed with."""
    found = set()
    for folder in (settings_of(engine).attachments_dir, settings_of(engine).work_dir):
        for path in folder.iterdir() if folder.is_dir() else ():
            head = path.read_bytes()[:64]
            found.add(head[5 : 5 + head[4]].decode())
    return found


def files(engine: Engine, count: int = 3) -> dict[str, bytes]:
    """Write files, one of more than a chunk, and return what is in them."""
    contents = [b"photo %d" % number for number in range(count - 1)] + [b"x" * (CHUNK_BYTES * 2 + 5)]
    return {work_files.of(engine).write([content]): content for content in contents}


def read(engine: Engine, name: str) -> bytes:
    return b"".join(work_files.of(engine).read(name))


def test_files_move_to_the_new_key_and_read_as_before_also_while_they_are_read(
    engine: Engine, world: World
) -> None:
    photo = upload(engine, world.staff(Post.CS), io.BytesIO(picture(gps=False)), "a.jpg")
    written = files(engine)
    large = next(name for name, content in written.items() if len(content) > CHUNK_BYTES)
    reading = work_files.of(engine).read(large)
    begun = next(reading)
    age = (settings_of(engine).work_dir / large).stat().st_mtime_ns

    assert rotation.rotate(engine).files == len(written) + 2  # the photo and its thumbnail

    assert keys_on_disk(engine) == {vault_of(engine).ring.active}
    assert {name: read(engine, name) for name in written} == written
    assert begun + b"".join(reading) == written[large]
    assert (settings_of(engine).work_dir / large).stat().st_mtime_ns == age
    with engine.reading(SYSTEM) as work:
        assert photo in work.connection.execute(select(attachment.c.id)).scalars().all()
    assert rotation.rotate(engine).files == len(written) + 2  # a new key again


def test_a_file_that_was_altered_stays_as_it_is_and_is_named(engine: Engine, world: World) -> None:
    written = files(engine)
    name = next(iter(written))
    path = settings_of(engine).work_dir / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    before = path.read_bytes()

    done = rotation.rotate(engine)

    assert done.broken == (name,)
    assert done.files == len(written) - 1
    assert path.read_bytes() == before


def test_old_keys_leave_the_ring_only_when_nothing_needs_them(
    engine: Engine, settings: Settings, people: list[str]
) -> None:
    written = files(engine)
    vault_of(engine).ring = KeyRing.load(settings.key_file).with_new_key()
    settings.key_file.write_text(vault_of(engine).ring.dump(), encoding="utf-8")
    of_age(engine, settings)
    with pytest.raises(RuleRefused, match="wuye keys rotate"):
        rotation.forget_old_keys(engine)

    rotation.rotate(engine)
    os.utime(settings.key_file, (engine.clock.now().timestamp(),) * 2)
    with pytest.raises(RuleRefused, match="一小时"):
        rotation.forget_old_keys(engine)

    of_age(engine, settings)
    assert rotation.forget_old_keys(engine) == 1
    assert set(KeyRing.load(settings.key_file).keys) == {vault_of(engine).ring.active}
    again = bootstrap.build(settings, engine.clock, engine.database)
    assert names(again) == people
    assert {name: read(again, name) for name in written} == written


def test_a_process_that_was_quiet_never_seals_with_a_key_that_was_forgotten(
    engine: Engine, settings: Settings, people: list[str]
) -> None:
    quiet = bootstrap.build(settings, engine.clock, engine.database)
    quiet.vault.seal("estate_person", "name", 1, "before")
    rotation.rotate(engine)
    of_age(engine, settings)
    assert rotation.forget_old_keys(engine) == 1

    sealed = quiet.vault.seal("estate_person", "name", 1, "after")
    name = work_files.of(quiet).write([b"photo"])

    started = bootstrap.build(settings, engine.clock, engine.database)
    assert started.vault.open("estate_person", "name", 1, sealed) == "after"
    assert read(started, name) == b"photo"


def test_a_key_file_that_is_damaged_stops_sealing_until_it_is_whole_again(
    engine: Engine, settings: Settings
) -> None:
    whole = settings.key_file.read_bytes()
    engine.vault.seal("estate_person", "name", 1, "before")
    settings.key_file.write_bytes(whole[:40])
    with pytest.raises(Unsealable):
        engine.vault.seal("estate_person", "name", 1, "meanwhile")
    settings.key_file.write_bytes(whole)
    sealed = engine.vault.seal("estate_person", "name", 1, "after")
    assert engine.vault.open("estate_person", "name", 1, sealed) == "after"


def of_age(engine: Engine, settings: Settings) -> None:
    """Let the ring have been written long ago."""
    long_ago = engine.clock.now().timestamp() - 7200
    os.utime(settings.key_file, (long_ago, long_ago))


KILLED = """
import os, signal, sys
from pathlib import Path
from handlers import bootstrap, settings
from handlers.shared import rotation, work_files
from handlers.shared.attachments import upload
from handlers.shared.records import attachment

left = int(sys.argv[1])
replace = Path.replace


def dying(path, target):
    global left
    done = replace(path, target)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return done


engine = bootstrap.build(settings.from_environment())
Path.replace = dying
rotation.rotate(engine)
"""


def test_a_rotation_that_is_killed_among_the_files_goes_on_with_the_same_key(
    engine: Engine, settings: Settings, world: World
) -> None:
    written = files(engine, 6)
    old = vault_of(engine).ring.active
    killed = subprocess.run(  # our own interpreter
        [sys.executable, "-c", KILLED, "4"], env={**os.environ, **as_environment(settings)}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    halfway = KeyRing.load(settings.key_file).active
    assert keys_on_disk(engine) == {old, halfway}
    assert {name: read(engine, name) for name in written} == written
    (settings.work_dir / f"{next(iter(written))}.resealed.part").write_bytes(b"half")

    done = rotation.rotate(engine)

    assert 0 < done.files < len(written)
    assert KeyRing.load(settings.key_file).active == halfway
    assert keys_on_disk(engine) == {halfway}
    assert {name: read(engine, name) for name in written} == written
