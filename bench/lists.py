"""Measures the lists: the inbox among very many open tasks, and the report over very many finished steps."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from http import HTTPStatus
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import and_, or_, select, tuple_, update

from bench import volume
from bench.flow import Stand, stand
from bench.report import Row
from bench.serving import Browser, Server, server
from bench.sizes import Sizes
from bench.timers import p
from engine import inbox, reports
from engine.clock import SystemClock, monotonic
from engine.inbox import Place, View
from engine.ports import SYSTEM, Actor
from engine.store.dialects import take_time
from engine.store.tables import instance, task_candidate, user_task
from engine.work import Work
from handlers.accounts import staff
from handlers.accounts.permissions import Post
from handlers.estate import entry
from web.lists import COUNTED, write_place

_COMMUNITIES = 20
_POSTS = (Post.CS, Post.RP, Post.CSL, Post.FIN, Post.RPL, Post.PM, Post.QA, Post.FINL, Post.ADM, Post.VEN)
_WIDENED = (Post.CSL, Post.RPL)
_GROUPS = (1, 2, 3)  # of the people who look
_NAIVE = 30
_WARM = 40  # a connection plans a text ten times before it keeps the plan, and one page in five is the first
_POLLS_A_SECOND = 50 / 20
_VIEWS = (View.WORK, View.MINE, View.CLAIMABLE, View.TEAM, View.LATE, View.SOON)
_QUERY_MS, _PAGE_MS, _REPORT_MS, _POLL_SHARE = 2.0, 50.0, 200.0, 5.0
_REPEATED = 5
_JUNE = (date(2026, 6, 1), date(2026, 6, 30))
_YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def rows(sizes: Sizes, store: str, url: str = "") -> Iterator[Row]:
    """Measure inbox and report on one store."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="wuye-bench-")))
        made = stack.enter_context(stand(folder, url, SystemClock()))
        communities = _communities(made)
        people = [_person(made, groups) for groups in _GROUPS]
        pairs = [(post, scope) for scope in communities for post in _POSTS]
        volume.open_tasks(made, sizes.open_tasks, volume.Crowd(pairs, widened=_WIDENED))
        _assign(made, people)
        yield from _inbox_rows(made, people, sizes, store)
        yield from _page_rows(made, people[-1], sizes, store)
        volume.finished_steps(made, sizes.steps, communities)
        yield from _report_rows(made, communities, sizes, store)


def _communities(made: Stand) -> list[int]:
    with made.engine.work(SYSTEM) as work:
        more = [entry.add_community(work, f"小区{number}") for number in range(_COMMUNITIES - 1)]
    return [made.world.community, *more]


def _person(made: Stand, groups: int) -> Actor:
    """Register somebody with so many posts, all in the community that has most of the tasks."""
    person = made.world.staff(_POSTS[0])
    with made.engine.work(SYSTEM) as work:
        for post in _POSTS[1:groups]:
            staff.insert_post(work, person.id, post, made.world.community)
    return person


def _assign(made: Stand, people: Sequence[Actor]) -> None:
    with made.engine.work(SYSTEM) as work:
        for fake, person in enumerate(people, 1):
            for table in (user_task, task_candidate):
                mine = update(table).where(table.c.assignee_id == fake)
                work.connection.execute(mine.values(assignee_id=person.id))


# --- inbox -------------------------------------------------------------------------------------------------


Taken = tuple[float, float]  # seconds of a clock on the wall, and of CPU in this process


def _inbox_rows(made: Stand, people: Sequence[Actor], sizes: Sizes, store: str) -> Iterator[Row]:
    choose = random.Random(7)
    for person in people * _WARM:
        for view in _VIEWS:
            _query(made, person, view, choose)
    taken = {
        view: [_query(made, choose.choice(people), view, choose) for _ in range(sizes.queries)]
        for view in _VIEWS
    }
    naive = [_naive(made, choose.choice(people)) for _ in range(_NAIVE)]
    counted = [_counts(made, choose.choice(people)) for _ in range(sizes.queries)]
    at, note = f"at {sizes.open_tasks:,} open tasks, {store}", sizes.reduced("open_tasks")
    what, compared = f"inbox query {at}, any depth, p95", "OR ... IN, first page, p95"
    work = _p95(taken[View.WORK])
    worst = max(_VIEWS, key=lambda view: _p95(taken[view]))
    least = ("OR ... IN, the same", _cpu_p95(naive))
    yield Row(what, f"< {_QUERY_MS:.0f} ms", work, "ms", work < _QUERY_MS, compared, _p95(naive), note=note)
    yield Row("  its CPU in the process that asks", "", _cpu_p95(taken[View.WORK]), "ms", None, *least)
    yield Row(f"  the slowest view, {worst}", "", _p95(taken[worst]), "ms", None, compared, _p95(naive))
    yield Row("  its CPU in the process that asks", "", _cpu_p95(taken[worst]), "ms", None, *least)
    yield Row(f"all counts of the inbox {at}, p95", "", _p95(counted), "ms", None, note=note)
    yield Row("  their CPU in the process that asks", "", _cpu_p95(counted), "ms", None)


def _p95(taken: Sequence[Taken]) -> float:
    return p([wall for wall, _ in taken], 95) * 1000


def _cpu_p95(taken: Sequence[Taken]) -> float:
    return p([cpu for _, cpu in taken], 95) * 1000


def _timed(call: Callable[[], object]) -> Taken:
    begun, spent = monotonic(), time.thread_time()
    call()
    return monotonic() - begun, time.thread_time() - spent


def _query(made: Stand, person: Actor, view: View, choose: random.Random) -> Taken:
    """Measure one page at a depth drawn by chance, the rights being known."""
    with made.engine.reading(person) as work:
        assert work.memberships
        after = _somewhere(work, choose)
        return _timed(lambda: inbox.page(work, view, after=after))


def _counts(made: Stand, person: Actor) -> Taken:
    with made.engine.reading(person) as work:
        assert work.memberships
        return _timed(lambda: inbox.counts(work, COUNTED))


def _somewhere(work: Work, choose: random.Random) -> Place | None:
    """Return the first page, or the place of some task of the person's groups."""
    if choose.random() < 0.2:
        return None
    mine = choose.choice(work.memberships)
    offset = choose.randrange(2000)
    task = work.connection.execute(
        select(user_task)
        .where(user_task.c.group_code == mine.group, user_task.c.scope_id == mine.scope_id)
        .order_by(user_task.c.due_sort, user_task.c.id)
        .offset(offset)
        .limit(1)
    ).one_or_none()
    return Place(task.rank, task.due_sort, task.id) if task is not None else None


def _naive(made: Stand, person: Actor) -> Taken:
    """Measure the first page as one would write it at first."""
    with made.engine.reading(person) as work:
        groups = [(mine.group, mine.scope_id) for mine in work.memberships]
        of_group = tuple_(user_task.c.group_code, user_task.c.scope_id).in_(groups)
        query = (
            select(user_task, instance.c.title)
            .join(instance, instance.c.id == user_task.c.instance_id)
            .where(
                or_(user_task.c.assignee_id == person.id, and_(user_task.c.assignee_id.is_(None), of_group))
            )
            .order_by(user_task.c.rank, user_task.c.due_sort, user_task.c.id)
            .limit(inbox.PAGE + 1)
        )
        return _timed(lambda: work.connection.execute(query).all())


def _page_rows(made: Stand, person: Actor, sizes: Sizes, store: str) -> Iterator[Row]:
    """Open inbox pages of one person over HTTP, at depths drawn by chance, and poll as an open page does."""
    choose = random.Random(11)
    addresses = []
    for _ in range(sizes.pages):
        with made.engine.reading(person) as work:
            place = _somewhere(work, choose)
        addresses.append(f"/inbox?after={write_place(place)}" if place else "/inbox")
    with server(made) as serving:
        browser = Browser(serving.port)
        browser.sign_in(made.world.login_of(person))
        spent = serving.cpu_seconds()
        taken = [_opened(browser, address) for address in addresses]
        page_cpu = (serving.cpu_seconds() - spent) / len(addresses) * 1000
        probes = [_opened(browser, "/healthz") for _ in range(sizes.pages)]
        polled, unchanged = _polled(serving, browser, "/inbox/counts", sizes.queries)
        probed, _ = _polled(serving, browser, "/healthz", sizes.queries)
    page_ms, at = p(taken, 95) * 1000, f"at {sizes.open_tasks:,} open tasks, {store}"
    probe_ms, note = p(probes, 95) * 1000, sizes.reduced("open_tasks")
    within = page_ms < _PAGE_MS
    what = f"inbox page over HTTP {at}, p95"
    yield Row(what, f"< {_PAGE_MS:.0f} ms", page_ms, "ms", within, "GET /healthz, p95", probe_ms, note)
    yield Row("  server CPU of one page", "", page_cpu, "ms", None, "GET /healthz", probed * 1000)
    yield Row(
        f"50 people who poll the counts {at}: share of a core",
        f"< {_POLL_SHARE:.0f} %",
        polled * _POLLS_A_SECOND * 100,
        "%",
        polled * _POLLS_A_SECOND * 100 < _POLL_SHARE,
        "as many GET /healthz",
        probed * _POLLS_A_SECOND * 100,
        note or f"{unchanged} of {sizes.queries} polls found nothing new",
    )


def _polled(serving: Server, browser: Browser, path: str, count: int) -> tuple[float, int]:
    """Return the server's CPU seconds of one poll, and how many found nothing new."""
    tag, unchanged, spent = "", 0, serving.cpu_seconds()
    for _ in range(count):
        status, tag = browser.poll(path, tag)
        unchanged += status == HTTPStatus.NOT_MODIFIED
    return (serving.cpu_seconds() - spent) / count, unchanged


def _opened(browser: Browser, path: str) -> float:
    begun = monotonic()
    browser.get(path)
    return monotonic() - begun


# --- report ------------------------------------------------------------------------------------------------


def _report_rows(made: Stand, communities: Sequence[int], sizes: Sizes, store: str) -> Iterator[Row]:
    raw = _raw(made)
    folded = volume.fold_finished(made)
    quality = made.world.staff(Post.QA, everywhere=True)
    lead = made.world.staff(Post.PM, communities[0])
    note = sizes.reduced("steps")
    what = f"overdue report over {sizes.steps:,} finished steps, {store}"
    compared = ("grouping the steps themselves, one month", raw)
    for who, period, name in (
        (quality, _JUNE, "one month, 20 communities"),
        (quality, _YEAR, "one year, 20 communities"),
        (lead, _YEAR, "one year, one community"),
    ):
        reported = median([_reported(made, who, period) for _ in range(_REPEATED)])
        yield Row(
            f"{what}: {name}",
            f"< {_REPORT_MS:.0f} ms",
            reported,
            "ms",
            reported < _REPORT_MS,
            *compared,
            note=note or f"{folded:,} rows by day, community, procedure and step",
        )


def _reported(made: Stand, who: Actor, period: tuple[date, date]) -> float:
    with made.engine.reading(who) as work:
        begun = monotonic()
        reports.kept_by_step(work, *period)
        return (monotonic() - begun) * 1000


def _raw(made: Stand) -> float:
    with made.engine.reading(SYSTEM) as work:
        take_time(work.connection)
        begun = monotonic()
        volume.month_of_steps(work)
        return (monotonic() - begun) * 1000
