"""The inbox without a mouse: moving, opening, filling in, completing, and what else the keys do."""

from collections.abc import Iterator
from itertools import cycle

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from engine.ports import SYSTEM, Actor
from engine.store.tables import task_history
from handlers.accounts.permissions import Post
from handlers.repair import phone, reporting
from handlers.repair.records import Area, repair_event
from handlers.repair.reporting import Report
from tests.browser.conftest import DESKTOP, OWNER, Town, Visitor, Visitors

pytestmark = pytest.mark.browser

TWENTY = 20
TAP, BURST_PIPE, LIGHT = "W05", "W01", "P04"


def report(town: Town, fault: str, text: str) -> str:
    given = Report(Area.PRIVATE, fault, text, "陈静", OWNER, house_id=town.world.house)
    return town.engine.run(town.owner, lambda work: reporting.report_online(work, given)).number


def pick_up(town: Town) -> None:
    clerk = town.people[Post.CS]
    town.engine.run(clerk, lambda work: phone.press_call(work, town.world.community, OWNER))


def told(town: Town, kind: str) -> int:
    """Count what the orders of the town tell of one kind."""
    with town.engine.reading(SYSTEM) as work:
        query = select(func.count()).where(repair_event.c.kind == kind)
        return int(work.connection.execute(query).scalar_one())


def done_by(town: Town, actor: Actor) -> dict[str, int]:
    with town.engine.reading(SYSTEM) as work:
        query = (
            select(task_history.c.step_id, func.count().label("n"))
            .where(task_history.c.actor_id == actor.id, task_history.c.end_kind == "completed")
            .group_by(task_history.c.step_id)
        )
        return {row.step_id: row.n for row in work.connection.execute(query)}


READY = "#pane [data-task-form][data-watched]"  # its script has taken the form over


class Clerk:
    """Two hands on a keyboard, and no mouse."""

    def __init__(self, visitor: Visitor) -> None:
        self.page = visitor.page
        self.outcomes = self._outcomes()

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write into the field that has the focus."""
        self.page.keyboard.insert_text(text)

    def step(self) -> str:
        """Read the step that is open beside the list."""
        return self.page.locator("#pane h1").inner_text().split()[-1]

    def open_first(self) -> None:
        """Open the first line."""
        self.press("j", "Enter")
        self.page.wait_for_selector(READY)

    def do(self) -> None:
        """Do whatever the open step asks for, and wait for the next one."""
        self.page.wait_for_selector(READY)
        task = self.page.get_attribute("#pane [data-task]", "data-task")
        {"受理派单": self._accept, "来电登记": self._register, "核实报修": self._verify}[self.step()]()
        gone = self.page.locator(f"#pane [data-task='{task}']")
        expect(gone).to_have_count(0)
        self.expect_focus()

    def expect_focus(self) -> None:
        """Fail where no element has the focus: the next key would lead nowhere."""
        self.page.wait_for_function("!document.getElementById('pane').hasAttribute('aria-busy')")
        assert self.page.evaluate("document.activeElement !== document.body"), "the focus is lost"

    def _accept(self) -> None:
        next(self.outcomes)()

    def _outcomes(self) -> Iterator[object]:
        return cycle((self._send_somebody, self._send_somebody, self._ask, self._explain))

    def _send_somebody(self) -> None:
        self.press("e", "Enter")

    def expect_in(self, field: str) -> None:
        """Fail where the keys led somewhere else: what is typed next would be lost without a word."""
        assert self.page.evaluate("document.activeElement.name") == field

    def _ask(self) -> None:
        self.press("f", "ArrowDown", "Tab")
        self.expect_in("question")
        self.type("灯是完全不亮还是会闪？")
        self.press("Control+Enter")

    def _explain(self) -> None:
        self.press("f", "ArrowUp", "Tab")
        self.expect_in("reason")
        self.type("属于业主自购电器，请联系厂家。")
        self.press("Control+Enter")

    def _register(self) -> None:
        self.press("e", "End", "Escape", "e")  # the fault, then what is still missing: the description
        self.type("水龙头滴水")
        self.press("Control+Enter")

    def _verify(self) -> None:
        self.press("e")  # nothing is chosen before the caller has answered
        self.expect_in("outcome")
        self.press("Space", "Control+Enter")


def test_a_clerk_clears_twenty_mixed_tasks_without_a_mouse(town: Town, visit: Visitors) -> None:
    for number in range(TWENTY // 2):
        report(town, TAP, f"第 {number} 件：水龙头滴水")
    for number in range(3):
        report(town, BURST_PIPE, f"第 {number} 件：水管漏水")
    for _ in range(TWENTY - 13):
        pick_up(town)
    actor = town.people[Post.CS]
    before = sum(done_by(town, actor).values())
    visitor = visit(DESKTOP).sign_in(town.logins[Post.CS])
    visitor.open("/inbox")
    clerk = Clerk(visitor)
    clerk.open_first()

    for _ in range(TWENTY):
        clerk.do()

    done = done_by(town, actor)
    assert sum(done.values()) - before == TWENTY
    assert {"accept", "register_call", "verify"} <= set(done), "mixed work"
    assert told(town, "info_asked") >= 1, "a form answered by arrows says what was chosen"
    assert told(town, "assigned") < done["accept"], "not every form was sent as it opened"
    assert "/inbox" in visitor.page.url, "nobody was led away from the list"


def test_the_keys_lead_to_what_was_refused(town: Town, visit: Visitors) -> None:
    report(town, LIGHT, "灯坏了")
    visitor = visit(DESKTOP).sign_in(town.logins[Post.CS])
    visitor.open("/inbox")
    clerk, page = Clerk(visitor), visitor.page
    clerk.open_first()
    clerk.press("f", "ArrowDown", "Tab")
    clerk.type(" ")
    clerk.press("Control+Enter")
    page.wait_for_selector("#pane .problems")

    page.locator("#pane .problems a").focus()
    clerk.press("Enter")
    clerk.expect_in("question")

    page.locator("#pane .problems a").focus()
    clerk.press("e")
    clerk.expect_in("question")


def test_keys_move_open_explain_and_lead_elsewhere(town: Town, visit: Visitors) -> None:
    numbers = [report(town, LIGHT, f"灯坏了 {number}") for number in range(2)]
    page = visit(DESKTOP).sign_in(town.logins[Post.CS]).open("/inbox")
    keys = page.keyboard
    keys.press("j")
    first = page.evaluate("document.activeElement.closest('.row').id")
    keys.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('.row').id") != first
    keys.press("k")
    assert page.evaluate("document.activeElement.closest('.row').id") == first

    keys.press("Enter")
    page.wait_for_selector("#pane [data-key=c]")
    assert page.evaluate("document.activeElement.closest('.row')?.id") == first, "opening keeps the line"
    keys.press("c")
    page.wait_for_selector("#pane [data-key=r]")
    assert page.evaluate("document.activeElement.closest('.row').id") == first, (
        "the focus is back on the line"
    )
    expect(page.locator(f"#{first} .row-who")).to_have_text("我")
    keys.press("r", delay=1)
    assert page.evaluate("document.activeElement.closest('details').open")
    keys.press("Escape")
    assert page.evaluate("document.activeElement.closest('.row').id") == first
    keys.press("r", delay=1)
    keys.press("Enter")
    page.wait_for_selector("#pane [data-key=c]")
    assert page.evaluate("document.activeElement !== document.body"), "given back, and the keys go on"

    keys.press("?")
    assert page.locator("#keys").is_visible()
    keys.press("Escape")
    keys.press("/")
    page.keyboard.type("jk?")
    assert page.input_value("[data-key=search]") == "jk?", "keys are letters where one types"
    keys.press("Escape")
    keys.press("g")
    with page.expect_navigation():
        keys.press("o")
    assert page.url.endswith("/overdue")
    assert numbers
