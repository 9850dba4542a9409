"""Simple ports for tests of the engine: people by table, a labelling vault, a remembering outbox."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime

from sqlalchemy import Connection

from engine.ports import Actor, Grants, OutboxItem

GROUPS = frozenset({"cs", "csl", "rp", "rpl", "pm", "qa", "fin", "resident", "ven"})


class FakeDirectory:
    """People and what they may do, written down by the test."""

    def __init__(self) -> None:
        self._grants: dict[int, Grants] = {}

    def give(self, actor: Actor, grants: Grants) -> None:
        self._grants[actor.id] = grants

    def grants(self, connection: Connection, actor: Actor, now: datetime) -> Grants:
        return self._grants.get(actor.id, Grants())

    def staff_grants(
        self, connection: Connection, actor_ids: Iterable[int], now: datetime
    ) -> Mapping[int, Grants]:
        return {actor_id: self._grants.get(actor_id, Grants()) for actor_id in actor_ids}

    def names(self, connection: Connection, actor_ids: Iterable[int]) -> Mapping[int, str]:
        return {actor_id: f"员工{actor_id}" for actor_id in actor_ids}

    def recipients(self, connection: Connection, group: str, scope_id: int, now: datetime) -> Sequence[int]:
        return [
            actor_id
            for actor_id, grants in self._grants.items()
            if any(member.group == group and member.scope_id == scope_id for member in grants.memberships)
        ]

    def all_recipients(
        self, connection: Connection, groups: Collection[tuple[str, int]], now: datetime
    ) -> Set[int]:
        return {one for group in groups for one in self.recipients(connection, *group, now)}

    def holders(self, connection: Connection, group: str, scope_id: int, now: datetime) -> Sequence[int]:
        return self.recipients(connection, group, scope_id, now)

    def stands_behind(self, group: str) -> str | None:
        return {"cs": "pm", "csl": "pm", "rp": "pm", "rpl": "pm", "pm": "qa"}.get(group)

    def groups(self) -> frozenset[str]:
        return GROUPS


class PlainVault:
    """Labels instead of sealing, so that a test sees where a value was put."""

    def seal(self, table: str, column: str, row_id: int, value: str) -> str:
        return f"sealed:{table}:{column}:{row_id}:{value}"

    def open(self, table: str, column: str, row_id: int, sealed: str) -> str:
        prefix = f"sealed:{table}:{column}:{row_id}:"
        if not sealed.startswith(prefix):
            raise ValueError("this value was sealed for another place")
        return sealed.removeprefix(prefix)


class MemoryOutbox:
    """Remembers what was put; not transactional, for tests that look at nothing else."""

    def __init__(self) -> None:
        self.items: dict[str, OutboxItem] = {}

    def put_many(self, connection: Connection, items: Sequence[OutboxItem], now: datetime) -> None:
        for item in items:
            self.items.setdefault(item.dedup_key, item)
