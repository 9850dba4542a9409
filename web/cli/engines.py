"""Builds the engine that a command works on, or says what has to be done first."""

from engine.errors import RuleBroken
from engine.store import schema
from engine.work import Engine
from handlers import bootstrap, settings


def is_made(engine: Engine) -> bool:
    """Tell whether an installation has its tables."""
    with engine.database.reading() as connection:
        return schema.current(connection) is not None


def installed() -> Engine:
    """Return the engine of the installation that the environment names.

    Raises:
        RuleBroken: nothing was installed yet, or an older version was.
    """
    engine = bootstrap.build(settings.from_environment())
    with engine.database.reading() as connection:
        revision = schema.current(connection)
    if revision is None:
        raise RuleBroken("not_installed", "尚未安装，请先运行 wuye init")
    if revision != schema.newest():
        raise RuleBroken("not_upgraded", "数据库版本较旧，请先运行 wuye init 升级")
    return engine
