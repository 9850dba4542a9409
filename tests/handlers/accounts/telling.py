"""Says whom messages for a group go to, asked in both ways."""

from engine.ports import SYSTEM
from engine.work import Engine


def told(engine: Engine, group: str, scope_id: int) -> list[int]:
    with engine.reading(SYSTEM) as work:
        found = list(engine.directory.recipients(work.connection, group, scope_id, work.now))
        assert engine.directory.all_recipients(work.connection, [(group, scope_id)], work.now) == set(found)
    return found
