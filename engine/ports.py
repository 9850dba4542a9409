"""What the engine needs from outside: people, sealing, sending, and what stands behind a step."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from sqlalchemy import Connection

from engine.bpmn.expressions.values import Json

if TYPE_CHECKING:
    from engine.service_tasks import Context
    from engine.work import Work

__all__ = [
    "SYSTEM", "Actor", "Barred", "Directory", "FormData", "Grants", "Handler", "Json", "Library",
    "Membership", "Outbox", "OutboxItem", "Vault",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person by account id, a service account, or the platform itself."""

    id: int
    kind: Literal["staff", "resident", "service", "system"]


SYSTEM = Actor(0, "system")


@dataclass(frozen=True, slots=True)
class Membership:
    """The right to act on tasks of a candidate group within a scope.

    Attributes:
        group: post code such as "cs", or "resident".
        scope_id: community of a staff post, house of a resident.
        on_behalf_of: account id of the absent person whose substitute this actor is, else None.
    """

    group: str
    scope_id: int
    on_behalf_of: int | None = None


@dataclass(frozen=True, slots=True)
class Grants:
    """All an actor may do at one moment.

    Attributes:
        memberships: candidate groups and scopes, the actor's own first.
        permissions: (permission, scope id); a scope of None means everywhere.
        stands_in_for: account ids whose own (assigned) tasks this actor may act on now.
    """

    memberships: tuple[Membership, ...] = ()
    permissions: frozenset[tuple[str, int | None]] = frozenset()
    stands_in_for: tuple[int, ...] = ()


class Directory(Protocol):
    """Knows people, posts and substitutes."""

    def grants(self, connection: Connection, actor: Actor, now: datetime) -> Grants:
        """Return what an actor may do now; an unknown or disabled account may do nothing."""
        ...

    def staff_grants(
        self, connection: Connection, actor_ids: Iterable[int], now: datetime
    ) -> Mapping[int, Grants]:
        """Return what each of some members of staff may do now, with one question for all of them."""
        ...

    def names(self, connection: Connection, actor_ids: Iterable[int]) -> Mapping[int, str]:
        """Return display names of staff accounts; residents appear as a neutral word."""
        ...

    def recipients(self, connection: Connection, group: str, scope_id: int, now: datetime) -> Sequence[int]:
        """Return the accounts to notify for a group in a scope now."""
        ...

    def all_recipients(
        self, connection: Connection, groups: Collection[tuple[str, int]], now: datetime
    ) -> Set[int]:
        """Return whom to notify for any of some groups, each with its scope, asking once for all posts."""
        ...

    def holders(self, connection: Connection, group: str, scope_id: int, now: datetime) -> Sequence[int]:
        """Return everybody of a group in a scope, on duty or not; a substitute instead of who is away."""
        ...

    def stands_behind(self, group: str) -> str | None:
        """Return the post that does what nobody of a post can; None where somebody has to be appointed."""
        ...

    def groups(self) -> frozenset[str]:
        """Return every candidate group that a diagram may name."""
        ...


class Vault(Protocol):
    """Seals text so that only this column of this row opens it again."""

    def seal(self, table: str, column: str, row_id: int, value: str) -> str:
        """Encrypt a value for one place."""
        ...

    def open(self, table: str, column: str, row_id: int, sealed: str) -> str:
        """Decrypt a value; raises when it was altered or stems from another place."""
        ...


class OutboxItem(NamedTuple):  # made by ten thousands in a sweep, at half the cost of a dataclass
    """A job to run after the commit.

    Attributes:
        name: registered job, such as "notify".
        args: JSON object of ids and codes, never personal data.
        dedup_key: the same key is stored once.
        not_before: earliest moment, or None for at once.
    """

    name: str
    args: Mapping[str, Json]
    dedup_key: str
    not_before: datetime | None = None


class Outbox(Protocol):
    """Keeps jobs in the transaction that asks for them."""

    def put_many(self, connection: Connection, items: Sequence[OutboxItem], now: datetime) -> None:
        """Store jobs in the caller's transaction; known keys are passed over."""
        ...


Handler = Callable[..., dict[str, Json] | None]
Barred = Callable[["Work", Collection[str]], Mapping[str, Collection[int]]]
FormData = Callable[["Context"], dict[str, Json]]


@dataclass(frozen=True)
class Library:
    """The Python behind the topics that diagrams and forms name.

    Attributes:
        successors: "process.variable" -> what else follows when a step of the person whom the variable names
            is given to another one.
        barred: completion -> who may not do the steps that it completes, by the business keys of their cases.
        occupied: completion -> who is expected elsewhere when they are to be done, by business key as well.
    """

    handlers: Mapping[str, Handler]
    completions: Mapping[str, Handler]
    form_data: Mapping[str, FormData]
    successors: Mapping[str, Handler] = field(default_factory=dict)
    barred: Mapping[str, Barred] = field(default_factory=dict)
    occupied: Mapping[str, Barred] = field(default_factory=dict)
