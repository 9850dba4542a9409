"""Who may not do which steps of a repair: said once, before anybody takes one or is handed it."""

from collections.abc import Collection, Mapping

from engine.service_tasks import barred, occupied
from engine.work import Work
from handlers.repair import booked, crew, orders
from handlers.repair.dispatching import not_for_reworks


@barred(
    "repair.record_confirmation",
    "repair.inspect",
    "repair.record_return_visit",
    "repair.answer_complaint",
    "repair.carry_out_complaint",
    "repair.send_again",
    "repair.visit_again",
)
def who_was_sent(work: Work, numbers: Collection[str]) -> Mapping[str, frozenset[int]]:
    """Return who was sent to each repair: they neither ask how it went nor handle the complaint about it."""
    return crew.sent(work.connection, numbers)


@barred("repair.visit_complainant", "repair.review_complaint")
def who_came(work: Work, numbers: Collection[str]) -> Mapping[str, frozenset[int]]:
    """Return who did each repair, or did it again: they neither ask how that went nor review it."""
    return crew.came(work.connection, numbers)


@barred(
    "repair.take",
    "repair.appoint",
    "repair.arrive",
    "repair.diagnose",
    "repair.record_work",
    "repair.request_parts",
    "repair.record_quote",
    "repair.finish",
)
def who_was_refused(work: Work, numbers: Collection[str]) -> Mapping[str, frozenset[int]]:
    """Return whom an owner refused often enough that somebody else does the rework."""
    reworked = orders.reworked(work.connection, numbers)
    out = not_for_reworks(work, reworked)
    return {order.number: out[order.id] for order in reworked}


@occupied("repair.arrive", "repair.visit_again")
def who_goes_elsewhere(work: Work, numbers: Collection[str]) -> Mapping[str, frozenset[int]]:
    """Return who is expected elsewhere at the hour agreed on for each visit."""
    return booked.expected_elsewhere(work, numbers)
