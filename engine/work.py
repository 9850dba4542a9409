"""One unit of work: a transaction by one actor at one moment. The only place that commits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.orm import Session

from engine.clock import Clock, SystemClock
from engine.errors import NotPermitted, Problem, StoreUnavailable, TransactionLost
from engine.ports import SYSTEM, Actor, Directory, Grants, Library, Membership, Outbox, Vault
from engine.store.database import Database, is_away, is_transaction_lost

T = TypeVar("T")

_ATTEMPTS = 5

# (path, element id) of a step that must not run in this attempt -> why it failed in the last one
Held = Mapping[tuple[tuple[str, ...], str], BaseException]


@dataclass
class Engine:
    """The engine of one installation: a database and the ports it was given.

    Attributes:
        zone: in which days and months are counted.
        cache: what modules keep per engine (compiled programs, calendars), by their own key.
        on_earlier_timer: called after a commit that wrote a job due at the given moment.
    """

    database: Database
    directory: Directory
    vault: Vault
    outbox: Outbox
    library: Library
    clock: Clock = field(default_factory=SystemClock)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    cache: dict[str, object] = field(default_factory=dict)
    on_earlier_timer: Callable[[datetime], None] = lambda _due_at: None

    @contextmanager
    def work(self, actor: Actor, held: Held | None = None) -> Iterator["Work"]:
        """Do one unit of work: commit at the end, roll everything back on any error."""
        with self._lost_as_error(), self.database.writing() as connection:
            work = Work(self, connection, actor, self.clock.now(), held or {})
            yield work
            work.flush()
        work.committed()
        if work.verdict is not None:
            raise work.verdict

    @contextmanager
    def reading(self, actor: Actor) -> Iterator["Work"]:
        """Look at one state of the data without being able to change it."""
        with self._lost_as_error(), self.database.reading() as connection:
            yield Work(self, connection, actor, self.clock.now(), {})

    def run(self, actor: Actor, call: Callable[["Work"], T]) -> T:
        """Do one unit of work, again from its start when the database gave the transaction up.

        Args:
            call: gets the Work; it may run several times, so it keeps no state outside the Work.
        Raises:
            TransactionLost: after five attempts.
        """
        held: dict[tuple[tuple[str, ...], str], BaseException] = {}
        for attempt in range(_ATTEMPTS):
            try:
                with self.work(actor, held) as work:
                    return call(work)
            except TransactionLost as lost:
                if attempt == _ATTEMPTS - 1:
                    raise
                held.update(lost.params.get("held", {}))  # type: ignore[call-overload]  # params hold objects
        raise AssertionError("unreachable")

    @contextmanager
    def _lost_as_error(self) -> Iterator[None]:
        try:
            yield
        except PendingRollbackError as error:  # the connection broke, and something went on after that
            raise StoreUnavailable("store_unavailable", "数据库暂时不可用，请稍后重试") from error
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in {"40001", "40P01", "55P03"}:
                raise TransactionLost("transaction_lost", "数据库繁忙，请重试") from error
            if is_away(error):
                raise StoreUnavailable("store_unavailable", "数据库暂时不可用，请稍后重试") from error
            raise


class Work:
    """A transaction by one actor at one moment.

    Attributes:
        connection: for SQLAlchemy Core, inside the transaction.
        actor: who acts; every command and query asks what they may do.
        now: read once, aware UTC.
        held: steps that failed when this Work ran before and lost its transaction.
        verdict: raised after the commit, see `raise_after_commit`.
        deliveries: messages that cases sent to each other in this Work.
        on_behalf_of: the absent person for whom a step is done just now, or None.
        read: what was read already and holds until the Work ends, by whoever reads it.
    """

    def __init__(
        self, engine: Engine, connection: Connection, actor: Actor, now: datetime, held: Held
    ) -> None:
        self.engine = engine
        self.connection = connection
        self.actor = actor
        self.now = now
        self.held = held
        self.verdict: Problem | None = None
        self.deliveries = 0
        self.on_behalf_of: int | None = None
        self.read: dict[object, object] = {}
        self._after_commit: list[Callable[[], None]] = []
        self._earliest_job: datetime | None = None

    @cached_property
    def session(self) -> Session:
        """An ORM session inside this transaction, flushed before the commit and around savepoints."""
        return Session(bind=self.connection, join_transaction_mode="rollback_only", expire_on_commit=False)

    @cached_property
    def grants(self) -> Grants:
        """What the actor may do at `now`, asked once."""
        if self.actor.kind == "system":
            return Grants()
        return self.engine.directory.grants(self.connection, self.actor, self.now)

    @property
    def memberships(self) -> tuple[Membership, ...]:
        """Candidate groups and scopes of the actor, the actor's own first."""
        return self.grants.memberships

    @contextmanager
    def acting_for(self, absent: int | None) -> Iterator[None]:
        """Let whatever is noted inside the block know for whom it is done."""
        before, self.on_behalf_of = self.on_behalf_of, absent
        try:
            yield
        finally:
            self.on_behalf_of = before

    def may(self, permission: str, scope_id: int | None = None) -> bool:
        """Tell whether the actor has a permission, everywhere or in a scope."""
        if self.actor.kind == "system":
            return True
        granted = self.grants.permissions
        return (permission, None) in granted or (scope_id is not None and (permission, scope_id) in granted)

    def require(self, permission: str, scope_id: int | None = None) -> None:
        """Refuse an actor without a permission.

        Raises:
            NotPermitted: naming the permission to members of staff, who can ask for it.
        """
        if not self.may(permission, scope_id):
            if self.actor.kind == "resident":
                raise NotPermitted("not_for_residents", "您不能办理此事，需要时请联系物业前台")
            raise NotPermitted("permission_missing", "您没有“{permission}”权限", permission=permission)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what happens inside when it raises.

        Raises:
            TransactionLost: when the database undid more than that.
        """
        self.flush()
        nested = self.connection.begin_nested()
        try:
            yield
            self.flush()
        except BaseException as error:
            self._require_transaction(error)
            self._undo(nested)
            raise
        self._require_transaction(None)  # what was done inside may have caught the error that told of it
        nested.commit()

    def _require_transaction(self, error: BaseException | None) -> None:
        if is_transaction_lost(error, self.connection):
            raise TransactionLost("transaction_lost", "数据库中断了本次操作，请重试") from error

    def _undo(self, nested: object) -> None:
        nested.rollback()  # type: ignore[attr-defined]  # NestedTransaction
        if "session" in self.__dict__:
            self.session.expunge_all()

    def flush(self) -> None:
        """Write what the ORM session still holds back."""
        if "session" in self.__dict__:
            self.session.flush()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have something done once the transaction is durable; it must not fail."""
        self._after_commit.append(call)

    def raise_after_commit(self, error: Problem) -> None:
        """Keep what was written so far, and tell the person why nothing more was done."""
        self.verdict = error

    def job_due(self, due_at: datetime) -> None:
        """Note that a job was written, so that the clock wakes in time."""
        if self._earliest_job is None or due_at < self._earliest_job:
            self._earliest_job = due_at

    def committed(self) -> None:
        """Tell those who wait for the commit."""
        if self._earliest_job is not None:
            self.engine.on_earlier_timer(self._earliest_job)
        for call in self._after_commit:
            call()


__all__ = ["SYSTEM", "Actor", "Engine", "Work"]
