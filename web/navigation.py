"""Builds the menus a person sees: nothing in them is refused when they follow it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from flask import Flask, g, request, url_for
from flask_babel.speaklater import LazyString

from engine import incidents, proposals
from engine.ids import new_id
from engine.work import Work
from handlers.checking import queries
from handlers.repair import phone_checks
from handlers.shared.permissions import Permission
from web import context
from web.person import Person
from web.routes_table import ROUTES
from web.texts import lazy_gettext


@dataclass(frozen=True)
class Item:
    """One entry of a menu.

    Attributes:
        count: asks how much waits there, only where it is shown.
    """

    address: str
    label: str
    icon: str
    current: bool
    key: str = ""
    count: Callable[[], int] | None = None


@dataclass(frozen=True)
class Entry:
    """A menu entry before anybody looks at it.

    Attributes:
        area: blueprint that counts as being there.
        query: arguments of the address.
        also: further areas that count.
        key: the letter that leads there after g.
    """

    endpoint: str
    label: LazyString
    icon: str = ""
    query: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()
    key: str = ""

    @property
    def area(self) -> str:
        """The blueprint behind the entry."""
        return self.endpoint.split(".")[0]


# In the order of use: the first BAR_SHOWN that somebody may open stand in the bar, the others behind "more".
BAR = (
    Entry("inbox.index", lazy_gettext("收件箱"), key="i"),
    Entry("overdue.index", lazy_gettext("超时"), key="o"),
    Entry("desk.index", lazy_gettext("前台"), key="d"),
    Entry("houses.index", lazy_gettext("房屋档案"), key="h"),
    Entry("moving.index", lazy_gettext("入住过户"), key="v"),
    Entry("checks.index", lazy_gettext("二次核对"), key="k"),
    Entry("incidents.index", lazy_gettext("异常"), key="e"),
    Entry("staff.index", lazy_gettext("员工"), key="a"),
    Entry("safety.index", lazy_gettext("安全"), key="q"),
    Entry("samples.index", lazy_gettext("抽查"), key="x"),
    Entry("roster.index", lazy_gettext("排班"), also=("team",), key="s"),
    Entry("processes.index", lazy_gettext("流程"), key="p"),
    Entry("policy.index", lazy_gettext("制度"), key="y"),
    Entry("retention.index", lazy_gettext("保存期限")),
    Entry("imports.index", lazy_gettext("导入"), key="u"),
    Entry("workdays.index", lazy_gettext("日历"), key="c"),
    Entry("outbox.index", lazy_gettext("消息"), key="m"),
)
BAR_SHOWN = 6
RESIDENT_BAR = (
    Entry("resident.index", lazy_gettext("首页")),
    Entry("resident.report_form", lazy_gettext("报修")),
    Entry("corrections.own", lazy_gettext("我的资料")),
)
DOCK = (
    Entry("inbox.index", lazy_gettext("待办"), "inbox", (("view", "mine"),)),
    Entry("inbox.index", lazy_gettext("可领取"), "hand", (("view", "claimable"),)),
    Entry("inbox.index", lazy_gettext("本组超时"), "clock", (("view", "late"),)),
    Entry("inbox.index", lazy_gettext("我办结的"), "done", (("view", "done"),)),
)
CREW_BAR = (Entry("crew.index", lazy_gettext("我的任务")), *BAR)
CREW_DOCK = (
    Entry("crew.index", lazy_gettext("我的任务"), "wrench"),
    Entry("inbox.index", lazy_gettext("可领取"), "hand", (("view", "claimable"),)),
    Entry("crew.price_list", lazy_gettext("价目表"), "money"),
    Entry("inbox.index", lazy_gettext("我办结的"), "done", (("view", "done"),)),
)
OWN = (
    Entry("shift.index", lazy_gettext("班次")),
    Entry("jobs.index", lazy_gettext("后台任务")),
    Entry("houses.statistics", lazy_gettext("业主和户型统计")),
    Entry("exports.index", lazy_gettext("数据导出")),
    Entry("privacy.waiting", lazy_gettext("交付个人信息")),
    Entry("joining.form", lazy_gettext("办理入职")),
    Entry("account.password", lazy_gettext("修改密码")),
    Entry("account.sessions", lazy_gettext("我的登录")),
    Entry("look.design", lazy_gettext("界面规范")),
)
RESIDENT_DOCK = (
    Entry("resident.index", lazy_gettext("首页"), "home"),
    Entry("resident.report_form", lazy_gettext("报修"), "wrench"),
    Entry("corrections.own", lazy_gettext("我的资料"), "user"),
)


def _checks_waiting(work: Work) -> int:
    return queries.waiting_count(work) + phone_checks.waiting_count(work)


# Asked only of those who may decide; another person's number would say nothing.
_COUNTS: Mapping[str, Callable[[Work], int]] = {
    "checks.index": _checks_waiting,
    "incidents.index": incidents.open_count,
    "processes.index": proposals.waiting_count,
}


def _waiting(endpoint: str) -> int:
    """Say how much waits behind an entry; asked for all of a page's entries in one transaction."""
    if "waiting" not in g:
        counts = {one: count for one, count in _COUNTS.items() if may(one)}
        with context.engine().reading(context.actor()) as work:
            g.waiting = {one: count(work) for one, count in counts.items()}
    return int(g.waiting.get(endpoint, 0))


def _open_to(person: Person, endpoint: str) -> bool:
    return ROUTES[endpoint].admits(person)


def _items(person: Person, entries: Sequence[Entry]) -> list[Item]:
    return [
        Item(
            _address(entry.endpoint, entry.query, request.script_root),
            str(entry.label),
            entry.icon,
            _is_here(entry),
            entry.key,
            partial(_waiting, entry.endpoint) if entry.endpoint in _COUNTS else None,
        )
        for entry in entries
        if _open_to(person, entry.endpoint)
    ]


@lru_cache(maxsize=256)
def _address(endpoint: str, query: tuple[tuple[str, str], ...], _root: str) -> str:
    """Return where an entry leads; on every page below one root it is the same."""
    arguments: dict[str, Any] = dict(query)
    return url_for(endpoint, **arguments)


def _is_here(entry: Entry) -> bool:
    if entry.query:
        return request.endpoint == entry.endpoint and all(
            request.args.get(key) == value for key, value in entry.query
        )
    if entry.area in ("resident", "crew"):
        return request.endpoint == entry.endpoint
    return (request.endpoint or "").split(".")[0] in (entry.area, *entry.also)


def _menus() -> dict[str, object]:
    person = context.person()
    menus: dict[str, object] = {"here": _here(), "menu": [], "menu_more": [], "dock": [], "own_menu": []}
    if person is None or person.is_unfinished:
        return menus
    if person.may(Permission.REPAIR_DISPATCH):
        menus |= {"call_at": person.only_scope(Permission.REPAIR_DISPATCH), "call_key": str(new_id())}
    menus["own_menu"] = _items(person, OWN)
    bar, dock = _frame(person)
    items = _items(person, bar)
    shown = BAR_SHOWN if len(items) > BAR_SHOWN + 1 else len(items)
    menus |= {"menu": items[:shown], "menu_more": items[shown:]}
    menus["dock"] = _items(person, dock)
    return menus


def _frame(person: Person) -> tuple[Sequence[Entry], Sequence[Entry]]:
    if not person.is_staff:
        return RESIDENT_BAR, RESIDENT_DOCK
    return (CREW_BAR, CREW_DOCK) if person.is_crew else (BAR, DOCK)


def _here() -> str:
    """Return where to come back to after the language was switched."""
    return request.full_path.rstrip("?") if request.method == "GET" else url_for("home.index")


def may(endpoint: str) -> bool:
    """Tell templates whether the person may follow a link to a route."""
    person = context.person()
    return person is not None and not person.is_unfinished and _open_to(person, endpoint)


def init_app(app: Flask) -> None:
    """Offer the menus to templates."""
    app.context_processor(_menus)
    app.jinja_env.globals["may"] = may


def local_address(address: str) -> str:
    """Return an address only if it leads to this site, else the front page."""
    is_local = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    return address if is_local and address.isprintable() else url_for("home.index")
