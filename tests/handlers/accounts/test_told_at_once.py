"""Whom to tell for all groups of a list costs as much as for one."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from engine.clock import SettableClock
from engine.ports import SYSTEM
from engine.store.database import Database
from engine.work import Engine
from handlers.accounts.permissions import Post
from tests.handlers.accounts.telling import told
from tests.handlers.accounts.test_directory import away
from tests.handlers.estate_world import World


@pytest.mark.both_stores
def test_whom_to_tell_for_all_groups_is_asked_at_once(
    engine: Engine, world: World, clock: SettableClock, database: Database
) -> None:
    on, lead, elsewhere = world.staff(Post.RP), world.staff(Post.CSL), world.staff(Post.PM, everywhere=True)
    world.shift(on, clock.now(), clock.now() + timedelta(hours=8))
    absent, substitute = world.staff(Post.FIN), world.staff(Post.CS)
    away(world, absent, substitute)
    groups = [(post, world.community) for post in (Post.RP, Post.CS, Post.CSL, Post.FIN)]
    groups += [(Post.RP, world.other_community), (Post.PM, world.other_community)]
    expected = {one for group in groups for one in told(engine, *group)}
    assert expected == {on.id, lead.id, substitute.id, elsewhere.id}
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.reader, "before_cursor_execute", note)
    with engine.reading(SYSTEM) as work:
        assert engine.directory.all_recipients(work.connection, groups, work.now) == expected
        assert engine.directory.all_recipients(work.connection, [], work.now) == set()
    event.remove(database.reader, "before_cursor_execute", note)
    assert len(statements) == 2
