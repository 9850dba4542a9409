"""Lists show what they promise, page by page, whoever looks; and find it without reading everything."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from engine import case_texts, inbox, tasks
from engine.clock import SettableClock
from engine.ids import new_id
from engine.inbox import COUNTED_UP_TO, END_OF_TIME, SOON, Place, TaskRow, View
from engine.narrowing import EVERYTHING, Narrowing
from engine.ports import SYSTEM, Actor, Grants, Membership
from engine.store.database import Database
from engine.store.tables import case_follower, task_candidate, task_history, user_task
from engine.work import Engine, Work
from tests.engine.cases.conftest import CLERK, SECOND_CLERK, Shop
from tests.engine.models import Model
from tests.engine.ports import FakeDirectory
from tests.engine.time import world

HERE, THERE = 11, 12
PEOPLE = (101, 102, 103)
GROUPS = [(post, scope) for post in ("cs", "csl", "rp") for scope in (HERE, THERE)]
PROCESSES = ("repair", "complaint")
STEPS = ("accept", "visit")
_LETTERS = str.maketrans("0123456789", "abcdefghij")  # no number is found by the digits of a house
PLACES = ("1栋2单元301", "1栋2单元302", "12栋1单元1902")
NARROWED = [
    Narrowing(process_key="complaint"),
    Narrowing(process_key="repair", step_id="visit"),
    Narrowing(urgency=0),
    Narrowing(within=timedelta(0)),
    Narrowing(urgency=2, within=timedelta(hours=1)),
    Narrowing(text="单元302"),
    Narrowing(text="1902", step_id="accept", within=timedelta(hours=4)),
]
OPEN = (View.MINE, View.CLAIMABLE, View.WORK, View.TEAM, View.LATE, View.SOON, View.FOLLOWED)


@dataclass(frozen=True)
class Task:
    """An open task as the test knows it."""

    id: int
    case_id: int
    groups: tuple[tuple[str, int], ...]  # its own first
    assignee_id: int | None
    rank: int
    due_sort: datetime
    process_key: str
    is_followed: bool
    step_id: str = "accept"
    place: str = "1栋2单元301"


@dataclass
class Crowd:
    """Many open tasks, and somebody who looks at them."""

    engine: Engine
    tasks: list[Task]
    viewer: Actor
    grants: Grants

    def expected(self, view: View, wanted: Narrowing = EVERYTHING) -> list[int]:
        """Say which tasks a view shows in which order, out of its definition."""
        shown = [task for task in self.tasks if self._is_wanted(wanted, task) and self._shows(view, task)]
        is_flat = view in {View.LATE, View.SOON} or wanted.within is not None
        return [
            task.id
            for task in sorted(shown, key=lambda task: (0 if is_flat else task.rank, task.due_sort, task.id))
        ]

    def _is_wanted(self, wanted: Narrowing, task: Task) -> bool:
        scope_id = wanted.scope_id
        return all(
            (
                wanted.process_key in ("", task.process_key),
                wanted.step_id in ("", task.step_id),
                wanted.urgency is None or task.rank <= wanted.urgency,
                scope_id is None or task.groups[0][1] == scope_id,
                wanted.within is None or task.due_sort < self.engine.clock.now() + wanted.within,
                wanted.text in task.place,
            )
        )

    def _shows(self, view: View, task: Task) -> bool:
        now = self.engine.clock.now()
        mine = {(member.group, member.scope_id) for member in self.grants.memberships}
        is_mine = task.assignee_id in {self.viewer.id, *self.grants.stands_in_for}
        may_claim = task.assignee_id is None and bool(mine & set(task.groups))
        in_team = is_mine or may_claim or task.groups[0] in mine
        return {
            View.MINE: is_mine,
            View.CLAIMABLE: may_claim,
            View.WORK: is_mine or may_claim,
            View.TEAM: in_team,
            View.LATE: in_team and task.due_sort < now,
            View.SOON: in_team and now <= task.due_sort < now + SOON,
            View.FOLLOWED: task.is_followed,
        }[view]

    def shown(self, view: View, limit: int, wanted: Narrowing = EVERYTHING) -> list[int]:
        """Turn the pages of a view to its end."""
        return [row.id for row in self._pages(view, limit, wanted)]

    def size(self, view: View, wanted: Narrowing, most: int) -> int:
        """Count what is wanted of a view."""
        with self.engine.reading(self.viewer) as work:
            return inbox.size(work, view, wanted, most).count

    def _pages(self, view: View, limit: int, wanted: Narrowing) -> Iterator[TaskRow]:
        after: Place | None = None
        while True:
            with self.engine.reading(self.viewer) as work:
                page = inbox.page(work, view, after=after, limit=limit, wanted=wanted)
            yield from page.rows
            after = page.next
            if after is None:
                return
            assert len(page.rows) == limit or page.looked

    def counts(self) -> dict[View, int]:
        """Count every view at once."""
        with self.engine.reading(self.viewer) as work:
            return inbox.counts(work, OPEN)


@pytest.fixture
def engine(database: Database, clock: SettableClock) -> Engine:
    """An engine on each store, with the bundle that all cases run on."""
    made = world.new_engine(database, clock)
    world.prepare(made)
    return made


def crowd(engine: Engine, grants: Grants, seed: int = 1, count: int = 400) -> Crowd:
    """Open tasks with many equal ranks and due dates, some for several groups, and let somebody look."""
    viewer = Actor(PEOPLE[0], "staff")
    assert isinstance(engine.directory, FakeDirectory)
    engine.directory.give(viewer, grants)
    choose = random.Random(seed)
    return Crowd(engine, open_tasks(engine, [drawn(engine, choose) for _ in range(count)]), viewer, grants)


def drawn(engine: Engine, choose: random.Random) -> Task:
    late_by = choose.choice([-180, -120, -59, 0, 1, 59, 600])
    due = engine.clock.now() - timedelta(minutes=late_by)
    return Task(
        new_id(),
        new_id(),
        tuple(choose.sample(GROUPS, choose.choice([1, 1, 2, 3]))),
        choose.choice([None, None, *PEOPLE]),
        choose.choice([0, 2, 2, 3]),
        END_OF_TIME if choose.random() < 0.1 else due,
        choose.choice(PROCESSES),
        choose.random() < 0.1,
        choose.choice(STEPS),
        choose.choice(PLACES),
    )


def open_tasks(engine: Engine, opened: list[Task]) -> list[Task]:
    with engine.work(SYSTEM) as work:
        for table, rows in _rows(work, opened).items():
            if rows:
                work.connection.execute(insert(world_tables[table]), rows)
        for task in opened:
            case_texts.note(work, task.case_id, task.place)
    return opened


world_tables = {
    "instance": world.instance,
    "user_task": user_task,
    "task_candidate": task_candidate,
    "case_follower": case_follower,
}


def _rows(work: Work, opened: list[Task]) -> dict[str, list[dict[str, object]]]:
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in world_tables}
    for task in opened:
        rows["instance"].append(
            {
                "id": task.case_id,
                "bundle_id": world.BUNDLE,
                "process_key": task.process_key,
                "business_key": f"R{task.case_id}".translate(_LETTERS),
                "scope_id": HERE,
                "state": "active",
                "title": "漏水",
                "place": task.place,
                "started_at": work.now,
                "starter_id": 0,
                "waits": {},
            }
        )
        kept = {
            "process_key": task.process_key,
            "assignee_id": task.assignee_id,
            "rank": task.rank,
            "due_sort": task.due_sort,
            "step_id": task.step_id,
        }
        rows["user_task"].append(
            {
                "id": task.id,
                "instance_id": task.case_id,
                "token": f"{task.id:032x}",
                "called_process": task.process_key,
                "name": "受理派单",
                "group_code": task.groups[0][0],
                "scope_id": task.groups[0][1],
                "opened_at": work.now,
                "clock": "24x7",
                "due_at": None if task.due_sort == END_OF_TIME else task.due_sort,
                **kept,
            }
        )
        for group, scope_id in task.groups[1:]:
            rows["task_candidate"].append(
                {"task_id": task.id, "group_code": group, "scope_id": scope_id, **kept}
            )
        if task.is_followed:
            rows["case_follower"].append({"instance_id": task.case_id, "actor_id": PEOPLE[0]})
    return rows


VIEWERS = {
    "nobody": Grants(),
    "clerk": Grants((Membership("cs", HERE),)),
    "lead": Grants((Membership("csl", HERE), Membership("cs", HERE), Membership("rp", HERE))),
    "everywhere": Grants(tuple(Membership(post, scope) for post, scope in GROUPS)),
    "substitute": Grants(
        (Membership("rp", HERE), Membership("cs", THERE, PEOPLE[1])), frozenset(), PEOPLE[1:]
    ),
}


@pytest.mark.parametrize("who", sorted(VIEWERS))
def test_each_view_shows_what_it_says_in_its_order_page_by_page(engine: Engine, who: str) -> None:
    looked_at = crowd(engine, VIEWERS[who])

    for view in OPEN:
        for limit in (7, 200):
            assert looked_at.shown(view, limit) == looked_at.expected(view), (view, limit)


@pytest.mark.parametrize("who", ["lead", "substitute"])
@pytest.mark.parametrize("few", [5000, 3], ids=["rare_words", "common_words"])
def test_a_narrowed_view_shows_and_counts_what_is_wanted_of_it(
    engine: Engine, who: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_texts, "FEW", few)
    looked_at = crowd(engine, VIEWERS[who])

    for view in (View.WORK, View.TEAM, View.LATE):
        for wanted in NARROWED:
            expected = looked_at.expected(view, wanted)
            assert looked_at.shown(view, 30, wanted) == expected, (view, wanted)
            assert looked_at.size(view, wanted, 5) == min(5, len(expected)), (view, wanted)


def test_what_is_due_soon_begins_after_all_that_is_late(engine: Engine) -> None:
    looked_at = crowd(engine, VIEWERS["lead"])
    with engine.reading(looked_at.viewer) as work:
        among_late = Place(0, work.now - timedelta(minutes=59), 1)
        shown = inbox.page(work, View.SOON, after=among_late, limit=200).rows

    assert [row.id for row in shown] == looked_at.expected(View.SOON)


def test_a_community_leaves_the_tasks_of_others_out(engine: Engine) -> None:
    looked_at = crowd(engine, Grants(tuple(Membership("cs", scope) for scope in (HERE, THERE))), count=0)
    there = [task for scope in (HERE, THERE) for task in open_tasks(engine, alike(engine, 3, ("cs", scope)))]

    shown = looked_at.shown(View.TEAM, 7, Narrowing(scope_id=THERE))

    assert shown == [task.id for task in there[3:]]


@pytest.mark.parametrize("who", sorted(VIEWERS))
def test_counts_are_those_of_the_lists(engine: Engine, who: str) -> None:
    looked_at = crowd(engine, VIEWERS[who], seed=2)

    assert looked_at.counts() == {view: len(looked_at.expected(view)) for view in OPEN}
    for view in OPEN:
        with engine.reading(looked_at.viewer) as work:
            assert inbox.counts(work, [view]) == {view: len(looked_at.expected(view))}


def test_a_list_of_many_pages_is_not_empty_for_those_who_look(engine: Engine) -> None:
    looked_at = crowd(engine, VIEWERS["lead"])
    assert all(len(looked_at.expected(view)) > 7 for view in OPEN)


def alike(engine: Engine, count: int, *groups: tuple[str, int], assignee_id: int | None = None) -> list[Task]:
    due = engine.clock.now() - timedelta(minutes=5)
    return [Task(new_id(), new_id(), groups, assignee_id, 2, due, "repair", False) for _ in range(count)]


CS, CSL, RP = ("cs", HERE), ("csl", HERE), ("rp", HERE)


@pytest.mark.parametrize(
    ("own", "both", "widened", "held"),
    [
        (0, 700, 600, 0),
        (300, 600, 99, 0),
        (0, 0, 999, 0),
        (0, 999, 0, 5),
        (5, 600, 100, 450),
        (0, 0, 500, 500),
    ],
)
def test_a_count_is_right_up_to_its_limit_and_no_more(
    engine: Engine, own: int, both: int, widened: int, held: int
) -> None:
    looked_at = crowd(engine, Grants((Membership(*CS), Membership(*CSL))), count=0)
    looked_at.tasks = open_tasks(
        engine,
        [
            *alike(engine, own, CS),
            *alike(engine, both, CS, CSL),
            *alike(engine, widened, RP, CSL, CS),
            *alike(engine, held, RP, assignee_id=looked_at.viewer.id),
        ],
    )

    expected = {view: min(len(looked_at.expected(view)), COUNTED_UP_TO) for view in OPEN}
    assert looked_at.counts() == expected


def test_what_i_completed_is_listed_latest_first_page_by_page(engine: Engine, clock: SettableClock) -> None:
    crowd(engine, VIEWERS["clerk"], count=1)
    case_id = world.fetch(engine, world.instance)[0].id
    ended = [(new_id(), clock.now() - timedelta(minutes=number // 3)) for number in range(20)]
    with engine.work(SYSTEM) as work:
        for number, (task_id, ended_at) in enumerate(ended):
            work.connection.execute(
                insert(task_history).values(
                    id=task_id,
                    instance_id=case_id,
                    process_key="repair",
                    called_process="repair",
                    step_id="accept",
                    name="受理派单",
                    group_code="cs",
                    scope_id=HERE,
                    opened_at=ended_at,
                    ended_at=ended_at,
                    end_kind="withdrawn" if number == 4 else "completed",
                    late=False,
                    actor_id=PEOPLE[1] if number == 5 else PEOPLE[0],
                )
            )
    mine = [one for number, one in enumerate(ended) if number not in {4, 5}]

    shown: list[tuple[int, datetime | None]] = []
    after: Place | None = None
    while True:
        with engine.reading(Actor(PEOPLE[0], "staff")) as work:
            page = inbox.page(work, View.DONE, after=after, limit=7)
        shown += [(row.id, row.ended_at) for row in page.rows]
        after = page.next
        if after is None:
            break

    assert shown == sorted(mine, key=lambda one: (one[1], one[0]), reverse=True)


# --- what a task carries for its other candidates ----------------------------------------------------------


def test_a_task_that_somebody_holds_is_offered_to_none_of_its_groups(shop: Shop) -> None:
    shop.directory.give(SECOND_CLERK, Grants((Membership("rp", HERE),), frozenset()))
    shop.deploy(Model("two").start().user("check", group="cs, rp").end().flow("start", "check", "end"))
    shop.start("two")
    task_id = shop.task("check")

    def offered() -> list[int]:
        with shop.engine.reading(SECOND_CLERK) as work:
            shown = [row.id for row in inbox.page(work, View.CLAIMABLE).rows]
            assert inbox.counts(work, [View.CLAIMABLE]) == {View.CLAIMABLE: len(shown)}
            return shown

    assert offered() == [task_id]
    shop.engine.run(CLERK, lambda work: tasks.claim(work, task_id))
    assert offered() == []
    shop.engine.run(CLERK, lambda work: tasks.release(work, task_id))
    assert offered() == [task_id]
