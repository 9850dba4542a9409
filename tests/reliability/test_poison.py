"""REL-11, REL-12: a handler that fails, hangs or floods the database harms its own case and no other."""

import ast
import importlib.util
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import hosting, incidents, instances, tasks
from engine.errors import AlreadyDone
from engine.ports import SYSTEM
from engine.service_tasks import Context
from engine.store.database import Database
from engine.store.tables import incident, instance, job, task_history
from engine.timers import ATTEMPTS, fire_due
from handlers import bootstrap
from tests.engine.cases.conftest import CLERK, MANAGER, Shop, open_shop
from tests.engine.models import Model
from tests.reliability.invariants import violations

MODEL = (
    Model("poison")
    .start(message="reported")
    .user("first")
    .service("note", "test.note")
    .user("second")
    .end()
    .flow("start", "first", "note", "second", "end")
)
UNDECIDED = (
    Model("undecided")
    .start(message="reported")
    .user("first")
    .exclusive("choose", default="left")
    .user("left")
    .user("right")
    .end()
    .flow("start", "first", "choose")
    .flow("choose", "left")
    .flow("choose", "right", when="${ready}")
    .flow("left", "end")
    .flow("right", "end")
)
FLOOD = text(
    "INSERT INTO case_comment (id, instance_id, actor_id, at, body) WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT -i, :case, 1, '2026-01-01', '' FROM n"
)
TOUCH = text("UPDATE instance SET title = title || 'x' WHERE id = :case")
Harm = Callable[[Context], None]


def _started(shop: Shop, number: str) -> int:
    return shop.start("poison", number, message="reported", wanted="x").id


def _fails(_context: Context) -> None:
    raise ValueError("always")


def _floods(context: Context) -> None:
    context.connection.execute(FLOOD, {"case": context.instance_id})


def _writes_for_ever(context: Context) -> None:
    while True:
        context.connection.execute(TOUCH, {"case": context.instance_id})


def _floods_and_tells_nobody(context: Context) -> None:
    try:
        _floods(context)
    except Exception:  # noqa: BLE001  # the mistake that is tested
        context.connection.execute(TOUCH, {"case": context.instance_id})


def _only(number: str, harm: Harm) -> Harm:
    def behave(context: Context) -> None:
        if context.business_key == number:
            harm(context)

    return behave


# --- a handler that fails ----------------------------------------------------------------------------------


def test_a_poisoned_case_ends_as_one_incident_while_all_others_finish(shop: Shop) -> None:
    shop.deploy(MODEL)
    for number in range(20):
        _started(shop, f"R{number}")
    shop.behave = _only("R7", _fails)
    for row in shop.open_tasks("first"):
        _complete(shop, row.id)
    assert len(shop.open_tasks("second")) == 19  # at once, not after its retries
    _give_up(shop)
    for row in shop.open_tasks("second"):
        _complete(shop, row.id)

    assert Counter(row.state for row in shop.rows(instance)) == {"completed": 19, "active": 1}
    assert Counter(number for number, _ in shop.calls)["R7"] == ATTEMPTS
    assert [row.kind for row in shop.rows(incident)] == ["handler"]
    assert violations(shop.engine) == []


def test_retrying_a_choice_that_still_cannot_be_made_keeps_its_incident(shop: Shop) -> None:
    shop.deploy(UNDECIDED)
    shop.start("undecided", message="reported")
    shop.complete("first")
    (stuck,) = shop.rows(incident)

    with pytest.raises(AlreadyDone, match="步骤再次失败"):
        shop.engine.run(MANAGER, lambda work: incidents.retry(work, stuck.id, "再试"))

    assert shop.rows(incident) == [stuck]
    assert violations(shop.engine) == []


def _give_up(shop: Shop) -> None:
    """Let time pass until every attempt is used up."""
    for _ in range(ATTEMPTS + 1):
        shop.clock.advance(hours=12)
        fire_due(shop.engine)


def _complete(shop: Shop, task_id: int) -> None:
    shop.engine.run(CLERK, lambda work: tasks.complete(work, task_id, {}))


def test_an_incident_is_closed_with_its_case(shop: Shop) -> None:
    shop.deploy(MODEL)
    case = _started(shop, "R1")
    shop.behave = _fails
    shop.complete("first")
    _give_up(shop)
    shop.engine.run(MANAGER, lambda work: instances.cancel(work, case, "不修了"))

    with shop.engine.reading(SYSTEM) as work:
        assert incidents.open_incidents(work) == []
    assert violations(shop.engine) == []


# --- a handler that never ends -----------------------------------------------------------------------------


@pytest.fixture
def small(sqlite_database: Database, clock, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a shop whose handlers may work for a moment only; PostgreSQL has its own statement_timeout."""
    monkeypatch.setattr(hosting, "_HANDLER_SECONDS", 0.2)
    shop = open_shop(sqlite_database, clock)
    shop.deploy(MODEL)
    return shop


@pytest.mark.parametrize("harm", [_floods, _writes_for_ever, _floods_and_tells_nobody])
def test_an_endless_write_is_interrupted_and_the_persons_completion_is_kept(small: Shop, harm: Harm) -> None:
    bad, good = _started(small, "R1"), _started(small, "R2")
    small.behave = _only("R1", harm)
    for row in small.open_tasks("first"):
        _complete(small, row.id)

    (stuck,) = [row for row in small.rows(job) if row.kind == "retry"]
    assert (stuck.instance_id, stuck.step_id, stuck.attempts) == (bad, "note", 1)
    assert stuck.last_error
    assert [row.instance_id for row in small.rows(task_history)] == [bad, good]
    assert [row.instance_id for row in small.open_tasks("second")] == [good]
    assert [row.title for row in small.rows(instance)] == ["案件 R1", "案件 R2"]
    with small.engine.reading(SYSTEM) as work:
        assert work.connection.scalar(text("SELECT count(*) FROM case_comment")) == 0
    assert violations(small.engine) == []


def test_retrying_an_endless_write_by_hand_keeps_the_incident_until_it_is_mended(small: Shop) -> None:
    _started(small, "R1")
    small.behave = _fails
    small.complete("first")
    _give_up(small)
    (stuck,) = small.rows(incident)
    small.behave = _floods
    with pytest.raises(AlreadyDone, match="步骤再次失败：数据库中断了本次操作"):
        small.engine.run(MANAGER, lambda work: incidents.retry(work, stuck.id, "再试"))
    assert small.rows(incident) == [stuck]

    small.behave = lambda _context: None
    small.engine.run(MANAGER, lambda work: incidents.retry(work, stuck.id, "已修好"))

    assert small.steps() == ["second"]
    assert violations(small.engine) == []


def test_an_endless_write_in_a_retry_becomes_an_incident_and_others_go_on(small: Shop) -> None:
    for number in ("R1", "R2"):
        _started(small, number)
    small.behave = _fails
    for row in small.open_tasks("first"):
        _complete(small, row.id)
    small.behave = _only("R1", _floods)
    _give_up(small)

    assert [row.step_id for row in small.open_tasks()] == ["second"]
    assert len([row for row in small.rows(incident) if row.closed_at is None]) == 1
    assert not [row for row in small.rows(job) if row.kind == "retry"]
    assert violations(small.engine) == []


# --- no network inside a transaction -----------------------------------------------------------------------

NETWORK = {"socket", "ssl", "http", "urllib", "urllib3", "requests", "httpx", "smtplib", "ftplib", "asyncio"}
OURS = ("engine", "handlers")
# urllib.parse takes addresses apart and speaks to nobody.
HARMLESS = ("urllib.parse",)


def _imports(file: Path, package: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{file}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _source(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None  # a name in a module, not a module
    return Path(spec.origin) if spec is not None and spec.origin else None


def _reachable() -> dict[str, set[str]]:
    """Return every module of ours that handlers reach, with all it imports."""
    reached: dict[str, set[str]] = {}
    waiting = [module.__name__ for module in bootstrap.TOPIC_MODULES]
    while waiting:
        name = waiting.pop()
        source = _source(name)
        if name in reached or source is None:
            continue
        reached[name] = _imports(source, name)
        waiting += [one for one in reached[name] if one.split(".")[0] in OURS]
    return reached


def _speaks(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] in NETWORK and not module.startswith(HARMLESS)


def test_no_module_that_a_handler_reaches_can_speak_to_the_network() -> None:
    reached = _reachable()
    speaking = {name: sorted(one for one in imports if _speaks(one)) for name, imports in reached.items()}

    assert {name: found for name, found in speaking.items() if found} == {}
    assert len(reached) > 40


def test_every_handler_comes_from_a_module_that_was_looked_at() -> None:
    library, reached = bootstrap.library(), _reachable()
    functions = [*library.handlers.values(), *library.completions.values(), *library.form_data.values()]

    assert {function.__module__ for function in functions} <= set(reached)
    assert functions
