"""Rotating keys: every value moves to a new key, a cut costs nothing, running processes go on reading."""

import pytest
from sqlalchemy import select

from engine.ports import SYSTEM
from engine.work import Engine
from handlers import bootstrap
from handlers.estate.records import estate_person
from handlers.settings import Settings
from handlers.shared import rotation
from handlers.shared.sealed import KeyRing, SealedVault, vault_of
from tests.handlers.estate_world import World

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


def test_every_value_moves_to_the_new_key_and_reads_as_before(engine: Engine, people: list[str]) -> None:
    old = vault_of(engine).ring.active
    assert rotation.rotate(engine) >= 2 * PEOPLE
    new = vault_of(engine).ring.active
    assert new != old
    assert all(vault_of(engine).is_current(value) for value in stored(engine))
    assert names(engine) == people


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
