"""A case's page can say what happens to its open steps by when, and what the case itself waits for."""

from engine import ahead, cases
from engine.ahead import Coming, Expected, Waiting
from engine.escalation import Happening
from engine.ports import SYSTEM
from engine.timers import fire_due
from tests.engine.cases.conftest import Shop
from tests.engine.models import Model
from tests.engine.time.visit import DAY, HOUR, move, pause


def expected(shop: Shop) -> Expected:
    with shop.engine.reading(SYSTEM) as work:
        (found,) = ahead.expected(work, cases.detail(work, "R1"))
    return found


def said(found: Expected) -> list[tuple[object, ...]]:
    return [(one.at, one.what, one.level, one.notify, one.widen) for one in found.coming]


def test_reminders_the_limit_and_escalations_are_told_in_the_order_of_time(visit: Shop) -> None:
    now = visit.clock.now()
    assert said(expected(visit)) == [
        (now + HOUR, Happening.WARNING, 0, ("assignee",), None),
        (now + 1.6 * HOUR, Happening.RUNG, 1, ("assignee",), None),
        (now + 2 * HOUR, Happening.OVERDUE, 0, (), None),
        (now + 2 * HOUR, Happening.RUNG, 2, ("assignee", "csl"), "csl"),
        (now + 3 * HOUR, Happening.RUNG, 3, ("pm",), None),
    ]


def test_what_has_happened_is_not_still_to_come(visit: Shop) -> None:
    visit.clock.advance(hours=2)
    fire_due(visit.engine)
    found = expected(visit)
    assert (found.level, [one.level for one in found.coming]) == (2, [3])


def test_timers_are_told_with_the_steps_they_lead_to(visit: Shop) -> None:
    now = visit.clock.now()
    timeouts = {
        one.step.element: (one.at, [way.step for way in one.next]) for one in expected(visit).timeouts
    }
    assert timeouts["given_up"] == (now + 4 * HOUR, [None])
    at, (remind,) = timeouts["reminded"]
    assert (at, remind and remind.element) == (now + 3 * HOUR, "remind")


def test_while_the_clock_stands_only_its_going_on_is_told(visit: Shop) -> None:
    until = visit.clock.now() + DAY
    pause(visit, until)
    found = expected(visit)
    assert (found.resumes_at, found.coming) == (until, ())


def test_a_moved_limit_moves_what_is_to_come(visit: Shop) -> None:
    move(visit, visit.clock.now() + DAY)
    overdue = [one for one in expected(visit).coming if one.what is Happening.OVERDUE]
    assert overdue == [Coming(visit.clock.now() + DAY, Happening.OVERDUE, 0, (), None)]


def test_a_case_says_what_it_waits_for_by_itself(shop: Shop) -> None:
    model = Model("slow").start().user("do").timer("late", "do", "PT9H").end().end("off")
    shop.deploy(model.flow("start", "do", "end").flow("late", "off"))
    shop.start("slow")
    with shop.engine.reading(SYSTEM) as work:
        assert ahead.waiting(work, cases.detail(work, "R1")) == ()


def test_an_automatic_step_that_failed_is_told_with_its_next_try(shop: Shop) -> None:
    def fail(_context: object) -> None:
        raise ValueError("broken")

    shop.behave = fail
    shop.deploy(
        Model("auto")
        .start(message="reported")
        .service("note", "test.note")
        .user("u")
        .end()
        .flow("start", "note", "u", "end")
    )
    shop.start("auto", message="reported", wanted="x")
    with shop.engine.reading(SYSTEM) as work:
        (found,) = ahead.waiting(work, cases.detail(work, "R1"))
    assert isinstance(found, Waiting)
    assert (found.kind, found.step_id) == ("retry", "note")
