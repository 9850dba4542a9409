"""A new key ring is made for an installation that holds nothing, and for no other."""

import pytest

from engine.work import Engine
from handlers import bootstrap
from handlers.errors import RuleRefused
from handlers.settings import Settings
from tests.handlers.estate_world import World


@pytest.mark.both_stores
def test_an_installation_with_data_and_without_its_keys_gets_no_new_ones(
    engine: Engine, settings: Settings, world: World
) -> None:
    world.person("王芳", "13812345678")
    settings.key_file.unlink()
    with pytest.raises(RuleRefused, match=str(settings.key_file)) as refused:
        bootstrap.build(settings, engine.clock, engine.database)
    assert refused.value.code == "keys_missing"
    assert not settings.key_file.exists()
