"""Sets up what is measured: an installation with its people, and a procedure of three human steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from engine import definitions, instances, tasks
from engine.clock import Clock, SettableClock
from engine.instances import Subject
from engine.ports import SYSTEM, Actor
from engine.store import schema
from engine.store.tables import user_task
from engine.work import Engine
from handlers import bootstrap
from handlers.accounts.permissions import Post
from handlers.settings import Settings
from tests.engine.models import Model
from tests.handlers.estate_world import World
from web.cli import interpreter

KEY = "bench"
STEPS = ("first", "second", "third")
MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
FORM = (
    b'{"type": "default", "id": "plain", "schemaVersion": 18, "properties": {"name": "x", "name_en": "x"}, '
    b'"components": [{"type": "text", "text": "x"}]}'
)
_LADDERS = Path(__file__).resolve().parents[1] / "processes" / "escalation.dmn"


def model(**said: str) -> bytes:
    """Write the procedure: three steps, each with a timer of 30 minutes that leaves the step open.

    The timers are quoted, so that stock SpiffWorkflow reads the same file.

    Args:
        said: properties of each step, such as its escalation ladder.
    """
    flow = Model(KEY).start()
    for step in STEPS:
        flow.user(step, **said).timer(f"{step}_late", step, '"PT30M"', interrupting=False)
        flow.end(f"{step}_reminded").flow(f"{step}_late", f"{step}_reminded")
    return flow.end().flow("start", *STEPS, "end").xml()


@dataclass
class Stand:
    """An installation that is measured.

    Attributes:
        clerk: completes the steps.
        settings: a server process of the same installation is given these.
    """

    engine: Engine
    settings: Settings
    world: World
    clerk: Actor
    started: int = field(default=0)

    def deploy(self, **files: bytes) -> None:
        """Deploy files, named without a dot: `bench_bpmn`."""
        named = {name.replace("_", ".", 1): content for name, content in files.items()}
        named |= {"plain.form": FORM, "escalation.dmn": _LADDERS.read_bytes()}
        self.engine.run(SYSTEM, lambda work: definitions.deploy(work, "bench", named))

    def start(self, count: int) -> None:
        """Start cases."""
        for _ in range(count):
            self.started += 1
            subject = Subject(f"B{self.started}", self.world.community, title=f"案件 {self.started}")
            self.engine.run(self.clerk, lambda work, subject=subject: instances.start(work, KEY, subject))  # type: ignore[misc]  # a default binds the loop's value

    def open_tasks(self) -> list[int]:
        """Return the ids of open tasks."""
        with self.engine.reading(SYSTEM) as work:
            return list(work.connection.scalars(select(user_task.c.id).order_by(user_task.c.id)))

    def complete(self, task_id: int) -> None:
        """Complete a task as the pages do: with a key that lets it be sent twice."""
        key = f"bench:{task_id}"
        self.engine.run(self.clerk, lambda work: tasks.complete(work, task_id, {}, idempotency_key=key))


@contextmanager
def stand(folder: Path, url: str = "", clock: Clock | None = None, **said: str) -> Iterator[Stand]:
    """Make an installation with the procedure in force.

    Args:
        url: of an empty database; SQLite in the folder when absent.
        said: properties of each step.
    """
    settings = Settings(url or f"sqlite:///{folder / 'wuye.db'}", folder)
    folder.mkdir(parents=True, exist_ok=True)
    engine = bootstrap.build(settings, clock or SettableClock(MORNING))
    schema.upgrade(engine.database)
    world = World(engine)
    made = Stand(engine, settings, world, world.staff(Post.CS))
    made.deploy(bench_bpmn=model(**said))
    interpreter.settle()  # as the product's own processes do once all is built
    yield made
    engine.database.dispose()
